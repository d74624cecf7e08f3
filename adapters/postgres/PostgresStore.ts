/**
 * The ledger's store in PostgreSQL 15 to 18, or in what speaks like it: for several servers on one ledger.
 */
import { Effect, Layer } from "effect"
import * as Reactivity from "effect/reactivity/Reactivity"
import type { SqlError } from "effect/sql/SqlError"
import * as Lane from "../../core/model/Lane.ts"
import {
  type Kept,
  LedgerStore,
  type Person,
  type IdempotencyRecord,
  type SeenEvents,
  type Session,
  StoreUnavailable,
} from "../../core/ports/LedgerStore.ts"
import * as AliasWriter from "./AliasWriter.ts"
import * as CircuitBreaker from "./CircuitBreaker.ts"
import * as EventRow from "./EventRow.ts"
import * as GroupCommit from "./GroupCommit.ts"
import * as EventList from "./EventList.ts"
import * as Migrations from "./Migrations.ts"
import * as IdempotentChange from "./IdempotentChange.ts"
import * as PeopleWriter from "./PeopleWriter.ts"
import * as PipelinedTransactions from "./PipelinedTransactions.ts"
import * as IdempotencyWriter from "./IdempotencyWriter.ts"
import * as CatalogWriter from "./CatalogWriter.ts"
import * as Sql from "./Sql.ts"

const { everywhere } = PeopleWriter

/** A lane, with one event of the people asked about, or none where they have none. */
type SeenRow = { readonly lane: number; readonly next_position: number } & (
  | EventRow.EventRow
  | { readonly event_id: null }
)

/** How far lanes go, as a table of lanes says. */
const endsOf = Effect.fnUntraced(function* (
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

/** What is read of events. */
const eventReads = (sql: Sql.Sql) => {
  const read = (rest: string, parameters: ReadonlyArray<Sql.Parameter>) =>
    Effect.map(Sql.query<EventRow.EventRow>(sql, `SELECT ${EventRow.columns} FROM ${rest}`, parameters), (rows) =>
      rows.map(EventRow.toEvent),
    )
  /** Events of people with how far their lanes go, in one statement: it sees one moment. */
  const see = Effect.fnUntraced(function* (project: Lane.Owner, people: ReadonlyArray<string>, joined: string) {
    const lanes = [...new Set(people.map((person) => Lane.of(project, person)))]
    const rows = yield* Sql.query<SeenRow>(
      sql,
      `SELECT l.lane, l.next_position, ${EventRow.columns} FROM lane_head l LEFT JOIN ${joined}
       WHERE l.lane = ANY($1::bigint[]) ORDER BY l.lane, e.position`,
      [lanes, people],
    )
    const ends = new Map(rows.map(({ lane, next_position }) => [lane, next_position]))
    return {
      events: rows.flatMap((row) => (row.event_id === null ? [] : [EventRow.toEvent(row)])),
      positions: new Map(lanes.map((lane) => [lane, ends.get(lane) ?? 0])),
    } satisfies SeenEvents
  })
  return {
    heads: (project: Lane.Owner, people: ReadonlyArray<string>) =>
      see(
        project,
        people,
        `(head h JOIN event e ON e.lane = h.lane AND e.position = h.position)
         ON h.lane = l.lane AND h.person = ANY($2::uuid[])`,
      ),
    events: (project: Lane.Owner, people: ReadonlyArray<string>) =>
      see(project, people, "event e ON e.lane = l.lane AND e.person = ANY($2::uuid[])"),
    byId: Effect.fnUntraced(function* (project: Lane.Owner, ids: ReadonlyArray<string>) {
      const events = yield* read("event e WHERE e.lane = ANY($1::bigint[]) AND e.event_id = ANY($2::uuid[])", [
        Lane.all(project),
        ids,
      ])
      const found = new Map(events.map((event) => [event.id, event]))
      return ids.map((id) => found.get(id))
    }),
    laneEnds: (project: Lane.Owner) =>
      Effect.map(endsOf(sql, "lane_head", Lane.all(project)), (ends) => [...ends.values()]),
    lane: (project: Lane.Owner, lane: number, from: number, limit: number) =>
      read("event e WHERE e.lane = $1 AND e.position >= $2 ORDER BY e.position LIMIT $3", [
        Lane.all(project)[lane]!,
        from,
        limit,
      ]),
    byExternalId: Effect.fnUntraced(function* (project: Lane.Owner, hashes: ReadonlyArray<string>) {
      const events = yield* read(
        `unnest($1::bigint[], $2::text[]) AS v (lane, hash)
         JOIN external_id x ON x.lane = v.lane AND x.hash = decode(v.hash, 'hex')
         JOIN event e ON e.lane = x.event_lane AND e.position = x.position`,
        [hashes.map((hash) => Lane.of(project, hash)), hashes],
      )
      const found = new Map(events.map((event) => [event.externalId, event]))
      return hashes.map((hash) => found.get(hash))
    }),
    isUsed: (project: Lane.Owner, consentType: string) =>
      Effect.map(
        Sql.query(sql, "SELECT 1 AS used FROM used_type WHERE lane = ANY($1::bigint[]) AND consent_type = $2 LIMIT 1", [
          Lane.all(project),
          consentType,
        ]),
        (rows) => rows.length > 0,
      ),
  }
}

/** A person, with one of its facts and how far its lane goes; `null` where it has no fact. */
interface PersonRow {
  readonly revision: number
  readonly is_identified: boolean
  readonly body: string | null
  readonly next_position: number | null
}

/** What is read of people and their sessions. */
const peopleReads = (sql: Sql.Sql) => {
  return {
    /** In one statement: it sees one moment. */
    person: Effect.fnUntraced(function* (organization: Lane.Owner, concordId: string) {
      const rows = yield* Sql.query<PersonRow>(
        sql,
        `SELECT p.revision, p.is_identified, f.body, h.next_position FROM person p
         LEFT JOIN person_fact f ON f.lane = p.lane AND f.person = p.person LEFT JOIN people_head h ON h.lane = f.lane
         WHERE p.lane = $1 AND p.person = $2 ORDER BY f.ordinal`,
        [Lane.of(organization, concordId), concordId],
      )
      const [first] = rows
      return {
        revision: first?.revision ?? 0,
        isIdentified: first?.is_identified ?? false,
        facts: rows.flatMap(({ body }) => (body === null ? [] : [JSON.parse(body)])),
        position: first?.next_position ?? 0,
      } satisfies Person
    }),
    profile: (organization: Lane.Owner, concordId: string) =>
      Effect.map(
        Sql.query<{ readonly profile: string | null }>(
          sql,
          "SELECT profile FROM person WHERE lane = $1 AND person = $2",
          [Lane.of(organization, concordId), concordId],
        ),
        ([row]): string | undefined => row?.profile ?? undefined,
      ),
    session: (tokenHash: string) =>
      Effect.map(
        Sql.query<{ readonly expires_at: number; readonly body: string }>(
          sql,
          "SELECT expires_at, body FROM session WHERE lane = $1 AND token_hash = decode($2, 'hex')",
          [Lane.of(everywhere, tokenHash), tokenHash],
        ),
        ([row]): Session | undefined => row && { ...JSON.parse(row.body), expiresAt: row.expires_at },
      ),
  }
}

const keepProfile = Effect.fnUntraced(function* (
  sql: Sql.Sql,
  organization: Lane.Owner,
  concordId: string,
  profile: string,
  idempotencyRecord: IdempotencyRecord | undefined,
) {
  const idempotency = idempotencyRecord === undefined ? [] : [{ owner: organization, idempotencyRecord }]
  if (!(yield* IdempotencyWriter.keep(sql, idempotency))) return "repeated"
  yield* Sql.query(
    sql,
    `INSERT INTO person (lane, person, revision, is_identified, profile) VALUES ($1, $2, 0, false, $3)
     ON CONFLICT (lane, person) DO UPDATE SET profile = excluded.profile`,
    [Lane.of(organization, concordId), concordId, profile],
  )
  return "kept" as Kept
})

const keyUses = (sql: Sql.Sql) =>
  Effect.map(
    Sql.query<{ readonly id: string; readonly last_used_at: number }>(
      sql,
      "SELECT id, last_used_at FROM key_use WHERE lane = ANY($1::bigint[])",
      [Lane.all(everywhere)],
    ),
    (rows) => new Map(rows.map(({ id, last_used_at }) => [id, last_used_at])),
  )

const useKey = (sql: Sql.Sql, id: string, at: number) =>
  Sql.query(
    sql,
    `INSERT INTO key_use VALUES ($1, $2, $3)
     ON CONFLICT (lane, id) DO UPDATE SET last_used_at = greatest(key_use.last_used_at, excluded.last_used_at)`,
    [Lane.of(everywhere, id), id, at],
  )

const extendSession = (sql: Sql.Sql, tokenHash: string, seen: number, expiresAt: number) =>
  Sql.query(
    sql,
    "UPDATE session SET expires_at = $4 WHERE lane = $1 AND token_hash = decode($2, 'hex') AND expires_at >= $3",
    [Lane.of(everywhere, tokenHash), tokenHash, seen, expiresAt],
  )

/** What an error of the database means to the ledger; one that does not answer in time is one. */
const told = <A, R>(effect: Effect.Effect<A, SqlError | StoreUnavailable, R>): Effect.Effect<A, StoreUnavailable, R> =>
  Effect.mapError(CircuitBreaker.bounded(effect), (error) => (Sql.isSqlError(error) ? Sql.unavailable(error) : error))

/** A question, or a statement that comes to the same when it is run twice. */
const repeatable = <A, R>(effect: Effect.Effect<A, SqlError, R>): Effect.Effect<A, StoreUnavailable, R> =>
  told(Sql.persistently(Sql.patiently(effect)))

const make = Effect.fnUntraced(function* (url: string) {
  const sql = yield* told(Effect.flatMap(Sql.connect(url), (sql) => PipelinedTransactions.make(sql, url)))
  yield* told(Sql.refuseUnsafe(sql))
  yield* told(Migrations.run(sql))
  const append = yield* GroupCommit.make(sql)
  const catalog = repeatable(CatalogWriter.makeReader(sql))
  const events = eventReads(sql)
  const people = peopleReads(sql)

  return LedgerStore.of({
    ready: Effect.asVoid(
      told(Sql.patiently(Sql.query(sql, "UPDATE catalog_head SET revision = revision WHERE lane = 0"))),
    ),

    idempotencyRecord: (owner, hash) => repeatable(IdempotencyWriter.find(sql, owner, hash)),
    catalog: {
      current: catalog,
      change: (change) => told(CatalogWriter.configure(sql, change)),
      documents: (of) => repeatable(CatalogWriter.documents(sql, of)),
      keyUses: repeatable(keyUses(sql)),
      useKey: (id, at) => Effect.asVoid(repeatable(useKey(sql, id, at))),
    },

    events: {
      append: (request) => told(append(request)),
      heads: (project, people) => repeatable(events.heads(project, people)),
      ofPeople: (project, people) => repeatable(events.events(project, people)),
      byId: (project, ids) => repeatable(events.byId(project, ids)),
      byExternalId: (project, hashes) => repeatable(events.byExternalId(project, hashes)),
      list: (project, filter, page) => repeatable(EventList.list(sql, project, filter, page)),
      laneEnds: (project) => repeatable(events.laneEnds(project)),
      lane: (project, lane, from, limit) => repeatable(events.lane(project, lane, from, limit)),
      isTypeUsed: (project, consentType) => repeatable(events.isUsed(project, consentType)),
    },

    people: {
      byAlias: (organization, hashes) => repeatable(AliasWriter.find(sql, organization, hashes)),
      person: (organization, concordId) => repeatable(people.person(organization, concordId)),
      laneEnds: (lanes) => repeatable(endsOf(sql, "people_head", lanes)),
      change: (change) => told(PeopleWriter.change(sql, change)),
      profile: (organization, concordId) => repeatable(people.profile(organization, concordId)),
      keepProfile: (organization, concordId, profile, idempotencyRecord) =>
        told(
          IdempotentChange.change<Kept>(
            sql,
            organization,
            keepProfile(sql, organization, concordId, profile, idempotencyRecord),
          ),
        ),
    },

    sessions: {
      extend: (tokenHash, seen, expiresAt) => Effect.asVoid(repeatable(extendSession(sql, tokenHash, seen, expiresAt))),
      byToken: (tokenHash) => repeatable(people.session(tokenHash)),
    },
  })
})

/**
 * The store of a database, its tables made where there are none. Fails where the database cannot be reached, or was written by
 * another version. Closing the scope answers every request accepted before.
 */
export const layer = (url: string): Layer.Layer<LedgerStore, StoreUnavailable> =>
  Layer.effect(LedgerStore, make(url)).pipe(Layer.provide(Reactivity.layer))
