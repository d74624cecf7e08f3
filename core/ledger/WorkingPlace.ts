/**
 * The place of a request among those that its server works on. A use case gives it up while it waits for anything but
 * its own work, so that requests that wait keep no other request from being worked on.
 */
import { Context, Effect, Option, type Semaphore } from "effect"
import type { StoreUnavailable } from "../ports/LedgerStore.ts"

/**
 * Gives the place up, and returns the function that takes it again, of which only the first call counts. Fails if too
 * many requests wait already.
 */
export type GiveUp = Effect.Effect<() => void, StoreUnavailable>

/** The place of the current request. The default is no place: a program that embeds the ledger has no limit. */
export const WorkingPlace = Context.Reference<GiveUp>("assent/ledger/WorkingPlace", {
  defaultValue: () => Effect.succeed(() => {}),
})

/** Waits without a place. */
export const without = <A, E, R>(wait: Effect.Effect<A, E, R>): Effect.Effect<A, E | StoreUnavailable, R> =>
  Effect.flatMap(WorkingPlace, (giveUp) =>
    Effect.acquireUseRelease(
      giveUp,
      () => wait,
      (takeAgain) => Effect.sync(takeAgain),
    ),
  )

/** Works while it holds a lock, and waits for the lock without a place. */
export const withLock = <A, E, R>(
  lock: Semaphore.Semaphore,
  work: Effect.Effect<A, E, R>,
): Effect.Effect<A, E | StoreUnavailable, R> =>
  Effect.flatMap(
    lock.withPermitsIfAvailable(1)(work),
    Option.match({
      onSome: (done) => Effect.succeed(done),
      onNone: () =>
        Effect.flatMap(WorkingPlace, (giveUp) =>
          Effect.acquireUseRelease(
            giveUp,
            (takeAgain) => lock.withPermit(Effect.andThen(Effect.sync(takeAgain), work)),
            (takeAgain) => Effect.sync(takeAgain),
          ),
        ),
    }),
  )
