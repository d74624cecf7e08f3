/**
 * A process whose scheduler announces what is due in the ledger of a URL, by a clock that stands still, until it is
 * killed or nothing is left. It writes a line when it begins, and one when it is done.
 */
import { writeSync } from "node:fs"
import { Clock, Effect } from "effect"
import * as Store from "../../apps/Store.ts"
import { LedgerStore } from "../../core/ports/LedgerStore.ts"
import * as Chance from "./interleavings/chance.ts"
import * as Playing from "../support/feed/playing.ts"

const [, , url, now] = process.argv

await Effect.gen(function* () {
  const store = yield* LedgerStore
  const ledger = yield* Playing.ledgerOver(store, Chance.make(`${process.pid}`).bytes, 2)
  writeSync(1, "begins\n")
  yield* Effect.repeat(ledger.scheduler.tick, { until: ({ changes, hasMore }) => changes === 0 && !hasMore })
  writeSync(1, "done\n")
}).pipe(
  Effect.provideService(
    Clock.Clock,
    Playing.clockOf(() => Number(now)),
  ),
  Effect.provide(Store.layer(url!)),
  Effect.runPromise,
)
