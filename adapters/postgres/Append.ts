/**
 * Appends the events of a group of requests in one transaction: positions without gap, heads raised, receipts kept.
 *
 * The lanes are locked first, in ascending order; then what the requests claim is inserted, in ascending order too, so that
 * two transactions never wait for each other. A request that cannot be kept takes the group with it: the requests are then
 * tried one by one.
 */
import { Data, Effect } from "effect"
import type { SqlError } from "effect/sql/SqlError"
import * as Lane from "../../core/Lane.ts"
import type { Append, Appended, Receipt, StoredEvent } from "../../core/ports/LedgerStore.ts"
import * as Aliases from "./Aliases.ts"
import * as Columns from "./Columns.ts"
import * as EventWrites from "./EventWrites.ts"
import * as Lanes from "./Lanes.ts"
import * as Pipelines from "./Pipelines.ts"
import * as Receipts from "./Receipts.ts"
import * as Sql from "./Sql.ts"

/** One of the requests cannot be kept: nothing of the transaction is. */
class Abandoned extends Data.TaggedError("Abandoned")<{ readonly outcome: Appended }> {}

interface Given {
  readonly event: StoredEvent
  readonly project: Lane.Owner
}

const recorded = Columns.make<Given>({
  lane: ["bigint", ({ event, project }) => Lane.of(project, event.concordId)],
  event_id: ["uuid", ({ event }) => event.id],
  digest: ["bytea", ({ event }) => EventWrites.digestOf(event)],
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

const receiptsOf = (requests: ReadonlyArray<Append>): ReadonlyArray<Receipts.Owned> =>
  requests.flatMap(({ organization, receipt }): ReadonlyArray<{ owner: Lane.Owner; receipt: Receipt }> =>
    receipt === undefined ? [] : [{ owner: organization, receipt }],
  )

const repeated: Appended = { _tag: "Repeated" }

const objectionUnless = (objection: Appended) => (isSo: boolean) => (isSo ? undefined : objection)

/** The steps of the transaction; abandons it for the first request that cannot be kept. */
const steps = Effect.fnUntraced(function* (sql: Sql.Sql, requests: ReadonlyArray<Append>, isRetry: boolean) {
  const [first] = requests
  const before = yield* Lanes.lock(sql, requests)
  if (isRetry && requests.length === 1 && (yield* isRecorded(sql, first!))) return undefined
  const placement = Lanes.place(requests, before)
  if ("lastRecordedAt" in placement) return yield* new Abandoned({ outcome: { _tag: "Stale", ...placement } })
  const { heads, placed } = placement
  const stale: Appended = { _tag: "Stale", lastRecordedAt: first!.recordedAt }
  const claims = requests.flatMap(({ claims, organization }) => claims.map((claim) => ({ organization, claim })))
  const objection = yield* Pipelines.firstObjection([
    Effect.map(Receipts.keep(sql, receiptsOf(requests)), objectionUnless(repeated)),
    Effect.map(Aliases.claim(sql, claims), objectionUnless(stale)),
    Effect.map(EventWrites.claimExternalIds(sql, placed), objectionUnless(stale)),
    ...EventWrites.of(sql, placed),
    Lanes.move(sql, before, heads),
  ])
  if (objection !== undefined) return yield* new Abandoned({ outcome: objection })
  return new Map([...heads].map(([lane, { next_position }]) => [lane, next_position]))
})

const appended: Appended = { _tag: "Appended" }

/** Told how long a commit took, in milliseconds. */
type Committed = (millis: number) => void

const attempt = Effect.fnUntraced(function* (
  sql: Sql.Sql,
  requests: ReadonlyArray<Append>,
  isRetry: boolean,
  committed: Committed,
) {
  let stepsEndedAt = 0
  const written = Effect.tap(steps(sql, requests, isRetry), () => Effect.sync(() => (stepsEndedAt = performance.now())))
  return yield* Sql.transaction(sql, written).pipe(
    Effect.tap(() => Effect.sync(() => committed(performance.now() - stepsEndedAt))),
    Effect.map((positions): Appended => (positions === undefined ? appended : { _tag: "Appended", positions })),
    Effect.catchTag("Abandoned", ({ outcome }) => Effect.succeed(outcome)),
  )
})

/** Whether a receipt that is there is the request's own; whoever writes the very same is answered the very same. */
const isOwnReceipt = Effect.fnUntraced(function* (sql: Sql.Sql, { events, organization, receipt }: Append) {
  if (receipt === undefined || events.length > 0) return false
  const found = yield* Receipts.find(sql, organization, receipt.hash)
  return found?.digest === receipt.digest && found.answer === receipt.answer && found.recordedAt === receipt.recordedAt
})

/** Appends one request; again with the same ids, where the outcome of a commit is not known. */
const alone = (
  sql: Sql.Sql,
  request: Append,
  isTried: boolean,
  committed: Committed,
): Effect.Effect<Appended, SqlError> =>
  Effect.suspend(() => {
    let isRetry = isTried
    const next = Effect.gen(function* () {
      const isAgain = isRetry
      isRetry = true
      const outcome = yield* attempt(sql, [request], isAgain, committed)
      const isOwn = isAgain && outcome._tag === "Repeated" && (yield* isOwnReceipt(sql, request))
      return isOwn ? appended : outcome
    })
    return Sql.persistently(next)
  })

/** Appends the requests of a group: together, or one by one where one of them stands in the way. */
export const group = Effect.fnUntraced(function* (sql: Sql.Sql, requests: ReadonlyArray<Append>, committed: Committed) {
  if (requests.length > 1) {
    const together = yield* Effect.result(attempt(sql, requests, false, committed))
    if (together._tag === "Success" && together.success._tag === "Appended") {
      const { success } = together
      return requests.map(() => Effect.succeed(success))
    }
    const isUnknown = together._tag === "Failure" && Sql.isUnknown(together.failure)
    return yield* Effect.forEach(requests, (request) =>
      Effect.map(Effect.result(alone(sql, request, isUnknown, committed)), Effect.fromResult),
    )
  }
  return [Effect.fromResult(yield* Effect.result(alone(sql, requests[0]!, false, committed)))]
})
