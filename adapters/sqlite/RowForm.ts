/**
 * The values of rows, between the form that all stores share and the one in which SQLite keeps them.
 */
import type { SQLInputValue, SQLOutputValue } from "node:sqlite"
import type { Kind, TableName } from "../../core/ports/LedgerRows.ts"
import * as Uuid from "./Uuid.ts"

/** A value in the form that all stores share. */
export type Value = number | string | boolean | null

/** A value in the form that all stores share. A damaged file may hold values of other types; they stay as they are. */
export const toShared = (kind: Kind, value: SQLOutputValue): Value => {
  if (typeof value === "bigint" || typeof value === "number")
    return kind === "boolean" ? Number(value) === 1 : Number(value)
  if (!(value instanceof Uint8Array)) return value
  return kind.startsWith("uuid") ? Uuid.fromBytes(value) : Uuid.toHex(value)
}

/** A value in the form in which SQLite stores it. */
export const toStored = (table: TableName, kind: Kind, value: Value): SQLInputValue => {
  if (typeof value === "boolean") return value ? 1 : 0
  const isBytes = kind === "bytes" || kind === "bytes?" || (kind.startsWith("uuid") && table !== "key_use")
  return isBytes && typeof value === "string" ? Uuid.toBytes(value) : value
}
