/**
 * Brings the store and the log of erasures together before a command works on a ledger, as the service does before it
 * listens. Otherwise a backup that was restored would show people that were erased since, also to a dry run.
 */
import { Effect, Option } from "effect"
import { Ledger } from "../../core/Ledger.ts"
import * as Output from "./Output.ts"

/** Replays the log, if there is one, and prints how much was erased again. Fails if the log cannot be read. */
export const run = Effect.gen(function* () {
  const ledger = yield* Ledger
  const replayed = Option.getOrUndefined(yield* ledger.replayErasures)
  if (replayed === undefined || replayed.erased === 0) return
  const { erased, isScrubbed } = replayed
  yield* Output.info(`people were erased again, because the store lacked erasures of the log of erasures: ${erased}`)
  if (isScrubbed) return
  yield* Output.info("deleted rows of erased people may still be in the files of the store: assent scrub")
})
