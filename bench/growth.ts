/**
 * Measures the ledger on PostgreSQL as its log grows from 10⁴ to 10⁷ events (1,000 to 1,000,000 people): questions
 * about a person, and recording. The chart is written to `docs/benchmarks/growth.svg`.
 *
 * The log is filled by statements that write the same rows as the ledger. The measured operations go through the
 * ledger. The limit is the smallest log of the same run.
 */
import { writeFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { Effect } from "effect"
import * as Sql from "../adapters/postgres/Sql.ts"
import type { ProjectScope } from "../core/model/Catalog.ts"
import * as Lane from "../core/model/Lane.ts"
import * as Chart from "./chart.ts"
import * as Measure from "./measure.ts"
import * as PostgresLedger from "./postgresLedger.ts"
import * as Samples from "./samples.ts"

const plot = fileURLToPath(new URL("../docs/benchmarks/growth.svg", import.meta.url))
/** Events of each person; at most 10. */
const eventsOfPerson = Number(process.env["BENCH_EVENTS_OF_PERSON"] ?? 10)
const clients = 8
const batch = 500

/**
 * Writes people with ten events each, of the project's types in turn. The events of a person are far apart in the log.
 */
const fill = Effect.fnUntraced(function* (sql: Sql.Sql, scope: ProjectScope, people: number) {
  const { project, types } = scope
  const [lane] = Lane.all(project)
  const { body, consentDate, submitter } = Samples.maker(scope)(Date.UTC(2024, 0, 1))
  const rows = `
    SELECT $1::bigint + k % $2::bigint AS lane, j * $5::bigint / $2::bigint + k / $2::bigint AS position,
      ('018d5c00-0000-7000-8000-' || lpad(to_hex(k), 12, '0'))::uuid AS person,
      ('018d5c01-000' || j || '-7000-8000-' || lpad(to_hex(k), 12, '0'))::uuid AS event_id,
      ($3::text[])[1 + j % cardinality($3::text[])]::uuid AS consent_type, $4::bigint + j * 1000 AS at, j
    FROM generate_series(0, $5::bigint - 1) k, generate_series(0, ${eventsOfPerson - 1}) j`
  const parameters = [lane!, project.lanes, types.all.map(({ id }) => id), consentDate, people]
  yield* Sql.query(
    sql,
    `INSERT INTO event SELECT lane, position, person, event_id, consent_type, 1, 'accepted', 'user_click', at, at, NULL,
       $6::text, NULL, NULL, NULL, $7::text, sha256('\\x00'::bytea || convert_to($7::text, 'UTF8'))
     FROM (${rows}) v ORDER BY lane, position`,
    [...parameters, submitter, body],
  )
  yield* Sql.query(
    sql,
    `INSERT INTO head SELECT lane, person, consent_type, 'accepted', at, at, event_id, position
     FROM (${rows}) v WHERE j >= ${eventsOfPerson} - cardinality($3::text[])`,
    parameters,
  )
  yield* Sql.query(
    sql,
    `INSERT INTO lane_head SELECT lane, max(position) + 1, max(at) FROM (${rows}) v GROUP BY lane
     ON CONFLICT (lane) DO UPDATE SET next_position = excluded.next_position`,
    parameters,
  )
})

/**
 * Removes the statement timeout. Needed before each long statement, because an idle connection is replaced by a new
 * one.
 */
const unbounded = (sql: Sql.Sql) => sql.unsafe("SET statement_timeout = 0")

const open = Effect.fnUntraced(function* (events: number) {
  const opened = yield* PostgresLedger.open
  const { lanes } = opened.scope.project
  const people = Math.ceil(events / eventsOfPerson / lanes) * lanes
  const sql = yield* Sql.connect(opened.superUrl, 1)
  yield* unbounded(sql)
  // In a transaction, because otherwise the circuit breaker would end the long statements.
  yield* sql.withTransaction(fill(sql, opened.scope, people))
  yield* sql.unsafe("VACUUM (ANALYZE, FREEZE)")
  return { ...opened, events, people, sql }
})

/** Loads a ledger into PostgreSQL's buffers, because the operating system may drop its own cache of the files. */
const warm = Effect.fnUntraced(function* ({ sql }: Filled) {
  yield* unbounded(sql)
  yield* sql.unsafe("CREATE EXTENSION pg_prewarm")
  yield* sql.unsafe(
    "SELECT pg_prewarm(oid) FROM pg_class WHERE relname ~ '^(event|head|lane|alias|person)' AND relkind IN ('r', 'i')",
  )
})

type Filled = Effect.Success<ReturnType<typeof open>>

const personOf = (number: number): string => `018d5c00-0000-7000-8000-${number.toString(16).padStart(12, "0")}`

/** The operations that are measured on each ledger. Each returns how many were done. */
const uses: Readonly<Record<string, (filled: Filled) => Effect.Effect<number, unknown>>> = {
  "state of a person": ({ ledger, people, scope }) =>
    Effect.suspend(() => {
      const concordId = personOf(Math.floor(Math.random() * people))
      return Effect.as(ledger.state({ ...scope, concordId }), 1)
    }),
  "timeline of a person": ({ ledger, people, scope }) =>
    Effect.suspend(() => {
      const concordId = personOf(Math.floor(Math.random() * people))
      return Effect.as(ledger.timeline({ ...scope, concordId }), 1)
    }),
  "events in requests of 500": ({ scope, store }) => {
    const next = Samples.maker(scope)
    return Effect.suspend(() => {
      const events = Array.from({ length: batch }, () => next(Date.now()))
      return Effect.as(
        store.events.append({ ...scope, recordedAt: events.at(-1)!.dateCreated, events, claims: [] }),
        batch,
      )
    })
  },
}

const compare = Effect.fnUntraced(function* (what: string, ledgers: ReadonlyArray<Filled>) {
  const name = ({ events, people }: Filled) =>
    `${events.toLocaleString("en")} events, ${people.toLocaleString("en")} people`
  const contenders = ledgers.map(
    (filled) => [name(filled), Measure.concurrently(clients, uses[what]!(filled))] as const,
  )
  const rates = yield* Measure.compareEffects(Object.fromEntries(contenders))
  const aims = Object.fromEntries(ledgers.map((filled) => [name(filled), 80]))
  Measure.print(`PostgreSQL as it grows: ${what}, ${clients} clients`, rates, aims)
  return rates.map(({ perSecond }, index) => ({ name: what, events: ledgers[index]!.events, value: perSecond }))
})

/** Measures, prints and draws. The sizes are numbers of events, the smallest first. */
export const run = (sizes: ReadonlyArray<number>): Promise<void> =>
  PostgresLedger.run(
    Effect.gen(function* () {
      const ledgers = yield* Effect.forEach(sizes.length === 0 ? [1e4, 1e5, 1e6, 1e7] : sizes, open)
      yield* Effect.forEach(ledgers, warm, { discard: true })
      const measured = yield* Effect.forEach(Object.keys(uses), (what) => compare(what, ledgers))
      writeFileSync(plot, Chart.svg({ label: "a second", measured: measured.flat() }))
    }),
  )
