/**
 * The rows of tables, between the form that all stores share and the one in which PostgreSQL keeps them.
 */
import * as Lane from "../../core/model/Lane.ts"
import type { Kind, Table, TableName } from "../../core/ports/LedgerRows.ts"
import * as Lanes from "./Lanes.ts"
import * as Sql from "./Sql.ts"

/** A value in the form that all stores share. */
export type Value = number | string | boolean | null

/** A row in that form. */
export type Values = Readonly<Record<string, Value>>

/** The columns of a table. */
export const columnsOf = ({ columns }: Table): ReadonlyArray<readonly [name: string, kind: Kind]> =>
  Object.entries(columns)

/** The lane of a row, for the tables that have a lane in PostgreSQL only. */
export const laneOf = (table: TableName, row: Values): number | undefined => {
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

/** Whether a column holds text. */
export const isText = (kind: Kind | undefined): boolean => kind === "text" || kind === "text?"

/** Text is read as bytes and decoded here, because damaged bytes that are not valid text must not stop the read. */
export const decodeText = (row: object): Values =>
  Object.fromEntries(
    Object.entries(row).map(([name, value]) => [
      name,
      value instanceof Uint8Array ? Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString() : value,
    ]),
  )

/** The select list of columns, in the form that all stores share. */
export const selectList = (columns: ReadonlyArray<readonly [name: string, kind: Kind]>): string =>
  columns
    .map(([name, kind]) => {
      const column = name.slice(name.indexOf(".") + 1)
      if (kind.startsWith("bytes")) return `encode(${name}, 'hex') AS ${column}`
      return isText(kind) ? `textsend(${name}) AS ${column}` : name
    })
    .join(", ")

const types = { whole: "bigint", uuid: "uuid", text: "text", bytes: "text", boolean: "text" } as const

/** How a column is inserted: the type of the array with its values, and the expression that converts each of them. */
const columnOf = (name: string, kind: Kind) => {
  // Without `?`, every kind is a key of `types`.
  const type = types[kind.replace("?", "") as keyof typeof types]
  const value = kind.startsWith("bytes") ? `decode(v.${name}, 'hex')` : `v.${name}`
  return { name, type, value: kind === "boolean" ? `${value}::boolean` : value }
}

/** The statement that inserts rows into a table, which may be named with its schema, and its parameters. */
export const insertion = (target: string, name: TableName, table: Table, rows: ReadonlyArray<Values>, end = "") => {
  const lanes = rows.flatMap((row) => laneOf(name, row) ?? [])
  const columns = columnsOf(table).map(([column, kind]) => columnOf(column, kind))
  const all = lanes.length === 0 ? columns : [columnOf("lane", "whole"), ...columns]
  const values = (column: string) =>
    rows.map((row) => (typeof row[column] === "boolean" ? `${row[column]}` : row[column]!))
  const statement = `INSERT INTO ${target} (${all.map(({ name }) => name).join(", ")})
      SELECT ${all.map(({ value }) => value).join(", ")}
      FROM unnest(${all.map(({ type }, index) => `$${index + 1}::${type}[]`).join(", ")})
        AS v (${all.map(({ name }) => name).join(", ")}) ${end}`
  const parameters: ReadonlyArray<Sql.Parameter> = [
    ...(lanes.length === 0 ? [] : [lanes]),
    ...columns.map(({ name }) => values(name)),
  ]
  return { statement, parameters }
}

/** Prepares the search of rows by their key: a table `w` of the wanted keys, each with its index from 1. */
export const keys = (columns: ReadonlyArray<readonly [name: string, kind: Kind]>) => {
  const all = columns.map(([name, kind]) => columnOf(name, kind))
  const names = all.map(({ name }) => name).join(", ")
  const arrays = all.map(({ type }, index) => `$${index + 1}::${type}[]`).join(", ")
  const from = `unnest(${arrays}) WITH ORDINALITY AS w (${names}, index)`
  const join = all.map(({ name, value }) => `t.${name} = ${value.replace("v.", "w.")}`).join(" AND ")
  return (places: ReadonlyArray<Values>) => ({
    from,
    join,
    parameters: all.map(({ name }): Sql.Parameter => places.map((place) => place[name]!)),
  })
}
