/**
 * Brings the store and the log of erasures together before the service listens, so that a backup that was restored does
 * not bring back a person that was erased since. The service does not start if the log cannot be read.
 */
import { Effect, Metric, Option } from "effect"
import { Ledger } from "../../core/Ledger.ts"
import { erasureReasons } from "../../core/model/ErasureReason.ts"
import * as Erasing from "../../core/people/Erasing.ts"
import * as ErasureLogFile from "../ErasureLogFile.ts"
import * as Store from "../Store.ts"

/** Replays the log, or warns that there is none. */
export const run = (store: string) =>
  Effect.gen(function* () {
    const ledger = yield* Ledger
    // The metric is there before anyone is erased, so that its first increase is seen.
    for (const reason of erasureReasons) {
      yield* Metric.update(Metric.withAttributes(Erasing.erasures, { reason }), 0)
    }
    const replayed = Option.getOrUndefined(yield* ledger.replayErasures)
    if (replayed === undefined) {
      if (Store.isKept(store) && !ledger.isReplica) yield* Effect.logWarning(ErasureLogFile.notNamed)
      return
    }
    const { erased, isScrubbed, logged } = replayed
    if (erased > 0)
      yield* Effect.logWarning("people were erased again: the store lacked erasures of the log", { erased })
    if (logged > 0) yield* Effect.logInfo("erasures of the store were written into the log of erasures", { logged })
    if (!isScrubbed) {
      yield* Effect.logWarning("deleted rows of erased people may still be in the files of the store: assent scrub")
    }
  }).pipe(Effect.withTracerEnabled(false))
