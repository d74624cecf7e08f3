/**
 * Builds the access packages that are asked for as long as the service runs.
 */
import { Effect } from "effect"
import { Ledger } from "../../core/Ledger.ts"

/** Builds until the scope closes. What is not finished then is not seen, and is asked for again. */
export const watch = Effect.gen(function* () {
  const { compliance, isReplica } = yield* Ledger
  if (!isReplica) yield* Effect.forkScoped(compliance.buildPackages)
}).pipe(Effect.withTracerEnabled(false))
