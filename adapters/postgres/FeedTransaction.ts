/**
 * Writes a step of the change feed in one transaction: changes, and how far the scheduler has come.
 *
 * It locks the lanes of the step in ascending order. Everything else that it compares or writes changes only under
 * these locks: a join or an erasure locks the lanes of its people in every project, an append those of its events,
 * and another step those of its changes and places. So the revisions of people are compared without a lock of their
 * own. So is that of the catalog: a change of the catalog that is written meanwhile was prepared for an instant of
 * its own anyway.
 *
 * The lock and what is compared are pipelined, and so are the writes; see PipelinedTransactions.ts.
 */
import { Data, Effect, Exit } from "effect"
import type { SqlError } from "effect/sql/SqlError"
import type { Instant } from "../../core/engine/Instant.ts"
import * as Lane from "../../core/model/Lane.ts"
import type { FeedStep, FeedWritten } from "../../core/ports/LedgerStore.ts"
import * as FeedWriter from "./FeedWriter.ts"
import * as Lanes from "./Lanes.ts"
import * as PersonWriter from "./PersonWriter.ts"
import * as PipelinedTransactions from "./PipelinedTransactions.ts"
import * as Sql from "./Sql.ts"

/** What is reported of a step while it is written. */
export interface Reports {
  /** Run when all of its rows have been sent: with the ends of its lanes without it, and with it. */
  readonly onSent: (before: Lanes.LaneHeads, after: Lanes.LaneHeads) => Effect.Effect<void>
  /** Called after each attempt: whether it was committed. */
  readonly onAttempted: (isKept: boolean) => void
}

/** The transaction is rolled back, because the step was prepared against another state. */
class Outdated extends Data.TaggedError("Outdated") {}

/** The lanes that a step locks, each once, in ascending order. */
export const lanesOf = ({ changes, lanes, places, project }: FeedStep): ReadonlyArray<number> => {
  const [first] = Lane.range(project)
  return [...new Set([...lanes, ...changes, ...places].map(({ lane }) => first + lane))].toSorted((a, b) => a - b)
}

const isCatalogSame = ({ catalog }: FeedStep, sql: Sql.Sql) =>
  Effect.map(
    Sql.query(sql, "SELECT 1 AS found FROM catalog_head WHERE lane = $1 AND revision = $2", [Lanes.catalog, catalog!]),
    (rows) => rows.length > 0,
  )

const arePeopleSame = ({ organization, seen }: FeedStep, sql: Sql.Sql) =>
  Effect.map(
    Sql.query<{ readonly person: string; readonly revision: number }>(
      sql,
      `SELECT p.person, p.revision FROM ${PersonWriter.people.rows} v
       JOIN person p ON p.lane = v.lane AND p.person = v.person`,
      PersonWriter.people.parameters(seen.map(({ concordId }) => ({ organization, concordId }))),
    ),
    (rows) => {
      const revisions = new Map(rows.map(({ person, revision }) => [person, revision]))
      return seen.every(({ concordId, revision }) => (revisions.get(concordId) ?? 0) === revision)
    },
  )

const arePlacesSame = ({ places, project }: FeedStep, sql: Sql.Sql) => {
  const [first] = Lane.range(project)
  return Effect.map(
    Sql.query<{ readonly lane: number; readonly name: string; readonly state: string }>(
      sql,
      `SELECT s.lane, s.name, s.state FROM unnest($1::bigint[], $2::text[]) AS v (lane, name)
       JOIN due_scan s ON s.lane = v.lane AND s.name = v.name`,
      [places.map(({ lane }) => first + lane), places.map(({ name }) => name)],
    ),
    (rows) => {
      const states = new Map(rows.map(({ lane, name, state }) => [`${lane} ${name}`, state]))
      return places.every(({ before, lane, name }) => states.get(`${first + lane} ${name}`) === before)
    },
  )
}

/** The comparisons that a step needs, each of which returns whether it finds the state that it was prepared against. */
const comparisons = (sql: Sql.Sql, step: FeedStep) => [
  ...(step.catalog === undefined ? [] : [isCatalogSame(step, sql)]),
  ...(step.seen.length === 0 ? [] : [arePeopleSame(step, sql)]),
  ...(step.places.length === 0 ? [] : [arePlacesSame(step, sql)]),
]

/** Whether an event of one of the people was recorded since the lanes were read. Needs no statement if none was. */
const isOvertaken = (sql: Sql.Sql, { lanes, project, seen }: FeedStep, heads: Lanes.LaneHeads) => {
  const [first] = Lane.range(project)
  const grown = lanes.filter(({ lane, position }) => heads.get(first + lane)!.next_position > position)
  if (grown.length === 0 || seen.length === 0) return Effect.succeed(false)
  return Effect.map(
    Sql.query(
      sql,
      `SELECT 1 AS found FROM unnest($1::bigint[], $2::bigint[]) AS v (lane, position)
       JOIN event e ON e.lane = v.lane AND e.position >= v.position
       WHERE e.person = ANY($3::uuid[]) LIMIT 1`,
      [
        grown.map(({ lane }) => first + lane),
        grown.map(({ position }) => position),
        seen.map((each) => each.concordId),
      ],
    ),
    (rows) => rows.length > 0,
  )
}

/** Whether a lane is shorter than it was when the step was prepared: it is another ledger. */
const isShorter = ({ lanes, project }: FeedStep, heads: Lanes.LaneHeads): boolean =>
  lanes.some(({ lane, position }) => heads.get(Lane.range(project)[0] + lane)!.next_position < position)

const isTooLate = ({ changes }: FeedStep, recordedAt: Instant): boolean =>
  changes.some(({ until }) => until !== undefined && recordedAt >= until)

/** Locks the lanes, and compares what the step was prepared against. Fails with {@link Outdated} if it differs. */
const lock = Effect.fnUntraced(function* (sql: Sql.Sql, step: FeedStep) {
  let heads: Lanes.LaneHeads = new Map()
  let numbers: FeedWriter.Numbers = new Map()
  const outdated = yield* PipelinedTransactions.firstRejection([
    Effect.map(Lanes.lock(sql, lanesOf(step)), (found) => void (heads = found)),
    ...(step.changes.length === 0
      ? []
      : [Effect.map(FeedWriter.numbersOf(sql, step), (found) => void (numbers = found))]),
    ...comparisons(sql, step).map(Effect.map((isSame) => (isSame ? undefined : ("outdated" as const)))),
  ])
  if (outdated !== undefined || isShorter(step, heads)) return yield* new Outdated()
  const recordedAt = [...heads.values()].reduce((at, head) => Math.max(at, head.last_recorded_at), step.recordedAt)
  if (isTooLate(step, recordedAt) || (yield* isOvertaken(sql, step, heads))) return yield* new Outdated()
  return { heads, numbers, recordedAt }
})

/** Where lanes end after a step: one that stores changes raises all of them. */
const raised = ({ changes }: FeedStep, heads: Lanes.LaneHeads, recordedAt: Instant): Lanes.LaneHeads =>
  changes.length === 0
    ? heads
    : new Map([...heads].map(([lane, head]) => [lane, { ...head, last_recorded_at: recordedAt + 1 }]))

const write = Effect.fnUntraced(function* (sql: Sql.Sql, step: FeedStep, { onSent }: Reports) {
  const { heads, numbers, recordedAt } = yield* lock(sql, step)
  const after = raised(step, heads, recordedAt)
  const changes = FeedWriter.place(step, heads, numbers, recordedAt)
  yield* PipelinedTransactions.firstRejection<undefined>([
    ...FeedWriter.steps(sql, step, changes),
    ...(after === heads ? [] : [Effect.as(Lanes.move(sql, heads, after), undefined)]),
    Effect.as(
      Effect.suspend(() => onSent(heads, after)),
      undefined,
    ),
  ])
  const written: FeedWritten = { _tag: "Written", recordedAt, ends: FeedWriter.endsOf(step, heads, numbers) }
  return written
})

const stale: FeedWritten = { _tag: "Stale" }

/** Whether a step that was written before is `Stale` the second time: a place of it has moved. */
const isOnce = ({ changes, places }: FeedStep): boolean =>
  changes.length === 0 || places.some(({ after, before }) => after !== before)

/**
 * Writes a step; tries again if it lost to other transactions. If the outcome of a commit is unknown, it is tried
 * again, too, and is `Stale` if it was committed: its places have moved, from where the caller goes on.
 */
export const run = (sql: Sql.Sql, step: FeedStep, reports: Reports): Effect.Effect<FeedWritten, SqlError> => {
  const once = Sql.transactionOnce(sql, write(sql, step, reports)).pipe(
    Effect.catchTag("Outdated", () => Effect.succeed(stale)),
    Effect.onExit((exit) =>
      Effect.sync(() => reports.onAttempted(Exit.isSuccess(exit) && exit.value._tag === "Written")),
    ),
    Sql.retryOnContention,
  )
  return isOnce(step) ? Sql.retryOnInterruption(once) : once
}
