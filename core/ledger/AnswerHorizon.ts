/**
 * What has been answered about a person as known at an instant stays answered: nothing is recorded about the person at or
 * before that instant any more (semantics, law 8), nor about the project's consent types.
 *
 * An event or a version gets its `dateCreated` before it is on the disk. So a question waits for what is being recorded
 * about its person and its project, and a change that would come to stand at or before an answer is planned again, for a
 * later instant. What a question is about is named by its ids.
 *
 * This holds for everything that goes through one ledger. Two processes on one store do not know of each other's changes
 * under way.
 */
import { Deferred, Effect } from "effect"
import type { Instant } from "../engine/Instant.ts"

/** How long answers are remembered. No change takes so long from its plan to the store. */
const rememberedMillis = 60_000

/** Why a change was not tried: something it is about has been answered as known at `answeredAt`. */
export interface AlreadyAnswered {
  readonly _tag: "Answered"
  readonly answeredAt: Instant
}

/** A change that is being made, and what it is about. */
interface UnderWay {
  readonly ids: ReadonlySet<string>
  readonly done: Deferred.Deferred<void>
}

/** What is being recorded, and what has been answered. */
export interface AnswerHorizon {
  /**
   * Makes a change about `ids` that is recorded at `recordedAt`; or says that one of them has been answered about as
   * known at `answeredAt` ≥ `recordedAt`, and does nothing.
   */
  readonly record: <A, E, R>(
    ids: ReadonlySet<string>,
    recordedAt: Instant,
    change: Effect.Effect<A, E, R>,
  ) => Effect.Effect<A | AlreadyAnswered, E, R>
  /**
   * From now on nothing about an id is recorded at or before `knownAt`, which is no later than now or the last event
   * known; waits for what is being recorded about it at this moment.
   */
  readonly reach: (id: string, knownAt: Instant) => Effect.Effect<void>
}

/** A horizon of its own for each ledger. */
export const make = (): AnswerHorizon => {
  const recording = new Set<UnderWay>()
  const answered = new Map<string, Instant>()

  const begin = (ids: ReadonlySet<string>): UnderWay => {
    const change = { ids, done: Deferred.makeUnsafe<void>() }
    recording.add(change)
    return change
  }

  const end = (change: UnderWay): void => {
    recording.delete(change)
    Deferred.doneUnsafe(change.done, Effect.void)
  }

  /** Those under way at this moment; whatever begins later is after the answer. */
  const settled = (id: string): Effect.Effect<void> => {
    const running = [...recording].filter(({ ids }) => ids.has(id))
    return Effect.forEach(running, ({ done }) => Deferred.await(done), { discard: true })
  }

  const remember = (id: string, knownAt: Instant, now: Instant): void => {
    const latest = Math.max(knownAt, answered.get(id) ?? knownAt)
    answered.delete(id)
    answered.set(id, latest)
    for (const [oldest, at] of answered) {
      if (at >= now - rememberedMillis) return
      answered.delete(oldest)
    }
  }

  return {
    record: <A, E, R>(ids: ReadonlySet<string>, recordedAt: Instant, change: Effect.Effect<A, E, R>) =>
      Effect.suspend((): Effect.Effect<A | AlreadyAnswered, E, R> => {
        let answeredAt = recordedAt - 1
        for (const id of ids) answeredAt = Math.max(answeredAt, answered.get(id) ?? answeredAt)
        if (answeredAt >= recordedAt) return Effect.succeed({ _tag: "Answered", answeredAt })
        const underWay = begin(ids)
        return Effect.uninterruptible(
          Effect.ensuring(
            change,
            Effect.sync(() => end(underWay)),
          ),
        )
      }),
    reach: (id, knownAt) =>
      Effect.clockWith((clock) => {
        // Remembered first: a change that begins while others are waited for cannot come before the answer either.
        remember(id, knownAt, clock.currentTimeMillisUnsafe())
        return settled(id)
      }),
  }
}
