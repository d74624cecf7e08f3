/**
 * Appends the events of a group of requests in one transaction: positions without gap, heads raised, receipts kept.
 *
 * The lanes are locked first, in ascending order; then what the requests claim is inserted, in ascending order too, so that
 * two transactions never wait for each other. A group whose lanes another one of this process is writing to may be written beside
 * it, if the two are about different people: its rows first, at the places that it foresees, and its lanes are locked when the one
 * in front is committed.
 *
 * A request that cannot be kept takes the group with it: the requests are then tried one by one.
 */
import { Data, Effect, Exit } from "effect"
import type { SqlError } from "effect/sql/SqlError"
import * as Lane from "../../core/model/Lane.ts"
import type { Append, Appended, IdempotencyRecord, StoredEvent } from "../../core/ports/LedgerStore.ts"
import * as AliasWriter from "./AliasWriter.ts"
import * as ArrayColumns from "./ArrayColumns.ts"
import * as EventWriter from "./EventWriter.ts"
import * as LanePrediction from "./LanePrediction.ts"
import * as Lanes from "./Lanes.ts"
import * as PipelinedTransactions from "./PipelinedTransactions.ts"
import * as IdempotencyWriter from "./IdempotencyWriter.ts"
import * as Sql from "./Sql.ts"

/** One of the requests cannot be kept: nothing of the transaction is. */
class Abandoned extends Data.TaggedError("Abandoned")<{ readonly outcome: Appended }> {}

interface Given {
  readonly event: StoredEvent
  readonly project: Lane.Owner
}

const recorded = ArrayColumns.make<Given>({
  lane: ["bigint", ({ event, project }) => Lane.of(project, event.concordId)],
  event_id: ["uuid", ({ event }) => event.id],
  digest: ["bytea", ({ event }) => EventWriter.digestOf(event)],
})

/** Whether every event is there already, from a commit whose outcome was not known. */
const isRecorded = Effect.fnUntraced(function* (sql: Sql.Sql, { events, project }: Append) {
  const rows = yield* Sql.query<{ readonly found: number }>(
    sql,
    `SELECT count(*) AS found FROM ${recorded.rows} v
     JOIN event e ON e.lane = v.lane AND e.event_id = v.event_id AND e.digest = v.digest`,
    recorded.of(events.map((event) => ({ event, project }))),
  )
  return events.length > 0 && rows[0]?.found === events.length
})

interface Behind {
  readonly after: Required<Append>["after"]
  readonly project: Lane.Owner
}

const earlier = ArrayColumns.make<Behind>({
  lane: ["bigint", ({ after, project }) => Lane.of(project, after.concordId)],
  event_id: ["uuid", ({ after }) => after.id],
})

/** Whether every event that requests come after is there, or is kept with them. */
const areBehind = Effect.fnUntraced(function* (sql: Sql.Sql, requests: ReadonlyArray<Append>) {
  const kept = new Set(requests.flatMap(({ events }) => events.map(({ id }) => id)))
  const others = requests.flatMap(({ after, project }) =>
    after === undefined || kept.has(after.id) ? [] : [{ after, project }],
  )
  if (others.length === 0) return true
  const rows = yield* Sql.query<{ readonly found: number }>(
    sql,
    `SELECT count(*) AS found FROM ${earlier.rows} v JOIN event e ON e.lane = v.lane AND e.event_id = v.event_id`,
    earlier.of(others),
  )
  return rows[0]?.found === others.length
})

const idempotencyRecordsOf = (requests: ReadonlyArray<Append>): ReadonlyArray<IdempotencyWriter.Owned> =>
  requests.flatMap(
    ({ organization, idempotencyRecord }): ReadonlyArray<{ owner: Lane.Owner; idempotencyRecord: IdempotencyRecord }> =>
      idempotencyRecord === undefined ? [] : [{ owner: organization, idempotencyRecord }],
  )

const repeated: Appended = { _tag: "Repeated" }

const objectionUnless = (objection: Appended) => (isSo: boolean) => (isSo ? undefined : objection)

/**
 * Who writes before the lanes are locked waits for nobody else's rows: whoever has them may be waiting for these. The first
 * statement lets Citus tell its workers of the second, and says nothing to others.
 */
const hurry = (sql: Sql.Sql) =>
  ["citus.propagate_set_commands = 'local'", "lock_timeout = '50ms'"].map((setting) =>
    Effect.as(
      Effect.suspend(() => Sql.query(sql, `SET LOCAL ${setting}`)),
      undefined,
    ),
  )

/** The steps of the transaction; abandons it for the first request that cannot be kept. */
const steps = Effect.fnUntraced(function* (
  sql: Sql.Sql,
  requests: ReadonlyArray<Append>,
  isRetry: boolean,
  { foreseen, sent }: Sending,
) {
  const [first] = requests
  const before = foreseen?.lanes ?? (yield* Lanes.lock(sql, requests))
  if (isRetry && requests.length === 1 && (yield* isRecorded(sql, first!))) return undefined
  const placement = Lanes.place(requests, before)
  if ("lastRecordedAt" in placement) return yield* new Abandoned({ outcome: { _tag: "Stale", ...placement } })
  const { heads, placed } = placement
  const stale: Appended = { _tag: "Stale", lastRecordedAt: first!.recordedAt }
  const claims = requests.flatMap(({ claims, organization }) => claims.map((claim) => ({ organization, claim })))
  /** What nobody else writes who writes about others. */
  const own = [
    Effect.map(AliasWriter.claim(sql, claims), objectionUnless(stale)),
    Effect.map(EventWriter.claimExternalIds(sql, placed), objectionUnless(stale)),
    ...EventWriter.of(sql, placed),
    Effect.as(sent(before, heads), undefined),
  ]
  const shared = [
    Effect.map(areBehind(sql, requests), objectionUnless(stale)),
    Effect.map(IdempotencyWriter.keep(sql, idempotencyRecordsOf(requests)), objectionUnless(repeated)),
    EventWriter.useTypes(sql, placed),
    Lanes.move(sql, before, heads),
  ]
  const behind = Effect.fnUntraced(function* ({ front, lanes }: Foreseen) {
    const objection = yield* PipelinedTransactions.firstObjection([...hurry(sql), ...own])
    if (objection !== undefined || !(yield* front)) return objection ?? stale
    const isAsForeseen = Effect.map(Lanes.lock(sql, requests), (found) => LanePrediction.areSame(lanes, found))
    return yield* PipelinedTransactions.firstObjection([Effect.map(isAsForeseen, objectionUnless(stale)), ...shared])
  })
  const objection = yield* foreseen === undefined
    ? PipelinedTransactions.firstObjection([...shared, ...own])
    : behind(foreseen)
  if (objection !== undefined) return yield* new Abandoned({ outcome: objection })
  return new Map([...heads].map(([lane, { next_position }]) => [lane, next_position]))
})

const appended: Appended = { _tag: "Appended" }

/** What a group is sent by that is written while the one in front of it is. */
export interface Foreseen {
  /** Where its lanes end once that one is committed. */
  readonly lanes: Lanes.LaneHeads
  /** Done when it is known whether that one is kept as it was sent first. */
  readonly front: Effect.Effect<boolean>
}

/** How a group is sent. */
export interface Sending {
  /** Left out, it waits until its lanes are locked. */
  readonly foreseen: Foreseen | undefined
  /** Its events are on their way: where its lanes ended, and where they will when they are committed. */
  readonly sent: (before: Lanes.LaneHeads, after: Lanes.LaneHeads) => Effect.Effect<void>
  /** Told whether it was kept, each time that it is tried. */
  readonly tried: (isKept: boolean) => void
  /** Told how long the commit took, in milliseconds. */
  readonly committed: (millis: number) => void
}

const attempt = Effect.fnUntraced(function* (
  sql: Sql.Sql,
  requests: ReadonlyArray<Append>,
  isRetry: boolean,
  sending: Sending,
) {
  let stepsEndedAt = 0
  const written = Effect.tap(steps(sql, requests, isRetry, sending), () =>
    Effect.sync(() => (stepsEndedAt = performance.now())),
  )
  const once = Sql.transactionOnce(sql, written).pipe(
    Effect.tap(() => Effect.sync(() => sending.committed(performance.now() - stepsEndedAt))),
    Effect.map((positions): Appended => (positions === undefined ? appended : { _tag: "Appended", positions })),
    Effect.catchTag("Abandoned", ({ outcome }) => Effect.succeed(outcome)),
    Effect.onExit((exit) => Effect.sync(() => sending.tried(Exit.isSuccess(exit) && exit.value._tag === "Appended"))),
  )
  return yield* sending.foreseen === undefined ? Sql.patiently(once) : once
})

/** Whether a receipt that is there is the request's own; whoever writes the very same is answered the very same. */
const isOwnRecord = Effect.fnUntraced(function* (sql: Sql.Sql, { events, organization, idempotencyRecord }: Append) {
  if (idempotencyRecord === undefined || events.length > 0) return false
  const found = yield* IdempotencyWriter.find(sql, organization, idempotencyRecord.hash)
  return (
    found?.digest === idempotencyRecord.digest &&
    found.answer === idempotencyRecord.answer &&
    found.recordedAt === idempotencyRecord.recordedAt
  )
})

/** Appends one request; again with the same ids, where the outcome of a commit is not known. */
const alone = (sql: Sql.Sql, request: Append, isTried: boolean, sending: Sending): Effect.Effect<Appended, SqlError> =>
  Effect.suspend(() => {
    let isRetry = isTried
    const next = Effect.gen(function* () {
      const isAgain = isRetry
      isRetry = true
      const outcome = yield* attempt(sql, [request], isAgain, sending)
      const isOwn = isAgain && outcome._tag === "Repeated" && (yield* isOwnRecord(sql, request))
      return isOwn ? appended : outcome
    })
    return Sql.persistently(next)
  })

/**
 * Appends the requests of a group: together, as it was foreseen or else when their lanes are locked; or one by one where one of
 * them stands in the way.
 */
export const group = Effect.fnUntraced(function* (sql: Sql.Sql, requests: ReadonlyArray<Append>, sending: Sending) {
  const plain: Sending = { ...sending, foreseen: undefined }
  const together = [...(sending.foreseen === undefined ? [] : [sending]), ...(requests.length > 1 ? [plain] : [])]
  let isUnknown = false
  for (const each of together) {
    const tried = yield* Effect.result(attempt(sql, requests, false, each))
    if (tried._tag === "Success" && tried.success._tag === "Appended") {
      const { success } = tried
      return requests.map(() => Effect.succeed(success))
    }
    isUnknown = tried._tag === "Failure" && Sql.isUnknown(tried.failure)
    if (isUnknown) break
  }
  return yield* Effect.forEach(requests, (request) =>
    Effect.map(Effect.result(alone(sql, request, isUnknown, plain)), Effect.fromResult),
  )
})
