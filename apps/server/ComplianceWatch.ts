/**
 * Counts the compliance requests that are open and overdue while the service runs, for the metrics: when it starts, and
 * then every five minutes.
 */
import { Effect, Schedule } from "effect"
import { Ledger } from "../../core/Ledger.ts"

const interval = "5 minutes"

/** Counts until the scope closes. A replica counts nothing, because its primary does. */
export const watch = Effect.gen(function* () {
  const { compliance, isReplica } = yield* Ledger
  if (isReplica) return
  // A store that does not answer is reported by the requests that need it.
  yield* Effect.forkScoped(Effect.repeat(Effect.ignore(compliance.measure), Schedule.spaced(interval)))
}).pipe(Effect.withTracerEnabled(false))
