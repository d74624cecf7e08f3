/**
 * Recording events: a batch is deduplicated, planned and appended to the store, all of it or nothing
 * (semantics, sections 1 and 5).
 *
 * The plan is made against the ledger as it was read. If that has changed when the store appends, nothing is recorded
 * and the batch is planned again. The events get their `dateCreated` when they are appended, later than every answer
 * about their people.
 *
 * The file is longer than others because deduplicating, planning and appending are one retried attempt.
 */
import { Clock, Effect } from "effect"
import * as Admission from "../model/Admission.ts"
import type { ConsentEvent } from "../engine/ConsentEvent.ts"
import type { Instant } from "../engine/Instant.ts"
import * as Lane from "../model/Lane.ts"
import type { Fact } from "../model/People.ts"
import {
  type Append,
  type PersonalWrites,
  type Positions,
  type StoredEvent,
  StoreUnavailable,
} from "../ports/LedgerStore.ts"
import * as AnswerHorizon from "./AnswerHorizon.ts"
import type { Batch, ItemViolation } from "./Batch.ts"
import * as BatchPlan from "./BatchPlan.ts"
import * as ComposedEvents from "./ComposedEvents.ts"
import * as ErasedPeople from "./ErasedPeople.ts"
import * as EventBody from "./EventBody.ts"
import * as ExternalIds from "./ExternalIds.ts"
import * as ItemPeople from "./ItemPeople.ts"
import * as LaterDates from "./LaterDates.ts"
import { maxAttempts, type LedgerContext } from "./LedgerContext.ts"
import * as PositionsOf from "./Positions.ts"
import * as Idempotency from "./Idempotency.ts"
import * as PersonalData from "./PersonalData.ts"
import * as PersonalFacts from "./PersonalFacts.ts"
import * as PersonKeys from "./PersonKeys.ts"
import * as SessionCache from "./SessionCache.ts"
import * as SessionPart from "./SessionPart.ts"
import * as SessionRegion from "./SessionRegion.ts"

/** The event of every item, in the order given; or everything that is wrong, and nothing recorded. */
export type RecordOutcome =
  | {
      readonly _tag: "Recorded"
      readonly events: ReadonlyArray<StoredEvent>
      /** A server that has reached these positions knows all of the events. */
      readonly positions: Positions
      readonly isRepeated?: true
      /** The number of events that were recorded, if the batch was recorded above a quota. */
      readonly recordedCount?: number
      readonly leftOut: BatchPlan.LeftOut
      /** By the index of a refusal: its events for further people that its identifiers name. */
      readonly alsoRecordedFor: AlsoRecordedFor
    }
  | { readonly _tag: "Refused"; readonly violations: ReadonlyArray<ItemViolation> }

/** By the index of an item, the events that were recorded for people besides that of its strongest identifier. */
export type AlsoRecordedFor = ReadonlyMap<number, ReadonlyArray<EventReference>>

/** The event of an admitted item. */
export const toEvent = (
  admitted: Admission.Admitted,
  id: string,
  concordId: string,
  dateCreated: Instant,
): ConsentEvent => ({
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

/** The person and the id of an event. */
export type EventReference = Pick<StoredEvent, "concordId" | "id">

/** An admitted item, with the id of its event. */
export interface IdentifiedItem extends BatchPlan.AdmittedItem {
  readonly id: string
}

/** An identified item, with the commitment to its external id if it has one. */
interface CommittedItem extends IdentifiedItem {
  readonly commitment?: string | undefined
}

/** The event to store for an admitted item. */
const toStored = (
  { commitment, concordId, event: admitted, externalId, id }: CommittedItem,
  { project, session, submitter }: Batch,
  dateCreated: Instant,
): StoredEvent => {
  const event = toEvent(admitted, id, concordId, dateCreated)
  return {
    ...event,
    submitter,
    ...(session !== undefined && EventBody.originOf(session)),
    ...(externalId !== undefined && { externalId: externalId.hash }),
    body: EventBody.write(event, admitted.type, project, submitter, session, commitment, admitted),
  }
}

/** The batch with its project and consent types as they are in the catalog now. */
const asOfCatalog = Effect.fnUntraced(function* (batch: Batch, { store }: Pick<LedgerContext, "store">) {
  const { consentTypes, projects } = yield* store.catalog.current
  const { id } = batch.project
  return { ...batch, project: projects.get(id) ?? batch.project, types: consentTypes.get(id) ?? batch.types }
})

/** Whether the project and consent types that the items were admitted against are still the ones in the catalog. */
const isCurrent = Effect.fnUntraced(function* (
  admitted: ReadonlyArray<BatchPlan.AdmittedItem>,
  planned: Batch,
  context: Pick<LedgerContext, "store">,
) {
  const { project, types } = yield* asOfCatalog(planned, context)
  return (
    Admission.isSameTerms(project, planned.project) &&
    admitted.every(({ event }) => types.byId.get(event.type.id) === event.type)
  )
})

/**
 * The items whose `consentDate` is later than the clock, admitted again at the `dateCreated` that they get; `undefined`
 * if one may not be recorded then.
 */
const readmitted = (
  admitted: ReadonlyArray<CommittedItem>,
  { project, types }: Batch,
  instants: Admission.Instants,
): ReadonlyArray<CommittedItem> | undefined => {
  const isAhead = ({ draft, event }: IdentifiedItem) =>
    draft.consentDate !== undefined && draft.consentDate > instants.clock && event.isDatedByLedger !== true
  if (!admitted.some(isAhead)) return admitted
  const again: Array<CommittedItem> = []
  for (const each of admitted) {
    const event = isAhead(each) ? Admission.admit(each.draft, types, project, instants) : each.event
    if (!("type" in event)) return undefined
    again.push({ ...each, event })
  }
  return again
}

/** The refusals of a batch that are recorded again as of later dates, without external ids of their own. */
const furtherOf = Effect.fnUntraced(function* (
  admitted: ReadonlyArray<CommittedItem>,
  dates: LaterDates.LaterDates,
  { random }: Pick<LedgerContext, "random">,
) {
  const further: Array<CommittedItem> = []
  for (const [item, at] of LaterDates.ofItems(admitted, dates)) {
    const event = Admission.asOf(item.event, at)
    further.push({ ...item, event, externalId: undefined, commitment: undefined, id: yield* random.uuidV7() })
  }
  return further
})

/** The optional members of an append. */
interface AppendOptions extends Pick<Append, "after" | "compliance" | "idempotencyRecord"> {
  /** Run right before the append is sent to the store. */
  readonly beforeAppend?: Effect.Effect<unknown>
}

/** What a batch is answered with, by its items. */
export interface BatchAnswer<Event> {
  /** The event of every item; of a refusal with several people, that of the strongest identifier. */
  readonly events: ReadonlyArray<Event>
  readonly alsoRecordedFor: AlsoRecordedFor
  readonly leftOut: BatchPlan.LeftOut
  /** The items that contact points were left out of. */
  readonly withoutContacts: ReadonlySet<number>
}

/**
 * Chooses the options of an append, given the items that it records and the answer of the batch. May answer instead
 * that the batch must be planned again, because of what was recorded in the meantime. If it fails, nothing is recorded.
 */
export type ChooseOptions<E = never> = (
  recorded: ReadonlyArray<IdentifiedItem>,
  answer: () => BatchAnswer<EventReference>,
) => Effect.Effect<AppendOptions | "plan again", E>

/** The answer to a batch, given the events that are recorded for the admitted items. */
const answerOf = <Event extends EventReference>(
  { alsoRecorded, leftOut, repeated, withoutContacts }: BatchPlan.BatchPlan,
  admitted: ReadonlyArray<IdentifiedItem>,
  recorded: ReadonlyArray<Event>,
): BatchAnswer<Event | StoredEvent> => {
  const events: Array<Event | StoredEvent> = []
  const also = new Map<number, ReadonlyArray<EventReference>>()
  const addAlso = (item: number, { concordId, id }: EventReference) =>
    also.set(item, [...(also.get(item) ?? []), { id, concordId }])
  for (const [index, { item }] of admitted.entries()) {
    const event = recorded[index]!
    if (events[item] === undefined) events[item] = event
    else addAlso(item, event)
  }
  for (const [item, further] of alsoRecorded) for (const each of further) addAlso(item, each)
  for (const [item, same] of repeated.size < 2 ? repeated : [...repeated].toSorted(([a], [b]) => a - b)) {
    events[item] = typeof same === "number" ? events[same]! : same
    const further = typeof same === "number" ? also.get(same) : undefined
    if (further !== undefined) also.set(item, further)
  }
  return { events, alsoRecordedFor: also, leftOut, withoutContacts }
}

/** When a batch is planned, and what was found when it was planned before. */
interface Planning extends Admission.Instants {
  /** Whether a refusal was found to have later dates. */
  readonly isOvertaken: boolean
  /**
   * Whether appends were refused again and again: a key of a person may have been destroyed by an erasure of another
   * process, so that keys, and the session, are read again.
   */
  readonly isRefused: boolean
}

/** The items of a plan with commitments to their external ids, its facts as they are stored, and personal data. */
interface CommittedPlan extends Pick<PersonalFacts.CommittedFacts<Fact>, "facts" | "kept" | "personal"> {
  readonly admitted: ReadonlyArray<CommittedItem>
}

/** Commits to the external ids and the facts of a plan. Costs nothing where it has neither. */
const commit = Effect.fnUntraced(function* (
  identified: ReadonlyArray<IdentifiedItem>,
  { facts, newPeople }: BatchPlan.BatchPlan,
  { organization }: Batch,
  context: LedgerContext,
): Effect.fn.Return<CommittedPlan, StoreUnavailable> {
  const isPlain = facts.length === 0 && identified.every(({ externalId }) => externalId === undefined)
  if (isPlain) return { admitted: identified, facts, kept: noPersonalData }
  const data = identified.flatMap(({ concordId, externalId }): ReadonlyArray<PersonalData.PersonalDatum> =>
    externalId === undefined ? [] : [{ concordId, kind: "event", json: EventBody.externalIdJson(externalId.text) }],
  )
  const { commitments, ...committed } = yield* PersonalFacts.commit(organization, facts, data, context, newPeople)
  let next = 0
  const admitted = identified.map((item): CommittedItem =>
    item.externalId === undefined ? item : { ...item, commitment: commitments[next++]! },
  )
  return { ...committed, admitted }
})

/** The part of the session of a batch, unless an append of this process kept it before. */
const sessionPartOf = (
  { session }: Batch,
  { sessionCache }: Pick<LedgerContext, "sessionCache">,
): PersonalWrites | undefined => {
  if (session === undefined || SessionCache.hasKeptPart(sessionCache, session.tokenHash)) return undefined
  const part = SessionPart.of(session)
  return part && { keys: [], parts: [part] }
}

const noPersonalData: ReadonlyMap<string, string> = new Map()

/** One attempt at recording a batch, against the catalog as it is now. */
const attempt = Effect.fnUntraced(function* <E>(
  given: Batch,
  chooseOptions: ChooseOptions<E>,
  planning: Planning,
  context: LedgerContext,
) {
  const { clock, isOvertaken, recordedAt: planned } = planning
  const { answerHorizon, sessionCache, store } = context
  const batch = yield* asOfCatalog(given, context)
  const { organization, project, session } = batch
  const knownIds = yield* ExternalIds.find(batch, context)
  const plan = yield* BatchPlan.make(batch, knownIds, { clock, recordedAt: planned }, context)
  if (plan.isMoved) return { _tag: "Stale", lastRecordedAt: planned } as const
  if (plan.violations.length > 0) return { _tag: "Refused", violations: plan.violations } as const
  const identified: Array<IdentifiedItem> = []
  for (const each of plan.admitted) identified.push({ ...each, id: yield* context.random.uuidV7() })
  const chosen = yield* chooseOptions(identified, () => answerOf(plan, identified, identified))
  if (chosen === "plan again") return { _tag: "Stale", lastRecordedAt: planned } as const
  const { beforeAppend = Effect.void, ...options } = chosen
  if (planning.isRefused) {
    const people = [...identified.map(({ concordId }) => concordId), ...plan.facts.map(({ survivor }) => survivor)]
    PersonKeys.forget(organization, people, context)
  }
  const { admitted, facts, kept, personal } = yield* commit(identified, plan, batch, context)
  const refusals = LaterDates.refusalsOf(admitted)
  const dates: LaterDates.LaterDates = isOvertaken ? yield* LaterDates.read(batch, refusals, context) : new Map()
  // Taken before the dates of the batch's own items are noted, because a yes of the ledger may be earlier than those.
  const checked = LaterDates.asOfLast(refusals, dates)
  const append = (recordedAt: Instant) =>
    Effect.gen(function* () {
      const stale = { _tag: "Stale", lastRecordedAt: recordedAt } as const
      const items = readmitted(admitted, batch, { clock, recordedAt })
      if (items === undefined) return stale
      const recorded = items.map((each) => toStored(each, batch, recordedAt))
      const answer = answerOf(plan, admitted, recorded)
      const outcome = { _tag: "Recorded", ...answer, recorded, kept, positions: PositionsOf.none } as const
      const isEmpty = options.idempotencyRecord === undefined && options.compliance === undefined
      if (recorded.length === 0 && isEmpty) return outcome
      if (!(yield* isCurrent(admitted, batch, context))) return stale
      const mayHaveFurther = refusals.length > 0 && (isOvertaken || items !== admitted)
      const further = mayHaveFurther ? yield* furtherOf(items, dates, context) : []
      const doubled = further.map((each) => toStored(each, batch, recordedAt))
      const known = recorded.length === 0 ? undefined : sessionPartOf(batch, context)
      const isAgain = known !== undefined && planning.isRefused
      const part = isAgain ? yield* SessionPart.kept(organization, session!, context) : known
      const written = SessionPart.added(personal, part)
      yield* beforeAppend
      const claims = plan.claims.map((claim) => ({ ...claim, dateCreated: recordedAt }))
      const appended = yield* store.events.append({
        project,
        organization,
        recordedAt,
        events: doubled.length === 0 ? recorded : [...recorded, ...doubled],
        claims,
        ...(plan.seen.length > 0 && { seen: plan.seen }),
        ...(facts.length > 0 && { facts: facts.map((fact) => ({ ...fact, dateCreated: recordedAt })) }),
        ...(written !== undefined && { personal: written }),
        ...(refusals.length > 0 && { refusals: checked }),
        ...options,
      })
      if (appended._tag !== "Appended") return appended
      if (session !== undefined && part !== undefined) SessionCache.noteKeptPart(sessionCache, session.tokenHash)
      if (session !== undefined && recorded.length > 0) yield* SessionRegion.note(batch, context)
      return { ...outcome, positions: appended.positions ?? PositionsOf.none }
    })
  const ids = new Set<string>()
  let earliest = Math.max(planned, LaterDates.last(dates))
  for (const { dateCreated, hash } of plan.claims) {
    ids.add(hash)
    // Where a clock was ahead, the release of the identifier may be later than the clock.
    earliest = Math.max(earliest, dateCreated)
  }
  for (const { member } of plan.facts) ids.add(member)
  for (const { concordId, event } of admitted) {
    ids.add(concordId).add(event.type.id)
    ids.add(AnswerHorizon.ofLane(Lane.of(project, concordId)))
  }
  return yield* answerHorizon.record(ids, earliest, append)
})

/** Everything that is wrong with a batch. Records nothing. */
export const review = Effect.fnUntraced(function* (
  given: Batch,
  context: LedgerContext,
): Effect.fn.Return<ReadonlyArray<ItemViolation>, StoreUnavailable> {
  const batch = yield* asOfCatalog(given, context)
  const knownIds = yield* ExternalIds.find(batch, context)
  const clock = yield* Clock.currentTimeMillis
  const { violations } = yield* BatchPlan.make(batch, knownIds, { clock, recordedAt: clock }, context)
  if (violations.length === 0) return violations
  const erased = yield* ErasedPeople.among(batch, context)
  if (erased.size === 0) return violations
  return (yield* BatchPlan.make({ ...batch, erased }, knownIds, { clock, recordedAt: clock }, context)).violations
})

/** Records a batch, with the append options that the caller chooses: all of it or nothing. */
export const recordWith = Effect.fnUntraced(function* <E>(
  batch: Batch,
  chooseOptions: ChooseOptions<E>,
  context: LedgerContext,
) {
  let clock = yield* Clock.currentTimeMillis
  let planning: Planning = { clock, recordedAt: clock, isOvertaken: false, isRefused: false }
  let tried = batch
  for (let attempts = 0; attempts < maxAttempts; attempts++) {
    const outcome = yield* attempt(tried, chooseOptions, planning, context)
    if (outcome._tag === "Recorded") return outcome
    if (outcome._tag === "Refused") {
      if (tried.erased !== undefined) return outcome
      // The id of an erased person is no conflict with another identifier.
      tried = { ...batch, erased: yield* ErasedPeople.among(batch, context) }
      if (tried.erased!.size === 0) return outcome
      continue
    }
    if (outcome._tag === "Repeated") return Idempotency.keptBefore
    // Only the store knows at once that a person was erased, so that no read is needed before the first attempt.
    tried = { ...batch, erased: yield* ErasedPeople.among(batch, context) }
    clock = yield* Clock.currentTimeMillis
    planning = {
      clock,
      recordedAt: Math.max(planning.recordedAt, clock, outcome.lastRecordedAt),
      isOvertaken: planning.isOvertaken || ("isOvertaken" in outcome && outcome.isOvertaken === true),
      isRefused: attempts > 0,
    }
  }
  return yield* new StoreUnavailable({ reason: "too many writers claim the same identifiers" })
})

/** The members that the refusals of a batch are recorded without. */
const leftOutOf = ({ items }: Batch): Map<number, ReadonlyArray<string>> => {
  const leftOut = new Map<number, ReadonlyArray<string>>()
  for (const [item, each] of items.entries()) {
    const members = ItemPeople.leftOutOf(each)
    if (members !== undefined) leftOut.set(item, members)
  }
  return leftOut
}

/**
 * The answer of an item in an idempotency record: the id of its event, or with the ids of its further events and the
 * members that it was recorded without, where those do not follow from the request.
 */
type KeptItem =
  | string
  | { readonly id: string; readonly also?: ReadonlyArray<string>; readonly leftOut?: ReadonlyArray<string> }

const toKept = (answer: BatchAnswer<EventReference>): ReadonlyArray<KeptItem> =>
  answer.events.map(({ id }, item) => {
    const also = answer.alsoRecordedFor.get(item)?.map((event) => event.id)
    const leftOut = answer.withoutContacts.has(item) ? answer.leftOut.get(item) : undefined
    if (also === undefined && leftOut === undefined) return id
    return { id, ...(also !== undefined && { also }), ...(leftOut !== undefined && { leftOut }) }
  })

/** The answer to an earlier request of the same idempotency key. */
const repeated = Effect.fnUntraced(function* (batch: Batch, answer: string, { store }: LedgerContext) {
  const kept = (JSON.parse(answer) as ReadonlyArray<KeptItem>).map((each) =>
    typeof each === "string" ? { id: each } : each,
  )
  const ids = kept.flatMap(({ also = [], id }) => [id, ...also])
  const found = new Map((yield* store.events.byId(batch.project, ids)).map((event) => [event!.id, event!]))
  const leftOut = leftOutOf(batch)
  const alsoRecordedFor = new Map<number, ReadonlyArray<EventReference>>()
  for (const [item, each] of kept.entries()) {
    const also = each.also?.map((id) => ({ id, concordId: found.get(id)!.concordId }))
    if (also !== undefined) alsoRecordedFor.set(item, also)
    if (each.leftOut !== undefined) leftOut.set(item, each.leftOut)
  }
  const events = kept.map(({ id }) => found.get(id)!)
  const outcome = { _tag: "Recorded", events, leftOut, alsoRecordedFor, isRepeated: true } as const
  return { ...outcome, kept: noPersonalData, positions: PositionsOf.none }
})

/** Records a batch durably, all of it or nothing. */
export const record = Effect.fnUntraced(function* (
  batch: Batch,
  context: LedgerContext,
): Effect.fn.Return<RecordOutcome | Idempotency.KeyConflict, StoreUnavailable> {
  const { idempotency, organization, project } = batch
  // A batch of which nothing had to be recorded leaves nothing at all.
  const chooseOptions: ChooseOptions = (recorded, answer) =>
    batch.settled !== undefined && recorded.length === 0
      ? Effect.succeed({})
      : Idempotency.recordOf(idempotency, context, JSON.stringify(toKept(answer())))
  const carryOut = recordWith(batch, chooseOptions, context)
  const outcome = yield* Idempotency.once(organization, idempotency, context, carryOut)
  const recorded = outcome._tag === "Repeated" ? yield* repeated(batch, outcome.answer, context) : outcome
  if (recorded._tag !== "Recorded") return recorded
  const { alsoRecordedFor, kept, leftOut } = recorded
  const events = yield* ComposedEvents.of(organization, recorded.events, context, kept)
  const positions = yield* PositionsOf.after(project, recorded.events, recorded.positions, context)
  const answered = { _tag: "Recorded", events, positions, leftOut, alsoRecordedFor } as const
  return "isRepeated" in recorded ? { ...answered, isRepeated: true } : answered
})
