/**
 * Waiting that ends.
 */
import { Effect } from "effect"

/** Calls `end` once, at some later time, unless it is called off by what it returns. */
export type Limit = (end: () => void) => () => void

/** A limit of as many milliseconds. */
export const millis =
  (count: number): Limit =>
  (end) => {
    const timer = setTimeout(end, count)
    return () => clearTimeout(timer)
  }

/** The answer, or `otherwise` at the limit: what was asked is interrupted then, and nobody waits for that to come through. */
export const until = <A, E, R, B, F, S>(
  limit: Limit,
  question: Effect.Effect<A, E, R>,
  otherwise: Effect.Effect<B, F, S>,
): Effect.Effect<A | B, E | F, R | S> =>
  Effect.flatMap(Effect.forkDetach(question, { startImmediately: true }), (fiber) =>
    Effect.callback<A | B, E | F, S>((resume) => {
      const end = (answer: Effect.Effect<B, F, S>): void => {
        forget()
        fiber.interruptUnsafe()
        resume(answer)
      }
      const callOff = limit(() => end(otherwise))
      const forget = fiber.addObserver(resume)
      fiber.addObserver(callOff)
      return Effect.sync(() => end(Effect.interrupt))
    }),
  )
