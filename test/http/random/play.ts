/**
 * Plays a random sequence of requests against the server and, at the same time, against the model, in a project of its
 * own. Both must answer the same: answers byte for byte, refusals with the same status and violations.
 */
import { setImmediate } from "node:timers/promises"
import canonicalize from "canonicalize"
import { expect } from "vitest"
import type { Project } from "../../../core/model/Catalog.ts"
import * as Instant from "../../../core/engine/Instant.ts"
import type { Batch } from "../../../core/ledger/Batch.ts"
import type { EventQuery } from "../../../core/ledger/Listing.ts"
import type { Item as CoreItem } from "../../../core/model/Admission.ts"
import type { IdempotentRequest } from "../../../core/ledger/Idempotency.ts"
import { identifierKinds, type Identifiers as PersonIdentifiers } from "../../../core/model/People.ts"
import type { Session } from "../../../core/ports/LedgerStore.ts"
import * as Wire from "../../../adapters/http/api/Wire.ts"
import type { Answer } from "../../support/server.ts"
import { acme, asOwner, nobody, ownerKeyId } from "../world.ts"
import type * as Commands from "./commands.ts"
import * as Answers from "./answers.ts"
import { dayOf, typeFields, typeWire } from "./answers.ts"
import * as Model from "./model.ts"

/** Sends one request, checks that the answer is as described, and counts it. */
export type Send = (
  method: string,
  path: string,
  sent?: { readonly headers?: Readonly<Record<string, string>>; readonly json?: unknown },
) => Promise<Answer>

interface Visitor {
  readonly token: string
  readonly session: Session
  readonly contextId: string
}

/** An item of an answer: its event, and what the answer says of the item only. */
interface RecordedItem extends Readonly<Record<"id" | "concordId" | "dateCreated", string>> {
  readonly alsoRecordedFor?: ReadonlyArray<Readonly<Record<"id" | "concordId", string>>>
  readonly leftOut?: ReadonlyArray<string>
}

const domain = "random.example"

/**
 * Waits for the next millisecond. The model answers after the server, perhaps a millisecond later. The next change of
 * the server must not be at the instant of the model's answer, because the model no longer changes answers of that
 * instant.
 */
const nextMillisecond = async (): Promise<void> => {
  const now = Date.now()
  while (Date.now() <= now) await setImmediate()
}

/** Plays a sequence. Returns the bodies of the acknowledged events, by id. */
export const play = async (
  { commands, first }: { readonly first: Commands.NewType; readonly commands: ReadonlyArray<Commands.Command> },
  sendNow: Send,
): Promise<{ readonly project: Project; readonly events: ReadonlyMap<string, string> }> => {
  const send: Send = async (...request) => {
    await nextMillisecond()
    return sendNow(...request)
  }
  const model = await Model.make(acme)
  const projectFields = { name: "Random", domains: [domain] }
  const made = await send("POST", `/privacy-v1/organizations/${acme.id}/projects`, {
    headers: asOwner,
    json: projectFields,
  })
  const setUp = await model.run({ now: Date.parse(made.json.dateCreated), uuids: [made.json.id] }, (ledger) =>
    ledger.setup.createProject(acme, projectFields, { answer: () => "" }),
  )
  if (setUp._tag !== "Changed") throw new Error(setUp._tag)
  const project = setUp.value
  const base = `/privacy-v1/organizations/${acme.id}/projects/${project.id}`
  const scope = `/site-v1/${project.id}`
  const answers = Answers.of(model, project)

  // The values that the sequence has received so far.
  const types: Array<string> = []
  const people: Array<string> = []
  const visitors: Array<Visitor> = []
  const events = new Map<string, string>()
  const recordedIds = new Set<string>()
  const recordedAt = [Date.parse(made.json.dateCreated)]

  const meet = (concordId: string) => void (people.includes(concordId) || people.push(concordId))
  const noteRecorded = (at: string) => void recordedAt.push(Date.parse(at))
  const at = <A>(all: ReadonlyArray<A>, index: number): A | undefined => all[index % all.length]
  const typeAt = (index: number): string => at(types, index) ?? nobody
  const instantOf = (asked: Commands.AskedInstant): number =>
    typeof asked === "number" ? dayOf(asked) : at(recordedAt, asked.known)! - (asked.before ? 1 : 0)
  const instantsOf = (asked: {
    readonly at: Commands.AskedInstant | undefined
    readonly knownAt: Commands.AskedInstant | undefined
  }) => ({
    ...(asked.at !== undefined && { at: instantOf(asked.at) }),
    ...(asked.knownAt !== undefined && { knownAt: instantOf(asked.knownAt) }),
  })
  const written = (instants: object): Readonly<Record<string, string>> =>
    Object.fromEntries(Object.entries(instants).map(([name, instant]) => [name, Instant.format(instant)]))

  // People, identifiers and idempotency records belong to the organization, so each sequence has its own.
  const stranger = crypto.randomUUID()
  const personAt = (index: number): string => at(people, index) ?? stranger
  const keyOf = (key: string): string => `${key}-${project.id}`
  const digits = String(10_000_000 + (Number.parseInt(project.id.slice(-8), 16) % 89_999_999))
  const ofSequence = (kind: string, value: string): string => {
    if (kind === "email") return value.replace(/x\.example/i, `${project.id}.example`)
    if (kind === "phoneNumber") return value.replace("12345678", digits)
    return kind === "userId" ? `${value} ${project.id}` : value
  }
  const identifiersOf = ({
    person,
    ...who
  }: Commands.Identifiers & { readonly person?: number }): PersonIdentifiers => ({
    ...Object.fromEntries(Object.entries(who).map(([kind, value]) => [kind, ofSequence(kind, String(value))])),
    ...(person !== undefined && { concordId: personAt(person) }),
  })

  /**
   * Expects that both gave the same answer, byte for byte in canonical JSON, or that both refused for the same reasons.
   */
  const same = (answer: Answer, expected: Answers.Expected) => {
    const { headers, json, status, text } = answer
    if ("body" in expected) {
      expect(status, text).toBe(expected.status)
      expect(canonicalize(json)).toBe(canonicalize(expected.body))
      expect(headers["idempotent-replayed"]).toBe(expected.isRepeated === true ? "true" : undefined)
    } else {
      const errors: ReadonlyArray<Readonly<Record<string, string>>> = json.errors ?? []
      const codes = errors.map(({ code, header, parameter, pointer }) => `${pointer ?? parameter ?? header} ${code}`)
      expect({ status, codes: codes.toSorted() }).toEqual({ ...expected, codes: expected.codes.toSorted() })
    }
  }

  const namedBy = ({ named, number }: Commands.Item["type"]): Promise<Partial<CoreItem>> =>
    answers.typeNamed(typeAt(number), named)

  /** An event in the form of the ledger, and as it is sent. */
  const itemOf = async (item: Commands.Item): Promise<CoreItem> => {
    const { consentDate, consentState, consentAction, expirationDate, externalId, version } = item
    const date = consentDate === "soon" ? Date.now() + 60_000 : consentDate === "tomorrow" ? Date.now() + 86_400_000 : 0
    return {
      person: identifiersOf(item.who),
      ...(await namedBy(item.type)),
      consentState,
      consentAction,
      ...(consentDate !== undefined && { consentDate: typeof consentDate === "number" ? dayOf(consentDate) : date }),
      ...(expirationDate !== undefined && { expirationDate: dayOf(expirationDate) }),
      ...(version !== undefined && { version }),
      ...(externalId !== undefined && { externalId }),
    }
  }
  const wire = ({ consentDate, expirationDate, person, subcategory, ...item }: CoreItem) => ({
    ...person,
    ...item,
    ...(subcategory !== undefined && { subcategory: item.consentState === "accepted" ? subcategory : [subcategory] }),
    ...(consentDate !== undefined && { consentDate: Instant.format(consentDate) }),
    ...(expirationDate !== undefined && { expirationDate: Instant.format(expirationDate) }),
  })

  const keyedBy = (
    scope: string,
    key: string | undefined,
    content: unknown,
  ): { readonly idempotency?: IdempotentRequest } =>
    key === undefined
      ? {}
      : { idempotency: { caller: scope, key: keyOf(key), credential: "", content: JSON.stringify(content) } }
  const keyHeader = (key: string | undefined) => (key === undefined ? {} : { "idempotency-key": keyOf(key) })

  const record = async (
    answer: Answer,
    items: ReadonlyArray<CoreItem>,
    request: Pick<Batch, "submitter" | "session" | "idempotency">,
  ) => {
    const recorded: ReadonlyArray<RecordedItem> = answer.status === 201 ? answer.json.items : []
    const named = new Set(items.flatMap(({ person }) => person.concordId ?? []))
    // The events in the order of the ledger: those of a refusal for further people after its own.
    const fresh = recorded
      .flatMap(({ alsoRecordedFor = [], ...own }) => [own, ...alsoRecordedFor])
      .filter(({ id }, index, all) => !recordedIds.has(id) && all.findIndex((each) => each.id === id) === index)
    // The ids that the ledger draws for new people that are not named by a concordId: one for each person.
    const born = fresh.map(({ concordId }) => concordId).filter((each) => !named.has(each) && !people.includes(each))
    const uuids = [...new Set(born), ...fresh.map(({ id }) => id)]
    const now =
      fresh.length === 0 ? Date.now() : Date.parse(recorded.find(({ id }) => !recordedIds.has(id))!.dateCreated)
    same(answer, await answers.record({ now, ...(answer.status === 201 && { uuids }) }, { ...request, items }))
    for (const { alsoRecordedFor: _, leftOut: __, ...stored } of recorded) events.set(stored.id, JSON.stringify(stored))
    for (const { concordId, id } of fresh) {
      recordedIds.add(id)
      meet(concordId)
    }
    if (fresh.length > 0) recordedAt.push(now)
  }

  /** The ids of the versions that were answered so far. */
  const versionIds = new Set<string>()

  const changed = async (
    answer: Answer,
    date: "dateCreated" | "dateUpdated",
    change: Parameters<typeof answers.changeType>[1],
  ) => {
    const isChanged = answer.status === 200
    const isMade = isChanged && date === "dateCreated"
    const now = isChanged ? Date.parse(answer.json[date]) : Date.now()
    const ids: ReadonlyArray<string> = isChanged ? answer.json.versions.map(({ id }: { id: string }) => id) : []
    const uuids = [...(isMade ? [answer.json.id] : []), ...ids.filter((id) => !versionIds.has(id))]
    for (const id of ids) versionIds.add(id)
    same(answer, await answers.changeType({ now, ...(isChanged && { uuids }) }, change))
    if (answer.status === 200) noteRecorded(answer.json[date])
    if (isMade) types.push(answer.json.id)
  }

  const createType = async (fields: Commands.NewType) => {
    const json = typeWire(fields)
    const answer = await send("POST", `${base}/consent-types`, { headers: asOwner, json })
    await changed(answer, "dateCreated", (ledger, scope) =>
      ledger.setup.createType(scope, typeFields(fields), { answer: () => "" }),
    )
  }

  /**
   * The instants that the server used for those left out and for a `knownAt` that was ahead of the clock, not before
   * the request began. The model is asked with them.
   */
  const settled = (
    answer: Answer,
    since: number,
    asked: { readonly at?: number; readonly knownAt?: number },
    index = 0,
  ) => {
    const item = answer.status === 200 ? answer.json.items[index] : undefined
    const now = Date.now()
    const one = (name: "at" | "knownAt"): number => {
      const told = item?.[name] === undefined ? now : Date.parse(item[name])
      expect(told).toBeGreaterThanOrEqual(since)
      return told
    }
    const at = asked.at ?? one("at")
    if (asked.knownAt !== undefined && asked.knownAt <= since) return { at, knownAt: asked.knownAt, now }
    // The model keeps the server's promise: nothing is recorded any more at or before the instant of an answer.
    const knownAt = one("knownAt")
    expect(knownAt).toBeLessThanOrEqual(now)
    return { at, knownAt, now: knownAt }
  }

  const wanted = (who: Commands.Identifiers) => {
    const person = identifiersOf(who)
    const kinds = identifierKinds.filter((kind) => person[kind] !== undefined)
    return { person, isOne: kinds.length === 1, isNamed: kinds.length > 0 }
  }

  const ask = async (
    question: "consent-decisions" | "consent-state",
    command: Extract<Commands.Command, { readonly does: "decisions" | "state" }>,
  ) => {
    const { isOne, person } = wanted(command.who)
    const asked = instantsOf(command)
    const since = Date.now()
    const query = new URLSearchParams({ ...person, ...written(asked) } as Record<string, string>)
    const answer = await send("GET", `${base}/${question}?${query}`, { headers: asOwner })
    const { now, ...instants } = settled(answer, since, asked)
    same(answer, isOne ? await answers.ask({ now }, question, person, instants) : { status: 400, codes: [] })
  }

  const askMany = async (command: Extract<Commands.Command, { readonly does: "manyDecisions" }>) => {
    const asked = instantsOf(command)
    const questions = command.questions.map(({ type, who }) => ({ ...wanted(who), consentType: typeAt(type) }))
    const items = questions.map(({ consentType, person }) => ({ person, consentType }))
    const json = { ...written(asked), items }
    const headers = { ...asOwner, ...keyHeader(command.key) }
    const since = Date.now()
    const answer = await send("POST", `${base}/consent-decisions`, { headers, json })
    // An instant that is left out is now, which differs from person to person.
    const each = questions.map((_, index) => settled(answer, since, asked, index))
    same(answer, await answers.askMany(questions, each))
  }

  /** A query with its members in the order in which the server reads them, because its cursors are bound to that. */
  const eventQuery = ({ concordId, endDate, startDate, submitter, ...query }: Commands.EventQuery) => {
    const members: Readonly<Record<string, unknown>> = {
      ...query,
      ...(startDate !== undefined && { startDate: dayOf(startDate) }),
      ...(endDate !== undefined && { endDate: dayOf(endDate) }),
      ...(submitter !== undefined && { submitter: submitter ? ownerKeyId : (people[0] ?? nobody) }),
      ...(concordId !== undefined && { concordId: personAt(concordId) }),
    }
    const names = Object.keys(Wire.eventParameters).filter((name) => name in members)
    return Object.fromEntries(names.map((name) => [name, members[name]])) as EventQuery
  }
  const queryText = (query: object): string =>
    new URLSearchParams(
      Object.entries(query).flatMap(([name, value]): Array<[string, string]> => {
        if (Array.isArray(value)) return value.map((each) => [name, String(each)])
        const isDate = (name === "startDate" || name === "endDate") && typeof value === "number"
        return [[name, isDate ? Instant.format(value) : String(value)]]
      }),
    ).toString()

  /** Follows the cursors of a list for a few pages. The model's cursors equal the server's. */
  const follow = async (
    path: string,
    headers: Readonly<Record<string, string>>,
    query: object,
    page: (cursor: { readonly cursor?: string }) => ReturnType<typeof answers.ask>,
  ) => {
    let cursor: string | undefined
    for (let pages = 0; pages < 5; pages++) {
      const paging = cursor === undefined ? {} : { cursor }
      const answer = await send("GET", `${path}?${queryText({ ...query, ...paging })}`, { headers })
      same(answer, await page(paging))
      cursor = answer.json.nextCursor
      if (cursor === undefined) return
    }
  }

  const visit = async (index: number | undefined) => {
    const known = index === undefined ? undefined : at(visitors, index)
    const json = known === undefined ? {} : { contextId: known.contextId }
    const answer = await send("POST", `${scope}/session`, { headers: { origin: `https://${domain}` }, json })
    expect(answer.status, answer.text).toBe(201)
    const { concordId, contextId, expiresAt, id, session: token } = answer.json
    const isNew = !people.includes(concordId)
    const drawn = {
      now: Date.parse(expiresAt) - 1_800_000,
      uuids: isNew ? [id, concordId] : [id],
      contextId,
      bytes: Buffer.from(token, "base64url"),
    }
    const session = await answers.visit(drawn, { ipAddress: "127.0.0.1", domain, ...json })
    expect({ concordId: session.concordId, id: session.id }).toEqual({ concordId, id })
    meet(concordId)
    visitors.push({ token, contextId, session })
  }

  const asVisitor = async (command: Extract<Commands.Command, { readonly does: `own${string}` | "answer" }>) => {
    const visitor = at(visitors, command.visitor)
    if (visitor === undefined) return
    const { session, token } = visitor
    const { concordId } = session
    const headers = { "x-session": token }
    if (command.does === "answer") {
      const items: Array<CoreItem> = []
      for (const { consentAction, consentState, type } of command.items) {
        items.push({ person: { concordId }, ...(await namedBy(type)), consentState, consentAction })
      }
      const json = { items: items.map((item) => ({ ...wire(item), concordId: nobody })) }
      const sent = { ...headers, ...keyHeader(command.key) }
      const answer = await send("POST", `${scope}/consent-events`, { headers: sent, json })
      const request = { submitter: concordId, session, ...keyedBy(session.id, command.key, json) }
      await record(answer, items, request)
    } else if (command.does === "ownEvents") {
      const { endDate, limit, offset, order, sort, startDate } = command.query
      const asked = Object.entries({ endDate, limit, offset, order, sort, startDate })
      const query = eventQuery(Object.fromEntries(asked.filter(([, value]) => value !== undefined)))
      await follow(`${scope}/consent-events`, headers, query, (paging) =>
        answers.listEvents(session.id, { ...query, ...paging, concordId }),
      )
    } else {
      const asked = command.does === "ownDecisions" ? instantsOf(command) : {}
      const question = command.does === "ownDecisions" ? "consent-decisions" : "consent-state"
      const since = Date.now()
      const answer = await send("GET", `${scope}/${question}?${queryText(written(asked))}`.replace(/\?$/, ""), {
        headers,
      })
      const { now, ...instants } = settled(answer, since, asked)
      same(answer, await answers.ask({ now }, question, { concordId }, instants))
    }
  }

  const perform = async (command: Commands.Command): Promise<void> => {
    switch (command.does) {
      case "createType":
        return createType(command.fields)
      case "changeType": {
        const id = typeAt(command.type)
        const json = typeWire(command.change)
        const answer = await send("PATCH", `${base}/consent-types/${id}`, { headers: asOwner, json })
        return changed(answer, "dateUpdated", (ledger, scope) =>
          ledger.setup.updateType(scope, id, typeFields(command.change), { answer: () => "" }),
        )
      }
      case "deleteType": {
        const id = typeAt(command.type)
        const answer = await send("DELETE", `${base}/consent-types/${id}`, { headers: asOwner })
        return changed(answer, "dateUpdated", (ledger, scope) =>
          ledger.setup.removeType(scope, id, { answer: () => "" }),
        )
      }
      case "record":
      case "import": {
        const items: Array<CoreItem> = []
        for (const item of command.items) items.push(await itemOf(item))
        const json = { items: items.map(wire) }
        const headers = { ...asOwner, ...keyHeader(command.key) }
        const answer = await send("POST", `${base}/consent-events`, { headers, json })
        return record(answer, items, { submitter: ownerKeyId, ...keyedBy(ownerKeyId, command.key, json) })
      }
      case "decisions":
        return ask("consent-decisions", command)
      case "state":
        return ask("consent-state", command)
      case "manyDecisions":
        return askMany(command)
      case "listEvents": {
        const query = eventQuery(command.query)
        return follow(`${base}/consent-events`, asOwner, query, (paging) =>
          answers.listEvents(ownerKeyId, { ...query, ...paging }),
        )
      }
      case "listTypes":
        return follow(`${base}/consent-types`, asOwner, command.query, (paging) =>
          answers.listTypes(ownerKeyId, { ...command.query, ...paging }),
        )
      case "version": {
        const id = typeAt(command.type)
        const answer = await send("GET", `${base}/consent-types/${id}/versions/${command.version}`, {
          headers: asOwner,
        })
        return same(answer, await answers.version(id, command.version))
      }
      case "event": {
        const [id, text] = at([...events], command.event) ?? [nobody, undefined]
        const answer = await send("GET", `${base}/consent-events/${id}`, { headers: asOwner })
        return same(answer, text === undefined ? { status: 404, codes: [] } : { status: 200, body: JSON.parse(text) })
      }
      case "visit":
        return visit(command.visitor)
      case "answer":
      case "ownState":
      case "ownDecisions":
      case "ownEvents":
        return asVisitor(command)
    }
  }

  try {
    await createType(first)
    for (const command of commands) await perform(command)
    await follow(`${base}/consent-events`, asOwner, { limit: 1000 }, (paging) =>
      answers.listEvents(ownerKeyId, { limit: 1000, ...paging }),
    )
  } finally {
    await model.end()
  }
  return { project, events }
}
