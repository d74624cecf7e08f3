/**
 * Writes counts together with the consumers that they were counted by, in one transaction. The consumers come first:
 * their rows stay locked, so that the counts are changed only by what has moved them. The statements are pipelined.
 */
import { Effect } from "effect"
import type { SqlError } from "effect/sql/SqlError"
import type { CountChange } from "../../core/metrics/MetricCount.ts"
import * as UniqueVisitors from "../../core/metrics/UniqueVisitors.ts"
import * as Port from "../../core/ports/MetricsStore.ts"
import * as ArrayColumns from "./ArrayColumns.ts"
import * as PipelinedTransactions from "./PipelinedTransactions.ts"
import * as Sql from "./Sql.ts"

const moves = ArrayColumns.make<Port.ConsumerMove>({
  lane: ["bigint", ({ lane }) => lane],
  name: ["text", ({ name }) => name],
  position: ["bigint", ({ position }) => position],
  before: ["bigint", ({ before }) => before],
})

const changes = ArrayColumns.make<CountChange & { readonly lane: number }>({
  lane: ["bigint", ({ lane }) => lane],
  family: ["text", ({ family }) => family],
  day: ["bigint", ({ day }) => day],
  key: ["text", ({ key }) => key],
  count: ["bigint", ({ count }) => count],
})

/** Makes the consumers that are not there yet, so that each can be locked and compared. */
const make = (sql: Sql.Sql, { consumers }: Port.MetricsStep) =>
  Sql.query(
    sql,
    `INSERT INTO consumer SELECT v.lane, v.name, 0 FROM ${moves.rows} v WHERE v.before = 0 ORDER BY v.lane, v.name
     ON CONFLICT (lane, name) DO NOTHING`,
    moves.parameters(consumers),
  )

const move = (sql: Sql.Sql, { consumers }: Port.MetricsStep) =>
  Sql.write(
    sql,
    `UPDATE consumer c SET position = v.position FROM ${moves.rows} v
     WHERE c.lane = v.lane AND c.name = v.name AND c.position = v.before`,
    moves.parameters(consumers),
  )

const add = (sql: Sql.Sql, { counts, project }: Port.MetricsStep) =>
  Sql.query(
    sql,
    `INSERT INTO metric (lane, family, day, key, count) SELECT v.lane, v.family, v.day, v.key, v.count
     FROM ${changes.rows} v ORDER BY v.lane, v.family, v.day, v.key
     ON CONFLICT (lane, family, day, key) DO UPDATE SET count = metric.count + excluded.count`,
    changes.parameters(counts.map((each) => ({ ...each, lane: Port.laneOf(project) }))),
  )

/** Adds the visitors of a day to those that were noted. Its row is made first, so that it can be locked. */
const addVisitors = Effect.fnUntraced(function* (sql: Sql.Sql, lane: number, { day, registers }: Port.DayVisitors) {
  yield* Sql.query(sql, "INSERT INTO day_visitors VALUES ($1, $2, $3) ON CONFLICT (lane, day) DO NOTHING", [
    lane,
    day,
    registers,
  ])
  const [row] = yield* Sql.query<{ readonly registers: Uint8Array }>(
    sql,
    "SELECT registers FROM day_visitors WHERE lane = $1 AND day = $2 FOR UPDATE",
    [lane, day],
  )
  const merged = UniqueVisitors.merge(row!.registers, registers)
  yield* Sql.query(sql, "UPDATE day_visitors SET registers = $3 WHERE lane = $1 AND day = $2", [lane, day, merged])
})

const rollback = { _tag: "Rollback" } as const

const steps = Effect.fnUntraced(function* (sql: Sql.Sql, step: Port.MetricsStep) {
  const moved = Effect.map(move(sql, step), (found) =>
    found === step.consumers.length ? undefined : ("stale" as const),
  )
  const rejection = yield* PipelinedTransactions.firstRejection<"stale">([
    ...(step.consumers.length === 0 ? [] : [Effect.as(make(sql, step), undefined), moved]),
    ...(step.counts.length === 0 ? [] : [Effect.as(add(sql, step), undefined)]),
  ])
  if (rejection !== undefined) return yield* Effect.fail(rollback)
  for (const each of step.visitors) yield* addVisitors(sql, Port.laneOf(step.project), each)
  return "written" as const
})

/** Whether the consumers are as a step leaves them: then an earlier try of it was committed. */
const isWritten = Effect.fnUntraced(function* (sql: Sql.Sql, { consumers }: Port.MetricsStep) {
  const rows = yield* Sql.query(
    sql,
    `SELECT 1 AS found FROM consumer c JOIN ${moves.rows} v
       ON c.lane = v.lane AND c.name = v.name AND c.position = v.position`,
    moves.parameters(consumers),
  )
  return rows.length === consumers.length
})

/**
 * Writes a step. It is tried again if it lost to others; if the outcome of its commit is unknown, only where consumers
 * tell whether it was written.
 */
export const write = (sql: Sql.Sql, step: Port.MetricsStep): Effect.Effect<"written" | "stale", SqlError> =>
  Effect.suspend(() => {
    let isTried = false
    const once = Effect.suspend(() => {
      const isAgain = isTried
      isTried = true
      return Sql.retryOnContention(Sql.transaction(sql, steps(sql, step))).pipe(
        Effect.catchTag("Rollback", () =>
          isAgain
            ? Effect.map(isWritten(sql, step), (isOwn) => (isOwn ? ("written" as const) : ("stale" as const)))
            : Effect.succeed("stale" as const),
        ),
      )
    })
    return step.consumers.length === 0 ? once : Sql.retryOnInterruption(once)
  })
