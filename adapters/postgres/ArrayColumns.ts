/**
 * Many rows as parameters of one statement: an array for each column, in the binary format of its type.
 *
 * The arrays are unnested in the SELECT list and not in FROM, because PostgreSQL materializes every column of a
 * function in FROM before it reads the first row: events are inserted a quarter faster this way.
 */
import * as PgTypes from "@effect/sql-pg/PgTypes"
import { Result } from "effect"
import type * as Sql from "./Sql.ts"

const types = {
  bigint: PgTypes.OID.int8,
  uuid: PgTypes.OID.uuid,
  text: PgTypes.OID.text,
  bytea: PgTypes.OID.bytea,
  boolean: PgTypes.OID.bool,
}

/** A value of a column. Whole numbers are below 2⁵³. */
type Value = number | string | boolean | Uint8Array | null | undefined

/** The type of a column, and its value in a row; `undefined` becomes `NULL`. */
export type Column<Row> = readonly [type: keyof typeof types, valueOf: (row: Row) => Value]

/** How rows of one type become parameters. */
export interface ArrayColumns<Row> {
  /**
   * A subquery that has the rows, to be put into a FROM with an alias. It uses the first parameters of the statement.
   */
  readonly rows: string
  /** The parameters that {@link rows} uses. */
  readonly parameters: (rows: ReadonlyArray<Row>) => ReadonlyArray<Sql.Parameter>
}

/** Columns in the order in which they are given, under their names. */
export const make = <Row>(columns: Readonly<Record<string, Column<Row>>>): ArrayColumns<Row> => {
  const named = Object.entries(columns)
  const unnested = named.map(([name, [type]], index) => `unnest($${index + 1}::${type}[]) AS ${name}`)
  return {
    rows: `(SELECT ${unnested.join(", ")})`,
    parameters: (rows) =>
      named.map(([, [type, valueOf]]) => {
        const values = rows.map((row) => valueOf(row) ?? null)
        return Result.getOrThrow(PgTypes.array(values, types[type]))
      }),
  }
}

/** The bytes of a hash or digest, which is hexadecimal outside of the store. */
export const bytes = (hex: string): Uint8Array => Buffer.from(hex, "hex")
