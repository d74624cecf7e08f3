/**
 * Recorded events as CSV (RFC 4180): one column for each member, and `session.id` and so on for those of its session.
 *
 * CSV cannot distinguish an empty text from a missing one; NDJSON can. A text that a spreadsheet would evaluate as a
 * formula is written with a leading apostrophe, because texts such as the user agent are chosen by browsers and an
 * operator may open the file in a spreadsheet. Reading removes the apostrophe.
 */
import { Result } from "effect"
import { stringify } from "csv-stringify/sync"
import type { HeaderCheck } from "./Columns.ts"

const own = [
  "id",
  "concordId",
  "consentType",
  "version",
  "consentState",
  "consentAction",
  "consentDate",
  "dateCreated",
  "expirationDate",
  "category",
  "subcategory",
  "label",
  "organization",
  "project",
  "submitter",
  "externalId",
] as const

/** The column of events whose personal data are gone. A file of an earlier version does not have it. */
const erased = "erased"

/** The language of the text that was shown. A file of an earlier version does not have it. */
const language = "language"

/** How the choice came about, as JSON. A file of an earlier version does not have it. */
const evidence = "evidence"

const ofSession = ["id", "ipAddress", "domain", "geography", "userAgent"] as const

/** The header line. */
export const header = stringify([[...own, ...ofSession.map((name) => `session.${name}`), erased, language, evidence]])

/**
 * The check of the header of an export. Every column is needed, because an event without its expiry or version would
 * say something else.
 */
export const headerCheck: HeaderCheck = {
  isRead: (name) => name.startsWith("session.") || [...own, erased, language, evidence].some((each) => each === name),
  missing: (names) =>
    own
      .filter((name) => !names.includes(name))
      .map((name) => ({ pointer: "", detail: `the file has no column ${name}, which every export has` })),
}

type Members = Readonly<Record<string, unknown>>

/**
 * A text that a spreadsheet may evaluate: it begins with the sign of a formula, also in full width, also after
 * apostrophes and spaces.
 */
const formula = /^'*[\s]*[=+\-@\t\r\uff1d\uff0b\uff0d\uff20]/

const escape = (value: unknown): unknown => (typeof value === "string" && formula.test(value) ? `'${value}` : value)
const unescape = (value: unknown): unknown =>
  typeof value === "string" && value.startsWith("'") && formula.test(value) ? value.slice(1) : value

/** The CSV records of events, which are given as JSON bodies. */
export const write = (bodies: ReadonlyArray<string>): string =>
  stringify(
    bodies.map((body) => {
      const event: Members = JSON.parse(body)
      const session = Object(event["session"]) as Members
      // The subcategory is an array of one string.
      const members = own.map((name) => (Array.isArray(event[name]) ? event[name][0] : event[name]))
      const others = [
        event[erased] && "true",
        event[language],
        event[evidence] === undefined ? undefined : JSON.stringify(event[evidence]),
      ]
      return [...members, ...ofSession.map((name) => session[name]), ...others].map(escape)
    }),
  )

/** The value of a text of JSON, or the text itself, which is no evidence. */
const parsed = (text: unknown): unknown => {
  try {
    return JSON.parse(String(text))
  } catch {
    return text
  }
}

/** The members of an exported row. A row of NDJSON is returned as it is. */
export const read = (value: unknown): Result.Result<unknown, never> => {
  const sent = Object(value) as Members
  const isFlat = typeof sent["version"] === "string"
  if (!isFlat) return Result.succeed(value)
  const row: Members = Object.fromEntries(Object.entries(sent).map(([name, text]) => [name, unescape(text)]))
  const isErased = row[erased] === "true"
  const session = ofSession.flatMap((name) =>
    row[`session.${name}`] === undefined ? [] : [[name, row[`session.${name}`]]],
  )
  return Result.succeed({
    subcategory: "",
    label: "",
    ...row,
    version: Number(row["version"]),
    erased: isErased,
    ...(row[evidence] !== undefined && { evidence: parsed(row[evidence]) }),
    ...(session.length > 0 && {
      session: { ...(!isErased && { ipAddress: "" }), domain: "", ...Object.fromEntries(session) },
    }),
  })
}
