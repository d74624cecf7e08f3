/**
 * How the columns of a Parquet or CSV file are asked for: one query, sorted by person, with numbers wherever it can.
 */
import type { Problem } from "./Problem.ts"

/** What a column is in the file; `text` also for everything in CSV. */
export type Kind = "uuid" | "text" | "instant" | "whole" | "other"

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
  consentDate: ["instant", "text"],
  dateCreated: ["instant", "text"],
  version: ["whole", "text"],
  expirationDate: ["instant", "text"],
}

const words: { readonly [K in Kind]: string } = {
  uuid: "UUID",
  text: "text",
  instant: "timestamp",
  whole: "whole number",
  other: "",
}

const kindOf = (type: string): Kind => {
  if (type === "UUID") return "uuid"
  if (type === "VARCHAR" || type.startsWith("ENUM")) return "text"
  if (type.startsWith("TIMESTAMP") || type === "DATE") return "instant"
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

const instant = (name: string, kind: Kind | undefined): string => {
  if (kind === undefined) return "NULL::DOUBLE"
  return kind === "text" ? `${name}::VARCHAR` : `epoch_ms(${name}::TIMESTAMPTZ)::DOUBLE`
}

const version = (kind: Kind | undefined): string =>
  kind === undefined ? "NULL::DOUBLE" : kind === "text" ? "version::VARCHAR" : "version::DOUBLE"

/** 4 where the event or the person has no id. */
const state = `CASE WHEN id IS NULL OR concordId IS NULL THEN 4 ELSE
  CASE consentState::VARCHAR WHEN 'declined' THEN 0 WHEN 'accepted' THEN 1 WHEN 'implied' THEN 2 WHEN 'viewed' THEN 3 END
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
    enum_code(consentType::VARCHAR::${types})::UINTEGER,
    (${row})::DOUBLE,
    id${shape.id === "uuid" ? "" : "::VARCHAR"},
    concordId${shape.concordId === "uuid" ? "" : "::VARCHAR"} AS person
  FROM ${relation}
  ORDER BY person`
