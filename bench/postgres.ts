/**
 * Compares the ledger on PostgreSQL with bare statements on the same tables of the same server, which syncs every
 * commit: single events from 32 clients, requests of 500 events, and the import of a file with COPY of its rows.
 */
import { createReadStream, writeFileSync } from "node:fs"
import { join } from "node:path"
import * as NodeStream from "@effect/platform-node/NodeStream"
import { Effect } from "effect"
import * as ArrayColumns from "../adapters/postgres/ArrayColumns.ts"
import * as Sql from "../adapters/postgres/Sql.ts"
import * as Mapping from "../adapters/files/Mapping.ts"
import * as RowMapper from "../adapters/files/RowMapper.ts"
import * as RowReader from "../adapters/files/RowReader.ts"
import * as Lane from "../core/model/Lane.ts"
import type { ProjectScope } from "../core/model/Catalog.ts"
import * as Intake from "../core/transfer/Intake.ts"
import * as Ledger from "../core/Ledger.ts"
import type { StoredEvent } from "../core/ports/LedgerStore.ts"
import * as Measure from "./measure.ts"
import * as PostgresLedger from "./postgresLedger.ts"
import * as Samples from "./samples.ts"

const importedRows = Number(process.env["BENCH_ROWS"] ?? 1_000_000)
const rounds = 5
const clients = 32
const batch = 500
const batchClients = 4

/** How many owners of lanes the bare clients write to in turn, so that no client waits for a lane of another. */
const owners = 64

/**
 * Places events for bare statements in the lanes of owners that the ledger does not know. Positions are counted here.
 */
const makePlacer = () => {
  const positions = new Map<number, number>()
  let requests = 0
  return (events: ReadonlyArray<StoredEvent>) => {
    const owner = { number: 1_000_000 + (requests++ % owners), lanes: Lane.defaultCount }
    return events.map((event) => {
      const lane = Lane.of(owner, event.concordId)
      const position = positions.get(lane) ?? 0
      positions.set(lane, position + 1)
      return { lane, position, event }
    })
  }
}
type Placed = ReturnType<ReturnType<typeof makePlacer>>[number]

const columns = ArrayColumns.make<Placed>({
  lane: ["bigint", ({ lane }) => lane],
  position: ["bigint", ({ position }) => position],
  person: ["uuid", ({ event }) => event.concordId],
  event_id: ["uuid", ({ event }) => event.id],
  consent_type: ["uuid", ({ event }) => event.consentType],
  consent_state: ["text", ({ event }) => event.consentState],
  consent_date: ["bigint", ({ event }) => event.consentDate],
  recorded_at: ["bigint", ({ event }) => event.dateCreated],
  submitter: ["text", ({ event }) => event.submitter],
  body: ["text", ({ event }) => event.body],
})

const eventOf = (from: string): string => `INSERT INTO event SELECT lane, position, person, event_id, consent_type, 1,
    consent_state, 'user_click', consent_date, recorded_at, NULL, submitter, NULL, NULL, NULL, body,
    sha256('\\x00'::bytea || convert_to(body, 'UTF8')) FROM ${from}`
const headOf = (from: string): string => `INSERT INTO head
    SELECT lane, person, consent_type, consent_state, consent_date, recorded_at, event_id, position FROM ${from}`
const laneOf = (from: string): string => `INSERT INTO lane_head
    SELECT lane, max(position) + 1, max(recorded_at) FROM ${from} GROUP BY lane
    ON CONFLICT (lane) DO UPDATE SET next_position = excluded.next_position, last_recorded_at = excluded.last_recorded_at`
const all = (from: string): string => `WITH e AS (${eventOf(from)}), h AS (${headOf(from)}) ${laneOf(from)}`

const names =
  "(lane, position, person, event_id, consent_type, consent_state, consent_date, recorded_at, submitter, body)"
const one = `(SELECT $1::bigint, $2::bigint, $3::uuid, $4::uuid, $5::uuid, $6::text, $7::bigint, $8::bigint, $9::text,
    $10::text) AS v ${names}`
/** The usual way to insert arrays; {@link sideBySide} is the way of the ledger. */
const unnested = `unnest($1::bigint[], $2::bigint[], $3::uuid[], $4::uuid[], $5::uuid[], $6::text[], $7::bigint[],
    $8::bigint[], $9::text[], $10::text[]) AS v ${names}`
const sideBySide = `${columns.rows} v`

const appends = Effect.fnUntraced(function* ({ scope, store, superUrl, url }: PostgresLedger.Opened) {
  const sql = yield* Sql.connect(url, clients)
  const administrator = yield* Sql.connect(superUrl, 1)
  // Every contender begins with empty tables and after a checkpoint. Otherwise a later one would write to larger
  // indexes, and while the rows of an earlier one are written to the disk.
  const prepare = Effect.forEach(["TRUNCATE event, head, lane_head, used_type", "CHECKPOINT"], (statement) =>
    PostgresLedger.administer(administrator, statement),
  )
  const compare = (contenders: Readonly<Record<string, Effect.Effect<number, unknown>>>) =>
    Measure.compareEffects(contenders, prepare)
  const next = Samples.maker(scope)
  const place = makePlacer()
  const events = (count: number, now = Date.now()) => Array.from({ length: count }, () => next(now))
  const append = (count: number) =>
    Effect.suspend(() => {
      const recordedAt = Date.now()
      const request = { ...scope, recordedAt, events: events(count, recordedAt), claims: [] }
      return Effect.flatMap(store.events.append(request), ({ _tag }) => {
        // A stale append has written nothing, and is prepared again by the next call.
        return _tag === "Appended" ? Effect.succeed(count) : _tag === "Stale" ? Effect.succeed(0) : Effect.die(_tag)
      })
    })
  const bare = (statement: string) =>
    Effect.suspend(() => {
      const [{ event, lane, position }] = place(events(1)) as [Placed]
      const { body, concordId, consentDate, consentState, consentType, dateCreated, id, submitter } = event
      const dates = [consentDate, dateCreated]
      const values = [lane, position, concordId, id, consentType, consentState, ...dates, submitter, body]
      return Effect.as(Sql.query(sql, statement, values), 1)
    })
  const bareBatch = (statement: string) =>
    Effect.suspend(() => Effect.as(Sql.query(sql, statement, columns.parameters(place(events(batch)))), batch))
  Measure.print(
    `PostgreSQL, single events, ${clients} clients`,
    yield* compare({
      "bare INSERT: event, head, lane": Measure.concurrently(clients, bare(all(one))),
      "bare INSERT: event alone": Measure.concurrently(clients, bare(eventOf(one))),
      "append of one event": Measure.concurrently(clients, append(1)),
    }),
    { "append of one event": 60 },
  )
  Measure.print(
    `PostgreSQL, requests of ${batch} events, ${batchClients} clients, in events`,
    yield* compare({
      "bare unnest INSERT: events, heads, lanes": Measure.concurrently(batchClients, bareBatch(all(unnested))),
      "the same, unnested as the ledger does": Measure.concurrently(batchClients, bareBatch(all(sideBySide))),
      "bare unnest INSERT: events alone": Measure.concurrently(batchClients, bareBatch(eventOf(unnested))),
      "the same alone, as the ledger does": Measure.concurrently(batchClients, bareBatch(eventOf(sideBySide))),
      "append of 500 events": Measure.concurrently(batchClients, append(batch)),
    }),
    { "append of 500 events": 60 },
  )
})

/** Writes a file of rows as another system would, each about another person. */
const writeRows = (path: string, scope: ProjectScope, round: number): void => {
  const next = Samples.maker(scope)
  const lines = Array.from({ length: importedRows / rounds }, (_, index) => {
    const { consentDate, consentState, consentType } = next(Date.UTC(2024, 0, 1) + index * 1000)
    const date = new Date(consentDate).toISOString()
    const userId = `user-${round}-${index}`
    const item = { userId, consentType, consentState, consentAction: "import", consentDate: date }
    return `${JSON.stringify(item)}\n`
  })
  writeFileSync(path, lines.join(""))
}

const importFile = (path: string, scope: ProjectScope) => {
  const file = NodeStream.fromReadable({ evaluate: () => createReadStream(path), onError: String })
  const intake: Intake.Intake = {
    ...scope,
    submitter: scope.organization.id,
    isRestore: false,
    map: RowMapper.make(Mapping.none).map,
    report: () => Effect.void,
  }
  return Effect.flatMap(Ledger.Ledger, (ledger) =>
    Intake.run(RowReader.read(file, { format: "ndjson" }), intake, ledger),
  )
}

const timed = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    const started = performance.now()
    yield* effect
    return (performance.now() - started) / 1000
  })

/**
 * Compares an import with COPY of the rows that it has written into the same tables of another database. They take
 * turns, because the speed of the machine varies. The tables of both grow.
 */
const bulk = Effect.fnUntraced(function* ({ ledger, scope, superUrl }: PostgresLedger.Opened) {
  const { folder } = yield* PostgresLedger.Server
  const path = join(folder, "rows.ndjson")
  const source = yield* Sql.connect(superUrl, 1)
  const target = yield* Sql.connect((yield* PostgresLedger.open).superUrl, 1)
  const tables = ["event", "head", "alias", "person"]
  const administer = (sql: Sql.Sql, statement: (table: string) => string) =>
    Effect.forEach(tables, (table) => PostgresLedger.administer(sql, statement(table)), { discard: true })
  let [importing, copying] = [0, 0]
  for (let round = 0; round < rounds; round++) {
    writeRows(path, scope, round)
    const [begun] = yield* Sql.query<{ at: string }>(source, "SELECT pg_current_xact_id()::text AS at")
    yield* PostgresLedger.administer(source, "CHECKPOINT")
    importing += yield* timed(Effect.provideService(importFile(path, scope), Ledger.Ledger, ledger))
    const written = (table: string) => `SELECT * FROM ${table} WHERE xmin::text::bigint > ${begun!.at} ORDER BY ctid`
    yield* administer(source, (table) => `COPY (${written(table)}) TO '${folder}/${table}.copy'`)
    yield* PostgresLedger.administer(source, "CHECKPOINT")
    copying += yield* timed(administer(target, (table) => `COPY ${table} FROM '${folder}/${table}.copy'`))
  }
  Measure.print(
    `PostgreSQL, ${importedRows.toLocaleString("en")} rows from ${rounds} files, in events`,
    [
      { name: "COPY into the same tables", perSecond: importedRows / copying },
      { name: "import", perSecond: importedRows / importing },
    ],
    { import: 50 },
  )
})

/** Runs and prints the comparisons. */
export const run = (): Promise<void> =>
  PostgresLedger.run(
    Effect.gen(function* () {
      const opened = yield* PostgresLedger.open
      yield* bulk(opened)
      yield* appends(opened)
    }),
  )
