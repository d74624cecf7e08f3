/**
 * Where the rows that a command rejects are named: in a file, one fault a line, or the first of them on standard error.
 */
import { Effect, Option } from "effect"
import * as Replacement from "../../adapters/files/Replacement.ts"
import type { Rejection } from "../../core/transfer/Intake.ts"
import * as Output from "./Output.ts"

/** How many rejections are printed, if they are not written to a file. */
const maxShown = 10

/** Opens the file, if there is one; it appears when `commit` has run. */
export const open = Effect.fnUntraced(function* (path: Option.Option<string>) {
  if (Option.isSome(path)) {
    const file = yield* Replacement.make(path.value)
    const write = (rejections: ReadonlyArray<Rejection>) =>
      rejections.length === 0
        ? Effect.void
        : file.write(rejections.map((rejection) => `${JSON.stringify(rejection)}\n`).join(""))
    return { write, commit: file.commit }
  }
  let left = maxShown
  const write = (rejections: ReadonlyArray<Rejection>) => {
    const shown = rejections.slice(0, left)
    left -= shown.length
    return Effect.forEach(
      shown,
      ({ code, detail, field, line }) =>
        Output.info(`line ${line}: ${[field, code, detail].filter((part) => part !== "").join(": ")}`),
      { discard: true },
    )
  }
  return { write, commit: Effect.void }
})
