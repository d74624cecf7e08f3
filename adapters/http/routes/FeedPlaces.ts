/**
 * The places of requests that wait for changes. Such a request has no place among those that are worked on; a limit of
 * its own keeps the memory of the process bounded.
 */
import { Effect, type Scope } from "effect"

/** The highest number of requests that wait. */
export const max = 512

/** Takes a place until the scope closes; whether one was free. */
export type TakePlace = Effect.Effect<boolean, never, Scope.Scope>

/** No place is taken. One for each server. */
export const make = (): TakePlace => {
  let taken = 0
  return Effect.acquireRelease(
    Effect.sync(() => {
      const isFree = taken < max
      if (isFree) taken++
      return isFree
    }),
    (isTaken) => Effect.sync(() => void (isTaken && taken--)),
  )
}
