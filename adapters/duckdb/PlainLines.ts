/**
 * Reads an events.ndjson into a table if all of its lines are plain, as are the lines that the ledger itself writes.
 *
 * A plain line is a JSON object whose identifiers are ASCII without escapes, whose instants are in the wire form, and
 * whose versions are whole numbers. DuckDB's JSON accepts only two things that RFC 8259 does not: a comma before a
 * closing brace, and NaN in a member that is not read. If any line is not plain, valid or not, the query fails. The
 * strict reader of `adapters/files` then reads the file instead, and reports what is wrong, if anything is.
 */
import type { DuckDBConnection } from "@duckdb/node-api"
import * as ConsentState from "../../core/engine/ConsentState.ts"
import * as SmallResult from "./SmallResult.ts"

/** The most bytes of a line; the same as for the strict reader. */
const maxBytes = 1024 * 1024

/** The members that are read, with their types: JSON where "1" and 1 must be distinguished, otherwise text. */
const columns = {
  id: "JSON",
  concordId: "JSON",
  consentType: "JSON",
  version: "JSON",
  consentState: "VARCHAR",
  consentAction: "VARCHAR",
  consentDate: "VARCHAR",
  dateCreated: "VARCHAR",
  expirationDate: "VARCHAR",
}

/** The members that may be any text. */
const identifiers = ["id", "concordId", "consentType"] as const

type Identifier = (typeof identifiers)[number]

/** The relation of a file's lines. Identifiers that are known to be UUIDs are read as text. */
const relation = (path: string, uuids: ReadonlySet<Identifier>): string => {
  const types = { ...columns, ...Object.fromEntries([...uuids].map((name) => [name, "VARCHAR"])) }
  const members = Object.entries(types).map(([name, type]) => `${name}: '${type}'`)
  return (
    `read_json(${path}, format = 'newline_delimited', maximum_object_size = ${maxBytes}, ` +
    `columns = {${members.join(", ")}})`
  )
}

const notPlain = "error('not plain')"

/** Selects the text of a JSON string, which must be ASCII without escapes and not empty. */
const text = (name: string): string => {
  const json = `${name}::VARCHAR`
  const isPlain = `${json} LIKE '"_%"' AND NOT contains(${json}, '\\') AND strlen(${json}) = length(${json})`
  return `CASE WHEN ${isPlain} THEN substr(${json}, 2, length(${json}) - 2) ELSE ${notPlain} END`
}

/** Selects a UUID, which must be in canonical form: in lower case, with its four hyphens. */
const uuid = (name: string): string =>
  `CASE WHEN try_cast(${name} AS UUID)::VARCHAR = ${name} THEN try_cast(${name} AS UUID) ELSE ${notPlain} END`

/**
 * Selects an instant, which must be `YYYY-MM-DDTHH:mm:ss.sssZ`. The pattern excludes other forms that the cast accepts.
 */
const instant = (name: string): string => {
  const isOther = `${name} LIKE '0000%' OR ${name} LIKE '%T24%' OR ${name} LIKE '%:60.%'`
  const isPlain = `${name} LIKE '____-__-__T__:__:__.___Z' AND NOT (${isOther})`
  return `CASE WHEN ${isPlain} THEN coalesce(try_cast(${name} AS TIMESTAMP), ${notPlain}) ELSE ${notPlain} END`
}

const listOf = (words: ReadonlyArray<string>): string => words.map((word) => `'${word}'`).join(", ")

/** Selects the state. The action is only checked, because it does not affect answers. */
const state = `CASE WHEN list_contains([${listOf(ConsentState.actions)}], consentAction)
  THEN coalesce(try_cast(consentState AS ENUM (${listOf(ConsentState.all)})), ${notPlain}) ELSE ${notPlain} END`

const version = `CASE WHEN version IS NULL OR version::VARCHAR = 'null' THEN NULL
  WHEN regexp_full_match(version::VARCHAR, '[1-9][0-9]{0,8}') THEN version::VARCHAR::INTEGER ELSE ${notPlain} END`

const expiration = `CASE WHEN expirationDate IS NULL THEN NULL ELSE ${instant("expirationDate")} END`

/** The identifiers that are UUIDs in the first line; they must then be UUIDs in every line. */
const uuidsOf = async (connection: DuckDBConnection, path: string): Promise<ReadonlySet<Identifier>> => {
  const members = identifiers.map((name) => `${name}::VARCHAR AS ${name}`).join(", ")
  const [first] = await SmallResult.rows(connection, `SELECT ${members} FROM ${relation(path, new Set())} LIMIT 1`)
  const isUuid = (value: unknown): boolean => /^"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"$/.test(String(value))
  return new Set(identifiers.filter((name) => isUuid(first?.[name])))
}

/** Makes a table of all lines of a file. Throws if a line is not plain. */
export const read = async (connection: DuckDBConnection, name: string, path: string): Promise<void> => {
  const uuids = await uuidsOf(connection, path)
  const members = identifiers.map((name) => `${uuids.has(name) ? uuid(name) : text(name)} AS ${name}`)
  await connection.run(`
    CREATE TEMP TABLE ${name} AS
    SELECT
      ${members.join(",\n      ")},
      ${version} AS version,
      ${state} AS consentState,
      ${instant("consentDate")} AS consentDate,
      ${instant("dateCreated")} AS dateCreated,
      ${expiration} AS expirationDate
    FROM ${relation(path, uuids)}`)
  // Selected from the table, because a query of the lines would parse every instant twice.
  const [counted] = await SmallResult.rows(
    connection,
    `SELECT count(*) AS events, count(*) FILTER (consentDate > dateCreated OR expirationDate <= consentDate) AS wrong FROM ${name}`,
  )
  // DuckDB reads a file that is a single invalid character as a file without lines.
  if (Number(counted?.["events"]) === 0 || Number(counted?.["wrong"]) > 0) throw new Error("not plain")
}
