/**
 * The metrics of the store: reads on the main thread, writes through the writer.
 */
import type { DatabaseSync, SQLOutputValue } from "node:sqlite"
import type { ConsentState } from "../../core/engine/ConsentState.ts"
import type { EventGroup } from "../../core/metrics/MetricsAggregator.ts"
import * as Lane from "../../core/model/Lane.ts"
import * as Port from "../../core/ports/MetricsStore.ts"
import * as ComplianceRow from "./ComplianceRow.ts"
import type { Write } from "./GroupCommit.ts"
import { inSnapshot, prepareArrays, read } from "./Reader.ts"
import * as Uuid from "./Uuid.ts"

type Row = Readonly<Record<string, SQLOutputValue>>

const prepareBehind = (db: DatabaseSync) => {
  const select = (name: "events" | "facts", head: "lane_head" | "compliance_head") =>
    db.prepare(`
      SELECT h.lane, '${name}' AS name, coalesce(c.position, 0) AS position, h.next_position AS end FROM ${head} h
      LEFT JOIN consumer c ON c.lane = h.lane AND c.name = '${name}'
      WHERE h.next_position > coalesce(c.position, 0) ORDER BY h.lane LIMIT ?`)
  const statements = [select("events", "lane_head"), select("facts", "compliance_head")]
  return (limit: number): ReadonlyArray<Port.LaneBehind> =>
    inSnapshot(db, () => statements.flatMap((each) => each.all(limit)))
      .slice(0, limit)
      .map((row) => row as unknown as Port.LaneBehind)
}

type GroupColumns = readonly [
  day: number,
  consentType: Uint8Array,
  consentState: ConsentState,
  geography: string | null,
  domain: string | null,
  count: number,
]

const toGroup = ([day, consentType, consentState, geography, domain, count]: GroupColumns): EventGroup => ({
  day,
  consentType: Uuid.fromBytes(consentType),
  consentState,
  ...(geography !== null && { geography }),
  ...(domain !== null && { domain }),
  count,
})

/** An instant before 1970 is of the day before, so the remainder is taken twice. */
const dayColumn = "(recorded_at - ((recorded_at % 86400000) + 86400000) % 86400000) / 86400000"

const prepareLogs = (db: DatabaseSync) => {
  const selectGroups = prepareArrays(
    db,
    `SELECT ${dayColumn}, consent_type, consent_state, geography, domain, count(*)
     FROM event WHERE lane = ? AND position >= ? AND position < ? GROUP BY 1, 2, 3, 4, 5`,
  )
  const selectFacts = prepareArrays(
    db,
    `SELECT ${ComplianceRow.factColumns} FROM compliance_fact f
     WHERE f.lane = ? AND f.position >= ? AND f.position < ? ORDER BY f.position`,
  )
  return {
    events: (lane: number, from: number, to: number) => {
      const rows: ReadonlyArray<unknown> = selectGroups.all(lane, from, to)
      return rows.map((row) => toGroup(row as GroupColumns))
    },
    facts: (lane: number, from: number, to: number) => {
      const rows: ReadonlyArray<unknown> = selectFacts.all(lane, from, to)
      return rows.map((row) => ComplianceRow.toFact(row as ComplianceRow.FactColumns))
    },
  }
}

const toCount = (row: Row): Port.StoredCount => ({
  day: Number(row["day"]),
  key: String(row["key"]),
  count: Number(row["count"]),
})

/** Prepares the statements. */
export const make = (db: DatabaseSync, write: Write): Port.MetricsStore => {
  const behind = prepareBehind(db)
  const logs = prepareLogs(db)
  const selectConsumers = db.prepare(
    "SELECT lane, name, position FROM consumer WHERE lane BETWEEN ? AND ? ORDER BY lane, name",
  )
  const selectCounts = db.prepare(`
    SELECT day, key, count FROM metric WHERE lane = ? AND family = ? AND day < ? AND (day, key) > (?, ?)
    ORDER BY day, key LIMIT ?`)
  const selectTotals = db.prepare(`
    SELECT key, sum(count) AS count FROM metric WHERE lane = ? AND family = ? AND day < ? GROUP BY key ORDER BY key`)
  const selectVisitors = db.prepare(
    "SELECT day, registers FROM day_visitors WHERE lane = ? AND day >= ? AND day < ? ORDER BY day",
  )
  const { laneOf } = Port
  return {
    behind: (limit) => read(() => behind(limit)),
    consumers: (project) =>
      read(() => selectConsumers.all(...Lane.range(project)).map((row) => row as unknown as Port.Consumer)),
    events: (lane, from, to) => read(() => logs.events(lane, from, to)),
    facts: (lane, from, to) => read(() => logs.facts(lane, from, to)),
    write: (step) => write("writeMetrics", step),
    counts: (project, family, days, after, limit) =>
      read(() => {
        // No key is after all others, so a page begins after the last day before the first one.
        const [day, key] = after === undefined ? [days.from - 1, "\u{10ffff}"] : [after.day, after.key]
        return selectCounts.all(laneOf(project), family, days.to, day, key, limit).map(toCount)
      }),
    totals: (project, family, before) =>
      read(
        () =>
          new Map(
            selectTotals
              .all(laneOf(project), family, before)
              .map(toCount)
              .map(({ count, key }) => [key, count]),
          ),
      ),
    visitors: (project, { from, to }) =>
      read(() =>
        selectVisitors
          .all(laneOf(project), from, to)
          .map((row) => ({ day: Number(row["day"]), registers: row["registers"] as Uint8Array })),
      ),
  }
}
