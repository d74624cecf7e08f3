/**
 * The rows of a SQLite ledger, as they are stored.
 *
 * If no process has the file open, reading leaves no trace: SQLite does not even make its `-wal` and `-shm` files.
 */
import { existsSync, statSync } from "node:fs"
import { DatabaseSync, type SQLOutputValue } from "node:sqlite"
import { pathToFileURL } from "node:url"
import { Effect, Exit } from "effect"
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
  UpgradeNeeded,
} from "../../core/ports/LedgerRows.ts"
import { StoreUnavailable } from "../../core/ports/LedgerStore.ts"
import * as Connection from "./Connection.ts"
import * as FileFault from "./FileFault.ts"
import * as Integrity from "./Integrity.ts"
import * as JoinedRebuild from "./JoinedRebuild.ts"
import * as Migrations from "./Migrations.ts"
import * as Reader from "./Reader.ts"
import * as RowForm from "./RowForm.ts"

/** SQLite's result codes for a file that is damaged, or that is not a SQLite file. */
const damagedCodes: ReadonlySet<unknown> = new Set([11, 26])

/** Why a step failed: the file is damaged, or it cannot be used. */
export const failureOf = (error: unknown): StoreUnavailable | StoreDamaged => {
  if (!(error instanceof Error)) return new StoreUnavailable({ reason: "the disk failed" })
  const code = "errcode" in error && typeof error.errcode === "number" ? error.errcode & 0xff : undefined
  return damagedCodes.has(code)
    ? new StoreDamaged({ reason: error.message })
    : new StoreUnavailable({ reason: error.message })
}

const attempt = <A>(step: () => A): Effect.Effect<A, StoreUnavailable | StoreDamaged> =>
  Effect.try({ try: step, catch: failureOf })

/** Why a file cannot be opened: as {@link failureOf}, with its path and what to do. */
export const openingFailure =
  (path: string) =>
  (error: unknown): StoreUnavailable | StoreDamaged => {
    const fault = FileFault.of(path, error)
    return failureOf(error)._tag === "StoreDamaged"
      ? new StoreDamaged({ reason: fault.reason })
      : Reader.cannotOpen(fault)
  }

const openToWrite = (path: string): Effect.Effect<DatabaseSync, UpgradeNeeded | StoreUnavailable | StoreDamaged> =>
  Effect.try({
    try: () => Connection.openNew(path),
    catch: (error) =>
      error instanceof Migrations.NotCurrent && error.kind === "UpgradeNeeded"
        ? new UpgradeNeeded({ reason: FileFault.of(path, error).reason })
        : openingFailure(path)(error),
  })

/** The columns that are read of a table, and the statement that reads them in order. */
interface TableQuery {
  readonly columns: ReadonlyArray<readonly [name: string, kind: Kind]>
  readonly sql: string
}

const queryOf = <Name extends TableName, Column extends ColumnName<Name>>(
  table: Name,
  selection: Selection<Name, Column> | undefined,
): TableQuery => {
  const all: ReadonlyArray<readonly [string, Kind]> = Object.entries(tables[table].columns)
  const names: ReadonlyArray<string> | undefined = selection?.columns
  const columns = all.filter(([name]) => names?.includes(name) !== false)
  const by = selection?.by ?? tables[table].key
  const order = by.length === 0 ? "" : ` ORDER BY ${by.join(", ")}`
  return { columns, sql: `SELECT ${columns.map(([name]) => name).join(", ")} FROM ${table}${order}` }
}

/** Reads through one connection. `check` throws if the rows that were just read may be inconsistent. */
const snapshotOf = (db: DatabaseSync, check: () => void): Snapshot => ({
  rows: <Name extends TableName, Column extends ColumnName<Name>>(table: Name, selection?: Selection<Name, Column>) =>
    attempt((): Next<Name, Column> => {
      const { columns, sql } = queryOf(table, selection)
      const statement = db.prepare(sql)
      statement.setReturnArrays(true)
      // Only damaged rows have numbers that JavaScript cannot represent. Reading must go on after them.
      statement.setReadBigInts(true)
      const rows: Iterator<unknown> = statement.iterate()
      const rowOf = (values: ReadonlyArray<SQLOutputValue>) =>
        // The columns and their kinds are those of the table.
        Object.fromEntries(columns.map(([name, kind], index) => [name, RowForm.toShared(kind, values[index]!)])) as Row<
          Name,
          Column
        >
      let hasEnded = false
      return Effect.try({
        try: () => {
          const batch: Array<Row<Name, Column>> = []
          while (!hasEnded && batch.length < batchRows(table)) {
            const next = rows.next()
            if (next.done === true) hasEnded = true
            // An array, because `setReturnArrays` was called.
            else batch.push(rowOf(next.value as ReadonlyArray<SQLOutputValue>))
          }
          check()
          return batch
        },
        catch: (error) => {
          hasEnded = true
          try {
            check()
            return failureOf(error)
          } catch (changed) {
            return failureOf(changed)
          }
        },
      })
    }),
  faults: Effect.suspend(() => {
    try {
      const messages = db.prepare("PRAGMA integrity_check").all().flatMap(Object.values).map(String)
      return Effect.succeed([...messages.filter((message) => message !== "ok"), ...Integrity.schemaFaults(db)])
    } catch (error) {
      const failure = failureOf(error)
      return failure._tag === "StoreDamaged" ? Effect.succeed([failure.reason]) : failure
    }
  }),
})

/**
 * Opens a file to be read. If it has a write-ahead log, another process may have it open, and both share the log. If
 * not, the file is opened as immutable, and `check` throws once the file is written to.
 */
const openToRead = (path: string): { readonly db: DatabaseSync; readonly check: () => void } => {
  const log = `${path}-wal`
  if (existsSync(log))
    return { db: new DatabaseSync(path, { readOnly: true, timeout: 10_000 }), check: () => undefined }
  const file = pathToFileURL(path)
  file.searchParams.set("immutable", "1")
  const identity = () => {
    const { ino, mtimeMs, size } = statSync(path)
    return [ino, mtimeMs, size, existsSync(log)].join()
  }
  const before = identity()
  const check = () => {
    if (identity() !== before) throw new Error("somebody has begun to write to the file; try again")
  }
  return { db: new DatabaseSync(file, { readOnly: true }), check }
}

const read =
  (path: string): LedgerRows["read"] =>
  (steps) =>
    Effect.suspend(() => {
      if (!existsSync(path)) return Effect.fail(new NoLedger({ reason: FileFault.missing(path) }))
      return Effect.acquireUseRelease(
        Effect.try({ try: () => openToRead(path), catch: openingFailure(path) }),
        ({ check, db }) =>
          Effect.gen(function* () {
            const fault = yield* Effect.try({ try: () => Migrations.faultOf(db), catch: openingFailure(path) })
            if (fault !== undefined) {
              const reason = `${path}: ${fault.reason}`
              return yield* fault.kind === "NoLedger" ? new NoLedger({ reason }) : new UpgradeNeeded({ reason })
            }
            yield* attempt(() => db.exec("BEGIN"))
            return yield* steps(snapshotOf(db, check))
          }),
        ({ db }) => Effect.sync(() => db.close()),
      )
    })

const firstWithRows = (db: DatabaseSync): TableName | undefined =>
  tableNames.find((table) => {
    const where = table === "catalog_head" ? "WHERE revision > 0" : ""
    return db.prepare(`SELECT 1 FROM ${table} ${where} LIMIT 1`).get() !== undefined
  })

const makeInsert = (db: DatabaseSync) => {
  const insertOne = <Name extends TableName>(table: Name) => {
    const columns: ReadonlyArray<readonly [string, Kind]> = Object.entries(tables[table].columns)
    const names = columns.map(([name]) => name)
    const statement = db.prepare(
      `INSERT INTO ${table} (${names.join(", ")}) VALUES (${names.map(() => "?").join(", ")})`,
    )
    return (row: Row<Name>) =>
      statement.run(
        ...columns.map(([name, kind]) => RowForm.toStored(table, kind, row[name as ColumnName<Name>] as RowForm.Value)),
      )
  }
  return <Name extends TableName>(table: Name, rows: ReadonlyArray<Row<Name>>) =>
    Effect.try({
      try: () => {
        const insert = insertOne(table)
        for (const row of rows) insert(row)
      },
      catch: (error) => new StoreUnavailable({ reason: failureOf(error).message }),
    })
}

const fill =
  (path: string): LedgerRows["fill"] =>
  (steps) =>
    Effect.acquireUseRelease(
      openToWrite(path),
      (db) =>
        Effect.gen(function* () {
          yield* attempt(() => db.exec("BEGIN IMMEDIATE"))
          const table = yield* attempt(() => firstWithRows(db))
          if (table !== undefined) return yield* new NotEmpty({ table })
          yield* attempt(() => db.exec("DELETE FROM catalog_head"))
          const target = { ...snapshotOf(db, () => undefined), insert: makeInsert(db) }
          const result = yield* steps(target)
          yield* attempt(() => db.exec("COMMIT"))
          return result
        }),
      (db, exit) =>
        Effect.sync(() => {
          if (Exit.isFailure(exit) && db.isTransaction) db.exec("ROLLBACK")
          db.close()
        }),
    )

const rebuildJoined = (path: string): LedgerRows["rebuildJoined"] =>
  Effect.gen(function* () {
    if (!existsSync(path)) return yield* new NoLedger({ reason: FileFault.missing(path) })
    yield* Effect.acquireUseRelease(
      openToWrite(path),
      (db) =>
        attempt(() => {
          db.exec("BEGIN IMMEDIATE")
          JoinedRebuild.rebuild(db)
          db.exec("COMMIT")
        }),
      (db) => Effect.sync(() => db.close()),
    )
  })

/** The rows of the ledger in a file. */
export const make = (path: string): LedgerRows => ({
  read: read(path),
  fill: fill(path),
  rebuildJoined: rebuildJoined(path),
})
