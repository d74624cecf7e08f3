/**
 * Writes a change of compliance requests. Its lanes are locked in ascending order, each by its row of
 * `compliance_head`; then the ordinals of the requests are compared, and then all rows are written. So of two changes
 * that were decided on the same state only one is kept.
 *
 * No lock of another table is taken after these, except rows of mails and files of these requests: see
 * AppendTransaction.ts. Claims of mails and removals of abandoned files lock such rows, too, and no lane: of two that
 * wait for each other the database ends one, and it is tried again.
 */
import { Effect } from "effect"
import type { SqlError } from "effect/sql/SqlError"
import type { Owner } from "../../core/model/Lane.ts"
import * as Port from "../../core/ports/ComplianceStore.ts"
import type { Kept } from "../../core/ports/LedgerStore.ts"
import * as ArrayColumns from "./ArrayColumns.ts"
import * as ComplianceRows from "./ComplianceRows.ts"
import * as IdempotencyWriter from "./IdempotencyWriter.ts"
import * as PipelinedTransactions from "./PipelinedTransactions.ts"
import * as Sql from "./Sql.ts"

/** A change, and the project of its requests. */
export interface OwnedChange extends Port.ComplianceChange {
  readonly project: Owner
}

/** The changes of requests with their places. */
const placed = ({ project, requests }: OwnedChange): ReadonlyArray<ComplianceRows.PlacedRequestChange> =>
  requests.map((change) => ({ ...change, lane: Port.laneOf(project, change.row.id), request: change.row.id }))

/** Locks lanes, each given once, in ascending order; returns the next position of each. */
export const lock = (sql: Sql.Sql, lanes: ReadonlyArray<number>) =>
  Effect.map(
    Sql.query<{ readonly lane: number; readonly next_position: number }>(
      sql,
      `INSERT INTO compliance_head SELECT v.lane, 0 FROM unnest($1::bigint[]) AS v (lane) ORDER BY v.lane
       ON CONFLICT (lane) DO UPDATE SET next_position = compliance_head.next_position
       RETURNING lane, next_position`,
      [lanes],
    ),
    (rows): ReadonlyMap<number, number> => new Map(rows.map(({ lane, next_position }) => [lane, next_position])),
  )

/** Whether every request has the ordinal that its change was decided on, and the key that the change needs. */
const areCurrent = (sql: Sql.Sql, changes: ReadonlyArray<ComplianceRows.PlacedRequestChange>) =>
  Effect.map(
    Sql.query<{ readonly request: string; readonly ordinal: number; readonly has_key: boolean }>(
      sql,
      `SELECT r.request, r.ordinal, k.lane IS NOT NULL AS has_key FROM ${ComplianceRows.places.rows} v
       JOIN compliance_request r ON r.lane = v.lane AND r.request = v.request
       LEFT JOIN request_key k ON k.lane = r.lane AND k.request = r.request`,
      ComplianceRows.places.parameters(changes),
    ),
    (rows) => {
      const found = new Map(rows.map((row) => [row.request, row]))
      return changes.every((change) => {
        const row = found.get(change.request)
        return (row?.ordinal ?? 0) === change.before && (row?.has_key === true || !Port.needsKey(change))
      })
    },
  )

/**
 * Locks the lanes of a change, compares and writes: returns `stale` if a request has another ordinal or lacks a key, or
 * a mail or a file is not as the change says. Then the transaction must be rolled back; the locks are held until then.
 */
export const steps = Effect.fnUntraced(function* (sql: Sql.Sql, change: OwnedChange) {
  const changes = placed(change)
  let heads: ReadonlyMap<number, number> = new Map()
  const stale = yield* PipelinedTransactions.firstRejection([
    Effect.map(lock(sql, [...new Set(changes.map(({ lane }) => lane))]), (found) => void (heads = found)),
    Effect.map(areCurrent(sql, changes), (isCurrent) => (isCurrent ? undefined : ("stale" as const))),
  ])
  if (stale !== undefined) return stale
  return yield* PipelinedTransactions.firstRejection(ComplianceRows.steps(sql, changes, heads))
})

/** Whether a change was written by an earlier try, whose outcome was unknown: its first fact is there. */
export const isWritten = (sql: Sql.Sql, { project, requests }: OwnedChange) => {
  const { facts, row } = requests[0]!
  return Effect.map(
    Sql.query(
      sql,
      "SELECT 1 AS found FROM compliance_fact WHERE lane = $1 AND request = $2 AND ordinal = $3 AND fact_id = $4",
      [Port.laneOf(project, row.id), row.id, facts[0]!.ordinal, facts[0]!.id],
    ),
    (rows) => rows.length > 0,
  )
}

/** Writes a change by itself; tries again if it lost to others, or if the outcome of a commit is unknown. */
export const write = (sql: Sql.Sql, given: Port.ComplianceWrite): Effect.Effect<Kept, SqlError> =>
  Effect.suspend(() => {
    const { idempotencyRecord, organization } = given
    const records = idempotencyRecord === undefined ? [] : [{ owner: organization, idempotencyRecord }]
    let isTried = false
    const all = Effect.gen(function* () {
      const isFirst = yield* IdempotencyWriter.keep(sql, records)
      const outcome = isFirst ? yield* steps(sql, given) : "repeated"
      return outcome === undefined ? ("kept" as const) : yield* Effect.fail({ _tag: "Rollback", outcome } as const)
    })
    const once = Effect.suspend(() => {
      const isAgain = isTried
      isTried = true
      return Effect.catchTag(Sql.transaction(sql, all), "Rollback", ({ outcome }) =>
        isAgain
          ? Effect.map(isWritten(sql, given), (isOwn): Kept => (isOwn ? "kept" : outcome))
          : Effect.succeed<Kept>(outcome),
      )
    })
    return Sql.retryOnInterruption(once)
  })

const sweepDays = ArrayColumns.make<Port.SweepDay & { readonly lane: number }>({
  lane: ["bigint", ({ lane }) => lane],
  request: ["uuid", ({ request }) => request],
  ordinal: ["bigint", ({ ordinal }) => ordinal],
  sweep_on: ["text", ({ sweepOn }) => sweepOn],
})

/** Replaces `sweepOn` of requests that still have the ordinal. The only write that does not lock their lanes. */
export const reschedule = Effect.fnUntraced(function* (
  sql: Sql.Sql,
  project: Owner,
  days: ReadonlyArray<Port.SweepDay>,
) {
  if (days.length === 0) return
  yield* Sql.query(
    sql,
    `UPDATE compliance_request r SET sweep_on = v.sweep_on FROM ${sweepDays.rows} v
     WHERE r.lane = v.lane AND r.request = v.request AND r.ordinal = v.ordinal`,
    sweepDays.parameters(days.map((day) => ({ ...day, lane: Port.laneOf(project, day.request) }))),
  )
})
