/**
 * Recording events: admit, resolve the people, append, all of a request or nothing (semantics, sections 1 and 5).
 */
import { Clock, Effect } from "effect"
import * as Admission from "../model/Admission.ts"
import type { Organization, Project, ProjectScope } from "../model/Catalog.ts"
import type { ConsentEvent } from "../engine/ConsentEvent.ts"
import type { Instant } from "../engine/Instant.ts"
import * as People from "../model/People.ts"
import { type Append, type Positions, type Session, type StoredEvent, StoreUnavailable } from "../ports/LedgerStore.ts"
import * as EventBody from "./EventBody.ts"
import * as Identifiers from "./Identifiers.ts"
import * as Joins from "./Joins.ts"
import { maxAttempts, type LedgerContext } from "./LedgerContext.ts"
import { behind, none } from "./Positions.ts"
import * as Idempotency from "./Idempotency.ts"
import * as Sha256 from "./Sha256.ts"

/** A request to record events. */
export interface Batch extends ProjectScope {
  /** The id of the API key, or the visitor's own id. */
  readonly submitter: string
  readonly session?: Session
  /** 1 to `Batch.maxItems`. */
  readonly items: ReadonlyArray<Admission.Item>
  readonly idempotency?: Idempotency.IdempotentRequest
}

/** One thing wrong with one item. */
export interface ItemViolation {
  /** The index of the item, from 0. */
  readonly item: number
  readonly code: Admission.AdmissionCode | Identifiers.IdentifierFault["code"] | "identifier_conflict"
  readonly field: keyof Admission.Draft | keyof People.Identifiers
  readonly detail: string
}

/** The event of every item, in the order given; or everything that is wrong, and nothing recorded. */
export type RecordOutcome =
  | {
      readonly _tag: "Recorded"
      readonly events: ReadonlyArray<StoredEvent>
      /** A server that has come as far knows of all of them. */
      readonly positions: Positions
      readonly isRepeated?: true
    }
  | { readonly _tag: "Refused"; readonly violations: ReadonlyArray<ItemViolation> }

/** An item, and its index in the request. */
interface Numbered {
  readonly item: number
  readonly draft: Admission.Item
}

/** What a request comes to: who each item is about and what is recorded, or what is wrong. */
interface Plan {
  readonly violations: ReadonlyArray<ItemViolation>
  readonly claims: ReadonlyArray<People.Claim>
  readonly admitted: ReadonlyArray<Admitted>
}

interface Admitted extends Numbered {
  readonly event: Admission.Admitted
  readonly concordId: string
}

/** An item's identifiers, normalized and hashed; or what is wrong with them. */
type Person =
  | { readonly concordId: string | undefined; readonly aliases: ReadonlyArray<People.Alias> }
  | { readonly faults: ReadonlyArray<Identifiers.IdentifierFault> }

const hashPeople = Effect.fnUntraced(function* (
  items: ReadonlyArray<Numbered>,
  { organization, project }: Batch,
  { hasherOf }: LedgerContext,
) {
  const hasher = yield* hasherOf(organization)
  const people: Array<Person> = []
  for (const { draft } of items) {
    const person = Identifiers.normalize(draft.person)
    if ("faults" in person) people.push(person)
    else {
      const aliases = yield* hasher.aliases(person.identifiers, project)
      people.push({ concordId: person.identifiers.concordId, aliases })
    }
  }
  return people
})

/** Whom the aliases of all items name now. */
const lookUp = Effect.fnUntraced(function* (
  organization: Organization,
  people: ReadonlyArray<Person>,
  { store }: LedgerContext,
) {
  const hashes = people.flatMap((person) => ("aliases" in person ? person.aliases.map(({ hash }) => hash) : []))
  const distinct = [...new Set(hashes)]
  const named = distinct.length === 0 ? [] : yield* store.people.byAlias(organization, distinct)
  return new Map(distinct.map((hash, index) => [hash, named[index]?.concordId]))
})

/** Whom those are counted as who are named beside somebody else, so that people who are joined do not conflict. */
const survivors = Effect.fnUntraced(function* (
  organization: Organization,
  people: ReadonlyArray<Person>,
  known: ReadonlyMap<string, string | undefined>,
  context: LedgerContext,
) {
  const counted = new Map<string, string>()
  for (const person of people) {
    if ("faults" in person) continue
    const names = [person.concordId, ...person.aliases.map(({ hash }) => known.get(hash))]
    const named = new Set(names.filter((name) => name !== undefined))
    if (named.size < 2) continue
    for (const name of named) counted.set(name, (yield* Joins.current(organization, name, context)).survivor)
  }
  return counted
})

const conflictOf = (
  item: number,
  { kind, with: other }: { readonly kind: string; readonly with: string },
): ItemViolation => ({
  item,
  code: "identifier_conflict",
  field: kind as keyof People.Identifiers,
  detail: `names another person than ${other} does; nothing is merged without proof`,
})

/** Checks every item against the rules and resolves its person, each item seeing what those before it claim. */
const plan = Effect.fnUntraced(function* (
  items: ReadonlyArray<Numbered>,
  request: Batch,
  context: LedgerContext,
  now: Instant,
) {
  const { organization, project, types } = request
  const people = yield* hashPeople(items, request, context)
  const known = yield* lookUp(organization, people, context)
  const counted = yield* survivors(organization, people, known, context)
  const isSame = (one: string, other: string) => counted.has(one) && counted.get(one) === counted.get(other)
  const violations: Array<ItemViolation> = []
  const claims: Array<People.Claim> = []
  const admitted: Array<Admitted> = []
  for (const [index, { draft, item }] of items.entries()) {
    const person = people[index]!
    const event = Admission.admit(draft, types, project.status, now)
    if (!("type" in event)) violations.push(...event.map((fault) => ({ item, ...fault })))
    if ("faults" in person) {
      violations.push(...person.faults.map((fault) => ({ item, ...fault })))
      continue
    }
    const resolution = People.resolve(person.concordId, person.aliases, (hash) => known.get(hash), isSame)
    if ("conflict" in resolution) {
      violations.push(conflictOf(item, resolution.conflict))
      continue
    }
    const concordId = resolution.concordId ?? (yield* context.random.uuidV7())
    for (const alias of resolution.unclaimed) {
      known.set(alias.hash, concordId)
      claims.push({ ...alias, concordId, dateCreated: now })
    }
    if ("type" in event) admitted.push({ draft, item, event, concordId })
  }
  return { violations, claims, admitted } satisfies Plan
})

const toEvent = (admitted: Admission.Admitted, id: string, concordId: string, dateCreated: Instant): ConsentEvent => ({
  id,
  concordId,
  consentType: admitted.type.id,
  version: admitted.version,
  consentState: admitted.consentState,
  consentAction: admitted.consentAction,
  consentDate: admitted.consentDate,
  dateCreated,
  ...(admitted.expirationDate !== undefined && { expirationDate: admitted.expirationDate }),
})

const write = Effect.fnUntraced(function* (
  { concordId, draft, event: admitted }: Admitted,
  { project, session, submitter }: Batch,
  externalId: string | undefined,
  now: Instant,
  { random }: LedgerContext,
) {
  const event = toEvent(admitted, yield* random.uuidV7(), concordId, now)
  return {
    ...event,
    submitter,
    ...(session !== undefined && EventBody.originOf(session)),
    ...(externalId !== undefined && { externalId }),
    body: EventBody.write(event, admitted.type, project, submitter, session, draft.externalId),
  } satisfies StoredEvent
})

/** The items' external ids as they are kept, and the events that have them already, by index. */
const recordedBefore = Effect.fnUntraced(function* (
  { items, project }: Batch,
  { digest, store }: Pick<LedgerContext, "digest" | "store">,
) {
  const hashes = new Map<number, string>()
  for (const [item, { externalId }] of items.entries()) {
    if (externalId !== undefined) hashes.set(item, yield* Sha256.hex(digest, externalId))
  }
  const distinct = [...new Set(hashes.values())]
  const events = distinct.length === 0 ? [] : yield* store.events.byExternalId(project, distinct)
  return { hashes, known: new Map(distinct.map((hash, index) => [hash, events[index]])) }
})

/** The items that have to be recorded: what is there already is not, and what comes twice in the request is once. */
const sortOut = Effect.fnUntraced(function* (request: Batch, context: LedgerContext) {
  const { items } = request
  const { hashes, known } = yield* recordedBefore(request, context)
  const answered = items.map((_, item) => known.get(hashes.get(item) ?? ""))
  const firsts = new Map([...hashes].toReversed().map(([item, hash]) => [hash, item]))
  const isNew = (item: number) => answered[item] === undefined && (firsts.get(hashes.get(item) ?? "") ?? item) === item
  const numbered = items.map((draft, item) => ({ draft, item })).filter(({ item }) => isNew(item))
  return { answered, firsts, hashes, numbered }
})

/** Whether the types that items were held against are still what they were. */
const isCurrent = Effect.fnUntraced(function* (
  admitted: ReadonlyArray<Admitted>,
  project: Project,
  { store }: Pick<LedgerContext, "store">,
) {
  const types = (yield* store.catalog.current).consentTypes.get(project.id)
  return admitted.every(({ event }) => types?.byId.get(event.type.id) === event.type)
})

/** What a request is recorded with, and after which event. */
interface Terms extends Pick<Append, "after" | "idempotencyRecord"> {
  /** Done right before it goes to the store. */
  readonly sending?: Effect.Effect<unknown>
}

/**
 * The terms of a request, by the events of all its items, and those of them that are recorded now. Or says that it must be
 * planned again, because of what was recorded since.
 */
type TermsOf = (
  recorded: ReadonlyArray<StoredEvent>,
  events: ReadonlyArray<StoredEvent>,
) => Effect.Effect<Terms | "plan again">

/** One try at recording, by the types as they are now. */
const attempt = Effect.fnUntraced(function* (asked: Batch, context: LedgerContext, termsOf: TermsOf, now: Instant) {
  const { answerHorizon, store } = context
  const { organization, project } = asked
  const types = (yield* store.catalog.current).consentTypes.get(project.id) ?? asked.types
  const request = { ...asked, types }
  const { answered, firsts, hashes, numbered } = yield* sortOut(request, context)
  const { admitted, claims, violations } = yield* plan(numbered, request, context, now)
  if (violations.length > 0) return { _tag: "Refused", violations } as const
  const recorded: Array<StoredEvent> = []
  for (const each of admitted) {
    const event = yield* write(each, request, hashes.get(each.item), now, context)
    answered[each.item] = event
    recorded.push(event)
  }
  const events = answered.map((event, item) => (event ?? answered[firsts.get(hashes.get(item)!)!])!)
  const terms = yield* termsOf(recorded, events)
  if (terms === "plan again") return { _tag: "Stale", lastRecordedAt: now } as const
  const outcome = { _tag: "Recorded", events, recorded, positions: none } as const
  const { sending = Effect.void, ...kept } = terms
  if (recorded.length === 0 && kept.idempotencyRecord === undefined) return outcome
  const ids = new Set(claims.map(({ hash }) => hash))
  for (const { concordId, consentType } of recorded) ids.add(concordId).add(consentType)
  const append = Effect.gen(function* () {
    if (!(yield* isCurrent(admitted, project, context))) return { _tag: "Stale", lastRecordedAt: now } as const
    yield* sending
    return yield* store.events.append({ project, organization, recordedAt: now, events: recorded, claims, ...kept })
  })
  const appended = yield* answerHorizon.record(ids, now, append)
  return appended._tag === "Appended" ? { ...outcome, positions: appended.positions ?? none } : appended
})

/** Everything that is wrong with a request; nothing is recorded. */
export const review = Effect.fnUntraced(function* (request: Batch, context: LedgerContext) {
  const { numbered } = yield* sortOut(request, context)
  const { violations } = yield* plan(numbered, request, context, yield* Clock.currentTimeMillis)
  return violations
})

/** Records a request's events, on the terms it is given: all of them or none. */
export const recordNow = Effect.fnUntraced(function* (request: Batch, context: LedgerContext, termsOf: TermsOf) {
  let now = yield* Clock.currentTimeMillis
  for (let attempts = 0; attempts < maxAttempts; attempts++) {
    const outcome = yield* attempt(request, context, termsOf, now)
    if (outcome._tag === "Recorded" || outcome._tag === "Refused") return outcome
    if (outcome._tag === "Repeated") return Idempotency.keptBefore
    now = Math.max(
      now,
      yield* Clock.currentTimeMillis,
      outcome._tag === "Stale" ? outcome.lastRecordedAt : outcome.answeredAt + 1,
    )
  }
  return yield* new StoreUnavailable({ reason: "too many writers claim the same identifiers" })
})

/** The events that an earlier request of the same key was answered with. */
const again = Effect.fnUntraced(function* (project: Project, answer: string, { store }: LedgerContext) {
  const events = (yield* store.events.byId(project, JSON.parse(answer))).map((event) => event!)
  return { _tag: "Recorded", events, positions: none, isRepeated: true } as const
})

/** Records a request's events: durably, all of them or none. */
export const record = Effect.fnUntraced(function* (request: Batch, context: LedgerContext) {
  const termsOf: TermsOf = (_, events) =>
    Idempotency.recordOf(request.idempotency, context, JSON.stringify(events.map(({ id }) => id)))
  const carryOut: Effect.Effect<RecordOutcome | Idempotency.KeptBefore, StoreUnavailable> = recordNow(
    request,
    context,
    termsOf,
  )
  const outcome = yield* Idempotency.once(request.organization, request.idempotency, context, carryOut)
  const recorded = outcome._tag === "Repeated" ? yield* again(request.project, outcome.answer, context) : outcome
  if (recorded._tag !== "Recorded") return recorded
  return { ...recorded, positions: yield* behind(request.project, recorded.events, recorded.positions, context) }
})

/** An answer, for the first time or again; or why there is none. */
export type OnceOutcome =
  | { readonly _tag: "Answered"; readonly answer: string; readonly isRepeated?: true }
  | Exclude<Idempotency.Repeat, { _tag: "Repeated" }>

/** Gives an answer that records nothing but that it was given. */
export const answerOnce = Effect.fnUntraced(function* <E, R>(
  { organization, project }: Pick<ProjectScope, "organization" | "project">,
  idempotency: Idempotency.IdempotentRequest | undefined,
  answer: Effect.Effect<string, E, R>,
  context: LedgerContext,
) {
  const carryOut = Effect.gen(function* () {
    const text = yield* answer
    const { idempotencyRecord } = yield* Idempotency.recordOf(idempotency, context, text)
    const answered: OnceOutcome = { _tag: "Answered", answer: text }
    if (idempotencyRecord === undefined) return answered
    const nothing = { recordedAt: idempotencyRecord.recordedAt, events: [], claims: [] }
    const kept = yield* context.store.events.append({ project, organization, ...nothing, idempotencyRecord })
    return kept._tag === "Repeated" ? Idempotency.keptBefore : answered
  })
  const outcome = yield* Idempotency.once(organization, idempotency, context, carryOut)
  if (outcome._tag !== "Repeated") return outcome as OnceOutcome
  return { _tag: "Answered", answer: outcome.answer, isRepeated: true } as OnceOutcome
})
