/**
 * Waits for an effect up to a limit.
 */
import { Effect } from "effect"

/** Calls `end` once, later. Calling the returned function cancels that. */
export type Limit = (end: () => void) => () => void

/** A limit in milliseconds. */
export const millis =
  (count: number): Limit =>
  (end) => {
    const timer = setTimeout(end, count)
    return () => clearTimeout(timer)
  }

/**
 * Runs `question` up to the limit, and then `otherwise`. At the limit `question` is interrupted, and the result does
 * not wait for the end of the interruption.
 */
export const until = <A, E, R, B, F, S>(
  limit: Limit,
  question: Effect.Effect<A, E, R>,
  otherwise: Effect.Effect<B, F, S>,
): Effect.Effect<A | B, E | F, R | S> =>
  Effect.flatMap(Effect.forkDetach(question, { startImmediately: true }), (fiber) =>
    Effect.callback<A | B, E | F, S>((resume) => {
      const end = (answer: Effect.Effect<B, F, S>): void => {
        unsubscribe()
        fiber.interruptUnsafe()
        resume(answer)
      }
      const cancel = limit(() => end(otherwise))
      const unsubscribe = fiber.addObserver(resume)
      fiber.addObserver(cancel)
      return Effect.sync(() => end(Effect.interrupt))
    }),
  )
