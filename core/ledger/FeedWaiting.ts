/**
 * Readers of a change feed that wait until there is more.
 *
 * Writes of this process wake them by `FeedSignal`. Of other processes they learn by one poll of the ends of the lanes
 * for all readers of a project, which runs while one waits.
 */
import { Effect, Fiber, Metric } from "effect"
import type { Owner } from "../model/Lane.ts"
import type { LaneEnd } from "../ports/FeedStore.ts"
import type { LedgerContext } from "./LedgerContext.ts"

/** How often the ends are read while a reader waits, in milliseconds. */
export const pollMillis = 250

/** What a reader has seen of a project. */
export interface Seen {
  /** The version of the signal, read before the ends. */
  readonly version: number
  readonly ends: ReadonlyArray<LaneEnd>
}

/** The waiting readers of one ledger. */
export interface FeedWaiting {
  /** Waits until something may have been written in a project that a reader has not seen. */
  readonly wait: (project: Owner, seen: Seen, context: Context) => Effect.Effect<void>
}

type Context = Pick<LedgerContext, "feedSignal" | "store">

/** The poll of a project. */
interface Poll {
  /** The furthest ends that were seen: by the poll, or by a reader. */
  ends: ReadonlyArray<LaneEnd>
  readers: number
  fiber?: Fiber.Fiber<never>
}

/** How many readers wait. */
export const readers = Metric.gauge("assent_feed_readers", {
  description: "Readers of change feeds that wait for more.",
})

/** Shows the metric before the first reader waits. */
export const showMetric: Effect.Effect<void> = Metric.modify(readers, 0)

/** Whether ends are further than others of the same project, in one of its lanes. */
const areFurther = (ends: ReadonlyArray<LaneEnd>, others: ReadonlyArray<LaneEnd>): boolean =>
  ends.some(({ incarnation, number, position }, lane) => {
    const other = others[lane]!
    return position > other.position || number > other.number || incarnation > other.incarnation
  })

const polling = (project: Owner, poll: Poll, { feedSignal, store }: Context): Effect.Effect<never> =>
  Effect.sleep(pollMillis).pipe(
    // A store that cannot answer now is asked again. The reader learns of it when it reads.
    Effect.andThen(Effect.orElseSucceed(store.feed.ends(project), () => poll.ends)),
    Effect.map((ends) => {
      if (!areFurther(ends, poll.ends)) return
      poll.ends = ends
      feedSignal.notify(project.number)
    }),
    Effect.forever,
    // It outlives the request that began it.
    Effect.withTracerEnabled(false),
  )

/** No reader waits. */
export const make = (): FeedWaiting => {
  const polls = new Map<number, Poll>()

  const join = Effect.fnUntraced(function* (project: Owner, { ends }: Seen, context: Context) {
    yield* Metric.modify(readers, 1)
    const known = polls.get(project.number)
    if (known !== undefined) {
      known.readers++
      return known
    }
    const poll: Poll = { ends, readers: 1 }
    polls.set(project.number, poll)
    poll.fiber = yield* Effect.forkDetach(Effect.interruptible(polling(project, poll, context)))
    return poll
  })

  const leave = Effect.fnUntraced(function* (project: Owner, poll: Poll) {
    yield* Metric.modify(readers, -1)
    if (--poll.readers > 0) return
    polls.delete(project.number)
    if (poll.fiber !== undefined) yield* Fiber.interrupt(poll.fiber)
  })

  return {
    wait: (project, seen, context) =>
      Effect.acquireUseRelease(
        join(project, seen, context),
        (poll) => {
          if (areFurther(poll.ends, seen.ends)) return Effect.void
          poll.ends = seen.ends
          return context.feedSignal.awaitAfter(project.number, seen.version)
        },
        (poll) => leave(project, poll),
      ),
  }
}
