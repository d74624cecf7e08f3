/**
 * Rows as a statement takes them: one array for each column, in the binary form of its type.
 *
 * The arrays are unnested side by side in a SELECT and not in a FROM, where PostgreSQL would write every column down before it
 * reads the first row: so events are inserted a quarter faster.
 */
import * as PgTypes from "@effect/sql-pg/PgTypes"
import { Result } from "effect"
import type * as Sql from "./Sql.ts"

const types = {
  bigint: PgTypes.OID.int8,
  uuid: PgTypes.OID.uuid,
  text: PgTypes.OID.text,
  bytea: PgTypes.OID.bytea,
}

/** A value of a column: whole numbers are below 2⁵³, bytes are given as such. */
type Value = number | string | Uint8Array | null | undefined

/** The type of a column, and its value in a row; what is undefined is null. */
export type Column<Row> = readonly [type: keyof typeof types, valueOf: (row: Row) => Value]

/** Rows of a shape. */
export interface ArrayColumns<Row> {
  /** The rows, to stand in a FROM under a name; their columns have the names they were given. */
  readonly rows: string
  /** The parameters of a statement that names no other. */
  readonly of: (rows: ReadonlyArray<Row>) => ReadonlyArray<Sql.Parameter>
}

/** Rows with columns in the order in which they are named. */
export const make = <Row>(columns: Readonly<Record<string, Column<Row>>>): ArrayColumns<Row> => {
  const named = Object.entries(columns)
  const unnested = named.map(([name, [type]], index) => `unnest($${index + 1}::${type}[]) AS ${name}`)
  return {
    rows: `(SELECT ${unnested.join(", ")})`,
    of: (rows) =>
      named.map(([, [type, valueOf]]) => {
        const values = rows.map((row) => valueOf(row) ?? null)
        return Result.getOrThrow(PgTypes.array(values, types[type]))
      }),
  }
}

/** The bytes of a hash or digest, which is hexadecimal everywhere else. */
export const bytes = (hex: string): Uint8Array => Buffer.from(hex, "hex")
