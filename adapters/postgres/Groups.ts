/**
 * Group commit: requests to record that arrive while their lanes are being written to share the next transaction; one that is
 * full by then is sent at once, behind the one that is being written.
 *
 * Transactions of different lanes run side by side. Each request is answered only after the commit that holds it.
 */
import { Cause, Deferred, Effect, Result, type Scope, type Tracer } from "effect"
import type { SqlError } from "effect/sql/SqlError"
import { type Append, type Appended, StoreUnavailable } from "../../core/ports/LedgerStore.ts"
import * as GroupMeter from "../telemetry/GroupMeter.ts"
import * as AppendGroup from "./Append.ts"
import * as Away from "./Away.ts"
import * as LaneEnds from "./LaneEnds.ts"
import * as Lanes from "./Lanes.ts"
import * as Pipelines from "./Pipelines.ts"
import * as Sql from "./Sql.ts"

/** The most events of one transaction, unless a single request has more. */
const maxGroupEvents = 1000

/** The most requests that wait; one more is refused at once instead of waiting for what it may not live to see. */
const maxWaiting = 10_000

interface Waiting {
  readonly request: Append
  readonly lanes: ReadonlyArray<number>
  readonly answer: Deferred.Deferred<Appended, StoreUnavailable>
  readonly span: Tracer.AnySpan | undefined
}

/** Where requests to record are brought. */
export type Groups = (request: Append) => Effect.Effect<Appended, StoreUnavailable>

const lanesOf = (group: ReadonlyArray<Waiting>): ReadonlySet<number> => new Set(group.flatMap(({ lanes }) => lanes))

/** The queue before the transactions. Closing the scope answers what was accepted. */
export const make = Effect.fnUntraced(function* (sql: Sql.Sql): Effect.fn.Return<Groups, never, Scope.Scope> {
  const scope = yield* Effect.scope
  const context = yield* Effect.context<never>()
  const meter = yield* GroupMeter.make
  const ends = LaneEnds.make()
  /** How many transactions write to a lane, or wait for it. */
  const busy = new Map<number, number>()
  /** Whether a lane takes no more: one writes to it, and one waits for it. */
  const isTaken = (lane: number): boolean => (busy.get(lane) ?? 0) > 1
  let waiting: Array<Waiting> = []
  let running = 0
  let isGathering = false

  /** The requests whose lanes are open, and nobody else waits for longer; as many as fit into a group. */
  const take = (isOpen: (lane: number) => boolean): ReadonlyArray<Waiting> => {
    const taken: Array<Waiting> = []
    const left: Array<Waiting> = []
    const passedOver = new Set<number>()
    let events = 0
    for (const each of waiting) {
      const canGo = each.lanes.every((lane) => isOpen(lane) && !passedOver.has(lane))
      const fits = taken.length === 0 || events + each.request.events.length <= maxGroupEvents
      if (canGo && fits) {
        taken.push(each)
        events += each.request.events.length
      } else {
        left.push(each)
        for (const lane of each.lanes) passedOver.add(lane)
      }
    }
    waiting = left
    meter.waits(left.length)
    return taken
  }

  /** A group that nobody writes before; or, where it is full, one that is written behind another as it is foreseen. */
  const takeGroup = (): { readonly group: ReadonlyArray<Waiting>; readonly foreseen: Lanes.LaneHeads | undefined } => {
    const group = take((lane) => !busy.has(lane))
    if (group.length > 0 || !isFull()) return { group, foreseen: undefined }
    const behind = take((lane) => !isTaken(lane) && ends.foretell([lane]) !== undefined)
    return { group: behind, foreseen: ends.foretell(lanesOf(behind)) }
  }

  const settle = ({ answer }: Waiting, outcome: Result.Result<Appended, SqlError>) =>
    Deferred.complete(answer, Effect.fromResult(Result.mapError(outcome, Sql.unavailable)))

  /** Frees the lanes of a group for the next one. */
  const leave = (group: ReadonlyArray<Waiting>): Effect.Effect<void> =>
    Effect.suspend(() => {
      running--
      for (const lane of lanesOf(group)) {
        const others = busy.get(lane)! - 1
        if (others === 0) busy.delete(lane)
        else busy.set(lane, others)
      }
      return next
    })

  const append = Effect.fnUntraced(function* (group: ReadonlyArray<Waiting>, foreseen: Lanes.LaneHeads | undefined) {
    const startedAt = meter.now()
    let commitMillis: number | undefined = undefined
    const requests = group.map(({ request }) => request)
    const appending = AppendGroup.group(sql, requests, {
      foreseen,
      sent: (before, after) => {
        ends.sent(before, after)
        return next
      },
      committed: (millis) => (commitMillis = millis),
    })
    const outcomes = yield* Away.bounded(appending).pipe(
      Effect.catch((error) => Effect.succeed(group.map(() => Effect.fail(error)))),
      // Who is answered soon keeps JavaScript busy: the next transaction begins before that.
      Effect.ensuring(leave(group)),
    )
    let events = 0
    let hasFailed = false
    for (const [index, each] of group.entries()) {
      const outcome = yield* Effect.result(outcomes[index]!)
      if (Result.isFailure(outcome)) hasFailed = true
      else if (outcome.success._tag === "Appended") events += each.request.events.length
      yield* settle(each, outcome)
    }
    meter.answered({
      requests: requests.length,
      events,
      startedAt,
      commitMillis,
      hasFailed,
      spans: group.flatMap(({ span }) => (span === undefined ? [] : [span])),
    })
  })

  // The statements of a group belong to no single request: its own span tells of them.
  const run = (group: ReadonlyArray<Waiting>, foreseen: Lanes.LaneHeads | undefined): Effect.Effect<void> =>
    Effect.withTracerEnabled(append(group, foreseen), false).pipe(
      // A bug is told to everybody who waits: nobody waits for ever.
      Effect.catchCause((cause) =>
        Effect.forEach(group, ({ answer }) => Deferred.failCause(answer, Cause.die(Cause.squash(cause))), {
          discard: true,
        }),
      ),
      // Not in the transaction of the group before it, which may have brought it about.
      Effect.setContext(context),
    )

  const begin: Effect.Effect<void> = Effect.suspend(() => {
    isGathering = false
    if (running >= Pipelines.maxTransactions) return Effect.void
    const { foreseen, group } = takeGroup()
    if (group.length === 0) return Effect.void
    running++
    for (const lane of lanesOf(group)) busy.set(lane, (busy.get(lane) ?? 0) + 1)
    return Effect.asVoid(Effect.forkIn(Effect.uninterruptible(run(group, foreseen)), scope))
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
    if (running >= Pipelines.maxTransactions) return Effect.void
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
      meter.waits(waiting.length)
      // Who does not wait any longer is not written for, unless that has begun.
      const leave = Effect.sync(() => {
        waiting = waiting.filter((each) => each.answer !== answer)
        meter.waits(waiting.length)
      })
      // Where many wait, who comes makes no difference: whoever leaves a lane looks who can go.
      const begun = lanes.some(isTaken) ? Effect.void : next
      return Effect.onInterrupt(Effect.andThen(begun, Deferred.await(answer)), () => leave)
    })
})
