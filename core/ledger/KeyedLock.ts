/**
 * A lock for each key, which is there only while it is held or waited for.
 */
import { Effect, Semaphore } from "effect"

/** Runs an effect while no other one with the same key runs; in the order in which they began to wait. */
export type KeyedLock = <A, E, R>(key: string, effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>

interface Held {
  readonly semaphore: Semaphore.Semaphore
  users: number
}

/** Locks that no one holds. */
export const make = (): KeyedLock => {
  const locks = new Map<string, Held>()
  const enter = (key: string): Held => {
    const held = locks.get(key) ?? { semaphore: Semaphore.makeUnsafe(1), users: 0 }
    held.users++
    locks.set(key, held)
    return held
  }
  const leave = (key: string, held: Held): void => {
    if (--held.users === 0) locks.delete(key)
  }
  return (key, effect) =>
    Effect.acquireUseRelease(
      Effect.sync(() => enter(key)),
      ({ semaphore }) => semaphore.withPermit(effect),
      (held) => Effect.sync(() => leave(key, held)),
    )
}
