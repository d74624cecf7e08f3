/**
 * Reads the change feed: where lanes end, and the events and stored changes of parts of lanes, in their order.
 *
 * Events and changes are only inserted, and a part ends at a place that was read. So what is before it is committed,
 * and two statements read the same moment.
 */
import { Effect } from "effect"
import type { SqlError } from "effect/sql/SqlError"
import * as Instant from "../../core/engine/Instant.ts"
import * as Lane from "../../core/model/Lane.ts"
import type { LaneEnd, LaneFilter, LaneItem, LaneItems, LanePart, LanePlace } from "../../core/ports/LedgerStore.ts"
import * as EventRow from "./EventRow.ts"
import * as Sql from "./Sql.ts"

/** The most positions of a lane that are looked at in one read, because a filter may let few pass. */
const lookedAt = 10_000

interface EndRow {
  readonly lane: number
  readonly next_position: number
  readonly next_number: number
  readonly incarnation: number
  readonly last_recorded_at: number
}

/** Where each lane of a project ends: in one statement, so that all of it is of the same moment. */
export const ends = Effect.fnUntraced(function* (sql: Sql.Sql, project: Lane.Owner) {
  const lanes = Lane.all(project)
  const rows = yield* Sql.query<EndRow>(
    sql,
    `SELECT h.lane, h.next_position, h.last_recorded_at,
       coalesce(f.next_number, 0) AS next_number, coalesce(f.incarnation, 1) AS incarnation
     FROM lane_head h LEFT JOIN lane_feed f ON f.lane = h.lane WHERE h.lane = ANY($1::bigint[])`,
    [lanes],
  )
  const found = new Map(rows.map((row) => [row.lane, row]))
  return lanes.map((number, lane): LaneEnd => {
    const row = found.get(number)
    if (row === undefined) return { lane, position: 0, number: 0, incarnation: 1, lastRecordedAt: Instant.min }
    const { incarnation, last_recorded_at, next_number, next_position } = row
    const isEmpty = next_position === 0 && last_recorded_at === 0
    const lastRecordedAt = isEmpty ? Instant.min : last_recorded_at
    return { lane, position: next_position, number: next_number, incarnation, lastRecordedAt }
  })
})

/** A part of a lane as it is looked at in one read. */
interface Range {
  readonly lane: number
  readonly from: LanePlace
  /** The first position that is not looked at. */
  readonly position: number
  /** The first number that is not looked at. */
  readonly number: number
  /** Whether that is the end of the part. */
  readonly isWhole: boolean
}

const rangeOf = (project: Lane.Owner, { from, to }: LanePart, { events = true }: LaneFilter): Range => {
  const lane = Lane.range(project)[0] + from.lane
  const isWhole = !events || to.position - from.position <= lookedAt
  return { lane, from, position: isWhole ? to.position : from.position + lookedAt, number: to.number, isWhole }
}

/** Conditions on people and consent types, and the parameters that they use after the given ones. */
const conditionsOf = (
  filter: Record<string, ReadonlyArray<string> | undefined>,
  given: ReadonlyArray<Sql.Parameter>,
) => {
  const parameters = [...given]
  const conditions = Object.entries(filter).flatMap(([column, values]) =>
    values === undefined
      ? []
      : [` AND ${column} = ANY($${parameters.push(values)}::${column === "type" ? "text" : "uuid"}[])`],
  )
  return { parameters, conditions: conditions.join("") }
}

const boundsOf = (ranges: ReadonlyArray<Range>, of: "position" | "number", limit: number) => [
  ranges.map((_, ordinal) => ordinal),
  ranges.map(({ lane }) => lane),
  ranges.map(({ from }) => from[of]),
  ranges.map((range) => range[of]),
  limit,
]

type EventItemRow = EventRow.DecidingRow & { readonly ordinal: number; readonly position: number }

const readEvents = (sql: Sql.Sql, ranges: ReadonlyArray<Range>, filter: LaneFilter, limit: number) => {
  const { consentTypes, events = true, people } = filter
  if (!events || ranges.every(({ from, position }) => from.position >= position)) return Effect.succeed([])
  const { conditions, parameters } = conditionsOf(
    { person: people, consent_type: consentTypes },
    boundsOf(ranges, "position", limit),
  )
  return Sql.query<EventItemRow>(
    sql,
    `SELECT v.ordinal, e.position, ${EventRow.decidingColumns}
     FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[]) AS v (ordinal, lane, first, bound)
     CROSS JOIN LATERAL (
       SELECT * FROM event WHERE lane = v.lane AND position >= v.first AND position < v.bound${conditions}
       ORDER BY position LIMIT $5
     ) e
     ORDER BY v.ordinal, e.position`,
    parameters,
  )
}

interface ChangeRow {
  readonly ordinal: number
  readonly number: number
  readonly before_position: number
  readonly recorded_at: number
  readonly at: number
  readonly type: string
  readonly person: string | null
  readonly consent_type: string | null
  readonly body: string
}

const readChanges = (sql: Sql.Sql, ranges: ReadonlyArray<Range>, filter: LaneFilter, limit: number) => {
  const { consentTypes, people, types } = filter
  if (types?.length === 0 || ranges.every(({ from, number }) => from.number >= number)) return Effect.succeed([])
  const { conditions, parameters } = conditionsOf({ type: types, person: people, consent_type: consentTypes }, [
    ...boundsOf(ranges, "number", limit),
    ranges.map(({ position }) => position),
  ])
  return Sql.query<ChangeRow>(
    sql,
    `SELECT v.ordinal, c.number, c.before_position, c.recorded_at, c.at, c.type, c.person, c.consent_type, c.body
     FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $6::bigint[])
       AS v (ordinal, lane, first, bound, before)
     CROSS JOIN LATERAL (
       SELECT * FROM change WHERE lane = v.lane AND number >= v.first AND number < v.bound
         AND before_position <= v.before${conditions}
       ORDER BY number LIMIT $5
     ) c
     ORDER BY v.ordinal, c.number`,
    parameters,
  )
}

const toItem = (row: ChangeRow): LaneItem & { readonly _tag: "Change" } => ({
  _tag: "Change",
  number: row.number,
  beforePosition: row.before_position,
  recordedAt: row.recorded_at,
  at: row.at,
  type: row.type,
  ...(row.person !== null && { concordId: row.person }),
  ...(row.consent_type !== null && { consentType: row.consent_type }),
  body: row.body,
})

/** Events and changes in the order of their lane. */
const merge = (
  events: ReadonlyArray<EventItemRow>,
  changes: ReadonlyArray<ChangeRow>,
  limit: number,
): ReadonlyArray<LaneItem> => {
  const items: Array<LaneItem> = []
  let [event, change] = [0, 0]
  while (items.length < limit && (event < events.length || change < changes.length)) {
    const next = changes[change]
    const row = events[event]
    if (next !== undefined && (row === undefined || next.before_position <= row.position)) {
      items.push(toItem(next))
      change += 1
    } else {
      items.push({ _tag: "Event", position: row!.position, event: EventRow.toDeciding(row!) })
      event += 1
    }
  }
  return items
}

/** The place after what was read of a range, unless it is the end of the part. */
interface Stop {
  readonly ordinal: number
  readonly lane: number
  readonly position: number
  /** No change of a lower number is after the place. */
  readonly number: number
  readonly bound: number
}

const stopOf = (range: Range, ordinal: number, items: ReadonlyArray<LaneItem>, limit: number): Stop | undefined => {
  const { from, lane, number: bound } = range
  const isRead = items.length < limit
  if (isRead && range.isWhole) return undefined
  const last = items.at(-1)
  const number = (items.findLast((item) => item._tag === "Change")?.number ?? from.number - 1) + 1
  if (isRead) return { ordinal, lane, position: range.position, number, bound }
  if (last?._tag === "Event") return { ordinal, lane, position: last.position + 1, number, bound }
  return { ordinal, lane, position: Math.max(from.position, last?.beforePosition ?? 0), number, bound: number }
}

/**
 * The numbers of the next changes at places of lanes: changes that were filtered out may be before the place. Needs no
 * statement if none can be.
 */
const numbersAt = Effect.fnUntraced(function* (sql: Sql.Sql, stops: ReadonlyArray<Stop>) {
  const asked = stops.filter(({ bound, number }) => number < bound)
  if (asked.length === 0) return new Map<number, number>()
  const rows = yield* Sql.query<{ readonly ordinal: number; readonly number: number }>(
    sql,
    `SELECT v.ordinal, c.number FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[])
       AS v (ordinal, lane, first, bound, position)
     CROSS JOIN LATERAL (
       SELECT number FROM change WHERE lane = v.lane AND before_position >= v.position
         AND number >= v.first AND number < v.bound
       ORDER BY before_position, number LIMIT 1
     ) c`,
    [
      asked.map(({ ordinal }) => ordinal),
      asked.map(({ lane }) => lane),
      asked.map(({ number }) => number),
      asked.map(({ bound }) => bound),
      asked.map(({ position }) => position),
    ],
  )
  const found = new Map(rows.map(({ number, ordinal }) => [ordinal, number]))
  return new Map(asked.map(({ bound, ordinal }) => [ordinal, found.get(ordinal) ?? bound]))
})

/** Whether all changes of a range pass a filter. */
const passAll = ({ consentTypes, people, types }: LaneFilter): boolean =>
  types === undefined && people === undefined && consentTypes === undefined

/** Items of parts of lanes, at most `limit` of each. */
export const read = Effect.fnUntraced(function* (
  sql: Sql.Sql,
  project: Lane.Owner,
  parts: ReadonlyArray<LanePart>,
  filter: LaneFilter,
  limit: number,
): Effect.fn.Return<ReadonlyArray<LaneItems>, SqlError> {
  const ranges = parts.map((part) => rangeOf(project, part, filter))
  const [events, changes] = yield* Effect.all(
    [readEvents(sql, ranges, filter, limit), readChanges(sql, ranges, filter, limit)],
    { concurrency: 2 },
  )
  const eventsOf = Map.groupBy(events, ({ ordinal }) => ordinal)
  const changesOf = Map.groupBy(changes, ({ ordinal }) => ordinal)
  const items = ranges.map((_, ordinal) => merge(eventsOf.get(ordinal) ?? [], changesOf.get(ordinal) ?? [], limit))
  const stops = ranges.map((range, ordinal) => stopOf(range, ordinal, items[ordinal]!, limit))
  const filtered = passAll(filter) ? [] : stops.filter((stop) => stop !== undefined)
  const numbers = yield* numbersAt(sql, filtered)
  return parts.map(({ from, to }, ordinal) => {
    const { number, position } = stops[ordinal] ?? to
    return { items: items[ordinal]!, next: { lane: from.lane, position, number: numbers.get(ordinal) ?? number } }
  })
})
