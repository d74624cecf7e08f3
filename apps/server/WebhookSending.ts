/**
 * Sends to the webhooks of the ledger as long as the service runs.
 */
import { Effect } from "effect"
import { Ledger } from "../../core/Ledger.ts"
import { Outbound } from "../../core/ports/Outbound.ts"

/** Sends until the scope closes, and then finishes what is under way. Not on a replica, which writes nothing. */
export const watch = (disabledAfterMillis: number) =>
  Effect.gen(function* () {
    const { isReplica, webhooks } = yield* Ledger
    const outbound = yield* Outbound
    if (isReplica) return
    yield* Effect.forkScoped(webhooks.run({ outbound, disabledAfterMillis }))
  }).pipe(Effect.withTracerEnabled(false))
