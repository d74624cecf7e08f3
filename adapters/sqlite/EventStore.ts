/**
 * The events of the store: reads on the main thread, lists in a thread of their own, appends through the writer.
 */
import type { DatabaseSync, SQLInputValue, StatementSync } from "node:sqlite"
import * as Instant from "../../core/engine/Instant.ts"
import * as Lane from "../../core/model/Lane.ts"
import type { EventStore, PersonPlace, SeenEvents, StoredEvent } from "../../core/ports/LedgerStore.ts"
import * as EventRow from "./EventRow.ts"
import type { Write } from "./GroupCommit.ts"
import type { List } from "./ListReader.ts"
import { inSnapshot, prepareArrays, read, readEach } from "./Reader.ts"
import * as Uuid from "./Uuid.ts"

/** The merged heads of a survivor: of the rows of all lanes, the latest of each type and state. */
const mergedHeads = (condition: string): string => `
  WITH RECURSIVE l (lane) AS (VALUES (?1) UNION ALL SELECT lane + 1 FROM l WHERE lane < ?2)
  SELECT ${EventRow.columns} FROM (
    SELECT h.lane, h.position, row_number() OVER (
      PARTITION BY h.consent_type, h.consent_state
      ORDER BY h.consent_date DESC, h.recorded_at DESC, h.event_id DESC
    ) AS place
    FROM l CROSS JOIN joined_head h ON h.lane = l.lane AND h.person = ?3 ${condition}
  ) h JOIN event e ON e.lane = h.lane AND e.position = h.position
  WHERE h.place = 1 ORDER BY e.consent_type, e.consent_state`

const prepareStatements = (db: DatabaseSync) => {
  const events = (rest: string) => prepareArrays(db, `SELECT ${EventRow.columns} FROM ${rest}`)
  return {
    heads: events(`head h JOIN event e ON e.lane = h.lane AND e.position = h.position
      WHERE h.lane = ? AND h.person = ? ORDER BY h.consent_type, h.consent_state`),
    headsOfType: events(`head h JOIN event e ON e.lane = h.lane AND e.position = h.position
      WHERE h.lane = ? AND h.person = ? AND h.consent_type = ? ORDER BY h.consent_state`),
    joinedHeads: prepareArrays(db, mergedHeads("")),
    joinedHeadsOfType: prepareArrays(db, mergedHeads("AND h.consent_type = ?4")),
    ofPerson: prepareArrays(
      db,
      `SELECT ${EventRow.decidingColumns} FROM event e
       WHERE e.lane = ? AND e.person = ? AND (e.consent_date, e.event_id) > (?, ?)
       ORDER BY e.consent_date, e.event_id LIMIT ?`,
    ),
    byId: prepareArrays(
      db,
      `WITH RECURSIVE l (lane) AS (VALUES (?1) UNION ALL SELECT lane + 1 FROM l WHERE lane < ?2)
       SELECT ${EventRow.columns} FROM l CROSS JOIN event e ON e.lane = l.lane AND e.event_id = ?3`,
    ),
    byExternalId: events(`external_id x JOIN event e ON e.lane = x.event_lane AND e.position = x.position
      WHERE x.lane = ? AND x.hash = ?`),
    laneHeads: db.prepare("SELECT lane, next_position FROM lane_head WHERE lane BETWEEN ? AND ?"),
    lane: events("event e WHERE e.lane = ? AND e.position >= ? ORDER BY e.position LIMIT ?"),
    lastRecordedAt: db.prepare(`
      SELECT max(last_recorded_at) AS last FROM lane_head
      WHERE next_position > 0 AND lane IN (SELECT value FROM json_each(?))`),
    usedVersions: db.prepare("SELECT version FROM used_type WHERE lane BETWEEN ? AND ? AND consent_type = ?"),
  }
}

const one = (statement: StatementSync, ...values: ReadonlyArray<SQLInputValue>): StoredEvent | undefined => {
  const row: unknown = statement.get(...values)
  return row === undefined ? undefined : EventRow.toEvent(row as EventRow.EventRow)
}

const all = (statement: StatementSync, ...values: ReadonlyArray<SQLInputValue>): ReadonlyArray<StoredEvent> => {
  const rows: ReadonlyArray<unknown> = statement.all(...values)
  return rows.map((row) => EventRow.toEvent(row as EventRow.EventRow))
}

const makeReads = (db: DatabaseSync) => {
  const statements = prepareStatements(db)
  const laneHead = prepareArrays(db, "SELECT next_position, last_recorded_at FROM lane_head WHERE lane = ?")

  /** Where lanes end, and the latest `dateCreated` in them. */
  const endsOf = (lanes: Iterable<number>): Omit<SeenEvents, "events"> => {
    const positions = new Map<number, number>()
    let lastRecordedAt: number = Instant.min
    for (const lane of lanes) {
      const row: unknown = laneHead.get(lane)
      const [end, last] = (row ?? [0, 0]) as readonly [end: number, last: number]
      positions.set(lane, end)
      if (end > 0) lastRecordedAt = Math.max(lastRecordedAt, last)
    }
    return { positions, lastRecordedAt }
  }

  const headsOf = (lane: number, person: Uint8Array, consentTypes: ReadonlyArray<string> | undefined) =>
    consentTypes === undefined
      ? all(statements.heads, lane, person)
      : consentTypes.flatMap((type) => all(statements.headsOfType, lane, person, Uuid.toBytes(type)))

  /** The merged heads of a survivor with the ends of all lanes, of one moment. */
  const joinedHeads = (
    project: Lane.Owner,
    survivor: string,
    consentTypes: ReadonlyArray<string> | undefined,
  ): SeenEvents =>
    inSnapshot(db, () => {
      const key = [...Lane.range(project), Uuid.toBytes(survivor)] as const
      const events =
        consentTypes === undefined
          ? all(statements.joinedHeads, ...key)
          : consentTypes.flatMap((type) => all(statements.joinedHeadsOfType, ...key, Uuid.toBytes(type)))
      return { events, ...endsOf(Lane.all(project)) }
    })

  /** Heads of people with the ends of their lanes, of one moment. */
  const heads = (
    project: Lane.Owner,
    people: ReadonlyArray<string>,
    consentTypes: ReadonlyArray<string> | undefined,
  ): SeenEvents =>
    inSnapshot(db, () => {
      const lanes = new Map(people.map((person) => [person, Lane.of(project, person)]))
      return {
        events: people.flatMap((person) => headsOf(lanes.get(person)!, Uuid.toBytes(person), consentTypes)),
        ...endsOf(new Set(lanes.values())),
      }
    })

  const pageOf = (project: Lane.Owner, { after, concordId }: PersonPlace, limit: number) => {
    const start = after === undefined ? ([Instant.min - 1, ""] as const) : ([after.consentDate, after.id] as const)
    const rows: ReadonlyArray<unknown> = statements.ofPerson.all(
      Lane.of(project, concordId),
      Uuid.toBytes(concordId),
      start[0],
      Uuid.toBytes(start[1]),
      limit,
    )
    return rows.map((row) => EventRow.toDeciding(row as EventRow.DecidingRow))
  }

  return {
    heads,
    joinedHeads,
    ofPeople: (project: Lane.Owner, places: ReadonlyArray<PersonPlace>, limit: number) =>
      places.map((place) => pageOf(project, place, limit)),
    byId: (project: Lane.Owner, id: string) => one(statements.byId, ...Lane.range(project), Uuid.toBytes(id)),
    byExternalId: (project: Lane.Owner, hash: string) =>
      one(statements.byExternalId, Lane.of(project, hash), Uuid.toBytes(hash)),
    laneEnds: (project: Lane.Owner): ReadonlyArray<number> => {
      const rows = statements.laneHeads.all(...Lane.range(project))
      const ends = new Map(rows.map((row) => [row["lane"], Number(row["next_position"])]))
      return Lane.all(project).map((lane) => ends.get(lane) ?? 0)
    },
    lane: (project: Lane.Owner, lane: number, from: number, limit: number) =>
      all(statements.lane, Lane.all(project)[lane]!, from, limit),
    lastRecordedAt: (projects: ReadonlyArray<Lane.Owner>): Instant.Instant => {
      const last = statements.lastRecordedAt.get(JSON.stringify(projects.flatMap(Lane.all)))?.["last"]
      return last == null ? Instant.min : Number(last)
    },
    usedVersions: (project: Lane.Owner, consentType: string): ReadonlySet<number> => {
      const rows = statements.usedVersions.all(...Lane.range(project), Uuid.toBytes(consentType))
      return new Set(rows.map(({ version }) => Number(version)))
    },
  }
}

/** Prepares the statements. */
export const make = (db: DatabaseSync, write: Write, list: List): EventStore => {
  const reads = makeReads(db)
  return {
    append: (request) => write("append", request),
    heads: (project, people, consentTypes) => read(() => reads.heads(project, people, consentTypes)),
    joinedHeads: (project, survivor, consentTypes) => read(() => reads.joinedHeads(project, survivor, consentTypes)),
    ofPeople: (project, places, limit) => read(() => reads.ofPeople(project, places, limit)),
    byId: (project, ids) => read(() => ids.map((id) => reads.byId(project, id))),
    byExternalId: (project, hashes) => read(() => readEach(db, hashes, (hash) => reads.byExternalId(project, hash))),
    list,
    laneEnds: (project) => read(() => reads.laneEnds(project)),
    lane: (project, lane, from, limit) => read(() => reads.lane(project, lane, from, limit)),
    lastRecordedAt: (projects) => read(() => reads.lastRecordedAt(projects)),
    usedVersions: (project, consentType) => read(() => reads.usedVersions(project, consentType)),
  }
}
