/**
 * Retention: a person is erased exactly if every project in which it, or a person joined with it, has events has a
 * period that has passed. A second statement, in days, over random ledgers of two projects.
 */
import * as NodeCrypto from "@effect/platform-node/NodeCrypto"
import { Effect, Layer, Option } from "effect"
import { TestClock } from "effect/testing"
import * as fc from "fast-check"
import { expect, test } from "vitest"
import * as MemoryStore from "../../adapters/memory/MemoryStore.ts"
import * as Period from "../../core/engine/Period.ts"
import * as Ledger from "../../core/Ledger.ts"
import type { ProjectScope } from "../../core/model/Catalog.ts"
import { ErasureLog } from "../../core/ports/ErasureLog.ts"
import * as MemoryErasureLog from "../../adapters/erasure-log/MemoryErasureLog.ts"
import * as TestKeys from "../support/keys.ts"
import { times } from "../support/long.ts"
import * as Surface from "../support/people/surface.ts"

const start = Date.UTC(2024, 0, 31)
const day = 24 * 60 * 60 * 1000

/** Two guests, and two accounts. */
const names = ["guest 0", "guest 1", "u", "v"] as const

/** The days of a project's periods; `undefined`: for ever. */
interface Periods {
  readonly guests?: number | undefined
  readonly people?: number | undefined
}

type Step =
  | { readonly kind: "say"; readonly name: (typeof names)[number]; readonly project: "p" | "q" }
  | { readonly kind: "join"; readonly guest: 0 | 1; readonly account: "u" | "v" }

const periods: fc.Arbitrary<Periods | undefined> = fc.option(
  fc.record({
    guests: fc.constantFrom(undefined, 2, 4),
    people: fc.constantFrom(undefined, 3, 5),
  }),
  { nil: undefined, freq: 4 },
)

const steps = fc.array(
  fc.tuple(
    fc.constantFrom(0, 1, 2),
    fc.oneof<fc.Arbitrary<Step>[]>(
      fc.record({ kind: fc.constant("say"), name: fc.constantFrom(...names), project: fc.constantFrom("p", "q") }),
      fc.record({ kind: fc.constant("say"), name: fc.constantFrom(...names), project: fc.constantFrom("p", "q") }),
      fc.record({ kind: fc.constant("join"), guest: fc.constantFrom(0, 1), account: fc.constantFrom("u", "v") }),
    ),
  ),
  { minLength: 1, maxLength: 6 },
)

/** What is known of a group of people: the days on which something was recorded, of them or in a project. */
interface Known {
  readonly members: Set<string>
  isIdentified: boolean
  last: number
  readonly events: Map<string, number>
}

/** Plays steps on a second statement; `undefined` for a person that was never there. */
const model = (played: ReadonlyArray<readonly [number, Step]>) => {
  const groups = new Map<string, Known>()
  let now = 0
  for (const name of ["guest 0", "guest 1"]) {
    groups.set(name, { members: new Set([name]), isIdentified: false, last: 0, events: new Map() })
  }
  const groupOf = (name: string): Known => {
    const isAccount = !name.startsWith("guest")
    const known = groups.get(name) ?? { members: new Set([name]), isIdentified: true, last: now, events: new Map() }
    known.isIdentified ||= isAccount
    groups.set(name, known)
    return known
  }
  const joined = new Set<number>()
  for (const [wait, step] of played) {
    now += wait
    if (step.kind === "say") groupOf(step.name).events.set(step.project, now)
    else if (!joined.has(step.guest)) {
      joined.add(step.guest)
      const [guest, account] = [groupOf(`guest ${step.guest}`), groupOf(step.account)]
      account.last = now
      for (const [project, at] of guest.events) {
        account.events.set(project, Math.max(at, account.events.get(project) ?? at))
      }
      for (const member of guest.members) {
        account.members.add(member)
        groups.set(member, account)
      }
    }
  }
  return { groups: [...new Set(groups.values())], now }
}

const isOver = (group: Known, retention: Readonly<Record<string, Periods | undefined>>, now: number): boolean => {
  const kind = group.isIdentified ? "people" : "guests"
  const projects = group.events.size > 0 ? [...group.events.keys()] : ["p", "q"]
  const own = projects.map((project) => retention[project]?.[kind])
  return (
    own.every((period) => period !== undefined) &&
    projects.every((project, index) => (group.events.get(project) ?? group.last) + own[index]! <= now) &&
    own.every((period) => group.last + period! <= now)
  )
}

const toRetention = (given: Periods | undefined) => ({
  retention:
    given === undefined
      ? null
      : {
          ...(given.guests !== undefined && { guests: Period.days(given.guests) }),
          ...(given.people !== undefined && { people: Period.days(given.people) }),
        },
})

test("exactly the people whose retention is over are counted by a dry run, and erased after it", () =>
  fc.assert(
    fc.asyncProperty(steps, periods, periods, fc.constantFrom(0, 1, 3, 5), (played, p, q, wait) =>
      Effect.gen(function* () {
        yield* TestClock.setTime(start)
        const ledger = yield* Ledger.Ledger
        const surface = yield* Surface.library
        const scope = Option.getOrThrow(yield* ledger.projectScope([...(yield* ledger.catalog).projects.keys()][0]!))
        const scopes: Array<ProjectScope> = []
        for (const id of (yield* ledger.catalog).projects.keys()) {
          scopes.push(Option.getOrThrow(yield* ledger.projectScope(id)))
        }
        for (const [index, given] of [p, q].entries()) {
          yield* ledger.setup.updateProject(scopes[index]!, toRetention(given), { answer: () => "" })
        }
        const visitors = [yield* surface.visit, yield* surface.visit]
        const ids = new Map<string, string>(visitors.map(({ concordId }, guest) => [`guest ${guest}`, concordId]))
        const guests = visitors.map(({ concordId }) => concordId)
        const joined = new Set<number>()
        for (const [days, step] of played) {
          yield* surface.wait(days * day)
          if (step.kind === "say") {
            const guest = step.name.startsWith("guest") ? Number(step.name.at(-1)) : undefined
            const person = guest === undefined ? { userId: step.name } : { concordId: guests[guest]! }
            const item = { project: step.project, person, type: "newsletter", consentState: "accepted" } as const
            const answer = yield* surface.record([item], "refuse")
            if ("items" in answer) ids.set(step.name, answer.items[0]!.concordId)
          } else if (!joined.has(step.guest)) {
            joined.add(step.guest)
            const next = yield* surface.identify(visitors[step.guest]!, { userId: step.account })
            ids.set(step.account, next.concordId)
          }
        }
        yield* surface.wait(wait * day)
        const { groups, now } = model(played)
        const over = groups.filter((group) => isOver(group, { p, q }, now + wait))
        const counts = {
          guests: over.filter(({ isIdentified }) => !isIdentified).length,
          people: over.filter(({ isIdentified }) => isIdentified).length,
        }
        const { organization } = scope
        const run = { organization, submitter: organization.id, report: () => Effect.void }
        expect(yield* ledger.retention({ ...run, isDryRun: true })).toMatchObject({ _tag: "Ran", ...counts })
        for (const id of ids.values()) expect(Option.isNone(yield* ledger.erasure(organization, id))).toBe(true)
        expect(yield* ledger.retention({ ...run, isDryRun: false })).toMatchObject({ ...counts, isScrubbed: true })
        for (const group of groups) {
          for (const member of group.members) {
            const erasure = Option.getOrUndefined(yield* ledger.erasure(organization, ids.get(member)!))
            expect(erasure !== undefined, `${member} is erased`).toBe(over.includes(group))
            if (erasure !== undefined) expect(erasure.erasure.reason).toBe("retention")
          }
        }
        const log = yield* ErasureLog
        expect((yield* log.all).map(({ isDone }) => isDone)).toEqual(over.map(() => true))
        expect(yield* ledger.retention({ ...run, isDryRun: false })).toMatchObject({ guests: 0, people: 0 })
      }).pipe(
        Effect.provide(Ledger.layer.pipe(Layer.provide([MemoryStore.layer, NodeCrypto.layer, TestKeys.layer]))),
        Effect.provide(MemoryErasureLog.layer),
        Effect.provide(TestClock.layer()),
        Effect.runPromise,
      ),
    ),
    { numRuns: times(40, 1000) },
  ))
