/**
 * Group commit: appends that arrive while their lanes are being written share the next transaction (a group). Each
 * append is answered only after the commit of its group. LaneQueue.ts decides which appends form a group;
 * AppendTransaction.ts writes it.
 *
 * Groups on different lanes run concurrently. On one lane the next group starts when the previous one has ended; but a
 * full group about other people starts before, and only its locks and its commit wait. Groups A, B and C on one lane:
 *
 *     A   BEGIN ─ lock lane ─ send rows ─(1)─────────────── COMMIT ─(2)─ answers
 *     B                                  BEGIN ─ send rows ─ wait ─ lock lane ─ as predicted? ─ COMMIT ─(3)─ answers
 *     C                                                             BEGIN ─ send rows ─ wait ────────── lock lane ─ …
 *
 *  1. A has sent its rows, so it can be predicted where the lane will end. B starts, at the positions after A.
 *  2. A is committed, so B locks the lane. A second group may be written to the lane again, so C starts.
 *  3. B is committed, so C locks the lane.
 *
 * If A fails or takes longer than a second, or if the lane does not end where it was predicted, B is rolled back and
 * written again with its lanes locked first.
 *
 * A step of the change feed takes its turn on its lanes like a group, because it locks and raises them. So the groups
 * after it are predicted from where it leaves them.
 */
import { Cause, Deferred, Effect, Result, type Scope, type Tracer } from "effect"
import type { SqlError } from "effect/sql/SqlError"
import {
  type Append,
  type Appended,
  type FeedStep,
  type FeedWritten,
  StoreUnavailable,
} from "../../core/ports/LedgerStore.ts"
import * as GroupMeter from "../support/GroupMeter.ts"
import * as AppendTransaction from "./AppendTransaction.ts"
import * as CircuitBreaker from "./CircuitBreaker.ts"
import * as FeedTransaction from "./FeedTransaction.ts"
import * as LanePrediction from "./LanePrediction.ts"
import * as LaneQueue from "./LaneQueue.ts"
import * as Lanes from "./Lanes.ts"
import * as PipelinedTransactions from "./PipelinedTransactions.ts"
import * as Sql from "./Sql.ts"

/** Queues what is written to lanes for the next transaction that writes to them. */
export interface GroupCommit {
  readonly append: (request: Append) => Effect.Effect<Appended, StoreUnavailable>
  readonly step: (step: FeedStep) => Effect.Effect<FeedWritten, StoreUnavailable>
}

const limits: LaneQueue.Limits = {
  // One more is refused at once, because it would probably be answered too late.
  maxWaiting: 10_000,
  maxGroups: PipelinedTransactions.maxTransactions,
  maxGroupEvents: 1000,
}

/** How long a group whose rows are written waits for the outcome of its predecessors, in milliseconds. */
const maxPredecessorMillis = 1_000

interface WaitingAppend extends LaneQueue.QueuedAppend {
  readonly answer: Deferred.Deferred<Appended, StoreUnavailable>
  readonly span: Tracer.AnySpan | undefined
}

interface WaitingStep extends LaneQueue.QueuedStep {
  readonly answer: Deferred.Deferred<FeedWritten, StoreUnavailable>
}

type Waiting = WaitingAppend | WaitingStep

type Group = LaneQueue.Group<Waiting>

/** Whether the first attempt to write a group was committed. */
type Outcome = Deferred.Deferred<boolean>

/**
 * Whether all of the groups were committed as they were sent first; false also if that is not known within a second,
 * because other transactions may wait for rows of the group that waits here.
 */
const areCommitted = (groups: ReadonlyArray<Outcome>): Effect.Effect<boolean> =>
  Effect.forEach(
    groups,
    (outcome) =>
      Effect.flatMap(Deferred.await(outcome), (isKept) => (isKept ? Effect.void : Effect.fail("not committed"))),
    { concurrency: "unbounded", discard: true },
  ).pipe(Effect.timeout(maxPredecessorMillis), Effect.isSuccess)

/** Answers with a result of the database. */
const answerOne = <A>({ answer }: { readonly answer: Deferred.Deferred<A, StoreUnavailable> }) =>
  Result.match({
    onFailure: (error: SqlError) => Deferred.complete(answer, Sql.fail(error)),
    onSuccess: (value: A) => Deferred.succeed(answer, value),
  })

/** Answers appends; returns how many events were appended, and whether an append failed. */
const answer = Effect.fnUntraced(function* (
  entries: ReadonlyArray<WaitingAppend>,
  results: ReadonlyArray<Effect.Effect<Appended, SqlError>>,
) {
  let events = 0
  let hasFailed = false
  for (const [index, entry] of entries.entries()) {
    const result = yield* Effect.result(results[index]!)
    if (Result.isFailure(result)) hasFailed = true
    else if (result.success._tag === "Appended") events += entry.request.events.length
    yield* answerOne(entry)(result)
  }
  return { events, hasFailed }
})

/** Answers every entry of a group with a defect, because otherwise its callers would wait for ever. */
const answerDefect = ({ entries }: Group, cause: Cause.Cause<never>): Effect.Effect<void> => {
  const defect = Cause.die(Cause.squash(cause))
  const fail = (entry: Waiting) =>
    "step" in entry ? Deferred.failCause(entry.answer, defect) : Deferred.failCause(entry.answer, defect)
  return Effect.forEach(entries, fail, { discard: true })
}

/** A queue with the transactions that empty it. Closing the scope answers every append that was accepted. */
export const make = Effect.fnUntraced(function* (sql: Sql.Sql): Effect.fn.Return<GroupCommit, never, Scope.Scope> {
  const scope = yield* Effect.scope
  const context = yield* Effect.context<never>()
  const meter = yield* GroupMeter.make
  const predictions = LanePrediction.make()
  const queue = LaneQueue.make<Waiting>(limits, (lane) => predictions.predict([lane]) !== undefined)
  /** One for each group that is being written. */
  const outcomes = new Map<Group, Outcome>()
  /** Whether the next group is to be started as soon as the appends of this turn of the event loop have arrived. */
  let isGathering = false

  const fork = (effect: Effect.Effect<void>): Effect.Effect<void> =>
    Effect.asVoid(Effect.forkIn(Effect.uninterruptible(effect), scope))

  const predictionFor = ({ lanes, predecessors }: Group): AppendTransaction.Prediction | undefined => {
    if (predecessors.size === 0) return undefined
    const predecessorsCommitted = areCommitted([...predecessors].map((each) => outcomes.get(each)!))
    return { lanes: predictions.predict(lanes)!, predecessorsCommitted }
  }

  /** Lets the next groups be predicted while a group is written. */
  const reports = (group: Group, outcome: Outcome): FeedTransaction.Reports => ({
    onSent: (before, after) => {
      predictions.record(before, after)
      group.isPredictable = !Deferred.isDoneUnsafe(outcome)
      return startNext
    },
    onAttempted: (isKept) => {
      group.isPredictable &&= isKept
      Deferred.doneUnsafe(outcome, Effect.succeed(isKept))
    },
  })

  const writeAppends = Effect.fnUntraced(function* (
    group: Group,
    entries: ReadonlyArray<WaitingAppend>,
    options: Omit<AppendTransaction.Options, "onCommitted">,
  ) {
    const startedAt = meter.now()
    let commitMillis: number | undefined = undefined
    const requests = entries.map(({ request }) => request)
    const appending = AppendTransaction.appendGroup(sql, requests, {
      ...options,
      onCommitted: (millis) => (commitMillis = millis),
    })
    const results = yield* CircuitBreaker.withTimeLimit(appending).pipe(
      Effect.catch((error) => Effect.succeed(entries.map(() => Effect.fail(error)))),
      // Answering keeps JavaScript busy: the next transaction starts before that, so that the database need not wait
      // for it.
      Effect.ensuring(end(group)),
    )
    const answered = yield* answer(entries, results)
    const spans = entries.flatMap(({ span }) => (span === undefined ? [] : [span]))
    meter.record({ ...answered, requests: requests.length, startedAt, commitMillis, spans })
  })

  const writeStep = (group: Group, entry: WaitingStep, options: FeedTransaction.Reports) =>
    CircuitBreaker.withTimeLimit(FeedTransaction.run(sql, entry.step, options)).pipe(
      Effect.result,
      Effect.ensuring(end(group)),
      Effect.flatMap(answerOne(entry)),
      Effect.asVoid,
    )

  /** What waits for other lanes is not in a group of one entry, so the next group starts at once. */
  const write = (group: Group, outcome: Outcome, prediction: AppendTransaction.Prediction | undefined) => {
    const options = reports(group, outcome)
    const [first] = group.entries
    const appends = group.entries.flatMap((entry) => ("step" in entry ? [] : [entry]))
    const writing =
      first !== undefined && "step" in first
        ? writeStep(group, first, options)
        : writeAppends(group, appends, { ...options, prediction })
    return first !== undefined && LaneQueue.isAlone(first) ? Effect.andThen(startNext, writing) : writing
  }

  /** Frees the lanes of a group, and starts the next one. */
  const end = (group: Group): Effect.Effect<void> =>
    Effect.suspend(() => {
      queue.end(group)
      Deferred.doneUnsafe(outcomes.get(group)!, Effect.succeed(false))
      outcomes.delete(group)
      return startNext
    })

  /** Forms a group and starts to write it, if one may be written now. */
  const start: Effect.Effect<void> = Effect.suspend(() => {
    isGathering = false
    const group = queue.next()
    if (group === undefined) return Effect.void
    meter.setWaiting(queue.size)
    const outcome = Deferred.makeUnsafe<boolean>()
    const prediction = predictionFor(group)
    outcomes.set(group, outcome)
    // The statements of a group belong to no single request, so they are not traced: GroupMeter makes a span for the
    // group.
    const writing = Effect.withTracerEnabled(write(group, outcome, prediction), false).pipe(
      Effect.catchCause((cause) => answerDefect(group, cause)),
      // Runs outside the transaction of the group that may have started this one.
      Effect.setContext(context),
    )
    return fork(writing)
  })

  /**
   * Starts the next group: at once if it is full, otherwise after the appends that arrive in this turn of the event
   * loop.
   */
  const startNext: Effect.Effect<void> = Effect.suspend(() => {
    if (!queue.hasRoom) return Effect.void
    if (queue.hasFullGroup) return start
    if (isGathering) return Effect.void
    isGathering = true
    return fork(Effect.andThen(Effect.yieldNow, start))
  })

  /** Adds an entry to the queue, and waits for its answer. */
  const waitFor = <A>(
    entry: Waiting & { readonly answer: Deferred.Deferred<A, StoreUnavailable> },
  ): Effect.Effect<A, StoreUnavailable> => {
    if (queue.isFull) return new StoreUnavailable({ reason: "too many requests wait to be written" })
    queue.add(entry)
    meter.setWaiting(queue.size)
    // What its caller no longer waits for is not written, unless its group has started.
    const remove = Effect.sync(() => {
      queue.remove(entry)
      meter.setWaiting(queue.size)
    })
    // If a lane of the entry is blocked, no group can be started because of it; the end of a group on that lane starts
    // one.
    const started = queue.isBlocked(entry) ? Effect.void : startNext
    return Effect.onInterrupt(Effect.andThen(started, Deferred.await(entry.answer)), () => remove)
  }

  return {
    append: (request) =>
      Effect.withFiber(({ context }) => {
        const answer = Deferred.makeUnsafe<Appended, StoreUnavailable>()
        return waitFor({ request, lanes: Lanes.of(request), answer, span: GroupMeter.currentSpan(context) })
      }),
    step: (step) =>
      Effect.suspend(() => {
        const answer = Deferred.makeUnsafe<FeedWritten, StoreUnavailable>()
        return waitFor({ step, lanes: FeedTransaction.lanesOf(step), answer })
      }),
  }
})
