/**
 * Gives events their positions in their lanes: positions have no gaps, and `dateCreated` never goes back inside a lane.
 *
 * The row of a lane is locked before its next position is read, and until the transaction ends.
 */
import { Effect } from "effect"
import * as Lane from "../../core/model/Lane.ts"
import type { Append, StoredEvent } from "../../core/ports/LedgerStore.ts"
import * as ArrayColumns from "./ArrayColumns.ts"
import * as Sql from "./Sql.ts"

/** Where a lane ends: a row of `lane_head`. */
export interface LaneHead {
  readonly lane: number
  readonly next_position: number
  readonly last_recorded_at: number
  /** Whether joined people live in the lane, so that an append to it has to look for them. */
  readonly has_joined: boolean
  /** Whether people that were erased lived in the lane, so that an append to it has to look for erasures. */
  readonly has_erased: boolean
}

/** The ends of lanes, by lane. */
export type LaneHeads = ReadonlyMap<number, LaneHead>

/** An event with its position. */
export interface Placed {
  readonly event: StoredEvent
  readonly lane: number
  readonly position: number
  readonly project: Lane.Owner
}

/** The lane of the catalog. */
export const catalog = 0

/** Spreads rows that belong to no organization or project over lanes of the installation. */
export const unowned: Lane.Owner = { number: 0, lanes: Lane.defaultCount }

/**
 * Where lanes end, as a table of their ends says: the next position of each, 0 for a lane without events or changes.
 */
export const readEnds = Effect.fnUntraced(function* (
  sql: Sql.Sql,
  table: "lane_head" | "people_head",
  lanes: ReadonlyArray<number>,
) {
  const rows = yield* Sql.query<{ readonly lane: number; readonly next_position: number }>(
    sql,
    `SELECT lane, next_position FROM ${table} WHERE lane = ANY($1::bigint[])`,
    [lanes],
  )
  const ends = new Map(rows.map(({ lane, next_position }) => [lane, next_position]))
  return new Map(lanes.map((lane) => [lane, ends.get(lane) ?? 0]))
})

/** The lanes that a request writes to, in ascending order. */
export const of = ({ events, project }: Append): ReadonlyArray<number> =>
  [...new Set(events.map(({ concordId }) => Lane.of(project, concordId)))].toSorted((a, b) => a - b)

const lanes = ArrayColumns.make<number>({ lane: ["bigint", (lane) => lane] })

/** The lanes of several requests, each once. */
export const ofAll = (requests: ReadonlyArray<Append>): ReadonlyArray<number> => [...new Set(requests.flatMap(of))]

/** Locks lanes, each given once, in ascending order, and returns where they end. */
export const lock = Effect.fnUntraced(function* (sql: Sql.Sql, locked: ReadonlyArray<number>) {
  // An update that changes nothing locks a row that is there. Unlike FOR UPDATE, Citus can plan it over several shards.
  const rows = yield* Sql.query<LaneHead>(
    sql,
    `INSERT INTO lane_head SELECT v.lane, 0, 0 FROM ${lanes.rows} v ORDER BY v.lane
     ON CONFLICT (lane) DO UPDATE SET next_position = lane_head.next_position
     RETURNING lane, next_position, last_recorded_at, has_joined, has_erased`,
    lanes.parameters(locked),
  )
  const heads: LaneHeads = new Map(rows.map((row) => [row.lane, row]))
  return heads
})

/** Events with their positions, and where their lanes end after them. */
export interface Placement {
  /** Ordered by lane and then by position, because that is the fastest order to insert them. */
  readonly placed: ReadonlyArray<Placed>
  readonly heads: LaneHeads
}

/**
 * Gives the events of all requests their positions, in the order of `recordedAt`. If the `dateCreated` of
 * an event would go back in its lane, returns the earliest instant that its request can be prepared for instead.
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
      const head = heads.get(lane)!
      const { last_recorded_at, next_position: position } = head
      if (last_recorded_at > event.dateCreated) return { lastRecordedAt: Math.max(recordedAt, last_recorded_at) }
      heads.set(lane, { ...head, next_position: position + 1, last_recorded_at: event.dateCreated })
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
  has_joined: ["boolean", ({ head }) => head.has_joined],
  has_erased: ["boolean", ({ head }) => head.has_erased],
})

/** Writes where locked lanes end now. */
export const move = Effect.fnUntraced(function* (sql: Sql.Sql, before: LaneHeads, after: LaneHeads) {
  if (after.size === 0) return
  const moved = yield* Sql.write(
    sql,
    `UPDATE lane_head h SET next_position = v.next_position, last_recorded_at = v.last_recorded_at,
       has_joined = v.has_joined, has_erased = v.has_erased
     FROM ${moves.rows} v WHERE h.lane = v.lane AND h.next_position = v.expected`,
    moves.parameters([...after.values()].map((head) => ({ head, expected: before.get(head.lane)!.next_position }))),
  )
  if (moved !== after.size) return yield* Effect.die("a lane was written to without its lock")
})
