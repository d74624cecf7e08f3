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

/** A UUID as it is always written: in lower case, its hyphens in their places, so that all else must be digits. */
const uuid = (name: string): string => {
  const json = `${name}::VARCHAR`
  const pattern = '"________-____-____-____-____________"'
  return `CASE WHEN ${json} LIKE '${pattern}' AND ${json} = lower(${json})
    THEN coalesce(try_cast(substr(${json}, 2, 36) AS UUID), ${notPlain}) ELSE ${notPlain} END`
}

const isNothing = (name: string): string => `(${name} IS NULL OR ${name}::VARCHAR = 'null')`

/** `YYYY-MM-DDTHH:mm:ss.sssZ`; the cast takes other forms too, which the pattern keeps out. */
const instant = (name: string): string => {
  const json = `${name}::VARCHAR`
  const isElse = `${json} LIKE '"0000%' OR ${json} LIKE '%T24%' OR ${json} LIKE '%:60.%'`
  const isPlain = `${json} LIKE '"____-__-__T__:__:__.___Z"' AND NOT (${isElse})`
  return `CASE WHEN ${isPlain} THEN coalesce(try_cast(substr(${json}, 2, 23) AS TIMESTAMP), ${notPlain}) ELSE ${notPlain} END`
}

const isOneOf = (name: string, values: ReadonlyArray<string>): string =>
  `${name}::VARCHAR IN (${values.map((value) => `'"${value}"'`).join(", ")})`

/** The action decides nothing, so it is checked and let go. */
const state = `CASE WHEN ${isOneOf("consentState", ["implied", "viewed", "accepted", "declined"])}
  AND ${isOneOf("consentAction", ["implied", "user_click", "import"])}
  THEN substr(consentState::VARCHAR, 2, length(consentState::VARCHAR) - 2) ELSE ${notPlain} END`

const version = `CASE WHEN ${isNothing("version")} THEN NULL
  WHEN regexp_full_match(version::VARCHAR, '[1-9][0-9]{0,8}') THEN version::VARCHAR::INTEGER ELSE ${notPlain} END`

const expiration = `CASE WHEN ${isNothing("expirationDate")} THEN NULL ELSE ${instant("expirationDate")} END`

/** Whether the ids of the first line are UUIDs: then they all must be. */
const hasUuids = async (connection: DuckDBConnection, path: string): Promise<boolean> => {
  const sql = `SELECT concordId::VARCHAR AS person, id::VARCHAR AS id FROM ${relation(path)} LIMIT 1`
  const [first] = await Rows.of(connection, sql)
  const isUuid = (value: unknown): boolean => /^"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"$/.test(String(value))
  return isUuid(first?.["person"]) && isUuid(first?.["id"])
}

/** Makes a table of all lines of a file. Throws where one is not plain. */
export const read = async (connection: DuckDBConnection, name: string, path: string): Promise<void> => {
  const identifier = (await hasUuids(connection, path)) ? uuid : text
  await connection.run(`
    CREATE TEMP TABLE ${name} AS
    SELECT
      ${identifier("id")} AS id,
      ${identifier("concordId")} AS concordId,
      ${text("consentType")} AS consentType,
      ${version} AS version,
      ${state} AS consentState,
      ${instant("consentDate")} AS consentDate,
      ${instant("dateCreated")} AS dateCreated,
      ${expiration} AS expirationDate
    FROM ${relation(path)}`)
  // Asked of the table: asked of the lines, every instant would be read twice.
  const wrong = await Rows.of(
    connection,
    `SELECT 1 FROM ${name} WHERE consentDate > dateCreated OR expirationDate <= consentDate LIMIT 1`,
  )
  if (wrong.length > 0) throw new Error("not plain")
}
