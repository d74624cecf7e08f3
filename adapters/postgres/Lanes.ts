/**
 * Places events in their lanes: positions have no gap, and `dateCreated` never goes back inside a lane.
 *
 * The row of a lane is locked from before its next position is read until the transaction ends.
 */
import { Effect } from "effect"
import * as Lane from "../../core/model/Lane.ts"
import type { Append, StoredEvent } from "../../core/ports/LedgerStore.ts"
import * as ArrayColumns from "./ArrayColumns.ts"
import * as Sql from "./Sql.ts"

/** Where a lane ends. */
export interface LaneHead {
  readonly lane: number
  readonly next_position: number
  readonly last_recorded_at: number
}

/** The ends of lanes, by lane. */
export type LaneHeads = ReadonlyMap<number, LaneHead>

/** An event that has its place. */
export interface Placed {
  readonly event: StoredEvent
  readonly lane: number
  readonly position: number
  readonly project: Lane.Owner
}

/** The lanes that a request writes to, in ascending order. */
export const of = ({ events, project }: Append): ReadonlyArray<number> =>
  [...new Set(events.map(({ concordId }) => Lane.of(project, concordId)))].toSorted((a, b) => a - b)

const lanes = ArrayColumns.make<number>({ lane: ["bigint", (lane) => lane] })

/** Locks the lanes of all requests, in ascending order. */
export const lock = Effect.fnUntraced(function* (sql: Sql.Sql, requests: ReadonlyArray<Append>) {
  // An update that changes nothing locks what is there, and is planned over many shards where FOR UPDATE is not.
  const rows = yield* Sql.query<LaneHead>(
    sql,
    `INSERT INTO lane_head SELECT v.lane, 0, 0 FROM ${lanes.rows} v ORDER BY v.lane
     ON CONFLICT (lane) DO UPDATE SET next_position = lane_head.next_position
     RETURNING lane, next_position, last_recorded_at`,
    lanes.of([...new Set(requests.flatMap(of))]),
  )
  return new Map(rows.map((row) => [row.lane, row])) as LaneHeads
})

/** Events in their lanes, and where those end then. */
export interface Placement {
  /** By lane, and in a lane by position: so they are written quickest. */
  readonly placed: ReadonlyArray<Placed>
  readonly heads: LaneHeads
}

/**
 * Places the events of all requests, in the order of their instants; or says that one would go back in its lane, and where
 * that lane ends.
 */
export const place = (
  requests: ReadonlyArray<Append>,
  before: LaneHeads,
): Placement | { readonly lastRecordedAt: number } => {
  const heads = new Map(before)
  const placed: Array<Placed> = []
  for (const { events, project, recordedAt } of requests.toSorted((a, b) => a.recordedAt - b.recordedAt)) {
    for (const event of events) {
      const lane = Lane.of(project, event.concordId)
      const { last_recorded_at, next_position: position } = heads.get(lane)!
      if (last_recorded_at > event.dateCreated) return { lastRecordedAt: Math.max(recordedAt, last_recorded_at) }
      heads.set(lane, { lane, next_position: position + 1, last_recorded_at: event.dateCreated })
      placed.push({ event, lane, position, project })
    }
  }
  return { placed: placed.sort((a, b) => a.lane - b.lane), heads }
}

interface Move {
  readonly expected: number
  readonly head: LaneHead
}

const moves = ArrayColumns.make<Move>({
  lane: ["bigint", ({ head }) => head.lane],
  expected: ["bigint", ({ expected }) => expected],
  next_position: ["bigint", ({ head }) => head.next_position],
  last_recorded_at: ["bigint", ({ head }) => head.last_recorded_at],
})

/** Moves the ends of lanes. */
export const move = Effect.fnUntraced(function* (sql: Sql.Sql, before: LaneHeads, after: LaneHeads) {
  if (after.size === 0) return
  const moved = yield* Sql.write(
    sql,
    `UPDATE lane_head h SET next_position = v.next_position, last_recorded_at = v.last_recorded_at
     FROM ${moves.rows} v WHERE h.lane = v.lane AND h.next_position = v.expected`,
    moves.of([...after.values()].map((head) => ({ head, expected: before.get(head.lane)!.next_position }))),
  )
  if (moved !== after.size) return yield* Effect.die("a lane was written to without its lock")
})
