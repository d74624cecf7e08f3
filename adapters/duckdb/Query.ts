/**
 * How the columns of a Parquet or CSV file are asked for: one query, sorted by person, with numbers wherever it can.
 */
import type { DuckDBVector } from "@duckdb/node-api"
import * as ConsentState from "../../core/engine/ConsentState.ts"
import type { TableProblem } from "./Errors.ts"

/** What a column is in the file; `text` also for everything in CSV. */
export type ColumnKind = "uuid" | "text" | "zoned" | "timestamp" | "whole" | "other"

/** The columns of a file that are read, by name; those that are not there are missing. */
export type Shape = { readonly [Name in Column]?: ColumnKind }

type Column = (typeof required)[number] | (typeof optional)[number]

const required = ["id", "concordId", "consentType", "consentState", "consentDate", "dateCreated"] as const
const optional = ["version", "expirationDate"] as const

/** Whether a column of this name is read. */
export const isColumn = (name: string): boolean => [...required, ...optional].some((each) => each === name)

const allowed: { readonly [Name in Column]: ReadonlyArray<ColumnKind> } = {
  id: ["uuid", "text"],
  concordId: ["uuid", "text"],
  consentType: ["uuid", "text"],
  consentState: ["text"],
  consentDate: ["zoned", "timestamp", "text"],
  dateCreated: ["zoned", "timestamp", "text"],
  version: ["whole", "text"],
  expirationDate: ["zoned", "timestamp", "text"],
}

const words: { readonly [K in ColumnKind]: string } = {
  uuid: "UUID",
  text: "text",
  zoned: "timestamp with time zone",
  timestamp: "timestamp",
  whole: "whole number",
  other: "",
}

const kindOf = (type: string): ColumnKind => {
  if (type === "UUID") return "uuid"
  if (type === "VARCHAR" || type.startsWith("ENUM")) return "text"
  if (type === "TIMESTAMP WITH TIME ZONE") return "zoned"
  if (type.startsWith("TIMESTAMP") || type === "DATE") return "timestamp"
  return /^U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?$/.test(type) ? "whole" : "other"
}

/** The shape of a file whose columns have these names and types. */
export const shapeOf = (columns: ReadonlyArray<{ readonly name: string; readonly type: string }>): Shape =>
  Object.fromEntries(
    [...required, ...optional].flatMap((name) => {
      const column = columns.find((each) => each.name === name)
      return column === undefined ? [] : [[name, kindOf(column.type)]]
    }),
  )

/** What keeps a file of this shape from being read. */
export const problems = (shape: Shape): ReadonlyArray<TableProblem> =>
  [...required, ...optional].flatMap((name) => {
    const kind = shape[name]
    const where = `column ${name}`
    if (kind === undefined) return required.some((each) => each === name) ? [{ where, reason: "is required" }] : []
    if (allowed[name].includes(kind)) return []
    return [{ where, reason: `expected ${allowed[name].map((each) => words[each]).join(" or ")}` }]
  })

/** A string of SQL. */
export const quote = (text: string): string => `'${text.replaceAll("'", "''")}'`

/** The path of one file: where a name may be a pattern, what would stand for other characters stands for itself. */
export const quotePath = (path: string): string => quote(path.replaceAll(/[*?[]/g, "[$&]"))

/** What stands for a type, a state and a version that are not there, in columns of numbers without gaps. */
export const missing = { type: 4_294_967_295, state: 5, version: 0 } as const

/** Milliseconds; a timestamp without a zone is UTC. */
const instant = (name: string, kind: ColumnKind | undefined): string => {
  if (kind === undefined) return "'NaN'::DOUBLE"
  if (kind === "text") return `${name}::VARCHAR`
  return `coalesce(epoch_ms(${kind === "zoned" ? name : `${name}::TIMESTAMP`})::DOUBLE, 'NaN'::DOUBLE)`
}

const version = (kind: ColumnKind | undefined): string =>
  kind === undefined
    ? `${missing.version}::DOUBLE`
    : kind === "text"
      ? "version::VARCHAR"
      : `CASE WHEN version < 1 THEN -1 ELSE coalesce(version::DOUBLE, ${missing.version}) END::DOUBLE`

/** The index of a value in a list. Looked up once for every word of a dictionary, unlike CASE. */
const indexOf = (value: string, list: ReadonlyArray<string>, type: string): string =>
  `(list_position([${list.map(quote).join(", ")}]::${type}[], ${value}) - 1)`

/** 4 where the event or the person has no id. */
const state = `CASE WHEN id IS NULL OR concordId IS NULL THEN 4
  ELSE coalesce(${indexOf("consentState::VARCHAR", ConsentState.all, "VARCHAR")}, ${missing.state}) END`

/** Where each column of {@link query} stands in its result. */
export const at = {
  consentDate: 0,
  dateCreated: 1,
  expirationDate: 2,
  version: 3,
  state: 4,
  type: 5,
  row: 6,
  id: 7,
  concordId: 8,
} as const

/** What is read: a relation, and an expression that numbers the rows of its file. */
export interface Relation {
  readonly name: string
  readonly row: string
}

const type = (shape: Shape): string => (shape.consentType === "uuid" ? "consentType" : "consentType::VARCHAR")

/** The consent types of a relation, as text. */
export const distinctTypes = (relation: string, shape: Shape): string =>
  `SELECT id::VARCHAR AS id FROM (SELECT DISTINCT ${type(shape)} AS id FROM ${relation}) WHERE id IS NOT NULL`

const enumeration = "consent_types"

/** What comes before either query: the consent types, each of which has its place in the list for a code. */
export const createTypes = (types: ReadonlyArray<string>): string =>
  `CREATE TEMP TYPE ${enumeration} AS ENUM (${(types.length === 0 ? ["-"] : types).map(quote).join(", ")})`

/** Up to so many types, comparing with each is quicker than looking one up. */
const fewTypes = 32

/** The code of a type. Not by a join: rows would lose their order. */
const typeCode = (shape: Shape, types: ReadonlyArray<string>): string =>
  types.length === 0 || types.length > fewTypes
    ? `enum_code(consentType::VARCHAR::${enumeration})`
    : indexOf(type(shape), types, shape.consentType === "uuid" ? "UUID" : "VARCHAR")

/** Every event of a relation, sorted by person, with the number of its row. */
export const query = ({ name, row }: Relation, shape: Shape, types: ReadonlyArray<string>): string => `
  SELECT
    ${instant("consentDate", shape.consentDate)},
    ${instant("dateCreated", shape.dateCreated)},
    ${instant("expirationDate", shape.expirationDate)},
    ${version(shape.version)},
    (${state})::UTINYINT,
    coalesce(${typeCode(shape, types)}, ${missing.type})::UINTEGER,
    (${row})::DOUBLE,
    id${shape.id === "uuid" ? "" : "::VARCHAR"},
    concordId${shape.concordId === "uuid" ? "" : "::VARCHAR"} AS person
  FROM ${name}
  ORDER BY person`

/** Whether all that is read of a file is numbers: then {@link numbersQuery} may be asked, which is many times faster. */
export const isNumbers = (shape: Shape): boolean =>
  shape.id === "uuid" &&
  shape.concordId === "uuid" &&
  [shape.consentDate, shape.dateCreated, shape.expirationDate, shape.version].every((kind) => kind !== "text")

/** Where each column of {@link numbersQuery} stands in its result. */
export const atOfNumbers = {
  consentDate: 0,
  dateCreated: 1,
  expirationDate: 2,
  version: 3,
  state: 4,
  type: 5,
  id: 6,
  concordId: 7,
} as const

/** The same as {@link query} without the numbers of the rows, in less memory; unless it `isInOrder` already, sorted. */
export const numbersQuery = (
  { name }: Relation,
  shape: Shape,
  types: ReadonlyArray<string>,
  isInOrder: boolean,
): string => `
  SELECT
    ${instant("consentDate", shape.consentDate)},
    ${instant("dateCreated", shape.dateCreated)},
    ${instant("expirationDate", shape.expirationDate)},
    ${version(shape.version)},
    (${state})::UTINYINT,
    coalesce(${typeCode(shape, types)}, ${missing.type})::UINTEGER,
    id,
    concordId
  FROM ${name}
  ${isInOrder ? "" : "ORDER BY concordId"}`

/** Whether the row groups of a Parquet file, by what they say of themselves, follow each other in the order of people. */
export const mayBeInOrder = (path: string): string => `
  SELECT NOT coalesce(bool_or(coalesce(lowest < highest_before, true)), false) AS answer FROM (
    SELECT stats_min_value AS lowest, coalesce(lag(stats_max_value) OVER (ORDER BY row_group_id), '') AS highest_before
    FROM parquet_metadata(${path}) WHERE path_in_schema = 'concordId')`

/** A column of numbers without gaps, straight from the chunk's memory. The library has it, and its types hide it. */
export const numbersOf = <A extends Float64Array | Uint32Array | Uint8Array>(vector: DuckDBVector): A =>
  (vector as unknown as { readonly items: A }).items
