/**
 * Recorded events as CSV (RFC 4180): one column for each member, `session.id` and so on for those of its session.
 *
 * CSV cannot tell an empty text from none; NDJSON can. A text that a spreadsheet would run as a formula gets an apostrophe in
 * front, which reading takes away: a browser chooses its user agent, and somebody will open the file.
 */
import { Result } from "effect"
import { stringify } from "csv-stringify/sync"

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

const ofSession = ["id", "ipAddress", "domain", "geography", "userAgent"] as const

/** The header: a line. */
export const header = stringify([[...own, ...ofSession.map((name) => `session.${name}`)]])

type Members = Readonly<Record<string, unknown>>

/** What spreadsheets run: the signs of a formula, in their full width too, also behind what is passed over. */
const runs = /^'*[\s]*[=+\-@\t\r\uff1d\uff0b\uff0d\uff20]/

const inert = (value: unknown): unknown => (typeof value === "string" && runs.test(value) ? `'${value}` : value)
const asItWas = (value: unknown): unknown =>
  typeof value === "string" && value.startsWith("'") && runs.test(value) ? value.slice(1) : value

/** The records of events, given as they are answered. */
export const write = (bodies: ReadonlyArray<string>): string =>
  stringify(
    bodies.map((body) => {
      const event: Members = JSON.parse(body)
      const session = Object(event["session"]) as Members
      // The subcategory is a list of one text.
      const members = own.map((name) => (Array.isArray(event[name]) ? event[name][0] : event[name]))
      return [...members, ...ofSession.map((name) => session[name])].map(inert)
    }),
  )

/** The members of a record; those that came as NDJSON stay as they are. */
export const read = (value: unknown): Result.Result<unknown, never> => {
  const sent = Object(value) as Members
  const isFlat = typeof sent["version"] === "string"
  if (!isFlat) return Result.succeed(value)
  const row: Members = Object.fromEntries(Object.entries(sent).map(([name, text]) => [name, asItWas(text)]))
  const session = ofSession.flatMap((name) =>
    row[`session.${name}`] === undefined ? [] : [[name, row[`session.${name}`]]],
  )
  return Result.succeed({
    subcategory: "",
    label: "",
    ...row,
    version: Number(row["version"]),
    ...(session.length > 0 && { session: { ipAddress: "", domain: "", ...Object.fromEntries(session) } }),
  })
}
