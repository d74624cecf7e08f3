/**
 * Writes counts together with the consumers that they were counted by.
 */
import type { DatabaseSync } from "node:sqlite"
import * as UniqueVisitors from "../../core/metrics/UniqueVisitors.ts"
import * as Port from "../../core/ports/MetricsStore.ts"

/** The commands about metrics. */
export interface MetricsWriter {
  readonly writeMetrics: (step: Port.MetricsStep) => "written" | "stale"
}

/** Prepares the statements. */
export const make = (db: DatabaseSync): MetricsWriter => {
  const positionOf = db.prepare("SELECT position FROM consumer WHERE lane = ? AND name = ?")
  const move = db.prepare(`
    INSERT INTO consumer VALUES (?, ?, ?) ON CONFLICT (lane, name) DO UPDATE SET position = excluded.position`)
  const add = db.prepare(`
    INSERT INTO metric VALUES (?, ?, ?, ?, ?)
    ON CONFLICT (lane, family, day, key) DO UPDATE SET count = count + excluded.count`)
  const registersOf = db.prepare("SELECT registers FROM day_visitors WHERE lane = ? AND day = ?")
  const keep = db.prepare("INSERT OR REPLACE INTO day_visitors VALUES (?, ?, ?)")
  return {
    writeMetrics: ({ consumers, counts, project, visitors }) => {
      const isStale = consumers.some(
        ({ before, lane, name }) => (positionOf.get(lane, name)?.["position"] ?? 0) !== before,
      )
      if (isStale) return "stale"
      for (const { lane, name, position } of consumers) move.run(lane, name, position)
      const lane = Port.laneOf(project)
      for (const { count, day, family, key } of counts) add.run(lane, family, day, key, count)
      for (const { day, registers } of visitors) {
        const before = registersOf.get(lane, day)?.["registers"]
        keep.run(lane, day, before instanceof Uint8Array ? UniqueVisitors.merge(before, registers) : registers)
      }
      return "written"
    },
  }
}
