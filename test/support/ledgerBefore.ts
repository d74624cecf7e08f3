/**
 * Ledgers of migration 7, written row by row: the last form in which personal data were kept in clear.
 *
 * `test/fixtures/migration-7/README.md` describes the rows.
 */
import { createHash } from "node:crypto"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { DatabaseSync, type SQLInputValue } from "node:sqlite"
import { gunzipSync } from "node:zlib"
import * as PostgresMigrations from "../../adapters/postgres/Migrations.ts"
import * as PostgresForm from "../../adapters/postgres/RowForm.ts"
import * as SqliteMigrations from "../../adapters/sqlite/Migrations.ts"
import * as SqliteForm from "../../adapters/sqlite/RowForm.ts"
import type { Kind } from "../../core/ports/LedgerRows.ts"
import { type NameBefore, namesBefore, type RowBefore, tablesBefore } from "../../core/ports/TablesBefore.ts"
import type { Postgres } from "./postgres.ts"

/** Rows of every table. */
export type RowsBefore = { readonly [Name in NameBefore]: ReadonlyArray<RowBefore<Name>> }

type Value = string | number | boolean | null

const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex")

const fixture = join(import.meta.dirname, "../fixtures/migration-7/rows.ndjson.gz")

/** The rows of the fixture. */
export const rowsBefore: RowsBefore = (() => {
  const rows: { readonly [Name in NameBefore]: Array<object> } = Object.fromEntries(
    namesBefore.map((name) => [name, []]),
  ) as never
  for (const line of gunzipSync(readFileSync(fixture)).toString("utf8").trimEnd().split("\n")) {
    const { row, table } = JSON.parse(line)
    rows[table as NameBefore].push(row)
  }
  return rows as never
})()

/** The rows with more events in one lane, so that they are read in several batches. Their heads stay as they are. */
export const grown = (rows: RowsBefore, count: number): RowsBefore => {
  const last = rows.event.findLast(({ external_id, session }) => session !== null && external_id !== null)!
  const head = rows.lane_head.find(({ lane }) => lane === last.lane)!
  const events = Array.from({ length: count }, (_, index): RowBefore<"event"> => {
    const event_id = `01a30000-0000-7000-8000-${index.toString(16).padStart(12, "0")}`
    const text = `grown ${index}`
    const body = JSON.stringify({ ...JSON.parse(last.body), id: event_id, externalId: text })
    const position = head.next_position + index
    return { ...last, position, event_id, body, external_id: sha256(text), digest: sha256(body) }
  })
  const added = events.map(({ external_id, lane, position }) => ({
    lane: head.lane - (head.lane % 4096) + (Number.parseInt(external_id!.slice(-4), 16) % 16),
    hash: external_id!,
    event_lane: lane,
    position,
  }))
  const heads = rows.lane_head.map((each) =>
    each === head ? { ...each, next_position: each.next_position + count } : each,
  )
  return { ...rows, event: [...rows.event, ...events], external_id: [...rows.external_id, ...added], lane_head: heads }
}

const columnsOf = (name: NameBefore): ReadonlyArray<readonly [name: string, kind: Kind]> =>
  Object.entries(tablesBefore[name].columns)

const last = 7

/** Writes a ledger into a new file. */
export const writeFile = (path: string, rows: RowsBefore = rowsBefore): void => {
  const db = new DatabaseSync(path)
  db.exec(`PRAGMA journal_mode = WAL; PRAGMA application_id = ${SqliteMigrations.applicationId}; BEGIN`)
  for (const { number, sql } of SqliteMigrations.migrations) if (number <= last) db.exec(sql)
  db.exec("DELETE FROM catalog_head")
  for (const name of namesBefore) {
    const columns = columnsOf(name)
    const names = columns.map(([column]) => column)
    const insert = db.prepare(`INSERT INTO ${name} (${names.join(", ")}) VALUES (${names.map(() => "?").join(", ")})`)
    for (const row of rows[name] as ReadonlyArray<Readonly<Record<string, Value>>>) {
      insert.run(...columns.map(([column, kind]): SQLInputValue => SqliteForm.toStored(name, kind, row[column]!)))
    }
  }
  db.exec(`PRAGMA user_version = ${last}; COMMIT`)
  db.close()
}

const literal = (kind: Kind, value: Value): string => {
  if (value === null || typeof value !== "string") return String(value)
  return kind.startsWith("bytes") ? `'\\x${value}'` : `'${value.replaceAll("'", "''")}'`
}

const insertions = (name: NameBefore, rows: RowsBefore): ReadonlyArray<string> => {
  const columns = columnsOf(name)
  return (rows[name] as ReadonlyArray<Readonly<Record<string, Value>>>).map((row) => {
    const lane = PostgresForm.laneOf(name, row)
    const names = [...(lane === undefined ? [] : ["lane"]), ...columns.map(([column]) => column)]
    const values = columns.map(([column, kind]) => literal(kind, row[column]!))
    return `INSERT INTO ${name} (${names.join(", ")}) VALUES (${[...(lane === undefined ? [] : [lane]), ...values].join(", ")})`
  })
}

/** Writes a ledger into a new database, and returns its URL. */
export const writeDatabase = async (postgres: Postgres, rows: RowsBefore = rowsBefore): Promise<string> => {
  const url = await postgres.database()
  const statements = [
    ...PostgresMigrations.migrationTable,
    ...PostgresMigrations.migrations
      .filter(({ number }) => number <= last)
      .flatMap((migration) => PostgresMigrations.statementsOf(migration, "postgres")),
    "DELETE FROM catalog_head",
    ...namesBefore.flatMap((name) => insertions(name, rows)),
  ]
  await postgres.administer(`SET ROLE assent; BEGIN; ${statements.join(";\n")}; COMMIT`, new URL(url).pathname.slice(1))
  return url
}
