/**
 * A value on standard input, so that it is not left in the history of the shell.
 */
import { Effect, Stream } from "effect"
import * as Source from "../../adapters/files/Source.ts"

/** The text of standard input without the line feed at its end. */
export const read = Effect.gen(function* () {
  const { bytes } = yield* Source.open(Source.standardInput)
  const text = yield* Stream.mkString(Stream.decodeText(bytes))
  return text.replace(/\r?\n$/, "")
})
