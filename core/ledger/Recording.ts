/**
 * Recording events: a batch is deduplicated, planned and appended to the store, all of it or nothing
 * (semantics, sections 1 and 5).
 *
 * The plan is made against the ledger as it was read. If that has changed when the store appends, nothing is recorded
 * and the batch is planned again. The events get their `dateCreated` when they are appended, later than every answer
 * about their people.
 */
import { Clock, Effect } from "effect"
import type * as Admission from "../model/Admission.ts"
import type { Project } from "../model/Catalog.ts"
import type { ConsentEvent } from "../engine/ConsentEvent.ts"
import type { Instant } from "../engine/Instant.ts"
import * as Lane from "../model/Lane.ts"
import { type Append, type Positions, type StoredEvent, StoreUnavailable } from "../ports/LedgerStore.ts"
import * as AnswerHorizon from "./AnswerHorizon.ts"
import type { Batch, ItemViolation } from "./Batch.ts"
import * as BatchPlan from "./BatchPlan.ts"
import * as Deduplication from "./Deduplication.ts"
import * as EventBody from "./EventBody.ts"
import { maxAttempts, type LedgerContext } from "./LedgerContext.ts"
import * as PositionsOf from "./Positions.ts"
import * as Idempotency from "./Idempotency.ts"

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
    }
  | { readonly _tag: "Refused"; readonly violations: ReadonlyArray<ItemViolation> }

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

/** The person and the id of an event. */
export type EventReference = Pick<StoredEvent, "concordId" | "id">

/** An admitted item, with the id of its event. */
interface IdentifiedItem extends BatchPlan.AdmittedItem {
  readonly id: string
}

/** The event to store for an admitted item; `externalId` is the hash of the item's own. */
const toStored = (
  { concordId, draft, event: admitted, id }: IdentifiedItem,
  { project, session, submitter }: Batch,
  externalId: string | undefined,
  dateCreated: Instant,
): StoredEvent => {
  const event = toEvent(admitted, id, concordId, dateCreated)
  return {
    ...event,
    submitter,
    ...(session !== undefined && EventBody.originOf(session)),
    ...(externalId !== undefined && { externalId }),
    body: EventBody.write(event, admitted.type, project, submitter, session, draft.externalId),
  }
}

/** Whether the consent types that the items were admitted against are still the ones in the catalog. */
const isCurrent = Effect.fnUntraced(function* (
  admitted: ReadonlyArray<BatchPlan.AdmittedItem>,
  project: Project,
  { store }: Pick<LedgerContext, "store">,
) {
  const types = (yield* store.catalog.current).consentTypes.get(project.id)
  return admitted.every(({ event }) => types?.byId.get(event.type.id) === event.type)
})

/** The optional members of an append. */
interface AppendOptions extends Pick<Append, "after" | "idempotencyRecord"> {
  /** Run right before the append is sent to the store. */
  readonly beforeAppend?: Effect.Effect<unknown>
}

/**
 * Chooses the options of an append, given the events that it records and the events of all items. May answer instead
 * that the batch must be planned again, because of what was recorded in the meantime.
 */
export type ChooseOptions = (
  recorded: ReadonlyArray<EventReference>,
  events: ReadonlyArray<EventReference>,
) => Effect.Effect<AppendOptions | "plan again">

/** One attempt at recording a batch, against the catalog as it is now. */
const attempt = Effect.fnUntraced(function* (
  given: Batch,
  chooseOptions: ChooseOptions,
  now: Instant,
  context: LedgerContext,
) {
  const { answerHorizon, store } = context
  const { organization, project } = given
  const batch = { ...given, types: (yield* store.catalog.current).consentTypes.get(project.id) ?? given.types }
  const { firstOf, hashes, recorded: before, unrecorded } = yield* Deduplication.deduplicate(batch, context)
  const plan = yield* BatchPlan.make(unrecorded, batch, now, context)
  if (plan.violations.length > 0) return { _tag: "Refused", violations: plan.violations } as const
  const admitted: Array<IdentifiedItem> = []
  for (const each of plan.admitted) admitted.push({ ...each, id: yield* context.random.uuidV7() })
  /** The event of every item of the batch, given those that are recorded now. */
  const ofItems = <Event extends EventReference>(recorded: ReadonlyArray<Event>) => {
    const byItem: Array<Event | StoredEvent | undefined> = [...before]
    for (const [index, { item }] of admitted.entries()) byItem[item] = recorded[index]
    return byItem.map((event, item) => (event ?? byItem[firstOf(item)!])!)
  }
  const options = yield* chooseOptions(admitted, ofItems(admitted))
  if (options === "plan again") return { _tag: "Stale", lastRecordedAt: now } as const
  const { beforeAppend = Effect.void, ...kept } = options
  const append = Effect.fnUntraced(function* (recordedAt: Instant) {
    const recorded = admitted.map((each) => toStored(each, batch, hashes.get(each.item), recordedAt))
    const outcome = { _tag: "Recorded", events: ofItems(recorded), recorded, positions: PositionsOf.none } as const
    if (recorded.length === 0 && kept.idempotencyRecord === undefined) return outcome
    if (!(yield* isCurrent(admitted, project, context))) return { _tag: "Stale", lastRecordedAt: recordedAt } as const
    yield* beforeAppend
    const claims = plan.claims.map((claim) => ({ ...claim, dateCreated: recordedAt }))
    const appended = yield* store.events.append({
      project,
      organization,
      recordedAt,
      events: recorded,
      claims,
      ...kept,
    })
    return appended._tag === "Appended" ? { ...outcome, positions: appended.positions ?? PositionsOf.none } : appended
  })
  const ids = new Set(plan.claims.map(({ hash }) => hash))
  for (const { concordId, event } of admitted) {
    ids.add(concordId).add(event.type.id)
    ids.add(AnswerHorizon.ofLane(Lane.of(project, concordId)))
  }
  return yield* answerHorizon.record(ids, now, append)
})

/** Everything that is wrong with a batch. Records nothing. */
export const review = Effect.fnUntraced(function* (
  batch: Batch,
  context: LedgerContext,
): Effect.fn.Return<ReadonlyArray<ItemViolation>, StoreUnavailable> {
  const { unrecorded } = yield* Deduplication.deduplicate(batch, context)
  const { violations } = yield* BatchPlan.make(unrecorded, batch, yield* Clock.currentTimeMillis, context)
  return violations
})

/** Records a batch, with the append options that the caller chooses: all of it or nothing. */
export const recordWith = Effect.fnUntraced(function* (
  batch: Batch,
  chooseOptions: ChooseOptions,
  context: LedgerContext,
) {
  let now = yield* Clock.currentTimeMillis
  for (let attempts = 0; attempts < maxAttempts; attempts++) {
    const outcome = yield* attempt(batch, chooseOptions, now, context)
    if (outcome._tag === "Recorded" || outcome._tag === "Refused") return outcome
    if (outcome._tag === "Repeated") return Idempotency.keptBefore
    now = Math.max(now, yield* Clock.currentTimeMillis, outcome.lastRecordedAt)
  }
  return yield* new StoreUnavailable({ reason: "too many writers claim the same identifiers" })
})

/** The events with which an earlier request of the same idempotency key was answered. */
const repeated = Effect.fnUntraced(function* (project: Project, answer: string, { store }: LedgerContext) {
  const events = (yield* store.events.byId(project, JSON.parse(answer))).map((event) => event!)
  return { _tag: "Recorded", events, positions: PositionsOf.none, isRepeated: true } as const
})

/** Records a batch durably, all of it or nothing. */
export const record = Effect.fnUntraced(function* (
  batch: Batch,
  context: LedgerContext,
): Effect.fn.Return<RecordOutcome | Idempotency.KeyConflict, StoreUnavailable> {
  const { idempotency, organization, project } = batch
  // A batch of which nothing had to be recorded leaves nothing at all.
  const chooseOptions: ChooseOptions = (recorded, events) =>
    batch.settled !== undefined && recorded.length === 0
      ? Effect.succeed({})
      : Idempotency.recordOf(idempotency, context, JSON.stringify(events.map(({ id }) => id)))
  const carryOut: Effect.Effect<RecordOutcome | Idempotency.KeptBefore, StoreUnavailable> = recordWith(
    batch,
    chooseOptions,
    context,
  )
  const outcome = yield* Idempotency.once(organization, idempotency, context, carryOut)
  const recorded = outcome._tag === "Repeated" ? yield* repeated(project, outcome.answer, context) : outcome
  if (recorded._tag !== "Recorded") return recorded
  return { ...recorded, positions: yield* PositionsOf.after(project, recorded.events, recorded.positions, context) }
})
