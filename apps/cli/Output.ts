/**
 * Writes answers to standard output, and messages to standard error.
 */
import { Data, Effect, Logger } from "effect"
import * as Colour from "../Colour.ts"

/**
 * The reader of standard output has closed it (`| head`). This is not a failure; the command ends without a message.
 */
export class OutputClosed extends Data.TaggedError("OutputClosed") {
  override get message(): string {
    return "standard output is closed"
  }
}

/** Standard output cannot be written, for example because the disk is full. Trying again may help. */
export class OutputFailed extends Data.TaggedError("OutputFailed")<{ readonly cause: Error }> {
  override get message(): string {
    const code = "code" in this.cause ? String(this.cause.code) : "unknown reason"
    return `standard output: ${code === "ENOSPC" ? "no space left" : code}`
  }
}

const failure = (cause: Error): OutputClosed | OutputFailed =>
  "code" in cause && cause.code === "EPIPE" ? new OutputClosed() : new OutputFailed({ cause })

/**
 * Writes text, or bytes, to standard output. Done when the system has accepted them, so that a slow reader slows the
 * command down.
 */
export const write = (text: string | Uint8Array): Effect.Effect<void, OutputClosed | OutputFailed> =>
  Effect.callback((resume) => {
    process.stdout.write(text, (error) => {
      resume(error ? Effect.fail(failure(error)) : Effect.void)
    })
  })

const labelOf = (word: string, colour: Colour.Colour): string => Colour.of(process.stderr)(colour, word)

const notice = (word: string, colour: Colour.Colour, text: string): Effect.Effect<void> =>
  Effect.sync(() => {
    process.stderr.write(`${labelOf(word, colour)}: ${text}\n`)
  })

/** Writes a warning to standard error, about something that is allowed but probably a mistake. */
export const warn = (text: string): Effect.Effect<void> => notice("warning", "yellow", text)

/** Writes what the ledger logs to standard error, because standard output has the answers. */
export const logger: Logger.Logger<unknown, void> = Logger.make(({ message }) => {
  const text = Array.isArray(message) ? message.join(" ") : String(message)
  process.stderr.write(`${labelOf("warning", "yellow")}: ${text}\n`)
})

/** Writes an error to standard error. */
export const error = (text: string): Effect.Effect<void> => notice("error", "red", text)

/** Writes lines to standard error without a label. */
export const info = (text: string): Effect.Effect<void> => Effect.sync(() => void process.stderr.write(`${text}\n`))
