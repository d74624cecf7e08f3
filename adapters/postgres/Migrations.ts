/**
 * Brings a database to the tables that this version needs: numbered files, each applied once, in a transaction of its own. One
 * that was applied and has been edited since is refused: the database would not be what the file says.
 *
 * An engine is a flavour of the tables alone: on Citus each is distributed by its lane when it is made. Statements that read and
 * write are the same on both.
 */
import { createHash } from "node:crypto"
import { Effect } from "effect"
import * as Reactivity from "effect/reactivity/Reactivity"
import type { SqlError } from "effect/sql/SqlError"
import { StoreUnavailable } from "../../core/ports/LedgerStore.ts"
import * as Ledger from "./migrations/0001-ledger.ts"
import * as Attempts from "./migrations/0002-attempts.ts"
import * as PeopleHead from "./migrations/0003-people-head.ts"
import * as TableNames from "./migrations/0004-table-names.ts"
import * as Sql from "./Sql.ts"

/** What the tables are made for. */
export const engines = ["postgres", "citus"] as const
export type Engine = (typeof engines)[number]

/** One step, and its statements. */
export interface Migration {
  readonly number: number
  readonly name: string
  readonly sql: string
}

/** Every migration, in its order. */
export const migrations: ReadonlyArray<Migration> = [
  { number: 1, name: "ledger", sql: Ledger.sql },
  { number: 2, name: "attempts", sql: Attempts.sql },
  { number: 3, name: "people-head", sql: PeopleHead.sql },
  { number: 4, name: "table-names", sql: TableNames.sql },
]

const digestOf = ({ sql }: Migration): string => createHash("sha256").update(sql).digest("hex")

/** Where it is noted what was applied. The one table without a lane: it is about the tables themselves, and nothing writes to it but this. */
const notes = [
  `CREATE TABLE IF NOT EXISTS migration (
  number bigint NOT NULL PRIMARY KEY,
  name text NOT NULL,
  digest text NOT NULL
)`,
  "ALTER TABLE migration ADD COLUMN IF NOT EXISTS engine text NOT NULL DEFAULT 'postgres'",
]

/**
 * What an engine is told of a table that was just made. All tables lie together: what a transaction writes of one lane is on one
 * server.
 */
const placed = (statement: string, engine: Engine): ReadonlyArray<string> => {
  const table = /^CREATE TABLE (\w+)/.exec(statement)?.[1]
  if (engine === "postgres" || table === undefined) return []
  const beside = table === "lane_head" ? "none" : "lane_head"
  return [`SELECT create_distributed_table('${table}', 'lane', colocate_with => '${beside}')`]
}

/** The statements of a migration, its note the last: none has a semicolon inside. */
export const statementsOf = (migration: Migration, engine: Engine): ReadonlyArray<string> => [
  // The notes are read whichever server of an engine is asked.
  ...(engine === "citus" && migration.number === 1 ? ["SELECT create_reference_table('migration')"] : []),
  ...migration.sql
    .split(";")
    .map((statement) => statement.trim())
    .flatMap((statement) => (statement === "" ? [] : [statement, ...placed(statement, engine)])),
  `INSERT INTO migration VALUES (${migration.number}, '${migration.name}', '${digestOf(migration)}', '${engine}')`,
]

/** What is missing in a database, and for which engine it is. */
export interface Missing {
  readonly engine: Engine
  readonly migrations: ReadonlyArray<Migration>
}

/** The statements that bring a database to what is {@link Missing}, as a file for `psql`. */
export const script = ({ engine, migrations }: Missing): string =>
  migrations.length === 0
    ? ""
    : [
        ...notes,
        ...migrations.flatMap((migration) => ["BEGIN", ...statementsOf(migration, engine), "COMMIT"]),
        "",
      ].join(";\n")

interface Applied {
  readonly number: number
  readonly digest: string
  readonly engine: Engine
}

/** The notes. A database without them has no tables yet, or was made before they named an engine. */
export const applied = (sql: Sql.Sql): Effect.Effect<ReadonlyArray<Applied>, SqlError> =>
  Sql.query<Applied>(sql, "SELECT number, digest, engine FROM migration ORDER BY number")

/** Why a note is of no migration that this version has, if it is of none. */
export const faultOf = ({ digest, number }: Applied): string | undefined => {
  const migration = migrations.find((each) => each.number === number)
  if (migration === undefined) return "the database was written by a later version of Assent"
  return digestOf(migration) === digest ? undefined : `migration ${number} was edited after it was applied`
}

const missing = Effect.fnUntraced(function* (known: ReadonlyArray<Applied>, asked: Engine | undefined) {
  for (const note of known) {
    const reason = faultOf(note)
    if (reason !== undefined) return yield* new StoreUnavailable({ reason })
  }
  const remembered = known[0]?.engine
  const engine = remembered ?? asked ?? "postgres"
  if (asked !== undefined && asked !== engine) {
    return yield* new StoreUnavailable({
      reason: `the tables were made for ${engine}, and cannot become those of ${asked}`,
    })
  }
  const numbers = new Set(known.map(({ number }) => number))
  return { engine, migrations: migrations.filter(({ number }) => !numbers.has(number)) } satisfies Missing as Missing
})

/** What is missing; changes nothing. */
export const find = (sql: Sql.Sql, asked?: Engine): Effect.Effect<Missing, SqlError | StoreUnavailable> =>
  Sql.persistently(Sql.patiently(applied(sql))).pipe(
    Effect.catchIf(
      ({ reason }) => reason._tag === "SqlSyntaxError",
      () => Effect.succeed([]),
    ),
    Effect.flatMap((known) => missing(known, asked)),
  )

/** Fails where tables are to be distributed and nothing is there that distributes them. */
const expectEngine = Effect.fnUntraced(function* (sql: Sql.Sql, { engine, migrations }: Missing) {
  if (engine !== "citus" || migrations.length === 0) return
  const found = yield* Sql.query(
    sql,
    "SELECT 1 AS found FROM pg_proc WHERE proname = 'create_distributed_table' LIMIT 1",
  )
  if (found.length > 0) return
  const reason =
    "this database has no Citus: run CREATE EXTENSION citus in it, or leave --engine citus out; nothing was changed"
  return yield* new StoreUnavailable({ reason })
})

/**
 * Applies what is missing, and tells what that was. Several processes may try at once: one does it. Where nothing is missing no
 * right to make tables is needed.
 */
export const run = Effect.fnUntraced(function* (sql: Sql.Sql, asked?: Engine) {
  const found = yield* find(sql, asked)
  if (found.migrations.length === 0) return found
  yield* expectEngine(sql, found)
  const steps = Effect.gen(function* () {
    for (const statement of notes) yield* Sql.query(sql, statement)
    yield* Sql.query(sql, "LOCK TABLE migration IN EXCLUSIVE MODE")
    const left = yield* missing(yield* applied(sql), asked)
    for (const migration of left.migrations) {
      for (const statement of statementsOf(migration, left.engine)) yield* Sql.query(sql, statement)
    }
    return left
  })
  // Of two that make the notes at the same moment one is refused, whatever IF NOT EXISTS says: it then finds them.
  return yield* Effect.retry(Sql.transaction(sql, steps), {
    times: 5,
    while: (error) => Sql.isSqlError(error) && error.reason._tag === "UniqueViolation",
  })
})

/** Uses a database's own connections, for as long as it takes. */
export const using = <A>(
  url: string,
  use: (sql: Sql.Sql) => Effect.Effect<A, SqlError | StoreUnavailable>,
): Effect.Effect<A, StoreUnavailable> =>
  Effect.flatMap(Sql.connect(url), use).pipe(
    Effect.scoped,
    Effect.provide(Reactivity.layer),
    Effect.mapError((error) => (Sql.isSqlError(error) ? Sql.unavailable(error) : error)),
  )
