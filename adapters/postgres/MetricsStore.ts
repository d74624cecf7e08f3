/**
 * The metrics of the store: reads them, and writes them in steps.
 */
import { Effect } from "effect"
import type { EventGroup } from "../../core/metrics/MetricsAggregator.ts"
import type { Family } from "../../core/metrics/MetricCount.ts"
import * as Lane from "../../core/model/Lane.ts"
import * as Port from "../../core/ports/MetricsStore.ts"
import * as ComplianceReader from "./ComplianceReader.ts"
import * as MetricsWriter from "./MetricsWriter.ts"
import * as Operation from "./Operation.ts"
import * as Sql from "./Sql.ts"

const behindOf = (sql: Sql.Sql, name: "events" | "facts", head: "lane_head" | "compliance_head", limit: number) =>
  Sql.query<Port.LaneBehind>(
    sql,
    `SELECT h.lane, '${name}' AS name, coalesce(c.position, 0) AS position, h.next_position AS "end" FROM ${head} h
     LEFT JOIN consumer c ON c.lane = h.lane AND c.name = '${name}'
     WHERE h.next_position > coalesce(c.position, 0) ORDER BY h.lane LIMIT $1`,
    [limit],
  )

const behind = (sql: Sql.Sql, limit: number) =>
  Effect.zipWith(
    behindOf(sql, "events", "lane_head", limit),
    behindOf(sql, "facts", "compliance_head", limit),
    (events, facts) => [...events, ...facts].slice(0, limit),
  )

const consumers = (sql: Sql.Sql, project: Lane.Owner) =>
  Sql.query<Port.Consumer>(
    sql,
    "SELECT lane, name, position FROM consumer WHERE lane = ANY($1::bigint[]) ORDER BY lane, name",
    [Lane.all(project)],
  )

interface GroupRow {
  readonly day: number
  readonly consent_type: string
  readonly consent_state: EventGroup["consentState"]
  readonly geography: string | null
  readonly domain: string | null
  readonly count: number
}

const toGroup = ({ consent_state, consent_type, count, day, domain, geography }: GroupRow): EventGroup => ({
  day,
  consentType: consent_type,
  consentState: consent_state,
  ...(geography !== null && { geography }),
  ...(domain !== null && { domain }),
  count,
})

/** An instant before 1970 is of the day before, so the remainder is taken twice. */
const dayColumn = "(recorded_at - ((recorded_at % 86400000) + 86400000) % 86400000) / 86400000"

const events = (sql: Sql.Sql, lane: number, from: number, to: number) =>
  Effect.map(
    Sql.query<GroupRow>(
      sql,
      `SELECT ${dayColumn} AS day, consent_type, consent_state, geography, domain, count(*) AS count FROM event
       WHERE lane = $1 AND position >= $2 AND position < $3 GROUP BY 1, 2, 3, 4, 5`,
      [lane, from, to],
    ),
    (rows) => rows.map(toGroup),
  )

const facts = (sql: Sql.Sql, lane: number, from: number, to: number) =>
  Effect.map(
    Sql.query<ComplianceReader.FactRow>(
      sql,
      `SELECT ${ComplianceReader.factColumns} FROM compliance_fact f
       WHERE f.lane = $1 AND f.position >= $2 AND f.position < $3 ORDER BY f.position`,
      [lane, from, to],
    ),
    (rows) => rows.map((row) => ComplianceReader.toFact(row).fact),
  )

const counts = (
  sql: Sql.Sql,
  project: Lane.Owner,
  family: Family,
  { from, to }: { readonly from: number; readonly to: number },
  after: Pick<Port.StoredCount, "day" | "key"> | undefined,
  limit: number,
) =>
  Sql.query<Port.StoredCount>(
    sql,
    `SELECT day, key, count FROM metric WHERE lane = $1 AND family = $2 AND day >= $3 AND day < $4
       ${after === undefined ? "" : "AND (day, key) > ($6, $7)"} ORDER BY day, key LIMIT $5`,
    [Port.laneOf(project), family, from, to, limit, ...(after === undefined ? [] : [after.day, after.key])],
  )

const totals = (sql: Sql.Sql, project: Lane.Owner, family: Family, before: number) =>
  Effect.map(
    Sql.query<{ readonly key: string; readonly total: number }>(
      sql,
      `SELECT key, sum(count)::bigint AS total FROM metric WHERE lane = $1 AND family = $2 AND day < $3
       GROUP BY key ORDER BY key`,
      [Port.laneOf(project), family, before],
    ),
    (rows) => new Map(rows.map(({ key, total }) => [key, total])),
  )

const visitors = (sql: Sql.Sql, project: Lane.Owner, { from, to }: { readonly from: number; readonly to: number }) =>
  Sql.query<Port.DayVisitors>(
    sql,
    "SELECT day, registers FROM day_visitors WHERE lane = $1 AND day >= $2 AND day < $3 ORDER BY day",
    [Port.laneOf(project), from, to],
  )

/** The metrics of a database. */
export const make = (sql: Sql.Sql): Port.MetricsStore => ({
  behind: (limit) => Operation.idempotent(behind(sql, limit)),
  consumers: (project) => Operation.idempotent(consumers(sql, project)),
  events: (lane, from, to) => Operation.idempotent(events(sql, lane, from, to)),
  facts: (lane, from, to) => Operation.idempotent(facts(sql, lane, from, to)),
  write: (step) => Operation.once(MetricsWriter.write(sql, step)),
  counts: (project, family, days, after, limit) =>
    Operation.idempotent(counts(sql, project, family, days, after, limit)),
  totals: (project, family, before) => Operation.idempotent(totals(sql, project, family, before)),
  visitors: (project, days) => Operation.idempotent(visitors(sql, project, days)),
})
