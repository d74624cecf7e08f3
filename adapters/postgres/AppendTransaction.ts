/**
 * Appends the events of a group of requests in one transaction: positions without gaps, heads raised, idempotency
 * records kept.
 *
 * Rows are locked in this order, and those of 1 to 7 in ascending order of their keys, so that two transactions never
 * wait for each other (deadlock):
 *
 *  1. `lane_head`: the lanes of all events. The next positions are read with the lock.
 *  2. `idempotency`: one row for each request that has an idempotency record; expired rows of the same lanes are
 *     removed.
 *  3. `used_type`: the consent types of the events in their lanes.
 *  4. `person`: the people that a claim identifies, that the append was prepared against, and that its facts are about.
 *  5. `alias`: the identifiers that are claimed.
 *  6. `external_id`: the external ids of the events.
 *  7. `person_key`: the keys of people that have none yet.
 *  8. `event`, `head`, `joined_head` and `personal_data`: rows in the lanes that are locked, or of their people.
 *  9. `person_fact`, of the people that are locked, `people_head`, and then `people_change` in the lanes of that.
 * 10. `compliance_head`: the lanes of the compliance requests that change with the events. Then the rows of the
 *     requests, which are in these lanes.
 *
 * Compliance lanes are locked last by every transaction: nothing else is locked after them. A change of requests by
 * itself locks `idempotency` and then its lanes; an erasure locks those of the requests whose private rows it removes
 * after everything else. An append that changes requests is written alone, with its lanes locked first, because such
 * appends are rare, and a group would be rolled back with it where a request has changed meanwhile.
 *
 * An identity change that joins people or separates them locks their lanes first, too, then `idempotency`,
 * `catalog_head`, `person` and `alias`, and then the rows of `joined_head` in the lanes that it has locked. So no event
 * is recorded while the heads are copied. An erasure locks the lanes of its people, `idempotency`, `catalog_head` and
 * `person` in the same order, and then deletes: see ErasureWriter.ts. Erasures are looked up while the lanes are
 * locked, and only if one of the lanes is marked: see ErasureGuard.ts. A step of the change feed locks its lanes, and
 * then writes rows of its own tables in them: see FeedTransaction.ts.
 *
 * A transaction waits up to 5 seconds for a lock; then it is rolled back and tried again. So if two servers append to
 * the same lane, the second one waits for the `lane_head` row of the first, and then reads the positions that the first
 * one left.
 *
 * A group with a {@link Prediction} is written while other groups of this process write to its lanes. It takes the
 * locks above in another order:
 *
 *  1. Locks 4 to 8 without `joined_head`, about other people than those of the other groups.
 *  2. It waits up to a second until the other groups are committed.
 *  3. Lock 1; the lanes must end as predicted.
 *  4. Locks 2 and 3, `joined_head`, the look for erasures, and locks 9.
 *
 * Because this order can deadlock with the one above, it waits for each lock up to 50 milliseconds only; then it is
 * rolled back and written again in the order above.
 *
 * The statements of locks 2 to 9 in the first list are pipelined: each is sent without waiting for the result of the
 * previous one. Those of lock 10 are sent when all of these results have arrived, because a step of several statements
 * would otherwise take its last lock after it.
 *
 * If a request cannot be kept, the transaction is rolled back, and its requests are then tried one by one.
 */
import { Data, Effect, Exit } from "effect"
import type { SqlError } from "effect/sql/SqlError"
import * as Lane from "../../core/model/Lane.ts"
import * as PeopleLanes from "../../core/ports/PeopleLanes.ts"
import type { Append, Appended, StoredEvent } from "../../core/ports/LedgerStore.ts"
import * as AliasWriter from "./AliasWriter.ts"
import * as ArrayColumns from "./ArrayColumns.ts"
import * as ComplianceWriter from "./ComplianceWriter.ts"
import * as ErasureGuard from "./ErasureGuard.ts"
import * as EventWriter from "./EventWriter.ts"
import * as IdempotencyWriter from "./IdempotencyWriter.ts"
import * as JoinedWriter from "./JoinedWriter.ts"
import * as LaneMarks from "./LaneMarks.ts"
import * as LanePrediction from "./LanePrediction.ts"
import * as Lanes from "./Lanes.ts"
import * as PeopleChangeWriter from "./PeopleChangeWriter.ts"
import * as PersonalWriter from "./PersonalWriter.ts"
import * as PersonWriter from "./PersonWriter.ts"
import * as PipelinedTransactions from "./PipelinedTransactions.ts"
import * as RefusalGuard from "./RefusalGuard.ts"
import * as Sql from "./Sql.ts"

/** What a group needs to be written before its lanes are locked. */
export interface Prediction {
  /** Where its lanes end once its predecessors, the groups that are being written to them, are committed. */
  readonly lanes: Lanes.LaneHeads
  /** Whether the predecessors were committed as they were sent first; succeeds once that is known. */
  readonly predecessorsCommitted: Effect.Effect<boolean>
}

/** How a group is written, and what is reported of it. */
export interface Options {
  /** Left out, its lanes are locked first. */
  readonly prediction: Prediction | undefined
  /** Run when all of its rows have been sent: with the ends of its lanes without it, and with it. */
  readonly onSent: (before: Lanes.LaneHeads, after: Lanes.LaneHeads) => Effect.Effect<void>
  /** Called after each attempt: whether it was committed. */
  readonly onAttempted: (isKept: boolean) => void
  /** Called with the duration of the commit, in milliseconds. */
  readonly onCommitted: (millis: number) => void
}

/** The transaction is rolled back, because a request cannot be kept. */
class Rollback extends Data.TaggedError("Rollback")<{ readonly outcome: Appended }> {}

interface ProjectEvent {
  readonly event: StoredEvent
  readonly project: Lane.Owner
}

const eventLeaves = ArrayColumns.make<ProjectEvent>({
  lane: ["bigint", ({ event, project }) => Lane.of(project, event.concordId)],
  event_id: ["uuid", ({ event }) => event.id],
  leaf: ["bytea", ({ event }) => EventWriter.leafOf(event)],
})

/** Whether every event of a request is there already, from a commit whose outcome was unknown. */
const isRecorded = Effect.fnUntraced(function* (sql: Sql.Sql, { events, project }: Append) {
  const rows = yield* Sql.query<{ readonly found: number }>(
    sql,
    `SELECT count(*) AS found FROM ${eventLeaves.rows} v
     JOIN event e ON e.lane = v.lane AND e.event_id = v.event_id AND e.leaf = v.leaf`,
    eventLeaves.parameters(events.map((event) => ({ event, project }))),
  )
  return events.length > 0 && rows[0]?.found === events.length
})

interface PrecedingEvent {
  readonly after: Required<Append>["after"]
  readonly project: Lane.Owner
}

const precedingEvents = ArrayColumns.make<PrecedingEvent>({
  lane: ["bigint", ({ after, project }) => Lane.of(project, after.concordId)],
  event_id: ["uuid", ({ after }) => after.id],
})

/** Whether every event that a request comes after is there, or is written by this transaction. */
const arePrecedingRecorded = Effect.fnUntraced(function* (sql: Sql.Sql, requests: ReadonlyArray<Append>) {
  const written = new Set(requests.flatMap(({ events }) => events.map(({ id }) => id)))
  const others = requests.flatMap(({ after, project }) =>
    after === undefined || written.has(after.id) ? [] : [{ after, project }],
  )
  if (others.length === 0) return true
  const rows = yield* Sql.query<{ readonly found: number }>(
    sql,
    `SELECT count(*) AS found FROM ${precedingEvents.rows} v JOIN event e ON e.lane = v.lane AND e.event_id = v.event_id`,
    precedingEvents.parameters(others),
  )
  return rows[0]?.found === others.length
})

const idempotencyRecordsOf = (requests: ReadonlyArray<Append>): ReadonlyArray<IdempotencyWriter.OwnedRecord> =>
  requests.flatMap(({ idempotencyRecord, organization }) =>
    idempotencyRecord === undefined ? [] : [{ owner: organization, idempotencyRecord }],
  )

const repeated: Appended = { _tag: "Repeated" }

/** The people of an append whose revisions are raised, apart from those that its claims identify. */
const raisedBy = ({ facts = [], organization, seen = [] }: Append): ReadonlyArray<PersonWriter.RaisedPerson> => [
  ...seen.map((each) => ({ organization, ...each, isIdentified: false })),
  ...facts.map(({ survivor }) => ({ organization, concordId: survivor, isIdentified: false })),
]

/**
 * Whether no request was prepared against a person that another request of the transaction changes: then the second of
 * the two is stale, but a transaction raises a revision only once.
 */
const areIndependent = (requests: ReadonlyArray<Append>): boolean => {
  if (requests.length === 1 || requests.every(({ seen = [] }) => seen.length === 0)) return true
  const changed = requests.map((request) => {
    const identified = request.claims.filter(({ kind }) => kind !== "contextId")
    const keys = identified.map(({ concordId }) => PersonWriter.keyOf({ ...request, concordId }))
    return new Set([...keys, ...raisedBy(request).map(PersonWriter.keyOf)])
  })
  const writers = new Map<string, number>()
  for (const key of changed.flatMap((keys) => [...keys])) writers.set(key, (writers.get(key) ?? 0) + 1)
  return requests.every(({ organization, seen = [] }) =>
    seen.every(({ concordId }) => writers.get(PersonWriter.keyOf({ organization, concordId })) === 1),
  )
}

/** The steps that keep the facts of requests, whose people are locked. */
const factSteps = (sql: Sql.Sql, requests: ReadonlyArray<Append>) => {
  const facts = requests.flatMap(({ facts = [], organization }) => facts.map((fact) => ({ fact, organization })))
  if (facts.length === 0) return []
  return [
    ...facts.flatMap(({ fact, organization }) => PersonWriter.factSteps(sql, organization, fact)),
    Effect.as(
      Effect.suspend(() => PersonWriter.count(sql, PeopleLanes.ofAppends(requests))),
      undefined,
    ),
    ...PeopleChangeWriter.steps(
      sql,
      facts.flatMap(({ fact, organization }) => PeopleChangeWriter.ofFacts(organization, [fact])),
    ),
  ]
}

/** The step that changes compliance requests with the events; it rejects if one of them has changed meanwhile. */
const complianceSteps = (sql: Sql.Sql, requests: ReadonlyArray<Append>, outcome: Appended) =>
  requests.flatMap(({ compliance, project }) =>
    compliance === undefined
      ? []
      : [Effect.map(ComplianceWriter.steps(sql, { ...compliance, project }), (stale) => stale && outcome)],
  )

/** Makes a step of {@link PipelinedTransactions.firstRejection} of a check that returns whether it succeeded. */
const rejectUnless = (outcome: Appended) => (isKept: boolean) => (isKept ? undefined : outcome)

/**
 * Before the lanes are locked, gives up after 50 ms instead of waiting for row locks: their holder may be waiting for
 * this transaction (deadlock). The first statement makes Citus pass the second one on to its workers; PostgreSQL
 * ignores it.
 */
const setLockTimeout = (sql: Sql.Sql) =>
  ["citus.propagate_set_commands = 'local'", "lock_timeout = '50ms'"].map((setting) =>
    Effect.as(
      Effect.suspend(() => Sql.query(sql, `SET LOCAL ${setting}`)),
      undefined,
    ),
  )

/**
 * Writes the requests in the order of locks above; fails with {@link Rollback} for the first one that cannot be kept.
 * Returns the positions after them, or `undefined` if an earlier attempt has recorded them.
 */
const write = Effect.fnUntraced(function* (
  sql: Sql.Sql,
  requests: ReadonlyArray<Append>,
  isRetry: boolean,
  { onSent, prediction }: Options,
) {
  const [first] = requests
  const before =
    prediction?.lanes ?? (yield* LaneMarks.ofNewLanes(sql, requests, yield* Lanes.lock(sql, Lanes.ofAll(requests))))
  if (isRetry && requests.length === 1 && (yield* isRecorded(sql, first!))) return undefined
  const placement = Lanes.place(requests, before)
  if ("lastRecordedAt" in placement) return yield* new Rollback({ outcome: { _tag: "Stale", ...placement } })
  const stale: Appended = { _tag: "Stale", lastRecordedAt: first!.recordedAt }
  if (!areIndependent(requests)) return yield* new Rollback({ outcome: stale })
  const { heads, placed } = placement
  const inMarkedLanes = placed.filter(({ lane }) => heads.get(lane)!.has_joined)
  const overtaken: Appended = { ...stale, isOvertaken: true }
  if (RefusalGuard.isOvertakenInGroup(requests, placed, heads)) return yield* new Rollback({ outcome: overtaken })
  const claims = requests.flatMap(({ claims, organization }) => claims.map((claim) => ({ organization, claim })))
  /** Read before the rows below are written. */
  const guards = RefusalGuard.steps(sql, requests, before).map(Effect.map(rejectUnless(overtaken)))
  /** Rows that no transaction about other people touches; safe to write before the lanes are locked. */
  const ownRows = [
    Effect.map(AliasWriter.claim(sql, claims, requests.flatMap(raisedBy)), rejectUnless(stale)),
    Effect.map(EventWriter.claimExternalIds(sql, placed), rejectUnless(stale)),
    ...PersonalWriter.keySteps(sql, requests).map(Effect.map(rejectUnless(stale))),
    ...EventWriter.write(sql, placed),
    ...PersonalWriter.partSteps(sql, requests),
  ]
  const sent = Effect.as(onSent(before, heads), undefined)
  /** Written and read while the lanes and the people are locked. */
  const last = [
    ...ErasureGuard.steps(sql, requests, placed, heads).map(Effect.map(rejectUnless(stale))),
    ...factSteps(sql, requests),
  ]
  /** Rows that other transactions on the same lanes touch, too; written while the lanes are locked. */
  const sharedRows = [
    Effect.map(arePrecedingRecorded(sql, requests), rejectUnless(stale)),
    Effect.map(IdempotencyWriter.keep(sql, idempotencyRecordsOf(requests)), rejectUnless(repeated)),
    EventWriter.useTypes(sql, placed),
    ...(inMarkedLanes.length === 0 ? [] : [JoinedWriter.raise(sql, requests, inMarkedLanes)]),
    Lanes.move(sql, before, heads),
  ]
  const writePredicted = Effect.fnUntraced(function* ({ lanes, predecessorsCommitted }: Prediction) {
    const rejection = yield* PipelinedTransactions.firstRejection([...setLockTimeout(sql), ...guards, ...ownRows, sent])
    if (rejection !== undefined || !(yield* predecessorsCommitted)) return rejection ?? stale
    const isAsPredicted = Effect.map(Lanes.lock(sql, Lanes.ofAll(requests)), (found) =>
      LanePrediction.areSame(lanes, found),
    )
    return yield* PipelinedTransactions.firstRejection([
      Effect.map(isAsPredicted, rejectUnless(stale)),
      ...sharedRows,
      ...last,
    ])
  })
  const rejection = yield* prediction === undefined
    ? PipelinedTransactions.firstRejection([...guards, ...sharedRows, ...ownRows, ...last, sent])
    : writePredicted(prediction)
  if (rejection !== undefined) return yield* new Rollback({ outcome: rejection })
  const changed = yield* PipelinedTransactions.firstRejection(complianceSteps(sql, requests, stale))
  if (changed !== undefined) return yield* new Rollback({ outcome: changed })
  return new Map([...heads].map(([lane, { next_position }]) => [lane, next_position]))
})

const appended: Appended = { _tag: "Appended" }

/**
 * Appends requests in one transaction: all of them or none. It is tried again if it lost to another transaction; with a
 * prediction it is not, because then its lanes have to be locked first.
 */
const attempt = Effect.fnUntraced(function* (
  sql: Sql.Sql,
  requests: ReadonlyArray<Append>,
  isRetry: boolean,
  options: Options,
) {
  let writtenAt = 0
  const written = Effect.tap(write(sql, requests, isRetry, options), () =>
    Effect.sync(() => (writtenAt = performance.now())),
  )
  const once = Sql.transactionOnce(sql, written).pipe(
    Effect.tap(() => Effect.sync(() => options.onCommitted(performance.now() - writtenAt))),
    Effect.map((positions): Appended => (positions === undefined ? appended : { _tag: "Appended", positions })),
    Effect.catchTag("Rollback", ({ outcome }) => Effect.succeed(outcome)),
    Effect.onExit((exit) =>
      Effect.sync(() => options.onAttempted(Exit.isSuccess(exit) && exit.value._tag === "Appended")),
    ),
  )
  return yield* options.prediction === undefined ? Sql.retryOnContention(once) : once
})

/**
 * Whether the idempotency record that is there was written by an earlier attempt of the same request. A request without
 * events can be recognized by its record alone; a request that would write an equal record gets an equal answer.
 */
const isOwnRecord = Effect.fnUntraced(function* (sql: Sql.Sql, { events, idempotencyRecord, organization }: Append) {
  if (idempotencyRecord === undefined || events.length > 0) return false
  const found = yield* IdempotencyWriter.find(sql, organization, idempotencyRecord.hash)
  return (
    found?.digest === idempotencyRecord.digest &&
    found.answer === idempotencyRecord.answer &&
    found.recordedAt === idempotencyRecord.recordedAt
  )
})

/** Whether an append that is refused now was written by an earlier attempt, whose outcome was unknown. */
const isOwnWrite = (sql: Sql.Sql, request: Append, { _tag }: Appended) => {
  const { compliance, project } = request
  if (compliance !== undefined) return ComplianceWriter.isWritten(sql, { ...compliance, project })
  return _tag === "Repeated" ? isOwnRecord(sql, request) : Effect.succeed(false)
}

/** Appends one request; tries again with the same ids if the outcome of a commit is unknown. */
const appendOne = (
  sql: Sql.Sql,
  request: Append,
  isTried: boolean,
  options: Options,
): Effect.Effect<Appended, SqlError> =>
  Effect.suspend(() => {
    let isRetry = isTried
    const once = Effect.gen(function* () {
      const isAgain = isRetry
      isRetry = true
      const outcome = yield* attempt(sql, [request], isAgain, options)
      const isOwn = isAgain && outcome._tag !== "Appended" && (yield* isOwnWrite(sql, request, outcome))
      return isOwn ? appended : outcome
    })
    return Sql.retryOnInterruption(once)
  })

/**
 * Appends the requests of a group, and returns the outcome of each: first together as predicted, then together with the
 * lanes locked first, then one by one.
 */
export const appendGroup = Effect.fnUntraced(function* (
  sql: Sql.Sql,
  requests: ReadonlyArray<Append>,
  options: Options,
) {
  const lanesFirst: Options = { ...options, prediction: undefined }
  const together = [
    ...(options.prediction === undefined ? [] : [options]),
    ...(requests.length > 1 ? [lanesFirst] : []),
  ]
  let isUnknown = false
  for (const each of together) {
    const result = yield* Effect.result(attempt(sql, requests, false, each))
    if (result._tag === "Success" && result.success._tag === "Appended") {
      const { success } = result
      return requests.map(() => Effect.succeed(success))
    }
    isUnknown = result._tag === "Failure" && Sql.isUnknown(result.failure)
    if (isUnknown) break
  }
  return yield* Effect.forEach(requests, (request) =>
    Effect.map(Effect.result(appendOne(sql, request, isUnknown, lanesFirst)), Effect.fromResult),
  )
})
