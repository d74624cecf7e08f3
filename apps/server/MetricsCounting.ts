/**
 * Counts for metrics while the service runs: see `CountingLoop`. A replica writes nothing, so its primary does it.
 */
import { Effect } from "effect"
import { Ledger } from "../../core/Ledger.ts"
import * as Store from "../Store.ts"

/** Counts until the scope closes. `url` is that of the store. */
export const watch = (url: string) =>
  Effect.gen(function* () {
    const { metrics } = yield* Ledger
    yield* Effect.forkScoped(metrics.run({ isShared: Store.isShared(url) }))
  }).pipe(Effect.withTracerEnabled(false))
