/**
 * The rows of a PostgreSQL ledger as they are stored: reads them with cursors of one snapshot, and writes them in one
 * transaction.
 */
import { Effect, type Scope } from "effect"
import * as Reactivity from "effect/reactivity/Reactivity"
import type { SqlError } from "effect/sql/SqlError"
import {
  batchRows,
  type ColumnName,
  type LedgerRows,
  type Next,
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
import * as ConnectFault from "./ConnectFault.ts"
import * as JoinedRebuild from "./JoinedRebuild.ts"
import * as Migrations from "./Migrations.ts"
import * as RowForm from "./RowForm.ts"
import * as Sql from "./Sql.ts"

/**
 * The SQLSTATE codes of data that the server cannot read or decode, and of the statements after that in the same
 * transaction.
 */
const damagedCodes: ReadonlySet<unknown> = new Set(["XX000", "XX001", "XX002", "58P01", "22021", "25P02"])

/** Why a statement failed: the rows cannot be read, or the database cannot answer. */
export const failureOf = (error: SqlError): StoreUnavailable | StoreDamaged => {
  const cause: unknown = error.reason.cause
  const code = typeof cause === "object" && cause !== null && "code" in cause ? cause.code : undefined
  return damagedCodes.has(code) ? new StoreDamaged({ reason: error.message }) : Sql.unavailable(error)
}

const select = <Name extends TableName, Column extends ColumnName<Name>>(
  table: Name,
  selection: Selection<Name, Column> | undefined,
): string => {
  const all = RowForm.columnsOf(tables[table])
  const names: ReadonlyArray<string> | undefined = selection?.columns
  const kinds = new Map(all)
  const by: ReadonlyArray<string> = selection?.by ?? tables[table].key
  // Text is ordered by its bytes, whatever the collation of the database is.
  const order = by.map((name) => `t.${name}${RowForm.isText(kinds.get(name)) ? ' COLLATE "C"' : ""}`)
  const shown = RowForm.selectList(all.filter(([name]) => names?.includes(name) !== false))
  return `SELECT ${shown} FROM ${table} t${order.length === 0 ? "" : ` ORDER BY ${order.join(", ")}`}`
}

const makeSnapshot = (sql: Sql.Sql): Snapshot => {
  let cursors = 0
  return {
    rows: <Name extends TableName, Column extends ColumnName<Name>>(table: Name, selection?: Selection<Name, Column>) =>
      Effect.gen(function* () {
        const cursor = `rows_${++cursors}`
        yield* Sql.query(sql, `DECLARE ${cursor} NO SCROLL CURSOR FOR ${select(table, selection)}`)
        const fetch = Sql.query<object>(sql, `FETCH ${batchRows(table)} FROM ${cursor}`)
        const rows = Effect.map(
          fetch,
          (found) => found.map(RowForm.decodeText) as unknown as ReadonlyArray<Row<Name, Column>>,
        )
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
export const transaction = <A, E>(sql: Sql.Sql, begin: string, steps: Effect.Effect<A, E>) =>
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

/** Fails if the database has no tables, or those of another version. */
const expectLedger = (sql: Sql.Sql, url: string) =>
  ConnectFault.placing(
    url,
    Effect.gen(function* () {
      const fault = yield* Migrations.faultOfDatabase(sql)
      if (fault !== undefined) return yield* fault
    }),
  )

/** Connects to a database, and closes the connections after use. Errors get the meaning that they have for rows. */
export const withDatabase = <A, E>(
  url: string,
  use: (sql: Sql.Sql) => Effect.Effect<A, E, Reactivity.Reactivity | Scope.Scope>,
) =>
  Effect.flatMap(Sql.connect(url), use).pipe(
    Effect.scoped,
    Effect.provide(Reactivity.layer),
    Effect.mapError((error): Exclude<E, SqlError> | StoreUnavailable | StoreDamaged => {
      if (!Sql.isSqlError(error)) return error as Exclude<E, SqlError>
      const failure = failureOf(error)
      return failure._tag === "StoreDamaged" ? failure : ConnectFault.of(url, error)
    }),
  )

const read =
  (url: string): LedgerRows["read"] =>
  (steps) =>
    withDatabase(url, (sql) =>
      transaction(
        sql,
        "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY",
        Effect.andThen(
          expectLedger(sql, url),
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

/** The tables that only allow inserts. */
const insertOnly: ReadonlySet<TableName> = new Set([
  "event",
  "person_fact",
  "erasure",
  "held_erasure",
  "change",
  "people_change",
  "compliance_fact",
])

/**
 * Keeps other transactions from writing. The tables that only allow inserts need no lock, because they are always
 * written after another table.
 */
const lock = (sql: Sql.Sql) => {
  const locked = tableNames.filter((table) => !insertOnly.has(table))
  return Sql.query(sql, `LOCK TABLE ${locked.join(", ")} IN EXCLUSIVE MODE`)
}

const insert =
  (sql: Sql.Sql) =>
  <Name extends TableName>(table: Name, rows: ReadonlyArray<Row<Name>>): Effect.Effect<void, StoreUnavailable> => {
    const given: ReadonlyArray<RowForm.Values> = rows
    const { parameters, statement } = RowForm.insertion(table, table, tables[table], given)
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
        ConnectFault.placing(url, Migrations.run(sql)),
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
      Effect.andThen(expectLedger(sql, url), JoinedRebuild.rebuild(sql)),
    ),
  )

/** The rows of a database. */
export const make = (url: string): LedgerRows => ({
  read: read(url),
  fill: fill(url),
  rebuildJoined: rebuildJoined(url),
})
