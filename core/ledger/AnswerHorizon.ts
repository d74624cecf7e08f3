/**
 * The answer horizon: the latest `knownAt` that was answered about a person or a consent type. Nothing is recorded
 * about it at or before that instant any more, so that answers stay what they were (semantics, law 8).
 *
 * An event or a version gets its `dateCreated` before it is on the disk. So a question waits for the changes in
 * progress about its person and its project, and a change that would be recorded at or before an answer is planned
 * again, for a later instant. The subjects of questions and changes are named by their ids.
 *
 * This holds for everything that goes through one ledger. Two processes on one store do not know of each other's
 * changes in progress.
 */
import { Deferred, Effect } from "effect"
import type { Instant } from "../engine/Instant.ts"

/** How long answers are remembered: longer than any change takes from its plan to the store. */
const rememberedMillis = 60_000

/** Why a change was not tried: one of its subjects was answered as known at `answeredAt`. */
export interface AlreadyAnswered {
  readonly _tag: "AlreadyAnswered"
  readonly answeredAt: Instant
}

/** A change in progress, and the ids of its subjects. */
interface InProgress {
  readonly ids: ReadonlySet<string>
  readonly done: Deferred.Deferred<void>
}

/** The changes in progress, and the instants that were answered. */
export interface AnswerHorizon {
  /**
   * Makes a change about `ids` that is recorded at `recordedAt`. If one of them was answered as known at an instant ≥
   * `recordedAt`, does nothing and returns that instant.
   */
  readonly record: <A, E, R>(
    ids: ReadonlySet<string>,
    recordedAt: Instant,
    change: Effect.Effect<A, E, R>,
  ) => Effect.Effect<A | AlreadyAnswered, E, R>
  /**
   * Raises the horizon of an id: from now on nothing about it is recorded at or before `knownAt`, which is no later
   * than now or the last event known. Waits for the changes about it that are in progress.
   */
  readonly raise: (id: string, knownAt: Instant) => Effect.Effect<void>
}

/** A new horizon; each ledger has its own. */
export const make = (): AnswerHorizon => {
  const inProgress = new Set<InProgress>()
  const answered = new Map<string, Instant>()

  const begin = (ids: ReadonlySet<string>): InProgress => {
    const change = { ids, done: Deferred.makeUnsafe<void>() }
    inProgress.add(change)
    return change
  }

  const end = (change: InProgress): void => {
    inProgress.delete(change)
    Deferred.doneUnsafe(change.done, Effect.void)
  }

  /** Waits for the changes in progress at this moment; a change that begins later is recorded after the answer. */
  const awaitChanges = (id: string): Effect.Effect<void> => {
    const running = [...inProgress].filter(({ ids }) => ids.has(id))
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
        if (answeredAt >= recordedAt) return Effect.succeed({ _tag: "AlreadyAnswered", answeredAt })
        const begun = begin(ids)
        return Effect.uninterruptible(
          Effect.ensuring(
            change,
            Effect.sync(() => end(begun)),
          ),
        )
      }),
    raise: (id, knownAt) =>
      Effect.clockWith((clock) => {
        // Remembered first, so that a change that begins during the wait cannot be recorded at or before the answer
        // either.
        remember(id, knownAt, clock.currentTimeMillisUnsafe())
        return awaitChanges(id)
      }),
  }
}
