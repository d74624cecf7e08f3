/**
 * What has been answered about a person as known at an instant stays answered: nothing is recorded about the person at or
 * before that instant any more (semantics, law 8).
 *
 * An event gets its `dateCreated` before it is on the disk. So a question waits for what is being recorded about its
 * person, and an append that would come to stand at or before an answer is planned again, for a later instant.
 *
 * This holds for everything that goes through one ledger. Two processes on one store do not know of each other's appends
 * under way.
 */
import { Deferred, Effect } from "effect"
import type { Instant } from "../Instant.ts"

/** How long answers are remembered. No append takes so long from its plan to the store. */
const rememberedMillis = 60_000

/** Why an append was not tried: one of its people has been answered about as known at `answeredAt`. */
export interface Answered {
  readonly _tag: "Answered"
  readonly answeredAt: Instant
}

/** What is being recorded, and what has been answered. */
export interface Horizon {
  /**
   * Appends events about `people` that are recorded at `recordedAt`; or says that one of them has been answered about as
   * known at `answeredAt` ≥ `recordedAt`, and does nothing.
   */
  readonly append: <A, E, R>(
    people: ReadonlySet<string>,
    recordedAt: Instant,
    append: Effect.Effect<A, E, R>,
  ) => Effect.Effect<A | Answered, E, R>
  /**
   * From now on nothing about a person is recorded at or before `knownAt`, which is no later than now or the last event
   * known; waits for what is being recorded about the person at this moment.
   */
  readonly reach: (concordId: string, knownAt: Instant) => Effect.Effect<void>
}

/** A horizon of its own for each ledger. */
export const make = (): Horizon => {
  const recording = new Map<string, Set<Deferred.Deferred<void>>>()
  const answered = new Map<string, Instant>()

  const begin = (people: ReadonlySet<string>): Deferred.Deferred<void> => {
    const done = Deferred.makeUnsafe<void>()
    for (const person of people) {
      const running = recording.get(person)
      if (running === undefined) recording.set(person, new Set([done]))
      else running.add(done)
    }
    return done
  }

  const end = (people: ReadonlySet<string>, done: Deferred.Deferred<void>): void => {
    for (const person of people) {
      const running = recording.get(person)
      running?.delete(done)
      if (running?.size === 0) recording.delete(person)
    }
    Deferred.doneUnsafe(done, Effect.void)
  }

  /** Those under way at this moment; whatever begins later is after the answer. */
  const settled = (person: string): Effect.Effect<void> => {
    const running = recording.get(person)
    return running === undefined ? Effect.void : Effect.forEach([...running], Deferred.await, { discard: true })
  }

  const remember = (person: string, knownAt: Instant, now: Instant): void => {
    const latest = Math.max(knownAt, answered.get(person) ?? knownAt)
    answered.delete(person)
    answered.set(person, latest)
    for (const [oldest, at] of answered) {
      if (at >= now - rememberedMillis) return
      answered.delete(oldest)
    }
  }

  return {
    append: <A, E, R>(people: ReadonlySet<string>, recordedAt: Instant, append: Effect.Effect<A, E, R>) =>
      Effect.suspend((): Effect.Effect<A | Answered, E, R> => {
        const answeredAt = Math.max(...[...people].map((person) => answered.get(person) ?? recordedAt - 1))
        if (answeredAt >= recordedAt) return Effect.succeed({ _tag: "Answered", answeredAt })
        const done = begin(people)
        return Effect.uninterruptible(
          Effect.ensuring(
            append,
            Effect.sync(() => end(people, done)),
          ),
        )
      }),
    reach: (concordId, knownAt) =>
      Effect.clockWith((clock) => {
        // Remembered first: an append that begins while others are waited for cannot come before the answer either.
        remember(concordId, knownAt, clock.currentTimeMillisUnsafe())
        return settled(concordId)
      }),
  }
}
