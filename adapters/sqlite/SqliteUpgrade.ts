/**
 * The upgrade of a ledger in a SQLite file: a new file next to it, which takes its name in the end.
 */
import { existsSync, realpathSync } from "node:fs"
import { DatabaseSync, type SQLInputValue, type SQLOutputValue, type StatementSync } from "node:sqlite"
import { Effect, Exit } from "effect"
import * as Lane from "../../core/model/Lane.ts"
import {
  batchRows,
  type Kind,
  NoLedger,
  StoreDamaged,
  type Table,
  type TableName,
  tables,
} from "../../core/ports/LedgerRows.ts"
import {
  CannotUpgrade,
  type RowKey,
  type LedgerState,
  type LedgerUpgrade,
  type NextRows,
  type Upgrade,
} from "../../core/ports/LedgerUpgrade.ts"
import { StoreUnavailable } from "../../core/ports/LedgerStore.ts"
import { tablesBefore } from "../../core/ports/TablesBefore.ts"
import * as FileFault from "./FileFault.ts"
import * as Migrations from "./Migrations.ts"
import * as RowForm from "./RowForm.ts"
import * as SqliteRows from "./SqliteRows.ts"
import * as UpgradeFiles from "./UpgradeFiles.ts"
import * as Uuid from "./Uuid.ts"

type Values = Readonly<Record<string, RowForm.Value>>

const attempt = <A>(step: () => A): Effect.Effect<A, StoreUnavailable | StoreDamaged> =>
  Effect.try({ try: step, catch: SqliteRows.failureOf })

const columnsOf = ({ columns }: Table): ReadonlyArray<readonly [name: string, kind: Kind]> => Object.entries(columns)

const marks = (count: number): string => Array.from({ length: count }, () => "?").join(", ")

const keyOf = (name: TableName, { columns, key }: Table, values: RowKey): ReadonlyArray<SQLInputValue> =>
  key.map((column, index) => RowForm.toStored(name, columns[column]!, values[index]!))

/** Reads a row from an array of its values. */
const reader = (table: Table) => {
  const columns = columnsOf(table)
  return (values: ReadonlyArray<SQLOutputValue>): Values => {
    const row: Record<string, RowForm.Value> = {}
    for (let index = 0; index < columns.length; index++) {
      const [name, kind] = columns[index]!
      row[name] = RowForm.toShared(kind, values[index]!)
    }
    return row
  }
}

/** A statement that answers arrays. */
const prepare = (db: DatabaseSync, sql: string): StatementSync => {
  const statement = db.prepare(sql)
  statement.setReturnArrays(true)
  return statement
}

/** The rows of a table in the order of their key, after a key. */
const rowsOf = (db: DatabaseSync, name: TableName, table: Table, after: RowKey | undefined) =>
  attempt((): NextRows<Values> => {
    const { key } = table
    const where = after === undefined ? "" : `WHERE (${key.join(", ")}) > (${marks(key.length)})`
    const order = key.length === 0 ? "" : `ORDER BY ${key.join(", ")}`
    const names = columnsOf(table).map(([column]) => column)
    const statement = prepare(db, `SELECT ${names.join(", ")} FROM ${name} ${where} ${order}`)
    const rows: Iterator<unknown> = statement.iterate(...(after === undefined ? [] : keyOf(name, table, after)))
    const read = reader(table)
    let hasEnded = false
    return attempt(() => {
      const batch: Array<Values> = []
      while (!hasEnded && batch.length < batchRows(name)) {
        const next = rows.next()
        if (next.done === true) hasEnded = true
        // An array, because `setReturnArrays` was called.
        else batch.push(read(next.value as ReadonlyArray<SQLOutputValue>))
      }
      return batch
    })
  })

/** Finds rows by their whole key. */
const finder = (db: DatabaseSync, name: TableName) => {
  const table: Table = tables[name]
  const read = reader(table)
  const where = table.key.map((column) => `${column} = ?`).join(" AND ")
  const names = columnsOf(table).map(([column]) => column)
  const statement = prepare(db, `SELECT ${names.join(", ")} FROM ${name} WHERE ${where}`)
  return (places: ReadonlyArray<Values>) =>
    attempt(() =>
      places.map((place) => {
        const key = table.key.map((column) => place[column] as string | number)
        const found: unknown = statement.get(...keyOf(name, table, key))
        return found === undefined ? undefined : read(found as ReadonlyArray<SQLOutputValue>)
      }),
    )
}

/** Finds the facts of people in the earlier ledger. */
const factsReader = (db: DatabaseSync) => {
  const read = reader(tablesBefore.person_fact)
  const names = columnsOf(tablesBefore.person_fact).map(([column]) => column)
  const statement = prepare(db, `SELECT ${names.join(", ")} FROM person_fact WHERE lane = ? AND person = ?`)
  return (lane: number, person: string) =>
    attempt(() => {
      // Arrays, because `setReturnArrays` was called.
      const rows: ReadonlyArray<unknown> = statement.all(lane, Uuid.toBytes(person))
      return rows.map((row) => read(row as ReadonlyArray<SQLOutputValue>))
    })
}

/** Tables whose rows may be there already: a step writes the keys of people that an earlier one has written. */
const isShared = (name: TableName): boolean => name === "person_key" || name === "personal_data"

const inserter = (db: DatabaseSync, name: TableName) => {
  const columns = columnsOf(tables[name])
  const names = columns.map(([column]) => column)
  const conflict = isShared(name) ? "ON CONFLICT DO NOTHING" : ""
  const statement = db.prepare(`INSERT INTO ${name} (${names.join(", ")}) VALUES (${marks(names.length)}) ${conflict}`)
  return (row: Values) => void statement.run(...columns.map(([each, kind]) => RowForm.toStored(name, kind, row[each]!)))
}

const writer = (db: DatabaseSync): Upgrade["write"] => {
  const inserters = new Map<string, ReturnType<typeof inserter>>()
  const insertInto = (name: TableName) => {
    const known = inserters.get(name)
    if (known !== undefined) return known
    const made = inserter(db, name)
    inserters.set(name, made)
    return made
  }
  const keep = db.prepare(
    `INSERT INTO ${UpgradeFiles.placesTable} VALUES (?, ?) ON CONFLICT (part) DO UPDATE SET place = excluded.place`,
  )
  return (part, place, rows) =>
    attempt(() => {
      db.exec("BEGIN")
      try {
        for (const [name, all] of Object.entries(rows)) {
          const insert = insertInto(name as TableName)
          for (const row of all as ReadonlyArray<Values>) insert(row)
        }
        keep.run(part, JSON.stringify(place))
        db.exec("COMMIT")
      } catch (error) {
        if (db.isTransaction) db.exec("ROLLBACK")
        throw error
      }
    })
}

const counter = (db: DatabaseSync) => (name: string) =>
  attempt(() => Number(db.prepare(`SELECT count(*) AS count FROM ${name}`).get()!["count"]))

const upgradeOf = ({ after, before }: UpgradeFiles.Opened): Upgrade => {
  const facts = factsReader(before)
  const personKeys = finder(after, "person_key")
  const personalData = finder(after, "personal_data")
  // The values of rows are those of the columns of their tables.
  return {
    before: (name, key) => rowsOf(before, name, tablesBefore[name], key) as never,
    factsOf: (organization, concordId) => facts(Lane.of(organization, concordId), concordId) as never,
    after: (name, key) => rowsOf(after, name, tables[name], key) as never,
    personKeys: (places) => personKeys(places) as never,
    personalData: (places) => personalData(places) as never,
    places: attempt(() => {
      const rows = after.prepare(`SELECT part, place FROM ${UpgradeFiles.placesTable}`).all()
      return new Map(rows.map(({ part, place }) => [String(part), JSON.parse(String(place)) as RowKey]))
    }),
    write: writer(after),
    count: counter(after),
    countBefore: counter(before),
  }
}

/** Keeps an error that says what to do. */
const opening =
  (path: string) =>
  (error: unknown): CannotUpgrade | StoreUnavailable | StoreDamaged =>
    error instanceof CannotUpgrade ? error : SqliteRows.openingFailure(path)(error)

const run =
  (path: string): LedgerUpgrade["run"] =>
  (steps) =>
    Effect.acquireUseRelease(
      Effect.try({ try: () => UpgradeFiles.open(realpathSync(path)), catch: opening(path) }),
      (opened) =>
        Effect.gen(function* () {
          const { isSame, value } = yield* steps(upgradeOf(opened))
          const end = isSame ? UpgradeFiles.swap : UpgradeFiles.abandon
          yield* Effect.try({ try: () => end(opened), catch: opening(path) })
          return value
        }),
      (opened, exit) => (Exit.isSuccess(exit) ? Effect.void : Effect.sync(() => UpgradeFiles.close(opened))),
    )

const state = (path: string): LedgerUpgrade["state"] =>
  Effect.gen(function* (): Effect.gen.Return<LedgerState, NoLedger | StoreUnavailable | StoreDamaged> {
    if (!existsSync(path)) return yield* new NoLedger({ reason: FileFault.missing(path) })
    return yield* Effect.acquireUseRelease(
      Effect.try({
        try: () => new DatabaseSync(path, { timeout: 10_000 }),
        catch: SqliteRows.openingFailure(path),
      }),
      (db) =>
        Effect.gen(function* () {
          const fault = yield* Effect.try({
            try: () => Migrations.faultOf(db),
            catch: SqliteRows.openingFailure(path),
          })
          if (fault === undefined) return "current"
          const version = yield* attempt(() => UpgradeFiles.versionOf(db))
          if (version < 0) return "begun"
          return UpgradeFiles.isBefore(version) ? "before" : yield* new NoLedger({ reason: `${path}: ${fault.reason}` })
        }),
      (db) => Effect.sync(() => db.close()),
    )
  })

/** The upgrade of the ledger in a file. */
export const make = (path: string): LedgerUpgrade => ({ state: state(path), run: run(path) })
