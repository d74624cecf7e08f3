/**
 * The rows of a PostgreSQL ledger as they are stored: reads them with cursors of one snapshot, and writes them in one
 * transaction.
 */
import { Effect, type Scope } from "effect"
import * as Reactivity from "effect/reactivity/Reactivity"
import type { SqlError } from "effect/sql/SqlError"
import * as Lane from "../../core/model/Lane.ts"
import {
  batchRows,
  type ColumnName,
  type Kind,
  type LedgerRows,
  type Next,
  NoLedger,
  NotEmpty,
  type Row,
  type Selection,
  type Snapshot,
  StoreDamaged,
  type TableName,
  tableNames,
  tables,
} from "../../core/ports/LedgerRows.ts"
import { StoreUnavailable } from "../../core/ports/LedgerStore.ts"
import * as JoinedRebuild from "./JoinedRebuild.ts"
import * as Lanes from "./Lanes.ts"
import * as Migrations from "./Migrations.ts"
import * as Sql from "./Sql.ts"

type Value = number | string | boolean | null

const columnsOf = (table: TableName): ReadonlyArray<readonly [name: string, kind: Kind]> =>
  Object.entries(tables[table].columns)

/** The lane of a row, for the tables that have a lane in PostgreSQL only. */
const laneOf = (table: TableName, row: Readonly<Record<string, Value>>): number | undefined => {
  switch (table) {
    case "catalog_head":
    case "catalog_entry":
      return Lanes.catalog
    case "document":
      return Lane.of(Lanes.unowned, String(row["consent_type"]))
    case "key_use":
      return Lane.of(Lanes.unowned, String(row["id"]))
    case "session":
      return Lane.of(Lanes.unowned, String(row["token_hash"]))
    case "used_identity_token":
      return Lane.of(Lanes.unowned, String(row["hash"]))
    default:
      return undefined
  }
}

/**
 * The SQLSTATE codes of data that the server cannot read or decode, and of the statements after that in the same
 * transaction.
 */
const damagedCodes: ReadonlySet<unknown> = new Set(["XX000", "XX001", "XX002", "58P01", "22021", "25P02"])

const failureOf = (error: SqlError): StoreUnavailable | StoreDamaged => {
  const cause: unknown = error.reason.cause
  const code = typeof cause === "object" && cause !== null && "code" in cause ? cause.code : undefined
  return damagedCodes.has(code) ? new StoreDamaged({ reason: error.message }) : Sql.unavailable(error)
}

const isText = (kind: Kind | undefined): boolean => kind === "text" || kind === "text?"

/** Text is read as bytes and decoded here, because damaged bytes that are not valid text must not stop the read. */
const decodeText = (row: object): object =>
  Object.fromEntries(
    Object.entries(row).map(([name, value]) => [
      name,
      value instanceof Uint8Array ? Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString() : value,
    ]),
  )

const select = <Name extends TableName, Column extends ColumnName<Name>>(
  table: Name,
  selection: Selection<Name, Column> | undefined,
): string => {
  const kinds = new Map(columnsOf(table))
  const columns: ReadonlyArray<string> = selection?.columns ?? [...kinds.keys()]
  const shown = columns.map((name) => {
    const kind = kinds.get(name)
    if (kind?.startsWith("bytes") === true) return `encode(${name}, 'hex') AS ${name}`
    return isText(kind) ? `textsend(${name}) AS ${name}` : name
  })
  const by: ReadonlyArray<string> = selection?.by ?? tables[table].key
  // Text is ordered by its bytes, whatever the collation of the database is.
  const order = by.map((name) => `t.${name}${isText(kinds.get(name)) ? ' COLLATE "C"' : ""}`)
  return `SELECT ${shown.join(", ")} FROM ${table} t${order.length === 0 ? "" : ` ORDER BY ${order.join(", ")}`}`
}

const makeSnapshot = (sql: Sql.Sql): Snapshot => {
  let cursors = 0
  return {
    rows: <Name extends TableName, Column extends ColumnName<Name>>(table: Name, selection?: Selection<Name, Column>) =>
      Effect.gen(function* () {
        const cursor = `rows_${++cursors}`
        yield* Sql.query(sql, `DECLARE ${cursor} NO SCROLL CURSOR FOR ${select(table, selection)}`)
        const fetch = Sql.query<object>(sql, `FETCH ${batchRows(table)} FROM ${cursor}`)
        const rows = Effect.map(fetch, (found) => found.map(decodeText) as ReadonlyArray<Row<Name, Column>>)
        return Effect.mapError(rows, failureOf) as Next<Name, Column>
      }).pipe(Effect.mapError(failureOf)),
    faults: Effect.mapError(
      Effect.map(Migrations.applied(sql), (notes) => notes.flatMap((note) => Migrations.faultOf(note) ?? [])),
      Sql.unavailable,
    ),
  }
}

/**
 * A transaction without time limits. It is never tried again here, because its steps may also read or write another
 * store.
 */
const transaction = <A, E>(sql: Sql.Sql, begin: string, steps: Effect.Effect<A, E>) =>
  sql
    .withTransaction(
      Effect.gen(function* () {
        yield* Sql.query(sql, begin)
        yield* Sql.query(sql, "SET LOCAL statement_timeout = 0")
        yield* Sql.query(sql, "SET LOCAL idle_in_transaction_session_timeout = 0")
        // Otherwise an index could answer instead of the rows, and hide that they are damaged.
        yield* Sql.query(sql, "SET LOCAL enable_indexonlyscan = off")
        return yield* steps
      }),
    )
    .pipe(Effect.catchDefect((defect) => (Sql.isSqlError(defect) ? Effect.fail(defect) : Effect.die(defect))))

const mapErrors = <A, E>(
  effect: Effect.Effect<A, E | SqlError>,
): Effect.Effect<A, Exclude<E, SqlError> | StoreUnavailable | StoreDamaged> =>
  Effect.mapError(effect, (error) => (Sql.isSqlError(error) ? failureOf(error) : (error as Exclude<E, SqlError>)))

/** Fails if the database has no tables, or those of another version. */
const expectLedger = Effect.fnUntraced(function* (sql: Sql.Sql) {
  const reason = yield* Migrations.faultOfDatabase(sql)
  if (reason !== undefined) return yield* new NoLedger({ reason })
})

const withDatabase = <A, E>(url: string, use: (sql: Sql.Sql) => Effect.Effect<A, E, Scope.Scope>) =>
  mapErrors(Effect.flatMap(Sql.connect(url), use).pipe(Effect.scoped, Effect.provide(Reactivity.layer)))

const read =
  (url: string): LedgerRows["read"] =>
  (steps) =>
    withDatabase(url, (sql) =>
      transaction(
        sql,
        "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY",
        Effect.andThen(
          expectLedger(sql),
          Effect.suspend(() => steps(makeSnapshot(sql))),
        ),
      ),
    )

const firstWithRows = Effect.fnUntraced(function* (sql: Sql.Sql) {
  for (const table of tableNames) {
    const where = table === "catalog_head" ? "WHERE revision > 0" : ""
    const rows = yield* Sql.query(sql, `SELECT 1 AS found FROM ${table} ${where} LIMIT 1`)
    if (rows.length > 0) return table
  }
  return undefined
})

/**
 * Keeps other transactions from writing. The two tables that only allow inserts need no lock, because they are always
 * written after another table.
 */
const lock = (sql: Sql.Sql) => {
  const locked = tableNames.filter((table) => table !== "event" && table !== "person_fact")
  return Sql.query(sql, `LOCK TABLE ${locked.join(", ")} IN EXCLUSIVE MODE`)
}

const types = { whole: "bigint", uuid: "uuid", text: "text", bytes: "text", boolean: "text" } as const

/** How a column is inserted: the type of the array with its values, and the expression that converts each of them. */
const columnOf = (name: string, kind: Kind) => {
  // Without `?`, every kind is a key of `types`.
  const type = types[kind.replace("?", "") as keyof typeof types]
  const value = kind.startsWith("bytes") ? `decode(v.${name}, 'hex')` : `v.${name}`
  return { name, type, value: kind === "boolean" ? `${value}::boolean` : value }
}

const insert =
  (sql: Sql.Sql) =>
  <Name extends TableName>(table: Name, rows: ReadonlyArray<Row<Name>>): Effect.Effect<void, StoreUnavailable> => {
    const given: ReadonlyArray<Readonly<Record<string, Value>>> = rows
    const lanes = given.flatMap((row) => laneOf(table, row) ?? [])
    const columns = columnsOf(table).map(([name, kind]) => columnOf(name, kind))
    const all = lanes.length === 0 ? columns : [columnOf("lane", "whole"), ...columns]
    const values = (name: string) => given.map((row) => (typeof row[name] === "boolean" ? `${row[name]}` : row[name]!))
    const statement = `INSERT INTO ${table} (${all.map(({ name }) => name).join(", ")})
      SELECT ${all.map(({ value }) => value).join(", ")}
      FROM unnest(${all.map(({ type }, index) => `$${index + 1}::${type}[]`).join(", ")})
        AS v (${all.map(({ name }) => name).join(", ")})`
    const parameters = [...(lanes.length === 0 ? [] : [lanes]), ...columns.map(({ name }) => values(name))]
    const hasNull = () => given.some((row) => Object.values(row).some((value) => String(value).includes("\0")))
    return Sql.query(sql, statement, parameters).pipe(
      Effect.mapError((error) =>
        hasNull()
          ? new StoreUnavailable({ reason: `table ${table}: PostgreSQL cannot keep the character U+0000` })
          : Sql.unavailable(error),
      ),
      Effect.asVoid,
    )
  }

const fill =
  (url: string): LedgerRows["fill"] =>
  (steps) =>
    withDatabase(url, (sql) =>
      Effect.andThen(
        Migrations.run(sql),
        transaction(
          sql,
          "SET TRANSACTION ISOLATION LEVEL READ COMMITTED",
          Effect.gen(function* () {
            yield* lock(sql)
            const table = yield* firstWithRows(sql)
            if (table !== undefined) return yield* new NotEmpty({ table })
            yield* Sql.query(sql, "DELETE FROM catalog_head")
            return yield* steps({ ...makeSnapshot(sql), insert: insert(sql) })
          }),
        ),
      ),
    )

const rebuildJoined = (url: string): LedgerRows["rebuildJoined"] =>
  withDatabase(url, (sql) =>
    transaction(
      sql,
      "SET TRANSACTION ISOLATION LEVEL READ COMMITTED",
      Effect.andThen(expectLedger(sql), JoinedRebuild.rebuild(sql)),
    ),
  )

/** The rows of a database. */
export const make = (url: string): LedgerRows => ({
  read: read(url),
  fill: fill(url),
  rebuildJoined: rebuildJoined(url),
})
