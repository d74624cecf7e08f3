/**
 * Declines above a quota: those that change an answer are recorded, and the others are answered with the event that
 * decides already. So no quota refuses a "no" that changes anything, and what is recorded above a quota is bounded by
 * the answers that there are to change: for a person, one decline for each type and one more for each later yes.
 */
import { Clock, Effect } from "effect"
import type { Organization, Project } from "../model/Catalog.ts"
import type { StoredEvent, StoreUnavailable } from "../ports/LedgerStore.ts"
import type { Batch, SettledItems } from "./Batch.ts"
import * as BatchPlan from "./BatchPlan.ts"
import * as Deduplication from "./Deduplication.ts"
import type * as Idempotency from "./Idempotency.ts"
import type { LedgerContext } from "./LedgerContext.ts"
import * as Reading from "./Reading.ts"
import * as Recording from "./Recording.ts"

/** The refusals that decide about a person now and may not be asked again, by consent type. */
const refusals = Effect.fnUntraced(function* (
  scope: { readonly organization: Organization; readonly project: Project },
  concordId: string,
  context: LedgerContext,
) {
  const { items } = yield* Reading.state({ ...scope, concordId }, context)
  return new Map(
    items.flatMap(({ decision: { askAgain, status }, event, type }) =>
      (status === "refused" || status === "withdrawn") && !askAgain ? [[type.id, event] as const] : [],
    ),
  )
})

/**
 * The declines of a batch that change no answer. A decline whose identifiers claim to name its person changes one: that
 * of a question by the new identifier.
 */
const settledOf = Effect.fnUntraced(function* (
  batch: Batch,
  context: LedgerContext,
): Effect.fn.Return<SettledItems, StoreUnavailable> {
  const { organization, project } = batch
  const { unrecorded } = yield* Deduplication.deduplicate(batch, context)
  const { admitted, claims } = yield* BatchPlan.make(unrecorded, batch, yield* Clock.currentTimeMillis, context)
  const claiming = new Set(claims.map(({ concordId }) => concordId))
  const decided = new Map<string, Effect.Success<ReturnType<typeof refusals>>>()
  const firsts = new Map<string, number>()
  const settled = new Map<number, StoredEvent | number>()
  for (const { concordId, draft, event, item } of admitted) {
    const said = `${event.type.id} ${JSON.stringify(draft.person)}`
    const first = firsts.get(said)
    if (first !== undefined) settled.set(item, first)
    else firsts.set(said, item)
    if (first !== undefined || claiming.has(concordId)) continue
    const refused = decided.get(concordId) ?? (yield* refusals({ organization, project }, concordId, context))
    decided.set(concordId, refused)
    const deciding = refused.get(event.type.id)
    if (deciding !== undefined) settled.set(item, deciding)
  }
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
