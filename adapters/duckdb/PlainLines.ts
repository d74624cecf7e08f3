/**
 * The lines of an events.ndjson that have nothing unusual, as a table: what the ledger writes itself.
 *
 * Plain is a JSON object whose identifiers have no escapes and only ASCII, whose instants have the one wire form, and whose
 * versions are whole numbers; all that DuckDB's JSON allows beyond RFC 8259 is a comma before a closing brace, and NaN in
 * a member that nobody reads. One line that is not plain, good or bad, and the query fails: the strict reader of
 * `adapters/files` then reads the file instead, and says what is wrong, if anything is.
 */
import type { DuckDBConnection } from "@duckdb/node-api"
import * as ConsentState from "../../core/engine/ConsentState.ts"
import * as SmallResult from "./SmallResult.ts"

/** The longest line, in bytes: as for the strict reader. */
const maxBytes = 1024 * 1024

/** The members that are read, and as what: JSON tells "1" from 1, and text needs no unquoting where only text can be meant. */
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

/** Identifiers: members of any text. */
const identifiers = ["id", "concordId", "consentType"] as const

type Identifier = (typeof identifiers)[number]

/** A file's lines; those of its identifiers that are known to be UUIDs are read as text. */
const relation = (path: string, uuids: ReadonlySet<Identifier>): string => {
  const types = { ...columns, ...Object.fromEntries([...uuids].map((name) => [name, "VARCHAR"])) }
  const members = Object.entries(types).map(([name, type]) => `${name}: '${type}'`)
  return (
    `read_json(${path}, format = 'newline_delimited', maximum_object_size = ${maxBytes}, ` +
    `columns = {${members.join(", ")}})`
  )
}

const notPlain = "error('not plain')"

/** The text of a JSON string without escapes, of at least one character. */
const text = (name: string): string => {
  const json = `${name}::VARCHAR`
  const isPlain = `${json} LIKE '"_%"' AND NOT contains(${json}, '\\') AND strlen(${json}) = length(${json})`
  return `CASE WHEN ${isPlain} THEN substr(${json}, 2, length(${json}) - 2) ELSE ${notPlain} END`
}

/** A UUID as it is always written: in lower case, its hyphens in their places. */
const uuid = (name: string): string =>
  `CASE WHEN try_cast(${name} AS UUID)::VARCHAR = ${name} THEN try_cast(${name} AS UUID) ELSE ${notPlain} END`

/** `YYYY-MM-DDTHH:mm:ss.sssZ`; the cast takes other forms too, which the pattern keeps out. */
const instant = (name: string): string => {
  const isElse = `${name} LIKE '0000%' OR ${name} LIKE '%T24%' OR ${name} LIKE '%:60.%'`
  const isPlain = `${name} LIKE '____-__-__T__:__:__.___Z' AND NOT (${isElse})`
  return `CASE WHEN ${isPlain} THEN coalesce(try_cast(${name} AS TIMESTAMP), ${notPlain}) ELSE ${notPlain} END`
}

const listOf = (words: ReadonlyArray<string>): string => words.map((word) => `'${word}'`).join(", ")

/** The action decides nothing, so it is checked and let go. */
const state = `CASE WHEN list_contains([${listOf(ConsentState.actions)}], consentAction)
  THEN coalesce(try_cast(consentState AS ENUM (${listOf(ConsentState.all)})), ${notPlain}) ELSE ${notPlain} END`

const version = `CASE WHEN version IS NULL OR version::VARCHAR = 'null' THEN NULL
  WHEN regexp_full_match(version::VARCHAR, '[1-9][0-9]{0,8}') THEN version::VARCHAR::INTEGER ELSE ${notPlain} END`

const expiration = `CASE WHEN expirationDate IS NULL THEN NULL ELSE ${instant("expirationDate")} END`

/** The identifiers that are UUIDs in the first line: then they must be in all. */
const uuidsOf = async (connection: DuckDBConnection, path: string): Promise<ReadonlySet<Identifier>> => {
  const members = identifiers.map((name) => `${name}::VARCHAR AS ${name}`).join(", ")
  const [first] = await SmallResult.rows(connection, `SELECT ${members} FROM ${relation(path, new Set())} LIMIT 1`)
  const isUuid = (value: unknown): boolean => /^"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"$/.test(String(value))
  return new Set(identifiers.filter((name) => isUuid(first?.[name])))
}

/** Makes a table of all lines of a file. Throws where one is not plain. */
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
  // Asked of the table: asked of the lines, every instant would be read twice.
  const [counted] = await SmallResult.rows(
    connection,
    `SELECT count(*) AS events, count(*) FILTER (consentDate > dateCreated OR expirationDate <= consentDate) AS wrong FROM ${name}`,
  )
  // A file of one character that is no line is read as no lines at all.
  if (Number(counted?.["events"]) === 0 || Number(counted?.["wrong"]) > 0) throw new Error("not plain")
}
