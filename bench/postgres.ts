/**
 * The ledger on PostgreSQL beside bare statements on the same tables of the same server, which waits for its disk before
 * every commit: events one by one from 32 clients, requests of 500, and a file that is imported beside COPY of its rows.
 */
import { createReadStream, writeFileSync } from "node:fs"
import { join } from "node:path"
import * as NodeStream from "@effect/platform-node/NodeStream"
import { Effect } from "effect"
import * as Sql from "../adapters/postgres/Sql.ts"
import * as Mapping from "../adapters/files/Mapping.ts"
import * as Rows from "../adapters/files/Rows.ts"
import * as Lane from "../core/Lane.ts"
import type { Site } from "../core/Catalog.ts"
import * as Intake from "../core/ledger/Intake.ts"
import * as Ledger from "../core/ledger/Ledger.ts"
import type { StoredEvent } from "../core/ports/LedgerStore.ts"
import * as Measure from "./measure.ts"
import * as PostgresLedger from "./postgresLedger.ts"
import * as Samples from "./samples.ts"

const importedRows = Number(process.env["BENCH_ROWS"] ?? 200_000)
const clients = 32
const batch = 500

/** Rows for bare statements: in the lanes of an owner that the ledger does not know, by positions counted here. */
const makePlacer = () => {
  const owner = { number: 1_000_000, lanes: Lane.defaultCount }
  const positions = new Map<number, number>()
  return (event: StoredEvent) => {
    const lane = Lane.of(owner, event.concordId)
    const position = positions.get(lane) ?? 0
    positions.set(lane, position + 1)
    return { lane, position, event }
  }
}
type Placed = ReturnType<ReturnType<typeof makePlacer>>

const columns = (rows: ReadonlyArray<Placed>): ReadonlyArray<ReadonlyArray<string | number>> => [
  rows.map(({ lane }) => lane),
  rows.map(({ position }) => position),
  rows.map(({ event }) => event.concordId),
  rows.map(({ event }) => event.id),
  rows.map(({ event }) => event.consentType),
  rows.map(({ event }) => event.consentState),
  rows.map(({ event }) => event.consentDate),
  rows.map(({ event }) => event.dateCreated),
  rows.map(({ event }) => event.submitter),
  rows.map(({ event }) => event.body),
]

const eventOf = (from: string): string => `INSERT INTO event SELECT lane, position, person, event_id, consent_type, 1,
    consent_state, 'user_click', consent_date, recorded_at, NULL, submitter, NULL, NULL, NULL, NULL, body,
    sha256(convert_to(body, 'UTF8')) FROM ${from}`
const headOf = (
  from: string,
): string => `INSERT INTO head SELECT lane, person, consent_type, consent_state, consent_date,
    recorded_at, event_id, position FROM ${from}`
const names =
  "(lane, position, person, event_id, consent_type, consent_state, consent_date, recorded_at, submitter, body)"
const one = `(SELECT $1::bigint, $2::bigint, $3::uuid, $4::uuid, $5::uuid, $6::text, $7::bigint, $8::bigint, $9::text,
    $10::text) AS v ${names}`
const many = `unnest($1::bigint[], $2::bigint[], $3::uuid[], $4::uuid[], $5::uuid[], $6::text[], $7::bigint[],
    $8::bigint[], $9::text[], $10::text[]) AS v ${names}`
const both = (from: string): string => `WITH e AS (${eventOf(from)}) ${headOf(from)}`

const appends = Effect.fnUntraced(function* ({ site, store, url }: PostgresLedger.Opened) {
  const sql = yield* Sql.connect(url, clients)
  const next = Samples.maker(site)
  const place = makePlacer()
  const events = (count: number) => Array.from({ length: count }, () => next(Date.now()))
  const append = (count: number) =>
    Effect.suspend(() => {
      const appended = events(count)
      const recordedAt = appended.at(-1)!.dateCreated
      return Effect.flatMap(store.append({ ...site, recordedAt, events: appended, claims: [] }), ({ _tag }) =>
        _tag === "Appended" ? Effect.succeed(count) : Effect.die(_tag),
      )
    })
  const bare = (statement: string, count: number) =>
    Effect.suspend(() => {
      const rows = columns(events(count).map(place))
      return Effect.as(Sql.query(sql, statement, count === 1 ? rows.map(([value]) => value!) : rows), count)
    })
  Measure.print(
    `PostgreSQL, single events, ${clients} clients`,
    yield* Measure.compareEffects({
      "bare INSERT of an event": Measure.concurrently(clients, bare(eventOf(one), 1)),
      "bare INSERT of an event and its head": Measure.concurrently(clients, bare(both(one), 1)),
      "append of one event": Measure.concurrently(clients, append(1)),
    }),
    { "append of one event": 60 },
  )
  Measure.print(
    `PostgreSQL, requests of ${batch} events, 4 clients, in events`,
    yield* Measure.compareEffects({
      "bare unnest INSERT of events": Measure.concurrently(4, bare(eventOf(many), batch)),
      "bare unnest INSERT of events and heads": Measure.concurrently(4, bare(both(many), batch)),
      "append of 500 events": Measure.concurrently(4, append(batch)),
    }),
    { "append of 500 events": 60 },
  )
})

/** Rows as another system writes them, each about somebody else. */
const writeRows = (path: string, site: Site): void => {
  const next = Samples.maker(site)
  const lines = Array.from({ length: importedRows }, (_, index) => {
    const { consentDate, consentState, consentType } = next(Date.UTC(2024, 0, 1) + index * 1000)
    const date = new Date(consentDate).toISOString()
    const item = { userId: `user-${index}`, consentType, consentState, consentAction: "import", consentDate: date }
    return `${JSON.stringify(item)}\n`
  })
  writeFileSync(path, lines.join(""))
}

const importFile = (path: string, site: Site) =>
  Intake.run(
    Rows.read(NodeStream.fromReadable({ evaluate: () => createReadStream(path), onError: String }), {
      format: "ndjson",
    }),
    {
      ...site,
      submitter: site.organization.id,
      isRestore: false,
      isDryRun: false,
      map: Mapping.apply({}),
      report: () => Effect.void,
    },
  )

const timed = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    const started = performance.now()
    yield* effect
    return (performance.now() - started) / 1000
  })

/** The import, and then COPY of the very rows that it has written, into the same tables after they were emptied. */
const bulk = Effect.fnUntraced(function* ({ ledger, site, superUrl }: PostgresLedger.Opened) {
  const { folder } = yield* PostgresLedger.Server
  const path = join(folder, "rows.ndjson")
  writeRows(path, site)
  const sql = yield* Sql.connect(superUrl, 1)
  const tables = ["event", "head", "alias", "person"]
  const administer = (statement: (table: string) => string) =>
    Effect.forEach(tables, (table) => Sql.query(sql, statement(table)), { discard: true })
  yield* administer((table) => `TRUNCATE ${table}`)
  const importing = yield* timed(Effect.provideService(importFile(path, site), Ledger.Ledger, ledger))
  yield* administer((table) => `COPY ${table} TO '${folder}/${table}.copy'`)
  yield* administer((table) => `TRUNCATE ${table}`)
  const copying = yield* timed(administer((table) => `COPY ${table} FROM '${folder}/${table}.copy'`))
  Measure.print(
    `PostgreSQL, ${importedRows.toLocaleString("en")} rows from a file, in events`,
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
