/**
 * Whether a ledger has recorded something at an instant that its clock has not reached: the clock was ahead, or the
 * clock of this process is behind.
 */
import { Clock, Effect } from "effect"
import * as Instant from "../engine/Instant.ts"
import type { LedgerContext } from "../ledger/LedgerContext.ts"
import type { StoreUnavailable } from "../ports/LedgerStore.ts"

/**
 * By how many milliseconds the last instant of the ledger is later than the clock; 0 or less if it is not later. The
 * ledger's instants are the `dateCreated` of its events, the last changes of its consent types, and its publications.
 */
export const aheadMillis = Effect.fnUntraced(function* ({
  store,
}: Pick<LedgerContext, "store">): Effect.fn.Return<number, StoreUnavailable> {
  const { consentTypes, projects, publications } = yield* store.catalog.current
  const published = [...publications.values()].map((all) => all.at(-1)!.dateCreated)
  const learnt = [...consentTypes.values()].map((types) => types.learnt)
  const changed = [...learnt, ...published].reduce((last, each) => Math.max(last, each), Instant.min)
  const recorded = yield* store.events.lastRecordedAt([...projects.values()])
  return Math.max(changed, recorded) - (yield* Clock.currentTimeMillis)
})
