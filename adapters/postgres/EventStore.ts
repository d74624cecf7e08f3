/**
 * The events of the store: appends them in groups, and reads them.
 */
import { Effect } from "effect"
import type { ConsentEvent } from "../../core/engine/ConsentEvent.ts"
import * as Instant from "../../core/engine/Instant.ts"
import * as Lane from "../../core/model/Lane.ts"
import type { EventStore, PersonPlace, SeenEvents } from "../../core/ports/EventStore.ts"
import * as EventList from "./EventList.ts"
import * as EventRow from "./EventRow.ts"
import type { GroupCommit } from "./GroupCommit.ts"
import * as Lanes from "./Lanes.ts"
import * as Operation from "./Operation.ts"
import * as Sql from "./Sql.ts"

/** A lane with one event of the people in it; `event_id` is `null` if they have no event there. */
type LaneRow = { readonly lane: number; readonly next_position: number; readonly last_recorded_at: number } & (
  | EventRow.EventRow
  | { readonly event_id: null }
)

const leastUuid = "00000000-0000-0000-0000-000000000000"

const seenOf = (lanes: ReadonlyArray<number>, rows: ReadonlyArray<LaneRow>): SeenEvents => {
  const ends = new Map(rows.map(({ lane, next_position }) => [lane, next_position]))
  return {
    events: rows.flatMap((row) => (row.event_id === null ? [] : [EventRow.toEvent(row)])),
    positions: new Map(lanes.map((lane) => [lane, ends.get(lane) ?? 0])),
    lastRecordedAt: rows.reduce(
      // A step of the change feed may have raised a lane without events.
      (last, row) => (row.last_recorded_at === 0 ? last : Math.max(last, row.last_recorded_at)),
      Instant.min,
    ),
  }
}

/** The heads of people and the ends of their lanes, in one statement, so that both are of the same moment. */
const heads = Effect.fnUntraced(function* (
  sql: Sql.Sql,
  project: Lane.Owner,
  people: ReadonlyArray<string>,
  consentTypes: ReadonlyArray<string> | undefined,
) {
  const lanes = [...new Set(people.map((person) => Lane.of(project, person)))]
  const rows = yield* Sql.query<LaneRow>(
    sql,
    `SELECT l.lane, l.next_position, l.last_recorded_at, ${EventRow.columns} FROM lane_head l
       LEFT JOIN (head h JOIN event e ON e.lane = h.lane AND e.position = h.position)
         ON h.lane = l.lane AND h.lane = ANY($1::bigint[]) AND h.person = ANY($2::uuid[])${consentTypes === undefined ? "" : " AND h.consent_type = ANY($3::uuid[])"}
       WHERE l.lane = ANY($1::bigint[]) ORDER BY l.lane, e.position`,
    [lanes, people, ...(consentTypes === undefined ? [] : [consentTypes])],
  )
  return seenOf(lanes, rows)
})

/**
 * The merged heads of a survivor, the latest of each type and state in any lane, and the ends of all lanes of the
 * project: in one statement, so that both are of the same moment.
 */
const joinedHeads = Effect.fnUntraced(function* (
  sql: Sql.Sql,
  project: Lane.Owner,
  survivor: string,
  consentTypes: ReadonlyArray<string> | undefined,
) {
  const lanes = Lane.all(project)
  const rows = yield* Sql.query<LaneRow>(
    sql,
    `SELECT l.lane, l.next_position, l.last_recorded_at, ${EventRow.columns} FROM lane_head l
       LEFT JOIN ((
         SELECT DISTINCT ON (consent_type, consent_state) lane, position FROM joined_head
         WHERE lane = ANY($1::bigint[]) AND person = $2${consentTypes === undefined ? "" : " AND consent_type = ANY($3::uuid[])"}
         ORDER BY consent_type, consent_state, consent_date DESC, recorded_at DESC, event_id DESC
       ) h JOIN event e ON e.lane = h.lane AND e.position = h.position) ON e.lane = l.lane
       WHERE l.lane = ANY($1::bigint[]) ORDER BY l.lane, e.position`,
    [lanes, survivor, ...(consentTypes === undefined ? [] : [consentTypes])],
  )
  return seenOf(lanes, rows)
})

/** A page of the events of each person, in one statement. */
const ofPeople = Effect.fnUntraced(function* (
  sql: Sql.Sql,
  project: Lane.Owner,
  places: ReadonlyArray<PersonPlace>,
  limit: number,
) {
  const rows = yield* Sql.query<EventRow.DecidingRow & { readonly ordinal: number }>(
    sql,
    `SELECT v.ordinal, ${EventRow.decidingColumns}
     FROM unnest($1::bigint[], $2::bigint[], $3::uuid[], $4::bigint[], $5::uuid[])
       AS v (ordinal, lane, person, consent_date, event_id)
     CROSS JOIN LATERAL (
       SELECT * FROM event e
       WHERE e.lane = v.lane AND e.person = v.person AND (e.consent_date, e.event_id) > (v.consent_date, v.event_id)
       ORDER BY e.consent_date, e.event_id LIMIT $6
     ) e
     ORDER BY v.ordinal, e.consent_date, e.event_id`,
    [
      places.map((_, ordinal) => ordinal),
      places.map(({ concordId }) => Lane.of(project, concordId)),
      places.map(({ concordId }) => concordId),
      places.map(({ after }) => after?.consentDate ?? Instant.min - 1),
      places.map(({ after }) => after?.id ?? leastUuid),
      limit,
    ],
  )
  const pages = places.map((): Array<ConsentEvent> => [])
  for (const row of rows) pages[row.ordinal]!.push(EventRow.toDeciding(row))
  return pages
})

const read = (sql: Sql.Sql, rest: string, parameters: ReadonlyArray<Sql.Parameter>) =>
  Effect.map(Sql.query<EventRow.EventRow>(sql, `SELECT ${EventRow.columns} FROM ${rest}`, parameters), (rows) =>
    rows.map(EventRow.toEvent),
  )

/** The events with ids, in the order of the ids. */
const byId = Effect.fnUntraced(function* (sql: Sql.Sql, project: Lane.Owner, ids: ReadonlyArray<string>) {
  const events = yield* read(sql, "event e WHERE e.lane = ANY($1::bigint[]) AND e.event_id = ANY($2::uuid[])", [
    Lane.all(project),
    ids,
  ])
  const found = new Map(events.map((event) => [event.id, event]))
  return ids.map((id) => found.get(id))
})

/** The events with external ids, in the order of the hashes. */
const byExternalId = Effect.fnUntraced(function* (sql: Sql.Sql, project: Lane.Owner, hashes: ReadonlyArray<string>) {
  const rows = yield* Sql.query<EventRow.EventRow & { readonly hash: string }>(
    sql,
    `SELECT v.hash, ${EventRow.columns} FROM unnest($1::bigint[], $2::text[]) AS v (lane, hash)
       JOIN external_id x ON x.lane = v.lane AND x.hash = decode(v.hash, 'hex')
       JOIN event e ON e.lane = x.event_lane AND e.position = x.position`,
    [hashes.map((hash) => Lane.of(project, hash)), hashes],
  )
  const found = new Map(rows.map((row) => [row.hash, EventRow.toEvent(row)]))
  return hashes.map((hash) => found.get(hash))
})

/** Where each lane of a project ends. */
const laneEnds = (sql: Sql.Sql, project: Lane.Owner) =>
  Effect.map(Lanes.readEnds(sql, "lane_head", Lane.all(project)), (ends) => [...ends.values()])

/** Events of one lane of a project, by position. */
const readLane = (sql: Sql.Sql, project: Lane.Owner, lane: number, from: number, limit: number) =>
  read(sql, "event e WHERE e.lane = $1 AND e.position >= $2 ORDER BY e.position LIMIT $3", [
    Lane.all(project)[lane]!,
    from,
    limit,
  ])

/** Whether a consent type has events. */
/** When the last event of projects was recorded. */
const lastRecordedAt = (sql: Sql.Sql, projects: ReadonlyArray<Lane.Owner>) =>
  Effect.map(
    Sql.query<{ readonly last: number | null }>(
      sql,
      "SELECT max(last_recorded_at) AS last FROM lane_head WHERE next_position > 0 AND lane = ANY($1::bigint[])",
      [projects.flatMap(Lane.all)],
    ),
    ([row]): Instant.Instant => row?.last ?? Instant.min,
  )

const usedVersions = (sql: Sql.Sql, project: Lane.Owner, consentType: string) =>
  Effect.map(
    Sql.query<{ readonly version: number }>(
      sql,
      "SELECT DISTINCT version FROM used_type WHERE lane = ANY($1::bigint[]) AND consent_type = $2",
      [Lane.all(project), consentType],
    ),
    (rows): ReadonlySet<number> => new Set(rows.map(({ version }) => version)),
  )

/** The events of a database. `append` writes through a queue. */
export const make = (sql: Sql.Sql, { append }: Pick<GroupCommit, "append">): EventStore => ({
  append: (request) => Operation.once(append(request)),
  heads: (project, people, consentTypes) => Operation.idempotent(heads(sql, project, people, consentTypes)),
  joinedHeads: (project, survivor, consentTypes) =>
    Operation.idempotent(joinedHeads(sql, project, survivor, consentTypes)),
  ofPeople: (project, places, limit) => Operation.idempotent(ofPeople(sql, project, places, limit)),
  byId: (project, ids) => Operation.idempotent(byId(sql, project, ids)),
  byExternalId: (project, hashes) => Operation.idempotent(byExternalId(sql, project, hashes)),
  list: (project, filter, page) => Operation.idempotent(EventList.list(sql, project, filter, page)),
  laneEnds: (project) => Operation.idempotent(laneEnds(sql, project)),
  lane: (project, lane, from, limit) => Operation.idempotent(readLane(sql, project, lane, from, limit)),
  lastRecordedAt: (projects) => Operation.idempotent(lastRecordedAt(sql, projects)),
  usedVersions: (project, consentType) => Operation.idempotent(usedVersions(sql, project, consentType)),
})
