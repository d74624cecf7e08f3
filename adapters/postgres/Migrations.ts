/**
 * Brings a database to the tables that this version needs: numbered files, each applied once, in a transaction of its own. One
 * that was applied and has been edited since is refused: the database would not be what the file says.
 */
import { createHash } from "node:crypto"
import { Effect } from "effect"
import { StoreUnavailable } from "../../core/ports/LedgerStore.ts"
import * as Ledger from "./migrations/0001-ledger.ts"
import * as Sql from "./Sql.ts"

interface Migration {
  readonly number: number
  readonly name: string
  readonly sql: string
}

/** Every migration, in its order. */
export const migrations: ReadonlyArray<Migration> = [{ number: 1, name: "ledger", sql: Ledger.sql }]

const digestOf = ({ sql }: Migration): string => createHash("sha256").update(sql).digest("hex")

/** The statements of a migration: none has a semicolon inside. */
const statementsOf = ({ sql }: Migration): ReadonlyArray<string> =>
  sql
    .split(";")
    .map((statement) => statement.trim())
    .filter((statement) => statement !== "")

const apply = Effect.fnUntraced(function* (sql: Sql.Sql, migration: Migration) {
  for (const statement of statementsOf(migration)) yield* Sql.query(sql, statement)
  yield* Sql.query(sql, "INSERT INTO migration VALUES ($1, $2, $3)", [
    migration.number,
    migration.name,
    digestOf(migration),
  ])
})

interface Applied {
  readonly number: number
  readonly digest: string
}

/** Applies what is missing. Several processes may try at once: one does it. */
export const run = Effect.fnUntraced(function* (sql: Sql.Sql) {
  const steps = Effect.gen(function* () {
    yield* Sql.query(
      sql,
      "CREATE TABLE IF NOT EXISTS migration (number bigint NOT NULL PRIMARY KEY, name text NOT NULL, digest text NOT NULL)",
    )
    yield* Sql.query(sql, "LOCK TABLE migration IN EXCLUSIVE MODE")
    const applied = yield* Sql.query<Applied>(sql, "SELECT number, digest FROM migration ORDER BY number")
    for (const { digest, number } of applied) {
      const migration = migrations.find((each) => each.number === number)
      if (migration === undefined) {
        return yield* new StoreUnavailable({ reason: "the database was written by a later version of Assent" })
      }
      if (digestOf(migration) !== digest) {
        return yield* new StoreUnavailable({ reason: `migration ${number} was edited after it was applied` })
      }
    }
    const known = new Set(applied.map(({ number }) => number))
    for (const migration of migrations) if (!known.has(migration.number)) yield* apply(sql, migration)
  })
  yield* Sql.transaction(sql, steps)
})
