/**
 * Runs the scheduler of the change feed while the service runs: see `SchedulerLoop`. A replica writes nothing, so its
 * primary does it.
 */
import { Effect, Metric } from "effect"
import * as GroupMeter from "../../adapters/support/GroupMeter.ts"
import * as FeedWaiting from "../../core/ledger/FeedWaiting.ts"
import { Ledger } from "../../core/Ledger.ts"
import * as Store from "../Store.ts"

/** Runs until the scope closes. `url` is that of the store, `rate` the people a second that are decided again. */
export const watch = (url: string, rate: number) =>
  Effect.gen(function* () {
    const { scheduler } = yield* Ledger
    // The metric is there before a reader waits, so that a dashboard of it can be made.
    yield* Metric.update(FeedWaiting.readers, 0)
    const isBusy = Effect.map(GroupMeter.waitingRequests, (count) => count > 0)
    yield* Effect.forkScoped(scheduler.run({ rate, isBusy, isShared: Store.isShared(url) }))
  }).pipe(Effect.withTracerEnabled(false))
