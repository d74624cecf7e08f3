/**
 * Does what time does to compliance requests while the service runs: see `RetentionLoop`. A replica writes nothing, so
 * its primary does it.
 */
import { Effect } from "effect"
import { Ledger } from "../../core/Ledger.ts"

/** Sweeps until the scope closes. */
export const watch = Effect.gen(function* () {
  const { compliance, isReplica } = yield* Ledger
  if (!isReplica) yield* Effect.forkScoped(compliance.runSweeps)
}).pipe(Effect.withTracerEnabled(false))
