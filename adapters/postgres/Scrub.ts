/**
 * Removes deleted rows from the files of the tables that hold something about people: `VACUUM`, where the role may.
 * The hashes by which people are found have statistics, which hold some of the values. They are computed again.
 *
 * PostgreSQL keeps a deleted row as long as a transaction may still see it. So it waits a moment for the transactions
 * that are older than the scrub.
 */
import { Effect, Schedule } from "effect"
import type { SqlError } from "effect/sql/SqlError"
import * as Sql from "./Sql.ts"

/** The tables that an erasure deletes from, and the one that has addresses of contacts of data systems. */
const tables = [
  "alias",
  "former_alias",
  "external_id",
  "person_key",
  "personal_data",
  "session",
  "used_identity_token",
  "compliance_private",
  "request_key",
  "outbox",
  "file_chunk",
  "entry_private",
] as const

/** How often, at most, it is looked whether older transactions have ended, and after which pause. */
const looks = { most: 40, pauseMillis: 50 }

/**
 * Those of the tables that the role may vacuum: with the rights of their owner, as the owner of the database, or, in
 * PostgreSQL 17 and later, with the right to maintain them, which earlier versions do not know.
 */
const permitted = `SELECT c.relname AS name FROM pg_class c
  WHERE c.oid IN (${tables.map((table) => `to_regclass('${table}')`).join(", ")}) AND (
    pg_has_role(c.relowner, 'USAGE')
    OR (SELECT pg_has_role(d.datdba, 'USAGE') FROM pg_database d WHERE d.datname = current_database())
    OR CASE WHEN current_setting('server_version_num')::int >= 170000
         THEN has_table_privilege(c.oid, 'MAINTAIN') ELSE false END)`

/** The transactions that may still see rows which were deleted before a transaction id. */
const older = `SELECT 1 AS found FROM pg_stat_activity
  WHERE (datname IS NULL OR datname = current_database()) AND pid <> pg_backend_pid()
    AND age(backend_xmin) > age($1::text::xid) LIMIT 1`

const areOlderGone = Effect.fnUntraced(function* (sql: Sql.Sql) {
  const [now] = yield* Sql.query<{ readonly xmax: string }>(
    sql,
    "SELECT pg_snapshot_xmax(pg_current_snapshot())::xid::text AS xmax",
  )
  const look = Effect.map(Sql.query(sql, older, [now!.xmax]), (rows) => rows.length === 0)
  return yield* Effect.repeat(look, {
    schedule: Schedule.spaced(looks.pauseMillis),
    times: looks.most,
    until: (isGone) => isGone,
  })
})

/** Whether something was done; false if that takes longer than a statement may, or waits too long for a lock. */
const isDoneInTime = (statements: Effect.Effect<unknown, SqlError>) =>
  statements.pipe(
    Effect.as(true),
    Effect.catchIf(Sql.isTooLong, () => Effect.succeed(false)),
  )

const nobody = "'00000000-0000-0000-0000-000000000000'"

/** A row of each analyzed table that is about no one: no lane of a ledger is below 0. */
const rowsOfNobody = {
  alias: `(lane, hash, person, recorded_at) VALUES (-1, '', ${nobody}, 0)`,
  former_alias: `(lane, hash, recorded_at, released_at, person) VALUES (-1, '', 0, 0, ${nobody})`,
  external_id: `(lane, hash, event_lane, position, person) VALUES (-1, '', -1, 0, ${nobody})`,
} as const

type Analyzed = keyof typeof rowsOfNobody

const isAnalyzed = (table: string): table is Analyzed => table in rowsOfNobody

/**
 * Computes the statistics of a table without rows again. `ANALYZE` leaves them as they are there, so there is a row
 * while it runs, which no other transaction sees.
 */
const forget = Effect.fnUntraced(function* (sql: Sql.Sql, table: Analyzed) {
  const stale = `SELECT 1 AS found FROM pg_stats WHERE schemaname = current_schema() AND tablename = '${table}'
    AND NOT EXISTS (SELECT 1 FROM ${table}) LIMIT 1`
  if ((yield* Sql.query(sql, stale)).length === 0) return
  const steps = Effect.gen(function* () {
    yield* Sql.query(sql, `INSERT INTO ${table} ${rowsOfNobody[table]}`)
    yield* Sql.query(sql, `ANALYZE ${table}`)
    yield* Sql.query(sql, `DELETE FROM ${table} WHERE lane = -1`)
  })
  yield* Sql.transaction(sql, steps)
})

const vacuum = (sql: Sql.Sql, table: string) =>
  isDoneInTime(
    isAnalyzed(table)
      ? Effect.andThen(Sql.query(sql, `VACUUM (ANALYZE) ${table}`), forget(sql, table))
      : Sql.query(sql, `VACUUM ${table}`),
  )

/**
 * Removes earlier statistics from the file of the catalog. Does nothing, with a warning of the database, where the role
 * is not the owner of the database.
 */
export const vacuumStatistics = (sql: Sql.Sql) => isDoneInTime(Sql.query(sql, "VACUUM pg_catalog.pg_statistic"))

const all = Effect.fnUntraced(function* (sql: Sql.Sql) {
  const names = yield* Sql.query<{ readonly name: string }>(sql, permitted)
  if (names.length === 0) return false
  const areGone = yield* areOlderGone(sql)
  const areDone = yield* Effect.forEach(names, ({ name }) => vacuum(sql, name))
  yield* vacuumStatistics(sql)
  return areGone && areDone.length === tables.length && areDone.every((isDone) => isDone)
})

/**
 * Scrubs, and returns whether nothing is left: false where the role may not vacuum every table or not look which it
 * may, where an older transaction does not end, and where a table takes too long.
 */
export const run = (sql: Sql.Sql) =>
  Effect.catchIf(
    all(sql),
    ({ reason }) => reason._tag === "AuthorizationError",
    () => Effect.succeed(false),
  )
