/**
 * How the columns of a Parquet or CSV file are asked for: one query, sorted by person, with numbers wherever it can.
 */
import type { Problem } from "./Problem.ts"

/** What a column is in the file; `text` also for everything in CSV. */
export type Kind = "uuid" | "text" | "zoned" | "timestamp" | "whole" | "other"

/** The columns of a file that are read, by name; those that are not there are missing. */
export type Shape = { readonly [Name in Column]?: Kind }

type Column = (typeof required)[number] | (typeof optional)[number]

const required = ["id", "concordId", "consentType", "consentState", "consentDate", "dateCreated"] as const
const optional = ["version", "expirationDate"] as const

const allowed: { readonly [Name in Column]: ReadonlyArray<Kind> } = {
  id: ["uuid", "text"],
  concordId: ["uuid", "text"],
  consentType: ["uuid", "text"],
  consentState: ["text"],
  consentDate: ["zoned", "timestamp", "text"],
  dateCreated: ["zoned", "timestamp", "text"],
  version: ["whole", "text"],
  expirationDate: ["zoned", "timestamp", "text"],
}

const words: { readonly [K in Kind]: string } = {
  uuid: "UUID",
  text: "text",
  zoned: "timestamp with time zone",
  timestamp: "timestamp",
  whole: "whole number",
  other: "",
}

const kindOf = (type: string): Kind => {
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
export const problems = (shape: Shape): ReadonlyArray<Problem> =>
  [...required, ...optional].flatMap((name) => {
    const kind = shape[name]
    const where = `column ${name}`
    if (kind === undefined) return required.some((each) => each === name) ? [{ where, reason: "is required" }] : []
    if (allowed[name].includes(kind)) return []
    return [{ where, reason: `expected ${allowed[name].map((each) => words[each]).join(" or ")}` }]
  })

/** A string of SQL. */
export const quote = (text: string): string => `'${text.replaceAll("'", "''")}'`

/** What stands for a type, a state and a version that are not there, in columns of numbers without gaps. */
export const missing = { type: 4_294_967_295, state: 5, version: 0 } as const

/** Milliseconds; a timestamp without a zone is UTC. */
const instant = (name: string, kind: Kind | undefined): string => {
  if (kind === undefined) return "'NaN'::DOUBLE"
  if (kind === "text") return `${name}::VARCHAR`
  return `coalesce(epoch_ms(${kind === "zoned" ? name : `${name}::TIMESTAMP`})::DOUBLE, 'NaN'::DOUBLE)`
}

const version = (kind: Kind | undefined): string =>
  kind === undefined
    ? `${missing.version}::DOUBLE`
    : kind === "text"
      ? "version::VARCHAR"
      : `CASE WHEN version < 1 THEN -1 ELSE coalesce(version::DOUBLE, ${missing.version}) END::DOUBLE`

/** 4 where the event or the person has no id. */
const state = `CASE WHEN id IS NULL OR concordId IS NULL THEN 4 ELSE
  CASE consentState::VARCHAR WHEN 'declined' THEN 0 WHEN 'accepted' THEN 1 WHEN 'implied' THEN 2 WHEN 'viewed' THEN 3
  ELSE ${missing.state} END
END`

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

/**
 * Every event of a relation, sorted by person; `types` is the name of an enumeration of the types, `row` an expression
 * that numbers the rows of the file.
 */
export const query = (relation: string, shape: Shape, types: string, row: string): string => `
  SELECT
    ${instant("consentDate", shape.consentDate)},
    ${instant("dateCreated", shape.dateCreated)},
    ${instant("expirationDate", shape.expirationDate)},
    ${version(shape.version)},
    (${state})::UTINYINT,
    coalesce(enum_code(consentType::VARCHAR::${types}), ${missing.type})::UINTEGER,
    (${row})::DOUBLE,
    id${shape.id === "uuid" ? "" : "::VARCHAR"},
    concordId${shape.concordId === "uuid" ? "" : "::VARCHAR"} AS person
  FROM ${relation}
  ORDER BY person`
