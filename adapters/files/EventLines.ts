/**
 * Reads events.ndjson (semantics, section 7) line by line, in bounded memory.
 */
import { Effect, Result, Stream } from "effect"
import { BadInput, type InputProblem, problemFromViolation } from "./BadInput.ts"
import * as EventDecoder from "./EventDecoder.ts"
import * as JsonSyntax from "./JsonSyntax.ts"
import * as Lines from "./Lines.ts"
import type { Source } from "./Source.ts"

/** How many bad lines are listed before reading stops. */
export const maxBadLines = 10

/** How much has been read so far. */
export interface Extent {
  readonly events: number
  readonly bytes: number
}

/** Receives what is read. */
export interface EventReceiver<E> {
  /** May throw; `attempt` turns what it throws into an error. */
  readonly event: (event: EventDecoder.DecodedEvent, line: string) => void
  readonly attempt: (steps: () => void) => Effect.Effect<void, E>
  /** Called after each chunk. */
  readonly progress: (extent: Extent) => Effect.Effect<void>
}

/**
 * Passes every event of a source to the receiver in the order of the lines. Bad lines make it fail: at the end of the
 * source, or as soon as there are more than {@link maxBadLines}. After the first bad line no event is passed on.
 */
export const read = Effect.fnUntraced(function* <E>(source: Source, receiver: EventReceiver<E>) {
  const problems: Array<InputProblem> = []
  let badLines = 0
  let events = 0
  let bytes = 0

  const refuse = (found: ReadonlyArray<InputProblem>): void => {
    if (++badLines <= maxBadLines) problems.push(...found)
  }

  const splitter = Lines.splitter({
    line: (text, number) => {
      if (badLines > maxBadLines) return
      const where = `line ${number}`
      const value = parse(text)
      if (value === undefined) return refuse([{ where, reason: JsonSyntax.describe(text) }])
      const event = EventDecoder.decode(value)
      if (Result.isFailure(event)) {
        return refuse(event.failure.map((violation) => problemFromViolation(where, violation)))
      }
      events++
      if (badLines === 0) receiver.event(event.success, text)
    },
    refused: (reason, number) => refuse([{ where: `line ${number}`, reason }]),
  })

  const failIfBad = Effect.suspend(() =>
    problems.length === 0
      ? Effect.void
      : Effect.fail(new BadInput({ file: source.name, problems, isCutShort: badLines > maxBadLines })),
  )

  yield* Stream.runForEach(source.bytes, (chunk) =>
    receiver
      .attempt(() => splitter.push(chunk))
      .pipe(
        Effect.andThen(Effect.suspend(() => receiver.progress({ events, bytes: (bytes += chunk.length) }))),
        Effect.andThen(Effect.suspend(() => (badLines > maxBadLines ? failIfBad : Effect.void))),
      ),
  )
  yield* receiver.attempt(splitter.end)
  yield* failIfBad
  return { events, bytes }
})

/** The value of a JSON text; `undefined` if the text is not JSON. */
const parse = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
