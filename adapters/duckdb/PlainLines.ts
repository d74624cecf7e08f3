/**
 * The lines of an events.ndjson that have nothing unusual, as a table: what the ledger writes itself.
 *
 * Plain is a JSON object whose strings have no escapes and only ASCII, whose instants have the one wire form, and whose
 * versions are whole numbers; all that DuckDB's JSON allows beyond RFC 8259 is a comma before a closing brace, and NaN in
 * a member that nobody reads. One line that is not plain, good or bad, and the query fails: the strict reader of
 * `adapters/files` then reads the file instead, and says what is wrong, if anything is.
 */
import type { DuckDBConnection } from "@duckdb/node-api"
import * as Rows from "./Rows.ts"

/** The longest line, in bytes: as for the strict reader. */
const maxBytes = 1024 * 1024

// Members are asked for as JSON, so that "1" is told from 1.
const columns = [
  "id",
  "concordId",
  "consentType",
  "version",
  "consentState",
  "consentAction",
  "consentDate",
  "dateCreated",
  "expirationDate",
]

const relation = (path: string): string =>
  `read_json(${path}, format = 'newline_delimited', maximum_object_size = ${maxBytes}, ` +
  `columns = {${columns.map((name) => `${name}: 'JSON'`).join(", ")}})`

const notPlain = "error('not plain')"

/** The text of a JSON string without escapes, of at least one character. */
const text = (name: string): string => {
  const json = `${name}::VARCHAR`
  const isPlain = `${json} LIKE '"_%"' AND NOT contains(${json}, '\\') AND strlen(${json}) = length(${json})`
  return `CASE WHEN ${isPlain} THEN substr(${json}, 2, length(${json}) - 2) ELSE ${notPlain} END`
}

/** A UUID as it is always written: one that reads as itself. */
const uuid = (name: string): string => {
  const json = `${name}::VARCHAR`
  const value = `try_cast(substr(${json}, 2, 36) AS UUID)`
  return `CASE WHEN strlen(${json}) = 38 AND '"' || ${value}::VARCHAR || '"' = ${json} THEN ${value} ELSE ${notPlain} END`
}

const isNothing = (name: string): string => `(${name} IS NULL OR ${name}::VARCHAR = 'null')`

/** `YYYY-MM-DDTHH:mm:ss.sssZ`. */
const instant = (name: string): string => {
  const json = `${name}::VARCHAR`
  const value = `try_strptime(${json}, '"%Y-%m-%dT%H:%M:%S.%gZ"')`
  const isPlain = `${json} LIKE '"____-__-__T__:__:__.___Z"' AND ${json} NOT LIKE '"0000%' AND ${value} IS NOT NULL`
  return `CASE WHEN ${isPlain} THEN ${value} ELSE ${notPlain} END`
}

const oneOf = (name: string, values: ReadonlyArray<string>): string =>
  `CASE ${name}::VARCHAR ${values.map((value) => `WHEN '"${value}"' THEN '${value}'`).join(" ")} ELSE ${notPlain} END`

const version = `CASE WHEN ${isNothing("version")} THEN NULL
  WHEN regexp_full_match(version::VARCHAR, '[1-9][0-9]{0,8}') THEN version::VARCHAR::INTEGER ELSE ${notPlain} END`

const expiration = `CASE WHEN ${isNothing("expirationDate")} THEN NULL ELSE ${instant("expirationDate")} END`

/** Whether the ids of the first line are UUIDs: then they all must be. */
export const hasUuids = async (connection: DuckDBConnection, path: string): Promise<boolean> => {
  const sql = `SELECT concordId::VARCHAR AS person, id::VARCHAR AS id FROM ${relation(path)} LIMIT 1`
  const [first] = await Rows.of(connection, sql)
  const isUuid = (value: unknown): boolean => /^"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"$/.test(String(value))
  return isUuid(first?.["person"]) && isUuid(first?.["id"])
}

/** Makes a table of all lines of a file. Fails where one is not plain. */
export const table = (name: string, path: string, hasUuids: boolean): string => {
  const identifier = hasUuids ? uuid : text
  const checked = `
    SELECT
      ${identifier("id")} AS id,
      ${identifier("concordId")} AS concordId,
      ${text("consentType")} AS consentType,
      ${version} AS version,
      ${oneOf("consentState", ["implied", "viewed", "accepted", "declined"])} AS consentState,
      ${oneOf("consentAction", ["implied", "user_click", "import"])} AS consentAction,
      ${instant("consentDate")} AS consentDate,
      ${instant("dateCreated")} AS dateCreated,
      ${expiration} AS expirationDate
    FROM ${relation(path)}`
  return `
    CREATE TEMP TABLE ${name} AS
    SELECT * EXCLUDE (consentAction) FROM (${checked})
    WHERE CASE WHEN consentDate <= dateCreated AND (expirationDate IS NULL OR expirationDate > consentDate)
      AND consentAction IS NOT NULL THEN true ELSE ${notPlain} END`
}
