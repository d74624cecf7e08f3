/**
 * The change feed of the store: reads on the main thread, writes through the writer.
 */
import type { DatabaseSync } from "node:sqlite"
import * as Instant from "../../core/engine/Instant.ts"
import * as Lane from "../../core/model/Lane.ts"
import type {
  DuePage,
  DueQuery,
  DueScanPlace,
  FeedStore,
  LaneEnd,
  NotedIdentityChange,
  PersonHeads,
} from "../../core/ports/FeedStore.ts"
import * as ChangeReader from "./ChangeReader.ts"
import * as EventRow from "./EventRow.ts"
import type { Write } from "./GroupCommit.ts"
import { prepareArrays, read } from "./Reader.ts"
import * as Uuid from "./Uuid.ts"

/** Events by one of their dates, each with the position of the head of its person, type and state. */
const dueBy = (date: "consent_date" | "expiration_date", index: string): string => `
  SELECT ${EventRow.decidingColumns}, e.position, h.position
  FROM event e INDEXED BY ${index} LEFT JOIN head h
    ON h.lane = e.lane AND h.person = e.person AND h.consent_type = e.consent_type
      AND h.consent_state = e.consent_state
  WHERE e.lane = ?1 AND e.${date} IS NOT NULL AND e.${date} < ?2 AND (e.${date}, e.position) > (?3, ?4)
  ORDER BY e.${date}, e.position LIMIT ?5`

/** Heads by person, of some types or of all. */
const headsByPerson = (ofTypes: string): string => `
  WITH p AS MATERIALIZED (
    SELECT DISTINCT h.person FROM head h WHERE h.lane = ?1 AND h.person > ?2 ${ofTypes} ORDER BY h.person LIMIT ?3
  )
  SELECT ${EventRow.decidingColumns}
  FROM p CROSS JOIN head h ON h.lane = ?1 AND h.person = p.person ${ofTypes}
    CROSS JOIN event e ON e.lane = h.lane AND e.position = h.position
  ORDER BY h.person, h.consent_type, h.consent_state`

const prepareStatements = (db: DatabaseSync) => ({
  // A change raises the head of its lane, so a lane without a head has no changes.
  ends: prepareArrays(
    db,
    `SELECT h.lane, h.next_position, h.last_recorded_at, f.next_number, f.incarnation
     FROM lane_head h LEFT JOIN lane_feed f ON f.lane = h.lane WHERE h.lane BETWEEN ? AND ?`,
  ),
  dueByConsentDate: prepareArrays(db, dueBy("consent_date", "event_date")),
  dueByExpirationDate: prepareArrays(db, dueBy("expiration_date", "event_expiration")),
  people: prepareArrays(db, headsByPerson("")),
  peopleOfTypes: prepareArrays(
    db,
    headsByPerson("AND h.consent_type IN (SELECT unhex(value, '-') FROM json_each(?4))"),
  ),
  identityChanges: prepareArrays(
    db,
    `SELECT position, kind, recorded_at, id, member, survivor FROM people_change
     WHERE lane = ?1 AND position >= ?2 AND position <= coalesce(
       (SELECT position FROM people_change WHERE lane = ?1 AND position >= ?2 ORDER BY position, id LIMIT 1 OFFSET ?3),
       9007199254740991)
     ORDER BY position, id`,
  ),
  places: prepareArrays(db, "SELECT lane, name, state FROM due_scan WHERE lane BETWEEN ? AND ? ORDER BY lane, name"),
})

type EndRow = readonly [
  lane: number,
  position: number,
  lastRecordedAt: number,
  number: number | null,
  incarnation: number | null,
]

const emptyEnd = { position: 0, number: 0, incarnation: 1, lastRecordedAt: Instant.min }

type ChangeRow = readonly [
  position: number,
  kind: NotedIdentityChange["kind"],
  recordedAt: number,
  id: Uint8Array,
  member: Uint8Array,
  survivor: Uint8Array,
]

const toIdentityChange = (lane: number, row: ChangeRow): NotedIdentityChange => {
  const [position, kind, recordedAt, id, member, survivor] = row
  return {
    lane,
    position,
    kind,
    recordedAt,
    id: Uuid.fromBytes(id),
    member: Uuid.fromBytes(member),
    survivor: Uuid.fromBytes(survivor),
  }
}

const makeReads = (db: DatabaseSync) => {
  const statements = prepareStatements(db)
  const first = (owner: Lane.Owner): number => Lane.range(owner)[0]

  const due = (project: Lane.Owner, { after, by, from, lane, limit, to }: DueQuery): DuePage => {
    const statement = by === "consentDate" ? statements.dueByConsentDate : statements.dueByExpirationDate
    const [date, position] = after === undefined ? [from - 1, Number.MAX_SAFE_INTEGER] : [after.date, after.position]
    // Only the writer writes these columns, and it writes these types.
    const rows = statement.all(
      first(project) + lane,
      to,
      date,
      position,
      limit,
    ) as ReadonlyArray<unknown> as ReadonlyArray<
      readonly [...EventRow.DecidingRow, position: number, head: number | null]
    >
    const placed = rows.map((row) => ({ row, position: row[9], isHead: row[9] === row[10] }))
    const last = rows.length < limit ? undefined : rows.at(-1)
    return {
      heads: placed.flatMap(({ isHead, position, row }) =>
        isHead ? [{ position, event: EventRow.toDeciding(row as unknown as EventRow.DecidingRow) }] : [],
      ),
      ...(last !== undefined && { next: { date: (by === "consentDate" ? last[6] : last[8])!, position: last[9] } }),
    }
  }

  const people = (
    project: Lane.Owner,
    lane: number,
    consentTypes: ReadonlyArray<string> | undefined,
    after: string | undefined,
    limit: number,
  ): ReadonlyArray<PersonHeads> => {
    const key = [first(project) + lane, Uuid.toBytes(after ?? ""), limit] as const
    const rows: ReadonlyArray<unknown> =
      consentTypes === undefined
        ? statements.people.all(...key)
        : statements.peopleOfTypes.all(...key, JSON.stringify(consentTypes))
    const heads = rows.map((row) => EventRow.toDeciding(row as EventRow.DecidingRow))
    return [...Map.groupBy(heads, ({ concordId }) => concordId)].map(([concordId, of]) => ({ concordId, heads: of }))
  }

  return {
    due,
    people,
    ends: (project: Lane.Owner): ReadonlyArray<LaneEnd> => {
      const ends = Array.from({ length: project.lanes }, (_, lane): LaneEnd => ({ lane, ...emptyEnd }))
      for (const row of statements.ends.all(...Lane.range(project)) as ReadonlyArray<unknown>) {
        const [of, position, lastRecordedAt, number, incarnation] = row as EndRow
        const lane = of - first(project)
        ends[lane] = { lane, position, number: number ?? 0, incarnation: incarnation ?? 1, lastRecordedAt }
      }
      return ends
    },
    identityChanges: (organization: Lane.Owner, lane: number, from: number, limit: number) => {
      const rows: ReadonlyArray<unknown> = statements.identityChanges.all(first(organization) + lane, from, limit - 1)
      return rows.map((row) => toIdentityChange(lane, row as ChangeRow))
    },
    places: (project: Lane.Owner): ReadonlyArray<DueScanPlace> => {
      const rows: ReadonlyArray<unknown> = statements.places.all(...Lane.range(project))
      return rows.map((row) => {
        const [lane, name, state] = row as readonly [number, string, string]
        return { lane: lane - first(project), name, state }
      })
    },
  }
}

/** Prepares the statements. */
export const make = (db: DatabaseSync, write: Write): FeedStore => {
  const reads = makeReads(db)
  const readPart = ChangeReader.make(db)
  return {
    ends: (project) => read(() => reads.ends(project)),
    read: (project, parts, filter, limit) => read(() => parts.map((part) => readPart(project, part, filter, limit))),
    due: (project, query) => read(() => reads.due(project, query)),
    people: (project, lane, consentTypes, after, limit) =>
      read(() => reads.people(project, lane, consentTypes, after, limit)),
    identityChanges: (organization, lane, from, limit) =>
      read(() => reads.identityChanges(organization, lane, from, limit)),
    places: (project) => read(() => reads.places(project)),
    write: (step) => write("writeFeed", step),
    lease: ({ lane, owner }, name, holder, now, until) =>
      write("lease", { lane: Lane.range(owner)[0] + lane, name, holder, now, until }),
  }
}
