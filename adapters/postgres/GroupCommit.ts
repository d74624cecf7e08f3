/**
 * Group commit: requests to record that arrive while their lanes are being written to share the next transaction; one that is
 * full by then is written beside the one in front of it, if it is about other people.
 *
 * Transactions of different lanes run side by side. Each request is answered only after the commit that holds it.
 */
import { Cause, Deferred, Effect, Result, type Scope, type Tracer } from "effect"
import type { SqlError } from "effect/sql/SqlError"
import { type Append, type Appended, StoreUnavailable } from "../../core/ports/LedgerStore.ts"
import * as GroupMeter from "../support/GroupMeter.ts"
import * as AppendGroup from "./AppendTransaction.ts"
import * as CircuitBreaker from "./CircuitBreaker.ts"
import * as LanePrediction from "./LanePrediction.ts"
import * as Lanes from "./Lanes.ts"
import * as PipelinedTransactions from "./PipelinedTransactions.ts"
import * as Sql from "./Sql.ts"

/** The most events of one transaction, unless a single request has more. */
const maxGroupEvents = 1000

/** How long a group waits for the one in front of it with its rows written, in milliseconds. */
const maxFrontMillis = 1_000

/** The most requests that wait; one more is refused at once instead of waiting for what it may not live to see. */
const maxWaiting = 10_000

interface Waiting {
  readonly request: Append
  readonly lanes: ReadonlyArray<number>
  readonly answer: Deferred.Deferred<Appended, StoreUnavailable>
  readonly span: Tracer.AnySpan | undefined
}

/** Where requests to record are brought. */
export type GroupCommit = (request: Append) => Effect.Effect<Appended, StoreUnavailable>

/** Whom and what the rows of requests are about: two that share none of it do not write the same rows. */
const aboutOf = ({ claims, events }: Append): ReadonlyArray<string> => [
  ...events.flatMap(({ concordId, externalId }) => (externalId === undefined ? [concordId] : [concordId, externalId])),
  ...claims.flatMap(({ concordId, hash }) => [concordId, hash]),
]

/** A group that is being written. */
interface Running {
  readonly group: ReadonlyArray<Waiting>
  readonly about: ReadonlySet<string>
  /** Whether it is kept as it was sent first. */
  readonly kept: Deferred.Deferred<boolean>
  /** Whether it is known where its lanes will end if it is kept, and not yet whether it is. */
  isSent: boolean
}

const lanesOf = (group: ReadonlyArray<Waiting>): ReadonlySet<number> => new Set(group.flatMap(({ lanes }) => lanes))

/** The queue before the transactions. Closing the scope answers what was accepted. */
export const make = Effect.fnUntraced(function* (sql: Sql.Sql): Effect.fn.Return<GroupCommit, never, Scope.Scope> {
  const scope = yield* Effect.scope
  const context = yield* Effect.context<never>()
  const meter = yield* GroupMeter.make
  const ends = LanePrediction.make()
  const running = new Set<Running>()
  /** The groups that write to a lane, the one in front first. */
  const writing = new Map<number, ReadonlyArray<Running>>()
  const writingTo = (lane: number): ReadonlyArray<Running> => writing.get(lane) ?? []
  /** Whether a lane takes no more: two write to it. */
  const isTaken = (lane: number): boolean => writingTo(lane).length > 1
  let waiting: Array<Waiting> = []
  let isGathering = false

  /** The requests that may go, and whose lanes nobody else waits for longer; as many as fit into a group. */
  const take = (mayGo: (each: Waiting) => boolean): ReadonlyArray<Waiting> => {
    const taken: Array<Waiting> = []
    const left: Array<Waiting> = []
    const passedOver = new Set<number>()
    let events = 0
    for (const each of waiting) {
      const fits = taken.length === 0 || events + each.request.events.length <= maxGroupEvents
      if (fits && !each.lanes.some((lane) => passedOver.has(lane)) && mayGo(each)) {
        taken.push(each)
        events += each.request.events.length
      } else {
        left.push(each)
        for (const lane of each.lanes) passedOver.add(lane)
      }
    }
    waiting = left
    meter.setWaiting(left.length)
    return taken
  }

  /** Whether a request writes none of the rows that those write who are writing. */
  const isApart = ({ request }: Waiting): boolean => {
    const about = aboutOf(request)
    return running.values().every((each) => !about.some((one) => each.about.has(one)))
  }
  const isForeseen = (lane: number): boolean =>
    !isTaken(lane) && writingTo(lane).every(({ isSent }) => isSent) && ends.foretell([lane]) !== undefined

  /** Whether all of them are kept as they were sent first; not, where that is not known soon: others may wait for who waits. */
  const areKept = (fronts: Iterable<Running>): Effect.Effect<boolean> =>
    Effect.forEach(
      fronts,
      ({ kept }) => Effect.flatMap(Deferred.await(kept), (isKept) => (isKept ? Effect.void : Effect.fail("not kept"))),
      { concurrency: "unbounded", discard: true },
    ).pipe(Effect.timeout(maxFrontMillis), Effect.isSuccess)

  /** A group that nobody is in front of; or, where it is full, one that is written beside another as it is foreseen. */
  const takeGroup = (): {
    readonly group: ReadonlyArray<Waiting>
    readonly foreseen: AppendGroup.Foreseen | undefined
  } => {
    const group = take(({ lanes }) => !lanes.some((lane) => writing.has(lane)))
    if (group.length > 0 || !isFull()) return { group, foreseen: undefined }
    const beside = take((each) => each.lanes.every(isForeseen) && isApart(each))
    const lanes = lanesOf(beside)
    const front = areKept(new Set([...lanes].flatMap(writingTo)))
    return { group: beside, foreseen: { lanes: ends.foretell(lanes)!, front } }
  }

  const settle = ({ answer }: Waiting, outcome: Result.Result<Appended, SqlError>) =>
    Deferred.complete(answer, Effect.fromResult(Result.mapError(outcome, Sql.unavailable)))

  const enter = (each: Running): void => {
    running.add(each)
    for (const lane of lanesOf(each.group)) writing.set(lane, [...writingTo(lane), each])
  }

  /** Frees the lanes of a group for the next one. */
  const leave = (each: Running): Effect.Effect<void> =>
    Effect.suspend(() => {
      running.delete(each)
      Deferred.doneUnsafe(each.kept, Effect.succeed(false))
      for (const lane of lanesOf(each.group)) {
        const others = writingTo(lane).filter((other) => other !== each)
        if (others.length === 0) writing.delete(lane)
        else writing.set(lane, others)
      }
      return next
    })

  const append = Effect.fnUntraced(function* (each: Running, foreseen: AppendGroup.Foreseen | undefined) {
    const { group, kept } = each
    const startedAt = meter.now()
    let commitMillis: number | undefined = undefined
    const requests = group.map(({ request }) => request)
    const appending = AppendGroup.group(sql, requests, {
      foreseen,
      sent: (before, after) => {
        ends.sent(before, after)
        each.isSent = !Deferred.isDoneUnsafe(kept)
        return next
      },
      tried: (isKept) => {
        each.isSent &&= isKept
        Deferred.doneUnsafe(kept, Effect.succeed(isKept))
      },
      committed: (millis) => (commitMillis = millis),
    })
    const outcomes = yield* CircuitBreaker.bounded(appending).pipe(
      Effect.catch((error) => Effect.succeed(group.map(() => Effect.fail(error)))),
      // Who is answered soon keeps JavaScript busy: the next transaction begins before that.
      Effect.ensuring(leave(each)),
    )
    let events = 0
    let hasFailed = false
    for (const [index, asked] of group.entries()) {
      const outcome = yield* Effect.result(outcomes[index]!)
      if (Result.isFailure(outcome)) hasFailed = true
      else if (outcome.success._tag === "Appended") events += asked.request.events.length
      yield* settle(asked, outcome)
    }
    meter.record({
      requests: requests.length,
      events,
      startedAt,
      commitMillis,
      hasFailed,
      spans: group.flatMap(({ span }) => (span === undefined ? [] : [span])),
    })
  })

  // The statements of a group belong to no single request: its own span tells of them.
  const run = (each: Running, foreseen: AppendGroup.Foreseen | undefined): Effect.Effect<void> =>
    Effect.withTracerEnabled(append(each, foreseen), false).pipe(
      // A bug is told to everybody who waits: nobody waits for ever.
      Effect.catchCause((cause) =>
        Effect.forEach(each.group, ({ answer }) => Deferred.failCause(answer, Cause.die(Cause.squash(cause))), {
          discard: true,
        }),
      ),
      // Not in the transaction of the group before it, which may have brought it about.
      Effect.setContext(context),
    )

  const begin: Effect.Effect<void> = Effect.suspend(() => {
    isGathering = false
    if (running.size >= PipelinedTransactions.maxTransactions) return Effect.void
    const { foreseen, group } = takeGroup()
    if (group.length === 0) return Effect.void
    const about = new Set(group.flatMap(({ request }) => aboutOf(request)))
    const each: Running = { group, about, kept: Deferred.makeUnsafe<boolean>(), isSent: false }
    enter(each)
    return Effect.asVoid(Effect.forkIn(Effect.uninterruptible(run(each, foreseen)), scope))
  })

  /** Whoever comes after a request that is on its way has more to come, and need not wait for others. */
  const isFull = (): boolean => {
    let events = 0
    return waiting.some(
      ({ request }) => request.after !== undefined || (events += request.events.length) >= maxGroupEvents,
    )
  }

  /** Begins the next transaction; where it has room, not before those are there who come at the same moment. */
  const next: Effect.Effect<void> = Effect.suspend(() => {
    if (running.size >= PipelinedTransactions.maxTransactions) return Effect.void
    if (isFull()) return begin
    if (isGathering) return Effect.void
    isGathering = true
    return Effect.asVoid(Effect.forkIn(Effect.uninterruptible(Effect.andThen(Effect.yieldNow, begin)), scope))
  })

  return (request) =>
    Effect.withFiber(({ context }) => {
      if (waiting.length >= maxWaiting) {
        return new StoreUnavailable({ reason: "too many requests wait to be written" })
      }
      const answer = Deferred.makeUnsafe<Appended, StoreUnavailable>()
      const lanes = Lanes.of(request)
      waiting.push({ request, lanes, answer, span: GroupMeter.currentSpan(context) })
      meter.setWaiting(waiting.length)
      // Who does not wait any longer is not written for, unless that has begun.
      const leave = Effect.sync(() => {
        waiting = waiting.filter((each) => each.answer !== answer)
        meter.setWaiting(waiting.length)
      })
      // Where many wait, who comes makes no difference: whoever leaves a lane looks who can go.
      const begun = lanes.some(isTaken) ? Effect.void : next
      return Effect.onInterrupt(Effect.andThen(begun, Deferred.await(answer)), () => leave)
    })
})
