/**
 * Measures how many bytes an event takes in PostgreSQL, for each table with its indexes and in the write-ahead log.
 * These are the figures of docs/operating.md. Run it with `node bench/bytes.ts [events]`. Unlike rates, bytes are the
 * same on every machine.
 */
import * as NodeCrypto from "@effect/platform-node/NodeCrypto"
import { Effect, Layer, Option } from "effect"
import * as PostgresStore from "../adapters/postgres/PostgresStore.ts"
import * as Ledger from "../core/Ledger.ts"
import { startPostgres } from "../test/support/postgres.ts"
import * as TestKeys from "../test/support/keys.ts"

const events = Number(process.argv[2] ?? 100_000)
const batch = 500
/** Events of a person. The calculation in docs/operating.md has the same: 100 billion events of a billion people. */
const perPerson = 100
const people = events / perPerson

const postgres = await startPostgres(["-c", "fsync=off"])
const url = await postgres.database()
const name = new URL(url).pathname.slice(1)

const record = Effect.gen(function* () {
  const ledger = yield* Ledger.Ledger
  const { consentTypes, project } = Option.getOrThrow(yield* ledger.found)
  const scope = Option.getOrThrow(yield* ledger.projectScope(project.id))
  const before = yield* wal
  for (let done = 0; done < events; done += batch) {
    const items = Array.from({ length: batch }, (_, index) => {
      const n = done + index
      const round = Math.floor(n / people)
      return {
        person: { userId: `user-${n % people}` },
        consentType: consentTypes[round % consentTypes.length]!.id,
        consentState: round % 5 === 0 ? ("declined" as const) : ("accepted" as const),
        consentAction: "import" as const,
      }
    })
    yield* ledger.record({ ...scope, submitter: scope.organization.id, items })
  }
  return { wal: (yield* wal) - before }
})

const wal = Effect.promise(async () => {
  const [row] = await postgres.administer("SELECT pg_current_wal_insert_lsn() - '0/0'::pg_lsn AS bytes")
  return Number(row!["bytes"])
})

const layer = Ledger.layer.pipe(Layer.provide([PostgresStore.layer(url), NodeCrypto.layer, TestKeys.layer]))
try {
  const written = await Effect.runPromise(Effect.provide(record, layer))
  await postgres.administer("VACUUM ANALYZE", name)
  const tables = await postgres.administer(
    `SELECT relname AS table, n_live_tup AS rows, pg_relation_size(relid) AS heap, pg_indexes_size(relid) AS indexes,
       pg_total_relation_size(relid) AS total
     FROM pg_stat_user_tables WHERE n_live_tup > 0 ORDER BY pg_total_relation_size(relid) DESC`,
    name,
  )
  const perEvent = (bytes: unknown) => Math.round(Number(bytes) / events)
  const perRow = (bytes: unknown, rows: unknown) => Math.round(Number(bytes) / Number(rows))
  console.log(`${events} events of ${people} people in requests of ${batch}`)
  console.table(
    tables.map(({ heap, indexes, rows, table, total }) => ({
      table,
      rows: Number(rows),
      "heap bytes/row": perRow(heap, rows),
      "index bytes/row": perRow(indexes, rows),
      "bytes/event": perEvent(total),
    })),
  )
  console.log(`write-ahead log: ${perEvent(written.wal)} bytes an event`)
} finally {
  await postgres.stop()
}
