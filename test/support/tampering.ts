/**
 * Changes stored rows without the ledger: in a SQLite file, triggers are dropped and created again; in a PostgreSQL
 * database, the owner takes back the rights that it has given up.
 */
import { DatabaseSync } from "node:sqlite"
import { Effect } from "effect"
import * as Reactivity from "effect/reactivity/Reactivity"
import * as Sql from "../../adapters/postgres/Sql.ts"
import { type ColumnName, type Kind, type Row, type TableName, tables } from "../../core/ports/LedgerRows.ts"

type Value = number | string | boolean | null

/** Access to the rows of a store. */
export interface Tampering {
  readonly run: (statement: string) => Promise<void>
  /** The SQL literal of a value of a column. */
  readonly literal: (kind: Kind, value: Value) => string
}

const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`

const plain = (value: Value): string => (typeof value === "string" ? quoted(value) : String(value ?? "NULL"))

/** Access to a SQLite file that no process has open. */
export const ofSqlite = (path: string): Tampering => ({
  run: async (statement) => {
    const db = new DatabaseSync(path)
    const triggers = db.prepare("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'").all()
    for (const { name } of triggers) db.exec(`DROP TRIGGER ${String(name)}`)
    db.exec(statement)
    for (const { sql } of triggers) db.exec(String(sql))
    db.close()
  },
  literal: (kind, value) =>
    typeof value === "string" && (kind.startsWith("uuid") || kind.startsWith("bytes"))
      ? `x'${value.replaceAll("-", "")}'`
      : plain(value),
})

/** Access to a PostgreSQL database. */
export const ofPostgres = (url: string): Tampering => ({
  run: (statement) =>
    Effect.runPromise(
      Effect.gen(function* () {
        const sql = yield* Sql.connect(url)
        // A ledger from before has no table of erasures, of changes and of compliance requests.
        const [found] = yield* Sql.query<{ readonly is: boolean; readonly has_requests: boolean }>(
          sql,
          `SELECT to_regclass('erasure') IS NOT NULL AS is, to_regclass('compliance_fact') IS NOT NULL AS has_requests`,
        )
        const later = `${found!.is ? ", erasure, change, people_change" : ""}${found!.has_requests ? ", compliance_fact" : ""}`
        const rows = `event, person_fact, former_alias${later}`
        yield* Sql.query(sql, `GRANT UPDATE, DELETE ON ${rows} TO CURRENT_USER`)
        for (const each of statement.split(";")) yield* Sql.query(sql, each)
        yield* Sql.query(sql, `REVOKE UPDATE, DELETE ON ${rows} FROM CURRENT_USER`)
      }).pipe(Effect.scoped, Effect.provide(Reactivity.layer)),
    ),
  literal: (kind, value) => (kind.startsWith("bytes") && value !== null ? `decode('${value}', 'hex')` : plain(value)),
})

/** The SQL condition that holds for exactly this row. */
export const isRow = <Name extends TableName>(tampering: Tampering, table: Name, row: Row<Name>): string => {
  const kinds: Readonly<Record<string, Kind>> = tables[table].columns
  const values = row as Readonly<Record<string, Value>>
  return tables[table].key.map((name) => `${name} = ${tampering.literal(kinds[name]!, values[name]!)}`).join(" AND ")
}

/** Writes another value into a column of a row. */
export const change = <Name extends TableName>(
  tampering: Tampering,
  table: Name,
  row: Row<Name>,
  column: ColumnName<Name>,
  value: Value,
): Promise<void> => {
  const kinds: Readonly<Record<string, Kind>> = tables[table].columns
  const set = `${column} = ${tampering.literal(kinds[column]!, value)}`
  return tampering.run(`UPDATE ${table} SET ${set} WHERE ${isRow(tampering, table, row)}`)
}
