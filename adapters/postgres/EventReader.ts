/**
 * Reads events: of people, by their ids, and by the positions of their lanes.
 */
import { Effect } from "effect"
import * as Lane from "../../core/model/Lane.ts"
import type { SeenEvents } from "../../core/ports/LedgerStore.ts"
import * as EventRow from "./EventRow.ts"
import * as Lanes from "./Lanes.ts"
import * as Sql from "./Sql.ts"

/** A lane with one event of the people that are read; without an event, if they have none in the lane. */
type LaneRow = { readonly lane: number; readonly next_position: number } & (
  | EventRow.EventRow
  | { readonly event_id: null }
)

/** Events of people and the ends of their lanes, in one statement, so that both are of the same moment. */
const readWithEnds = Effect.fnUntraced(function* (
  sql: Sql.Sql,
  project: Lane.Owner,
  people: ReadonlyArray<string>,
  joined: string,
) {
  const lanes = [...new Set(people.map((person) => Lane.of(project, person)))]
  const rows = yield* Sql.query<LaneRow>(
    sql,
    `SELECT l.lane, l.next_position, ${EventRow.columns} FROM lane_head l LEFT JOIN ${joined}
       WHERE l.lane = ANY($1::bigint[]) ORDER BY l.lane, e.position`,
    [lanes, people],
  )
  const ends = new Map(rows.map(({ lane, next_position }) => [lane, next_position]))
  const seen: SeenEvents = {
    events: rows.flatMap((row) => (row.event_id === null ? [] : [EventRow.toEvent(row)])),
    positions: new Map(lanes.map((lane) => [lane, ends.get(lane) ?? 0])),
  }
  return seen
})

/** The heads of people. */
export const heads = (sql: Sql.Sql, project: Lane.Owner, people: ReadonlyArray<string>) =>
  readWithEnds(
    sql,
    project,
    people,
    `(head h JOIN event e ON e.lane = h.lane AND e.position = h.position)
         ON h.lane = l.lane AND h.person = ANY($2::uuid[])`,
  )

/** All events of people, by lane and position. */
export const ofPeople = (sql: Sql.Sql, project: Lane.Owner, people: ReadonlyArray<string>) =>
  readWithEnds(sql, project, people, "event e ON e.lane = l.lane AND e.person = ANY($2::uuid[])")

const read = (sql: Sql.Sql, rest: string, parameters: ReadonlyArray<Sql.Parameter>) =>
  Effect.map(Sql.query<EventRow.EventRow>(sql, `SELECT ${EventRow.columns} FROM ${rest}`, parameters), (rows) =>
    rows.map(EventRow.toEvent),
  )

/** The events with ids, in the order of the ids. */
export const byId = Effect.fnUntraced(function* (sql: Sql.Sql, project: Lane.Owner, ids: ReadonlyArray<string>) {
  const events = yield* read(sql, "event e WHERE e.lane = ANY($1::bigint[]) AND e.event_id = ANY($2::uuid[])", [
    Lane.all(project),
    ids,
  ])
  const found = new Map(events.map((event) => [event.id, event]))
  return ids.map((id) => found.get(id))
})

/** The events with external ids, in the order of the hashes. */
export const byExternalId = Effect.fnUntraced(function* (
  sql: Sql.Sql,
  project: Lane.Owner,
  hashes: ReadonlyArray<string>,
) {
  const events = yield* read(
    sql,
    `unnest($1::bigint[], $2::text[]) AS v (lane, hash)
         JOIN external_id x ON x.lane = v.lane AND x.hash = decode(v.hash, 'hex')
         JOIN event e ON e.lane = x.event_lane AND e.position = x.position`,
    [hashes.map((hash) => Lane.of(project, hash)), hashes],
  )
  const found = new Map(events.map((event) => [event.externalId, event]))
  return hashes.map((hash) => found.get(hash))
})

/** Where each lane of a project ends. */
export const laneEnds = (sql: Sql.Sql, project: Lane.Owner) =>
  Effect.map(Lanes.readEnds(sql, "lane_head", Lane.all(project)), (ends) => [...ends.values()])

/** Events of one lane of a project, by position. */
export const lane = (sql: Sql.Sql, project: Lane.Owner, lane: number, from: number, limit: number) =>
  read(sql, "event e WHERE e.lane = $1 AND e.position >= $2 ORDER BY e.position LIMIT $3", [
    Lane.all(project)[lane]!,
    from,
    limit,
  ])

/** Whether a consent type has events. */
export const isTypeUsed = (sql: Sql.Sql, project: Lane.Owner, consentType: string) =>
  Effect.map(
    Sql.query(sql, "SELECT 1 AS used FROM used_type WHERE lane = ANY($1::bigint[]) AND consent_type = $2 LIMIT 1", [
      Lane.all(project),
      consentType,
    ]),
    (rows) => rows.length > 0,
  )
