/**
 * Keeps the epochs of keys while the service runs: when it starts, and then every hour. Where keys cannot be used or
 * written, a warning is logged, and everything else goes on.
 */
import { Effect, Metric, Schedule } from "effect"
import type * as Period from "../../core/engine/Period.ts"
import * as PersonKeys from "../../core/ledger/PersonKeys.ts"
import { Ledger } from "../../core/Ledger.ts"

const interval = "1 hour"

/** Keeps the epochs until the scope closes. A replica writes nothing, so its primary does it. */
export const watch = (kept: Period.Period) =>
  Effect.gen(function* () {
    const { isReplica, tendKeys } = yield* Ledger
    // The metric is there before anything is left out, so that an alert on it can be written.
    yield* Metric.update(PersonKeys.leftOut, 0)
    if (isReplica) return
    const tend = Effect.gen(function* () {
      const { begun, destroyed, rewrapped } = yield* tendKeys({ kept })
      if (begun !== undefined) yield* Effect.logInfo("an epoch of keys began", { epoch: begun.number })
      if (rewrapped > 0) yield* Effect.logInfo("keys were wrapped by the latest epoch", { keys: rewrapped })
      for (const epoch of destroyed) {
        yield* Effect.logInfo("the key of an epoch was destroyed: older backups show no personal data", { epoch })
      }
    })
    const tendOrWarn = Effect.catch(tend, ({ reason }) =>
      Effect.logWarning(`the epochs of keys could not be kept: ${reason}`),
    )
    yield* Effect.forkScoped(Effect.repeat(tendOrWarn, Schedule.spaced(interval)))
  }).pipe(Effect.withTracerEnabled(false))
