/**
 * Declines above a quota: those that change an answer are recorded, and the others are answered with the event that
 * decides already. So no quota refuses a "no" that changes anything, and what is recorded above a quota is bounded by
 * the answers that there are to change: for a person, one decline for each type and one more for each later yes.
 */
import { Clock, Effect } from "effect"
import type { StoredEvent, StoreUnavailable } from "../ports/LedgerStore.ts"
import type { Batch, SettledItems } from "./Batch.ts"
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

/**
 * The declines of a batch that change no answer. A decline whose identifiers claim to name its person changes one: that
 * of a question by the new identifier.
 */
const settledOf = Effect.fnUntraced(function* (
  batch: Batch,
  context: LedgerContext,
): Effect.fn.Return<SettledItems, StoreUnavailable> {
  const knownIds = yield* ExternalIds.find(batch, context)
  const clock = yield* Clock.currentTimeMillis
  const { admitted, claims } = yield* BatchPlan.make(batch, knownIds, { clock, recordedAt: clock }, context)
  const claiming = new Set(claims.map(({ concordId }) => concordId))
  const settled = new Map<number, StoredEvent | number>(repetitions(admitted))
  const known = admitted.filter(({ concordId, item }) => !settled.has(item) && !claiming.has(concordId))
  for (const [concordId, items] of Map.groupBy(known, (each) => each.concordId)) {
    const refused = yield* refusals(
      batch,
      concordId,
      items.map(({ event }) => event.type.id),
      context,
    )
    for (const { event, item } of items) {
      const deciding = refused.get(event.type.id)
      if (deciding !== undefined) settled.set(item, deciding)
    }
  }
  // A refusal that is dated now does not answer for the time after a later yes.
  const candidates = admitted.filter(({ item }) => typeof settled.get(item) === "object")
  const dates = yield* LaterDates.read(batch, LaterDates.refusalsOf(candidates), context)
  for (const [{ item }] of LaterDates.ofItems(candidates, dates)) settled.delete(item)
  return settled
})

/**
 * Records those declines of a batch that change an answer, all of them or nothing, and answers every item in the order
 * given. `items` must all be declined. If nothing is recorded, no idempotency record is kept either.
 */
export const recordNeeded = Effect.fnUntraced(function* (
  batch: Batch,
  context: LedgerContext,
): Effect.fn.Return<Recording.RecordOutcome | Idempotency.KeyConflict, StoreUnavailable> {
  const settled = yield* settledOf(batch, context)
  const outcome = yield* Recording.record({ ...batch, settled }, context)
  if (outcome._tag !== "Recorded") return outcome
  return { ...outcome, recordedCount: outcome.isRepeated === true ? 0 : batch.items.length - settled.size }
})
