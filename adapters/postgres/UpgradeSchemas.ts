/**
 * The schemas of an upgrade: the tables of the earlier ledger are put away into one, and the new ones are filled in
 * another. In the end the new tables are put where the earlier ones were.
 *
 * A server of the earlier version that still runs finds no table any more: it refuses every request, and what it would
 * have recorded cannot be lost. A row of `migration` keeps servers from starting.
 */
import { Effect, Schedule } from "effect"
import type { SqlError } from "effect/sql/SqlError"
import { CannotUpgrade, type LedgerState } from "../../core/ports/LedgerUpgrade.ts"
import { namesBefore } from "../../core/ports/TablesBefore.ts"
import * as JoinedRebuild from "./JoinedRebuild.ts"
import * as Migrations from "./Migrations.ts"
import * as Sql from "./Sql.ts"

/** The names of schemas, quoted. */
export interface Schemas {
  /** The schema that servers use. */
  readonly own: string
  readonly before: string
  readonly after: string
}

/** The table with the places of the parts of an upgrade, until the swap. */
export const placesTable = "upgrade"

/** Every table of the earlier ledger: those with rows that are upgraded, and one that is only of this store. */
const tablesBefore = [...namesBefore, "attempt"]

/** The last migration of ledgers that are upgraded. */
const lastBefore = 7

/** The migration after which the rows about people that are joined already are written. */
const joinedHeads = 5

/** Whether the tables are of this version, of an earlier one, or put away; or what else they are. */
export const stateOf = Effect.fnUntraced(function* (
  sql: Sql.Sql,
): Effect.fn.Return<LedgerState | { readonly fault: string }, SqlError> {
  const found = yield* Migrations.faultOfDatabase(sql)
  if (found === undefined) return "current"
  const fault = found.reason
  const [table] = yield* Sql.query<{ readonly is: boolean }>(sql, `SELECT to_regclass('migration') IS NOT NULL AS "is"`)
  if (table?.is !== true) return { fault }
  const applied = yield* Sql.query<{ readonly number: number }>(sql, "SELECT number FROM migration ORDER BY number")
  const numbers = applied.map(({ number }) => number)
  if (numbers[0] === Migrations.upgradeMark) return "begun"
  return numbers.every((number, index) => number === index + 1 && number <= lastBefore) ? "before" : { fault }
})

/** Applies the migrations up to {@link lastBefore} that the ledger lacks, and returns the engine of its tables. */
const migrate = Effect.fnUntraced(function* (sql: Sql.Sql) {
  // The caller has seen that the ledger is not marked.
  const { engine, migrations } = yield* Effect.catchTag(Migrations.find(sql), "UpgradeNeeded", Effect.die)
  const missing = migrations.filter(({ number }) => number <= lastBefore)
  for (const migration of missing) {
    for (const statement of Migrations.statementsOf(migration, engine)) yield* Sql.query(sql, statement)
  }
  if (missing.some(({ number }) => number === joinedHeads)) yield* JoinedRebuild.rebuild(sql)
  return engine
})

/** Makes the tables of this version, empty. */
const makeTables = Effect.fnUntraced(function* (sql: Sql.Sql, engine: Migrations.Engine) {
  for (const statement of Migrations.migrationTable) yield* Sql.query(sql, statement)
  for (const migration of Migrations.migrations) {
    for (const statement of Migrations.statementsOf(migration, engine)) yield* Sql.query(sql, statement)
  }
  yield* Sql.query(sql, "DELETE FROM catalog_head")
})

/** The schemas of the ledger that a connection uses. */
export const find = Effect.fnUntraced(function* (sql: Sql.Sql) {
  const [found] = yield* Sql.query<Schemas>(
    sql,
    `SELECT quote_ident(name) AS own, quote_ident(name || '_before_upgrade') AS before,
       quote_ident(name || '_upgraded') AS after
     FROM current_schema() AS name`,
  )
  return found!
})

const inUse = new CannotUpgrade({
  reason: "the ledger is in use: stop every server and command on it; nothing was changed",
})

/** The name of the connection that begins an upgrade: two that begin at the same time do not count each other. */
const beginner = "assent upgrade"

/**
 * Counts the other connections of clients. What they are is not shown of other roles; processes of the database have no
 * user then, apart from those of Citus.
 */
const others = `SELECT count(*) AS count FROM pg_stat_activity
  WHERE datname = current_database() AND pid <> pg_backend_pid()
    AND (backend_type = 'client backend' OR backend_type IS NULL AND usesysid IS NOT NULL)
    AND application_name <> '${beginner}' AND application_name NOT ILIKE 'citus%'`

/** Refuses while others are connected. Waits two seconds, because a closed connection is shown for a moment. */
const expectAlone = Effect.fnUntraced(function* (sql: Sql.Sql) {
  const look = Effect.gen(function* () {
    // Within a transaction the first look would be shown again.
    yield* Sql.query(sql, "SELECT pg_stat_clear_snapshot()")
    const [found] = yield* Sql.query<{ readonly count: number }>(sql, others)
    return found!.count
  })
  const count = yield* Effect.repeat(look, {
    schedule: Schedule.spaced(50),
    times: 40,
    until: (found) => found === 0,
  })
  if (count === 0) return
  const reason = `the ledger is in use: connections of others to its database: ${count}. Stop every server and command on it, also those of earlier versions, and a pooler or psql that is connected; nothing was changed`
  return yield* new CannotUpgrade({ reason })
})

const isInUse = (error: unknown): boolean =>
  Sql.isSqlError(error) && (error.reason._tag === "LockTimeoutError" || error.reason._tag === "DeadlockError")

const noRight = new CannotUpgrade({
  reason:
    "the role must own the tables and may make schemas, and tables in the ledger's own: GRANT CREATE ON DATABASE …; GRANT CREATE ON SCHEMA …; nothing was changed",
})

const isForbidden = (error: unknown): boolean => Sql.isSqlError(error) && error.reason._tag === "AuthorizationError"

/** Runs steps in one transaction; a lock of another connection means that the ledger is in use. */
const exclusively = <A, E>(sql: Sql.Sql, steps: Effect.Effect<A, E>) =>
  Sql.transactionOnce(sql, Effect.andThen(Sql.query(sql, "SET LOCAL statement_timeout = 0"), steps)).pipe(
    Effect.catchIf(isInUse, () => inUse),
    Effect.catchIf(isForbidden, () => noRight),
  )

const inSchema = (sql: Sql.Sql, schema: string) => Sql.query(sql, `SET LOCAL search_path = ${schema}`)

/**
 * Marks the ledger, puts its tables away, and makes empty ones: all of it or nothing. Does nothing if it was done
 * before.
 */
export const begin = Effect.fnUntraced(function* (sql: Sql.Sql, schemas: Schemas) {
  const { after, before, own } = schemas
  const steps = Effect.gen(function* () {
    yield* Sql.query(sql, `SET LOCAL application_name = '${beginner}'`)
    yield* Sql.query(sql, "LOCK TABLE migration IN ACCESS EXCLUSIVE MODE")
    if ((yield* stateOf(sql)) === "begun") return
    yield* expectAlone(sql)
    // The second right is needed at the swap only: without it all the work would be done first.
    const [right] = yield* Sql.query<{ readonly is: boolean }>(
      sql,
      `SELECT has_database_privilege(current_database(), 'CREATE')
         AND has_schema_privilege(current_schema(), 'CREATE') AS "is"`,
    )
    if (right?.is !== true) return yield* noRight
    const engine = yield* migrate(sql)
    // Citus changes the shards of one table after the other where several tables are changed in one transaction.
    if (engine === "citus") yield* Sql.query(sql, "SET LOCAL citus.multi_shard_modify_mode = 'sequential'")
    yield* Sql.query(sql, `CREATE SCHEMA ${before}`)
    for (const table of tablesBefore) yield* Sql.query(sql, `ALTER TABLE ${table} SET SCHEMA ${before}`)
    yield* Sql.query(sql, `INSERT INTO migration VALUES (${Migrations.upgradeMark}, 'upgrade', '', '${engine}')`)
    yield* Sql.query(sql, `DROP SCHEMA IF EXISTS ${after} CASCADE`)
    yield* Sql.query(sql, `CREATE SCHEMA ${after}`)
    yield* inSchema(sql, after)
    yield* makeTables(sql, engine)
    yield* Sql.query(sql, `CREATE TABLE ${placesTable} (part text PRIMARY KEY, place text NOT NULL)`)
    yield* inSchema(sql, own)
  })
  yield* exclusively(sql, steps)
})

/** Keeps another process from upgrading, until the transaction ends. */
export const holdAlone = (sql: Sql.Sql, { after }: Schemas) =>
  Effect.catchIf(
    Sql.query(sql, `LOCK TABLE ${after}.${placesTable} IN SHARE UPDATE EXCLUSIVE MODE NOWAIT`),
    ({ reason }) => reason._tag === "LockTimeoutError",
    () => new CannotUpgrade({ reason: "the ledger is being upgraded by another process; nothing was changed" }),
  )

const newTables = Effect.fnUntraced(function* (sql: Sql.Sql, { after }: Schemas) {
  const rows = yield* Sql.query<{ readonly name: string }>(
    sql,
    `SELECT relname AS name FROM pg_class WHERE relnamespace = '${after}'::regnamespace AND relkind IN ('r', 'p')
       AND relname <> '${placesTable}'`,
  )
  return rows.map(({ name }) => name)
})

/** The new tables take the place of the earlier ones, which are removed. */
export const swap = Effect.fnUntraced(function* (sql: Sql.Sql, schemas: Schemas) {
  const { after, before, own } = schemas
  const steps = Effect.gen(function* () {
    yield* Sql.query(sql, `DROP TABLE ${after}.${placesTable}`)
    const tables = yield* newTables(sql, schemas)
    for (const table of tables) yield* Sql.query(sql, `ANALYZE ${after}.${table}`)
    yield* Sql.query(sql, `DROP SCHEMA ${before} CASCADE`)
    yield* Sql.query(sql, `DROP TABLE ${own}.migration`)
    for (const table of tables) yield* Sql.query(sql, `ALTER TABLE ${after}.${table} SET SCHEMA ${own}`)
    yield* Sql.query(sql, `DROP SCHEMA ${after}`)
  })
  yield* exclusively(sql, steps)
})

/** The new tables are removed, and the earlier ones are where they were. */
export const abandon = Effect.fnUntraced(function* (sql: Sql.Sql, { after, before, own }: Schemas) {
  const steps = Effect.gen(function* () {
    yield* Sql.query(sql, `DROP SCHEMA ${after} CASCADE`)
    for (const table of tablesBefore) yield* Sql.query(sql, `ALTER TABLE ${before}.${table} SET SCHEMA ${own}`)
    yield* Sql.query(sql, `DROP SCHEMA ${before}`)
    yield* Sql.query(sql, `DELETE FROM migration WHERE number = ${Migrations.upgradeMark}`)
  })
  yield* exclusively(sql, steps)
})
