/**
 * The ledger's store in one SQLite file: nothing to install, nothing to run beside it.
 *
 * Reads go straight to the file on a connection of their own; writes go to the one writer, which syncs every commit to
 * the disk before it is acknowledged.
 */
import { dirname, resolve } from "node:path"
import type { DatabaseSync, SQLInputValue, StatementSync } from "node:sqlite"
import { Effect, Layer } from "effect"
import * as Lane from "../../core/model/Lane.ts"
import type { Named } from "../../core/model/People.ts"
import {
  LedgerStore,
  type Person,
  type Positions,
  type IdempotencyRecord,
  type SeenEvents,
  type Session,
  type StoredEvent,
  StoreUnavailable,
} from "../../core/ports/LedgerStore.ts"
import * as CatalogReader from "./CatalogReader.ts"
import * as EventRow from "./EventRow.ts"
import * as GroupCommit from "./GroupCommit.ts"
import * as ListReader from "./ListReader.ts"
import * as Tables from "./Tables.ts"
import * as Uuid from "./Uuid.ts"

/** Rows as arrays: half the time of rows as objects. */
const arrays = (statement: StatementSync): StatementSync => {
  statement.setReturnArrays(true)
  return statement
}

const prepareStatements = (db: DatabaseSync) => {
  const events = (rest: string) => arrays(db.prepare(`SELECT ${EventRow.columns} FROM ${rest}`))
  return {
    document: db.prepare("SELECT document FROM document WHERE consent_type = ? AND version = ?"),
    keyUses: db.prepare("SELECT id, last_used_at FROM key_use"),
    idempotencyRecord: db.prepare("SELECT digest, answer, recorded_at FROM idempotency WHERE lane = ? AND hash = ?"),
    heads: events(`head h JOIN event e ON e.lane = h.lane AND e.position = h.position
      WHERE h.lane = ? AND h.person = ? ORDER BY h.consent_type, h.consent_state`),
    events: events("event e WHERE e.lane = ? AND e.person = ? ORDER BY e.position"),
    eventById: arrays(
      db.prepare(`
        WITH RECURSIVE l (lane) AS (VALUES (?1) UNION ALL SELECT lane + 1 FROM l WHERE lane < ?2)
        SELECT ${EventRow.columns} FROM l CROSS JOIN event e ON e.lane = l.lane AND e.event_id = ?3`),
    ),
    eventByExternalId: events(`external_id x JOIN event e ON e.lane = x.event_lane AND e.position = x.position
      WHERE x.lane = ? AND x.hash = ?`),
    laneEnd: db.prepare("SELECT next_position FROM lane_head WHERE lane = ?"),
    laneEnds: db.prepare("SELECT lane, next_position FROM lane_head WHERE lane BETWEEN ? AND ?"),
    lane: events("event e WHERE e.lane = ? AND e.position >= ? ORDER BY e.position LIMIT ?"),
    usedType: db.prepare("SELECT 1 FROM used_type WHERE lane BETWEEN ? AND ? AND consent_type = ?"),
    alias: db.prepare("SELECT person, recorded_at FROM alias WHERE lane = ? AND hash = ?"),
    person: db.prepare(`
      SELECT p.revision, p.is_identified, f.body, h.next_position FROM person p
      LEFT JOIN person_fact f ON f.lane = p.lane AND f.person = p.person LEFT JOIN people_head h ON h.lane = f.lane
      WHERE p.lane = ? AND p.person = ? ORDER BY f.ordinal`),
    profile: db.prepare("SELECT profile FROM person WHERE lane = ? AND person = ?"),
    peopleEnd: db.prepare("SELECT next_position FROM people_head WHERE lane = ?"),
    session: db.prepare("SELECT expires_at, body FROM session WHERE token_hash = ?"),
  }
}

type Statements = ReturnType<typeof prepareStatements>

/** Runs reads that see one moment. */
type InSnapshot = <A>(run: () => A) => A

const snapshots =
  (db: DatabaseSync): InSnapshot =>
  (run) => {
    db.exec("BEGIN")
    try {
      return run()
    } finally {
      // Nothing was written; where the disk fails, the transaction has ended already.
      if (db.isTransaction) db.exec("ROLLBACK")
    }
  }

/** How far lanes go, as a statement says of each. */
const endsOf = (statement: StatementSync, lanes: ReadonlyArray<number>): Positions =>
  new Map(lanes.map((lane) => [lane, Number(statement.get(lane)?.["next_position"] ?? 0)]))

/** What is read of events. */
const eventReads = (statements: Statements, inSnapshot: InSnapshot) => {
  const one = (statement: StatementSync, ...values: ReadonlyArray<SQLInputValue>): StoredEvent | undefined => {
    const row: unknown = statement.get(...values)
    return row === undefined ? undefined : EventRow.toEvent(row as EventRow.EventRow)
  }
  const ofPerson = (statement: StatementSync, lane: number, concordId: string): ReadonlyArray<StoredEvent> => {
    const rows: ReadonlyArray<unknown> = statement.all(lane, Uuid.toBytes(concordId))
    return rows.map((row) => EventRow.toEvent(row as EventRow.EventRow))
  }
  /** Events of people with how far their lanes go, of one moment. */
  const see = (statement: StatementSync, project: Lane.Owner, people: ReadonlyArray<string>): SeenEvents =>
    inSnapshot(() => {
      const lanes = new Map(people.map((person) => [person, Lane.of(project, person)]))
      return {
        events: people.flatMap((person) => ofPerson(statement, lanes.get(person)!, person)),
        positions: endsOf(statements.laneEnd, [...new Set(lanes.values())]),
      }
    })
  return {
    heads: (project: Lane.Owner, people: ReadonlyArray<string>) => see(statements.heads, project, people),
    events: (project: Lane.Owner, people: ReadonlyArray<string>) => see(statements.events, project, people),
    byId: (project: Lane.Owner, id: string) => {
      const lanes = Lane.all(project)
      return one(statements.eventById, lanes[0]!, lanes.at(-1)!, Uuid.toBytes(id))
    },
    byExternalId: (project: Lane.Owner, hash: string) =>
      one(statements.eventByExternalId, Lane.of(project, hash), Uuid.toBytes(hash)),
    laneEnds: (project: Lane.Owner): ReadonlyArray<number> => {
      const lanes = Lane.all(project)
      const rows = statements.laneEnds.all(lanes[0]!, lanes.at(-1)!)
      const ends = new Map(rows.map((row) => [row["lane"], Number(row["next_position"])]))
      return lanes.map((lane) => ends.get(lane) ?? 0)
    },
    lane: (project: Lane.Owner, lane: number, from: number, limit: number): ReadonlyArray<StoredEvent> => {
      const rows: ReadonlyArray<unknown> = statements.lane.all(Lane.all(project)[lane]!, from, limit)
      return rows.map((row) => EventRow.toEvent(row as EventRow.EventRow))
    },
    isUsed: (project: Lane.Owner, consentType: string): boolean => {
      const lanes = Lane.all(project)
      return statements.usedType.get(lanes[0]!, lanes.at(-1)!, Uuid.toBytes(consentType)) !== undefined
    },
    idempotencyRecord: (owner: Lane.Owner, hash: string): IdempotencyRecord | undefined => {
      const row = statements.idempotencyRecord.get(Lane.of(owner, hash), Uuid.toBytes(hash))
      if (row === undefined) return undefined
      const { answer, digest, recorded_at } = row
      return { hash, digest: Uuid.toHex(digest as Uint8Array), answer: String(answer), recordedAt: Number(recorded_at) }
    },
  }
}

/** What is read of people and their sessions. */
const peopleReads = (statements: Statements) => {
  const key = (organization: Lane.Owner, concordId: string) =>
    [Lane.of(organization, concordId), Uuid.toBytes(concordId)] as const
  return {
    named: (organization: Lane.Owner, hash: string): Named | undefined => {
      const row = statements.alias.get(Lane.of(organization, hash), Uuid.toBytes(hash))
      if (row === undefined) return undefined
      return { concordId: Uuid.fromBytes(row["person"] as Uint8Array), dateCreated: Number(row["recorded_at"]) }
    },
    person: (organization: Lane.Owner, concordId: string): Person => {
      const rows = statements.person.all(...key(organization, concordId))
      const [first] = rows
      return {
        revision: Number(first?.["revision"] ?? 0),
        isIdentified: first?.["is_identified"] === 1,
        facts: rows.flatMap(({ body }) => (body === null ? [] : [JSON.parse(String(body))])),
        position: Number(first?.["next_position"] ?? 0),
      }
    },
    ends: (lanes: ReadonlyArray<number>) => endsOf(statements.peopleEnd, lanes),
    profile: (organization: Lane.Owner, concordId: string): string | undefined => {
      const profile = statements.profile.get(...key(organization, concordId))?.["profile"]
      return typeof profile === "string" ? profile : undefined
    },
    session: (tokenHash: string): Session | undefined => {
      const row = statements.session.get(Uuid.toBytes(tokenHash))
      return row === undefined ? undefined : { ...JSON.parse(String(row["body"])), expiresAt: row["expires_at"] }
    },
  }
}

/** What the disk or the file says; never what was asked. */
const unavailable = (error: unknown): StoreUnavailable =>
  new StoreUnavailable({ reason: error instanceof Error ? error.message : "the disk failed" })

/** A read, at once and in full. */
const read = <A>(run: () => A): Effect.Effect<A, StoreUnavailable> => Effect.try({ try: run, catch: unavailable })

const openReader = (path: string) =>
  Effect.acquireRelease(
    read(() => Tables.openReader(path)),
    (db) => Effect.sync(() => db.close()),
  )

const make = Effect.fnUntraced(function* (path: string) {
  yield* read(() => Tables.makeFolder(resolve(dirname(path))))
  const { write } = yield* GroupCommit.make(path)
  const { list } = yield* ListReader.make(path)
  const db = yield* openReader(path)
  const statements = prepareStatements(db)
  const catalog = CatalogReader.make(db)
  const inSnapshot = snapshots(db)
  const events = eventReads(statements, inSnapshot)
  const people = peopleReads(statements)

  return LedgerStore.of({
    ready: Effect.asVoid(write({ _tag: "Check" })),

    idempotencyRecord: (owner, hash) => read(() => events.idempotencyRecord(owner, hash)),
    catalog: {
      current: read(catalog.read),
      change: (change) => Effect.tap(write({ _tag: "Configure", change }), () => Effect.sync(catalog.forget)),
      documents: (of) =>
        read(() =>
          of.map(({ consentType, version }) => {
            const row = statements.document.get(Uuid.toBytes(consentType), version)
            return row === undefined ? undefined : String(row["document"])
          }),
        ),
      keyUses: read(
        () => new Map(statements.keyUses.all().map((row) => [String(row["id"]), Number(row["last_used_at"])])),
      ),
      useKey: (id, at) => Effect.asVoid(write({ _tag: "UseKey", id, at })),
    },

    events: {
      append: (request) => write({ _tag: "Append", request }),
      heads: (project, people) => read(() => events.heads(project, people)),
      ofPeople: (project, people) => read(() => events.events(project, people)),
      byId: (project, ids) => read(() => ids.map((id) => events.byId(project, id))),
      byExternalId: (project, hashes) =>
        read(() => inSnapshot(() => hashes.map((hash) => events.byExternalId(project, hash)))),
      list,
      laneEnds: (project) => read(() => events.laneEnds(project)),
      lane: (project, lane, from, limit) => read(() => events.lane(project, lane, from, limit)),
      isTypeUsed: (project, consentType) => read(() => events.isUsed(project, consentType)),
    },

    people: {
      byAlias: (organization, hashes) =>
        read(() => inSnapshot(() => hashes.map((hash) => people.named(organization, hash)))),
      person: (organization, concordId) => read(() => people.person(organization, concordId)),
      laneEnds: (lanes) => read(() => people.ends(lanes)),
      change: (change) => write({ _tag: "ChangePeople", change }),
      profile: (organization, concordId) => read(() => people.profile(organization, concordId)),
      keepProfile: (organization, concordId, profile, idempotencyRecord) =>
        write({ _tag: "KeepProfile", organization, concordId, profile, idempotencyRecord }),
    },

    sessions: {
      extend: (tokenHash, seen, expiresAt) =>
        Effect.asVoid(write({ _tag: "ExtendSession", tokenHash, seen, expiresAt })),
      byToken: (tokenHash) => read(() => people.session(tokenHash)),
    },
  })
})

/**
 * The store of a file, made where there is none, with its folder. Fails where the file is something else, was written
 * by another version, or cannot be written. Closing the scope answers every request accepted before.
 */
export const layer = (path: string): Layer.Layer<LedgerStore, StoreUnavailable> => Layer.effect(LedgerStore, make(path))
