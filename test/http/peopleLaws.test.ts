/**
 * Section 5 of the semantics over HTTP: random worlds are played on a server and on the second statement of the section
 * (`test/support/people/`). `test/laws/peopleOnLedgers.test.ts` does so by the library, with visitors.
 */
import { setTimeout } from "node:timers/promises"
import { Effect } from "effect"
import * as fc from "fast-check"
import { test } from "vitest"
import type { Identifiers } from "../../core/model/People.ts"
import { times } from "../support/long.ts"
import * as Lockstep from "../support/people/lockstep.ts"
import type { Answered, Recorded, Surface } from "../support/people/surface.ts"
import * as Worlds from "../support/people/worlds.ts"
import { served } from "../support/served.ts"
import { acme, asOwner, blog, blogNewsletter, privacy, shop, startWorld, types, visit } from "./world.ts"

const server = served(startWorld)
const projects = { p: shop, q: blog } as const
const typeIds: Readonly<Record<string, string>> = {
  "p newsletter": types.newsletter.id,
  "p analytics": types.analytics.id,
  "q newsletter": blogNewsletter.id,
}
const unknown = { status: "unknown", permitted: false, event: undefined } as const

const projectOf = (name: string) => projects[name as keyof typeof projects]
const parse = (text: string): number => Date.parse(text)

const send = async (path: string, json?: object, key?: string) => {
  const headers = { ...asOwner, ...(key !== undefined && { "idempotency-key": key }) }
  return server.request(json === undefined ? "GET" : "POST", path, { headers, ...(json !== undefined && { json }) })
}

/** The server with people of their own: identifiers belong to the organization, so each world has others. */
const over = (world: number): Surface => {
  const own = ({ concordId, ...identifiers }: Identifiers): Record<string, string> => {
    const renamed = Object.entries(identifiers).map(([kind, value]) => {
      if (kind === "email") return [kind, value.replace("@", `-${world}@`)]
      return [kind, kind === "phoneNumber" ? `${value.slice(0, -4)}${1000 + world}` : `${value}-${world}`]
    })
    return { ...Object.fromEntries(renamed), ...(concordId !== undefined && { concordId }) }
  }
  const organization = `/privacy-v1/organizations/${acme.id}`
  const record: Surface["record"] = (items, sharedContacts, key) =>
    Effect.promise(async (): Promise<Recorded> => {
      const project = items[0]!.project
      const json = {
        ...(sharedContacts === "leave-out" && { sharedContacts }),
        items: items.map(({ consentDate, consentState, externalId, person, type }) => ({
          ...own(person),
          consentType: typeIds[`${project} ${type}`],
          consentState,
          consentAction: "import",
          ...(consentDate !== undefined && { consentDate: new Date(consentDate).toISOString() }),
          ...(externalId !== undefined && { externalId: `${externalId}-${world}` }),
        })),
      }
      const answer = await send(
        `${privacy(projectOf(project))}/consent-events`,
        json,
        key && `${key} of ${world}`.replaceAll(" ", "-"),
      )
      if (answer.status === 422) {
        const errors: ReadonlyArray<{ readonly pointer: string; readonly code: string }> = answer.json.errors
        return { refused: errors.map(({ code, pointer }) => ({ code, item: Number(pointer.split("/")[2]) })) }
      }
      if (answer.status !== 201) throw new Error(answer.text)
      type Item = { id: string; concordId: string; consentDate: string; dateCreated: string } & Record<string, never>
      return {
        items: answer.json.items.map(({ alsoRecordedFor, concordId, consentDate, dateCreated, id, leftOut }: Item) => ({
          id,
          concordId,
          consentDate: parse(consentDate),
          dateCreated: parse(dateCreated),
          alsoRecordedFor: alsoRecordedFor ?? [],
          leftOut: leftOut ?? [],
        })),
      }
    })
  const decisions = async (project: string, by: Identifiers, instants: object): Promise<Answered> => {
    const dates = Object.entries(instants).map(([name, at]) => [name, new Date(at as number).toISOString()])
    const query = new URLSearchParams({ ...own(by), ...Object.fromEntries(dates) })
    const { json, status, text } = await send(`${privacy(projectOf(project))}/consent-decisions?${query}`)
    if (status !== 200) throw new Error(text)
    const decision = (type: string) => {
      const found = json.items.find(
        (each: Record<string, string>) => each["consentType"] === typeIds[`${project} ${type}`],
      )
      if (found === undefined) return unknown
      return { status: found.status, permitted: found.permitted, event: found.event?.id ?? found.event }
    }
    const { at, knownAt } = json.items[0]
    const answered = Worlds.types.map((type) => [type, decision(type)])
    return {
      concordId: json.items[0].concordId ?? undefined,
      at: parse(at),
      knownAt: parse(knownAt),
      decisions: Object.fromEntries(answered),
    }
  }
  const noVisitors = () => Effect.die(new Error("these worlds identify no visitors"))
  return {
    now: Effect.sync(() => Date.now()),
    wait: (millis) => Effect.promise(() => setTimeout(millis + 1)),
    record,
    import: noVisitors,
    ask: (project, by, instants) => Effect.promise(() => decisions(project, by, instants)),
    list: (project, concordId) =>
      Effect.promise(async () => {
        const path = `${privacy(projectOf(project))}/consent-events?concordId=${concordId}&limit=100`
        return (await send(path)).json.items.map(({ id }: { id: string }) => id)
      }),
    visit: Effect.promise(async () => ({ concordId: (await visit(server)).concordId })),
    identify: noVisitors,
    facts: noVisitors,
    undo: noVisitors,
    release: (project, identifier) =>
      Effect.promise(async () => {
        const { concordId } = await decisions(project, identifier, {})
        if (concordId === undefined) return undefined
        const of = identifier.projectUserId === undefined ? {} : { project: projectOf(project).id }
        const json = { ...own(identifier), ...of, reason: "the number changed hands" }
        const answer = await send(`${organization}/people/${concordId}/identifiers/release`, json)
        if (answer.status !== 200) throw new Error(answer.text)
        return parse(answer.json.dateCreated)
      }),
    rename: (userId, newUserId) =>
      Effect.promise(async () => {
        const items = [{ userId: `${userId}-${world}`, newUserId: `${newUserId}-${world}` }]
        await setTimeout(2)
        const before = Date.now()
        const answer = await send(`${organization}/people/identifiers/rename`, { items })
        const at = answer.status === 200 ? parse(answer.json.items[0].dateCreated) : undefined
        return at !== undefined && at >= before ? at : undefined
      }),
  }
}

let worlds = 0
const withoutVisitors = Worlds.world({ ...Worlds.dense, externalIds: [undefined, undefined, "1"] }, 8).map((world) =>
  world.filter(([, { kind }]) => kind !== "identify" && kind !== "undo"),
)

test("Every item and every question is answered as section 5 of the semantics says.", () =>
  fc.assert(
    fc.asyncProperty(withoutVisitors, (world) => Effect.runPromise(Lockstep.play(world, over(worlds++)))),
    { numRuns: times(1, 60) },
  ))
