/**
 * Removes what is personal of resolved compliance requests when a person is erased that opened them or that they are
 * about. Open requests keep it, because they are still to be answered.
 */
import { Effect } from "effect"
import * as Lane from "../../core/model/Lane.ts"
import type { ErasureChange } from "../../core/ports/LedgerStore.ts"
import * as ComplianceRows from "./ComplianceRows.ts"
import * as ComplianceWriter from "./ComplianceWriter.ts"
import * as Sql from "./Sql.ts"

const isOf = "(p.opener = ANY($2::uuid[]) OR p.subject = ANY($2::uuid[]))"

/** The lanes with requests of the people, resolved or not, in ascending order. */
const lanesOf = (sql: Sql.Sql, { members, projects }: ErasureChange) =>
  Effect.map(
    Sql.query<{ readonly lane: number }>(
      sql,
      `SELECT DISTINCT p.lane FROM compliance_private p WHERE p.lane = ANY($1::bigint[]) AND ${isOf} ORDER BY p.lane`,
      [projects.flatMap(Lane.all), members],
    ),
    (rows) => rows.map(({ lane }) => lane),
  )

const resolvedIn = (sql: Sql.Sql, lanes: ReadonlyArray<number>, { members }: ErasureChange) =>
  Sql.query<ComplianceRows.RequestPlace>(
    sql,
    `SELECT p.lane, p.request FROM compliance_private p
     JOIN compliance_request r ON r.lane = p.lane AND r.request = p.request
     WHERE p.lane = ANY($1::bigint[]) AND ${isOf} AND r.status = 'resolved'`,
    [lanes, members],
  )

/**
 * Removes private rows, keys, files and the words of mails, and returns of how many requests. Their lanes are locked
 * first, because a request may be reopened meanwhile.
 */
export const erase = Effect.fnUntraced(function* (sql: Sql.Sql, change: ErasureChange) {
  const lanes = yield* lanesOf(sql, change)
  if (lanes.length === 0) return 0
  yield* ComplianceWriter.lock(sql, lanes)
  const found = yield* resolvedIn(sql, lanes, change)
  for (const statement of ComplianceRows.removePrivate(
    sql,
    found.map((place) => ({ ...place, at: change.recordedAt })),
  ))
    yield* statement
  return found.length
})
