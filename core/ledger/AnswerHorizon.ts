/**
 * The answer horizon: the latest `knownAt` that was answered about a person or a consent type. Nothing is recorded
 * about it at or before that instant any more, so that answers stay what they were (semantics, law 16).
 *
 * An event or a version gets its `dateCreated` before it is on the disk. So a change gets an instant later than every
 * answer about its subjects, right before it is made, and a question waits for the changes in progress about its own.
 * No number of questions can keep a change from being made. The subjects of both are named by their ids.
 *
 * This holds for everything that goes through one ledger. Two processes on one store do not know of each other's
 * changes in progress.
 */
import { Deferred, Effect } from "effect"
import * as Instant from "../engine/Instant.ts"

/** How long answers are remembered: longer than any change takes from its plan to the store. */
const rememberedMillis = 60_000

/** The id of a lane as a subject: a question about many people raises their lanes, and an append names its own. */
export const ofLane = (lane: number): string => `lane ${lane}`

/** A change in progress, and the ids of its subjects. */
interface InProgress {
  readonly ids: ReadonlySet<string>
  readonly done: Deferred.Deferred<void>
}

/** The changes in progress, and the instants that were answered. */
export interface AnswerHorizon {
  /**
   * Makes a change about `ids`. It is recorded at the instant that it is called with: `earliest`, or right after the
   * latest instant that one of them was answered as known at.
   */
  readonly record: <A, E, R>(
    ids: ReadonlySet<string>,
    earliest: Instant.Instant,
    change: (recordedAt: Instant.Instant) => Effect.Effect<A, E, R>,
  ) => Effect.Effect<A, E, R>
  /**
   * Raises the horizon of an id: from now on nothing about it is recorded at or before `knownAt`, which is no later
   * than now or the last event known. Waits for the changes about it that are in progress.
   */
  readonly raise: (id: string, knownAt: Instant.Instant) => Effect.Effect<void>
  /** The latest instant that an id was answered as known at, as far as it is remembered. */
  readonly answeredAt: (id: string) => Instant.Instant
  /**
   * Makes a change of what others about `id` are planned against, when none of them is in progress. Those that begin
   * meanwhile wait, so that a plan is made against the state before the change, and fails, or against the one after.
   */
  readonly alone: <A, E, R>(id: string, change: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
}

/** A new horizon; each ledger has its own. */
export const make = (): AnswerHorizon => {
  const inProgress = new Set<InProgress>()
  /** By the id that each change has to itself: done when it ends. */
  const alone = new Map<string, Deferred.Deferred<void>>()
  const answered = new Map<string, Instant.Instant>()

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

  const remember = (id: string, knownAt: Instant.Instant, now: Instant.Instant): void => {
    const latest = Math.max(knownAt, answered.get(id) ?? knownAt)
    answered.delete(id)
    answered.set(id, latest)
    for (const [oldest, at] of answered) {
      if (at >= now - rememberedMillis) return
      answered.delete(oldest)
    }
  }

  const answeredAt = (id: string): Instant.Instant => answered.get(id) ?? Instant.min

  const record: AnswerHorizon["record"] = (ids, earliest, change) =>
    Effect.suspend(() => {
      for (const [id, done] of alone) {
        if (ids.has(id)) return Effect.flatMap(Deferred.await(done), () => record(ids, earliest, change))
      }
      let recordedAt = earliest
      for (const id of ids) recordedAt = Math.max(recordedAt, answeredAt(id) + 1)
      const begun = begin(ids)
      return Effect.uninterruptible(
        Effect.ensuring(
          change(recordedAt),
          Effect.sync(() => end(begun)),
        ),
      )
    })

  const changeAlone: AnswerHorizon["alone"] = (id, change) =>
    Effect.suspend(() => {
      const before = alone.get(id)
      if (before !== undefined) return Effect.flatMap(Deferred.await(before), () => changeAlone(id, change))
      const done = Deferred.makeUnsafe<void>()
      alone.set(id, done)
      return Effect.ensuring(
        Effect.andThen(awaitChanges(id), change),
        Effect.sync(() => {
          alone.delete(id)
          Deferred.doneUnsafe(done, Effect.void)
        }),
      )
    })

  return {
    answeredAt,
    record,
    alone: changeAlone,
    raise: (id, knownAt) =>
      Effect.clockWith((clock) => {
        // Remembered first, so that a change that begins during the wait cannot be recorded at or before the answer
        // either.
        remember(id, knownAt, clock.currentTimeMillisUnsafe())
        return awaitChanges(id)
      }),
  }
}
