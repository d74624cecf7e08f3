/**
 * Reads parts of the lanes of a change feed: events by their position and stored changes by their number, merged.
 *
 * What lies before a place that `FeedStore.ends` returned never changes, so the statements need no common snapshot.
 */
import type { DatabaseSync, SQLInputValue, StatementSync } from "node:sqlite"
import * as Lane from "../../core/model/Lane.ts"
import type { LaneFilter, LaneItem, LaneItems, LanePart, LanePlace } from "../../core/ports/FeedStore.ts"
import * as EventRow from "./EventRow.ts"
import { prepareArrays } from "./Reader.ts"
import * as Uuid from "./Uuid.ts"

/** The most rows of a lane that one read looks at, where a filter may leave most of them out. */
const lookedAt = 10_000

type StoredItem = Extract<LaneItem, { readonly _tag: "Change" }>

type ChangeRow = readonly [
  number: number,
  beforePosition: number,
  recordedAt: number,
  at: number,
  type: string,
  person: Uint8Array | null,
  consentType: Uint8Array | null,
  body: string,
]

const toChange = (row: ChangeRow): StoredItem => {
  const [number, beforePosition, recordedAt, at, type, person, consentType, body] = row
  return {
    _tag: "Change",
    number,
    beforePosition,
    recordedAt,
    at,
    type,
    ...(person !== null && { concordId: Uuid.fromBytes(person) }),
    ...(consentType !== null && { consentType: Uuid.fromBytes(consentType) }),
    body,
  }
}

type EventItem = Extract<LaneItem, { readonly _tag: "Event" }>

const toEvent = (row: readonly [...EventRow.DecidingRow, position: number]): EventItem => ({
  _tag: "Event",
  position: row[9],
  event: EventRow.toDeciding(row as unknown as EventRow.DecidingRow),
})

/** Conditions on columns, each with its values as JSON. */
type Conditions = ReadonlyArray<readonly [condition: string, values: ReadonlyArray<string>]>

const isOneOf = (column: string): string => `${column} IN (SELECT value FROM json_each(?))`
/** Ids are stored as bytes, and hyphens are left out when they are read from text. */
const isOneOfIds = (column: string): string => `${column} IN (SELECT unhex(value, '-') FROM json_each(?))`

const conditionsOf = (columns: Readonly<Record<string, readonly [string, ReadonlyArray<string> | undefined]>>) =>
  Object.values(columns).flatMap(([condition, values]): Conditions =>
    values === undefined ? [] : [[condition, values]],
  )

/** Prepares each statement once, by its text. */
const prepareOnce = (db: DatabaseSync) => {
  const prepared = new Map<string, StatementSync>()
  return (sql: string): StatementSync => {
    const statement = prepared.get(sql) ?? prepareArrays(db, sql)
    prepared.set(sql, statement)
    return statement
  }
}

/** Reads rows of a lane between two places, by a statement for each form of a filter. */
const makeRows = (db: DatabaseSync) => {
  const prepare = prepareOnce(db)
  const all = (sql: string, range: ReadonlyArray<SQLInputValue>, conditions: Conditions, limit: number) => {
    const where = conditions.map(([condition]) => ` AND ${condition}`).join("")
    const values = conditions.map(([, each]) => JSON.stringify(each))
    const rows: ReadonlyArray<unknown> = prepare(sql.replace("$conditions", where)).all(...range, ...values, limit)
    return rows
  }
  return {
    events: (
      lane: number,
      from: number,
      to: number,
      people: ReadonlyArray<string> | undefined,
      { consentTypes }: LaneFilter,
      limit: number,
    ): ReadonlyArray<EventItem> => {
      if (from >= to) return []
      const index = people === undefined ? "event_position" : "event_person"
      const conditions = conditionsOf({
        people: [isOneOfIds("e.person"), people],
        consentTypes: [isOneOfIds("e.consent_type"), consentTypes],
      })
      const sql = `SELECT ${EventRow.decidingColumns}, e.position FROM event e INDEXED BY ${index}
        WHERE e.lane = ? AND e.position >= ? AND e.position < ?$conditions ORDER BY e.position LIMIT ?`
      // Only the writer writes these columns, and it writes these types.
      return all(sql, [lane, from, to], conditions, limit).map((row) => toEvent(row as Parameters<typeof toEvent>[0]))
    },
    changes: (
      lane: number,
      from: number,
      to: number,
      people: ReadonlyArray<string> | undefined,
      { consentTypes, types }: LaneFilter,
      limit: number,
    ): ReadonlyArray<StoredItem> => {
      if (from >= to) return []
      const conditions = conditionsOf({
        types: [isOneOf("type"), types],
        people: [isOneOfIds("person"), people],
        consentTypes: [isOneOfIds("consent_type"), consentTypes],
      })
      const sql = `SELECT number, before_position, recorded_at, at, type, person, consent_type, body FROM change
        WHERE lane = ? AND number >= ? AND number < ?$conditions ORDER BY number LIMIT ?`
      return all(sql, [lane, from, to], conditions, limit).map((row) => toChange(row as ChangeRow))
    },
  }
}

/** The first `limit` of events and changes, in the order of the lane. */
const merge = (
  events: ReadonlyArray<EventItem>,
  changes: ReadonlyArray<StoredItem>,
  limit: number,
): ReadonlyArray<LaneItem> => {
  if (changes.length === 0) return events
  const items: Array<LaneItem> = []
  for (let event = 0, change = 0; items.length < limit;) {
    const [nextEvent, nextChange] = [events[event], changes[change]]
    const isChange = nextChange !== undefined && nextChange.beforePosition <= (nextEvent?.position ?? Infinity)
    if (isChange) change += 1
    else event += 1
    const item = isChange ? nextChange : nextEvent
    if (item === undefined) break
    items.push(item)
  }
  return items
}

/** Prepares the statements. */
export const make = (db: DatabaseSync) => {
  const rows = makeRows(db)
  const beforePosition = prepareArrays(db, "SELECT before_position FROM change WHERE lane = ? AND number = ?")
  const behind = prepareArrays(
    db,
    `SELECT number FROM change INDEXED BY change_place WHERE lane = ? AND before_position > ?
     ORDER BY before_position, number LIMIT 1`,
  )

  /** The place in a lane right after the event before a position. */
  const placeAt = (lane: number, position: number, { lane: of, number }: LanePlace): LanePlace => {
    const row: unknown = behind.get(lane, position - 1)
    return { lane: of, position, number: Math.min((row as readonly [number] | undefined)?.[0] ?? number, number) }
  }

  /** How far a read looks, where a filter may leave most rows out. */
  const endOf = (lane: number, { from, to }: LanePart, isAllEvents: boolean, isAllChanges: boolean): LanePlace => {
    const position = from.position + lookedAt
    const end = isAllEvents || position >= to.position ? to : placeAt(lane, position, to)
    const number = from.number + lookedAt
    if (isAllChanges || number >= end.number) return end
    const row: unknown = beforePosition.get(lane, number)
    const [before] = row as readonly [number]
    return { lane: from.lane, position: Math.max(from.position, before), number }
  }

  /** The place after the last item that was read. */
  const after = (lane: number, { from, to }: LanePart, items: ReadonlyArray<LaneItem>, isAllChanges: boolean) => {
    const last = items.at(-1)!
    if (last._tag === "Change") {
      return { lane: from.lane, position: Math.max(from.position, last.beforePosition), number: last.number + 1 }
    }
    if (!isAllChanges) return placeAt(lane, last.position + 1, to)
    const change = items.findLast((item) => item._tag === "Change")
    return { lane: from.lane, position: last.position + 1, number: (change?.number ?? from.number - 1) + 1 }
  }

  /** Items of a part of a lane: at most `limit`. */
  return (project: Lane.Owner, part: LanePart, filter: LaneFilter, limit: number): LaneItems => {
    const { from } = part
    const to = { lane: from.lane, position: part.to.position, number: part.to.number }
    const lane = Lane.range(project)[0] + from.lane
    const people = filter.people?.filter((person) => Lane.of(project, person) === lane)
    if (people?.length === 0) return { items: [], next: to }
    const isWithEvents = filter.events !== false
    const isAllChanges = (filter.types ?? people ?? filter.consentTypes) === undefined
    const isAllEvents = !isWithEvents || people !== undefined || filter.consentTypes === undefined
    const end = endOf(lane, { from, to }, isAllEvents, isAllChanges)
    const events = isWithEvents ? rows.events(lane, from.position, end.position, people, filter, limit) : []
    const changes = rows.changes(lane, from.number, end.number, people, filter, limit)
    const items = merge(events, changes, limit)
    return { items, next: items.length < limit ? end : after(lane, { from, to }, items, isAllChanges) }
  }
}
