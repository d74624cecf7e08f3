/**
 * Hands tasks of compliance requests to the connectors of data systems as long as the service runs, and counts those
 * that wait for the metrics.
 */
import { Effect, Schedule } from "effect"
import { Ledger } from "../../core/Ledger.ts"
import { Outbound } from "../../core/ports/Outbound.ts"

/** How often the tasks that wait are counted. */
const interval = "15 seconds"

/** Sends until the scope closes, and then finishes what is under way. Not on a replica, which writes nothing. */
export const watch = Effect.gen(function* () {
  const { isReplica, tasks } = yield* Ledger
  const outbound = yield* Outbound
  if (isReplica) return
  yield* Effect.forkScoped(tasks.run({ outbound }))
  // A store that does not answer is reported by the requests that need it.
  yield* Effect.forkScoped(Effect.repeat(Effect.ignore(tasks.measure), Schedule.spaced(interval)))
}).pipe(Effect.withTracerEnabled(false))
