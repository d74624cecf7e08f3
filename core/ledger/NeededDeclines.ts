/**
 * Declines above a quota: those that change an answer are recorded, and the others are answered with the event that
 * decides already. So no quota refuses a "no" that changes anything, and what is recorded above a quota is bounded by
 * the answers that there are to change: for a person, one decline for each type and one more for each later yes.
 */
import { Clock, Effect } from "effect"
import type { StoredEvent, StoreUnavailable } from "../ports/LedgerStore.ts"
import type { Batch } from "./Batch.ts"
import * as BatchPlan from "./BatchPlan.ts"
import * as ExternalIds from "./ExternalIds.ts"
import type * as Idempotency from "./Idempotency.ts"
import * as LaterDates from "./LaterDates.ts"
import type { LedgerContext } from "./LedgerContext.ts"
import * as Reading from "./Reading.ts"
import * as Recording from "./Recording.ts"

/** The refusals that decide about a person now and may not be asked again, by consent type. */
const refusals = Effect.fnUntraced(function* (
  { organization, project }: Batch,
  concordId: string,
  consentTypes: ReadonlyArray<string>,
  context: LedgerContext,
) {
  const { items } = yield* Reading.state({ organization, project, concordId, consentTypes }, context)
  return new Map(
    items.flatMap(({ decision: { askAgain, status }, event, type }) =>
      (status === "refused" || status === "withdrawn") && !askAgain ? [[type.id, event] as const] : [],
    ),
  )
})

/** The items that say what an earlier item of their batch says, each with the index of that item. */
const repetitions = (admitted: ReadonlyArray<BatchPlan.AdmittedItem>): ReadonlyMap<number, number> => {
  const firsts = new Map<string, number>()
  return new Map(
    admitted.flatMap(({ draft: { person }, event, item }) => {
      const said = `${event.type.id} ${JSON.stringify(person)}`
      const first = firsts.get(said)
      if (first === undefined) firsts.set(said, item)
      return first === undefined ? [] : [[item, first] as const]
    }),
  )
}

/** The declines that are not recorded, and for those with several people the events that answer for the others. */
type Settled = Required<Pick<Batch, "settled" | "settledAlso">>

/**
 * The declines of a batch that change no answer of any of their people. A decline whose identifiers claim to name a
 * person changes one: that of a question by the new identifier.
 */
const settledOf = Effect.fnUntraced(function* (
  batch: Batch,
  context: LedgerContext,
): Effect.fn.Return<Settled, StoreUnavailable> {
  const knownIds = yield* ExternalIds.find(batch, context)
  const clock = yield* Clock.currentTimeMillis
  const { admitted, claims } = yield* BatchPlan.make(batch, knownIds, { clock, recordedAt: clock }, context)
  const claiming = new Set(claims.map(({ concordId }) => concordId))
  const byItem = Map.groupBy(admitted, ({ item }) => item)
  const settled = new Map<number, StoredEvent | number>(repetitions([...byItem.values()].map(([first]) => first!)))
  const known = admitted.filter(({ concordId, item }) => !settled.has(item) && !claiming.has(concordId))
  const deciding = new Map<BatchPlan.AdmittedItem, StoredEvent>()
  for (const [concordId, items] of Map.groupBy(known, (each) => each.concordId)) {
    const types = items.map(({ event }) => event.type.id)
    const refused = yield* refusals(batch, concordId, types, context)
    for (const each of items) {
      const event = refused.get(each.event.type.id)
      if (event !== undefined) deciding.set(each, event)
    }
  }
  const settledAlso = new Map<number, ReadonlyArray<StoredEvent>>()
  for (const [item, ofItem] of byItem) {
    const [first, ...others] = ofItem.flatMap((each) => deciding.get(each) ?? [])
    if (first === undefined || others.length < ofItem.length - 1) continue
    settled.set(item, first)
    if (others.length > 0) settledAlso.set(item, others)
  }
  // A refusal that is dated now does not answer for the time after a later yes.
  const candidates = admitted.filter(({ item }) => typeof settled.get(item) === "object")
  const dates = yield* LaterDates.read(batch, LaterDates.refusalsOf(candidates), context)
  for (const [{ item }] of LaterDates.ofItems(candidates, dates)) {
    settled.delete(item)
    settledAlso.delete(item)
  }
  return { settled, settledAlso }
})

/** How many events a batch has recorded: one for each item that is not settled, and those for its further people. */
const countOf = ({ items }: Batch, { settled }: Settled, alsoRecordedFor: Recording.AlsoRecordedFor): number =>
  [...items.keys()]
    .filter((item) => !settled.has(item))
    .reduce((sum, item) => sum + 1 + (alsoRecordedFor.get(item)?.length ?? 0), 0)

/**
 * Records those declines of a batch that change an answer, all of them or nothing, and answers every item in the order
 * given. `items` must all be declined. If nothing is recorded, no idempotency record is kept either.
 */
export const recordNeeded = Effect.fnUntraced(function* (
  batch: Batch,
  context: LedgerContext,
): Effect.fn.Return<Recording.RecordOutcome | Idempotency.KeyConflict, StoreUnavailable> {
  const settled = yield* settledOf(batch, context)
  const outcome = yield* Recording.record({ ...batch, ...settled }, context)
  if (outcome._tag !== "Recorded") return outcome
  const { alsoRecordedFor, isRepeated } = outcome
  return { ...outcome, recordedCount: isRepeated === true ? 0 : countOf(batch, settled, alsoRecordedFor) }
})
