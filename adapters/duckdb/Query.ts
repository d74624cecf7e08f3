/**
 * The SQL that reads the columns of a Parquet or CSV file: one query, sorted by person, with numbers instead of text
 * where that is possible.
 */
import * as ConsentState from "../../core/engine/ConsentState.ts"
import * as Spelling from "../support/Spelling.ts"
import type { TableProblem } from "./Errors.ts"

/** The type of a column in the file. Every column of CSV is `text`. */
export type ColumnKind = "uuid" | "text" | "zoned" | "timestamp" | "whole" | "other"

/** The columns that are read, by name. A column that the file does not have is missing here. */
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

/** The reasons why a file of this shape cannot be read. */
export const problems = (shape: Shape): ReadonlyArray<TableProblem> =>
  [...required, ...optional].flatMap((name) => {
    const kind = shape[name]
    const where = `column ${name}`
    if (kind === undefined) {
      if (!required.some((each) => each === name)) return []
      const hint =
        name === "concordId" ? ", as export writes it; take a list of another system in with import --map" : ""
      return [{ where, reason: `is required${hint}` }]
    }
    if (allowed[name].includes(kind)) return []
    return [{ where, reason: `expected ${allowed[name].map((each) => words[each]).join(" or ")}` }]
  })

const readNames: ReadonlyArray<string> = [...required, ...optional]

/**
 * A problem for each column that the file has in another spelling alone. A version or an expiry that is passed over
 * would let a consent last.
 */
export const misspelled = (names: ReadonlyArray<string>): ReadonlyArray<TableProblem> =>
  readNames.flatMap((name) => {
    const spelling = names.includes(name)
      ? undefined
      : names.find((each) => Spelling.withoutSeparators(each) === name.toLowerCase())
    return spelling === undefined
      ? []
      : [{ where: `column ${spelling}`, reason: `is ${name} in another spelling: rename it to ${name}` }]
  })

/** A string literal of SQL. */
export const quote = (text: string): string => `'${text.replaceAll("'", "''")}'`

/** The path of one file as a literal. The wildcards of a glob pattern are escaped. */
export const quotePath = (path: string): string => quote(path.replaceAll(/[*?[]/g, "[$&]"))

/** The numbers that stand for a missing type, state and version, because the columns must have no missing values. */
export const missing = { type: 4_294_967_295, state: 5, version: 0 } as const

/** Selects an instant as milliseconds; a timestamp without a zone is UTC. */
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

/** Selects the index of a value in a list. Unlike CASE, it is evaluated once for each entry of a dictionary. */
const indexOf = (value: string, list: ReadonlyArray<string>, type: string): string =>
  `(list_position([${list.map(quote).join(", ")}]::${type}[], ${value}) - 1)`

/** Selects the index of the state; 4 if the event or the person has no id. */
const state = `CASE WHEN id IS NULL OR concordId IS NULL THEN 4
  ELSE coalesce(${indexOf("consentState::VARCHAR", ConsentState.all, "VARCHAR")}, ${missing.state}) END`

/** The index of each column in the result of {@link query}. */
export const queryColumns = {
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

/** A relation that is read, and an expression for the number of a row in its file. */
export interface Relation {
  readonly name: string
  readonly row: string
}

const type = (shape: Shape): string => (shape.consentType === "uuid" ? "consentType" : "consentType::VARCHAR")

/** Selects the consent types of a relation, as text. */
export const distinctTypes = (relation: string, shape: Shape): string =>
  `SELECT id::VARCHAR AS id FROM (SELECT DISTINCT ${type(shape)} AS id FROM ${relation}) WHERE id IS NOT NULL`

const enumeration = "consent_types"

/** Must run before either query: declares the consent types as an ENUM, so that the code of a type is its index. */
export const createTypes = (types: ReadonlyArray<string>): string =>
  `CREATE TEMP TYPE ${enumeration} AS ENUM (${(types.length === 0 ? ["-"] : types).map(quote).join(", ")})`

/** Up to this number of types, comparing with each type is faster than a lookup. */
const fewTypes = 32

/** Selects the code of a type. A join would lose the order of the rows. */
const typeCode = (shape: Shape, types: ReadonlyArray<string>): string =>
  types.length === 0 || types.length > fewTypes
    ? `enum_code(consentType::VARCHAR::${enumeration})`
    : indexOf(type(shape), types, shape.consentType === "uuid" ? "UUID" : "VARCHAR")

/** The columns that both queries begin with: the dates, the version, the state and the type of an event. */
const eventColumns = (shape: Shape, types: ReadonlyArray<string>): string => `
    ${instant("consentDate", shape.consentDate)},
    ${instant("dateCreated", shape.dateCreated)},
    ${instant("expirationDate", shape.expirationDate)},
    ${version(shape.version)},
    (${state})::UTINYINT,
    coalesce(${typeCode(shape, types)}, ${missing.type})::UINTEGER`

/** Selects every event of a relation, sorted by person, with the number of its row. */
export const query = ({ name, row }: Relation, shape: Shape, types: ReadonlyArray<string>): string => `
  SELECT
    ${eventColumns(shape, types)},
    (${row})::DOUBLE,
    id${shape.id === "uuid" ? "" : "::VARCHAR"},
    concordId${shape.concordId === "uuid" ? "" : "::VARCHAR"} AS person
  FROM ${name}
  ORDER BY person`

/**
 * Whether all columns that are read are numbers, so that {@link numbersQuery} can be used, which is many times faster.
 */
export const isNumbers = (shape: Shape): boolean =>
  shape.id === "uuid" &&
  shape.concordId === "uuid" &&
  [shape.consentDate, shape.dateCreated, shape.expirationDate, shape.version].every((kind) => kind !== "text")

/** The index of each column in the result of {@link numbersQuery}. */
export const numbersQueryColumns = {
  consentDate: 0,
  dateCreated: 1,
  expirationDate: 2,
  version: 3,
  state: 4,
  type: 5,
  id: 6,
  concordId: 7,
} as const

/** The same as {@link query} without row numbers, in less memory. Sorts unless the file `isInOrder` already. */
export const numbersQuery = (
  { name }: Relation,
  shape: Shape,
  types: ReadonlyArray<string>,
  isInOrder: boolean,
): string => `
  SELECT
    ${eventColumns(shape, types)},
    id,
    concordId
  FROM ${name}
  ${isInOrder ? "" : "ORDER BY concordId"}`

/** Selects whether the row groups of a Parquet file are in the order of people, by the statistics in the file. */
export const mayBeInOrder = (path: string): string => `
  SELECT NOT coalesce(bool_or(coalesce(lowest < highest_before, true)), false) AS answer FROM (
    SELECT stats_min_value AS lowest, coalesce(lag(stats_max_value) OVER (ORDER BY row_group_id), '') AS highest_before
    FROM parquet_metadata(${path}) WHERE path_in_schema = 'concordId')`
