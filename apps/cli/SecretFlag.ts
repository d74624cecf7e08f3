/**
 * The flag `--secret` of `assent webhooks`. A value of `-` is read from standard input.
 */
import { Effect } from "effect"
import { CliError, Flag } from "effect/cli"
import * as Source from "../../adapters/files/Source.ts"
import * as InputLine from "./InputLine.ts"

/** The flag. */
export const flag = (description: string) =>
  Flag.String("secret").pipe(
    Flag.withMetavar("<key>"),
    Flag.withDescription(`${description}; - reads it from standard input`),
  )

/** The key that the flag gives. Fails for a text that is not one, without repeating it. */
export const read = Effect.fnUntraced(function* <Key>(
  given: string,
  parse: (text: string) => Key | undefined,
  expected: string,
) {
  const key = parse(given === Source.standardInput ? yield* InputLine.read : given)
  return key ?? (yield* new CliError.ValidationError({ message: `--secret: expected ${expected}` }))
})
