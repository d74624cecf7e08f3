/**
 * Removes deleted rows from the files of the tables that hold something about people: `VACUUM`, where the role may.
 *
 * PostgreSQL keeps a deleted row as long as a transaction may still see it. So it waits a moment for the transactions
 * that are older than the scrub.
 */
import { Effect, Schedule } from "effect"
import * as Sql from "./Sql.ts"

/** The tables that an erasure deletes from. */
const tables = [
  "alias",
  "former_alias",
  "external_id",
  "person_key",
  "personal_data",
  "session",
  "used_identity_token",
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

/** Whether a table was vacuumed; false if that takes longer than a statement may, or waits too long for a lock. */
const vacuum = (sql: Sql.Sql, table: string) =>
  Sql.query(sql, `VACUUM ${table}`).pipe(
    Effect.as(true),
    Effect.catchIf(Sql.isTooLong, () => Effect.succeed(false)),
  )

const all = Effect.fnUntraced(function* (sql: Sql.Sql) {
  const names = yield* Sql.query<{ readonly name: string }>(sql, permitted)
  if (names.length === 0) return false
  const areGone = yield* areOlderGone(sql)
  const areDone = yield* Effect.forEach(names, ({ name }) => vacuum(sql, name))
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
