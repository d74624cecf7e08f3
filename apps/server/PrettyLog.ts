/**
 * The log on a terminal: one line for each request, which fits the terminal and 100 columns.
 *
 *     09:15:02 200 GET    /site-v1/:projectId/consent-state 0.8 ms
 *     09:15:04 422 POST   /privacy-v1/organizations/…/projects/…/consent-events 1.2 ms identifier_missing
 *
 * The reason of a failure is never cut, because it says what to mend: a long one has a line of its own.
 * The ids of a request, its key and its project are shown at the level `debug` alone, and then make the line longer.
 */
import type { LogEntry } from "../../adapters/http/server/RequestLog.ts"
import type { Colour, Paint } from "../Colour.ts"

type Fields = Readonly<Record<string, unknown>>

/** How lines are written. */
export interface Style {
  readonly paint: Paint
  /** The columns of the terminal; `undefined` if it is not one. */
  readonly columns: number | undefined
  /** Whether ids are shown. */
  readonly showsIds: boolean
}

const columnsMax = 100

/** Time, status, method, and the space after each. */
const headColumns = 9 + 4 + 7

/** The most that an error takes of the line. */
const errorColumnsMax = 32

/** Characters that a terminal would treat as a command or as the end of a line. */
// oxlint-disable-next-line no-control-regex -- they are replaced
const controls = /[\u0000-\u001f\u007f-\u009f]/g

const asText = (value: unknown): string =>
  ((typeof value === "string" ? value : JSON.stringify(value)) ?? "").replaceAll(controls, " ")

const pairs = (fields: Fields): ReadonlyArray<string> =>
  Object.entries(fields).flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${asText(value)}`]))

const timeOf = (at: Date): string => at.toISOString().slice(11, 19)

/** The end of a text that is too long gives way to an ellipsis. */
const cut = (text: string, columns: number): string =>
  text.length <= columns ? text : columns <= 0 ? "" : `${text.slice(0, columns - 1)}…`

/** A route in a number of columns: with the names of its parameters, or with all that tells it from others. */
const routeIn = (route: string, columns: number): string => {
  const spellings = [
    route,
    route.replaceAll(/:\w+/g, "…"),
    route.replace("organizations/:organizationId/projects/:projectId", "…").replaceAll(/:\w+/g, "…"),
  ]
  return spellings.find(({ length }) => length <= columns) ?? cut(spellings.at(-1)!, columns)
}

const colourOf = (status: number): Colour =>
  status >= 500 ? "red" : status >= 400 ? "yellow" : status >= 300 ? "cyan" : "green"

/** Milliseconds, with a decimal below ten. */
const durationOf = (millis: number): string => `${millis < 10 ? millis.toFixed(1) : Math.round(millis)} ms`

/** The reason, or the place in the code, of a failure, on lines of its own. */
const stackOf = (stack: unknown): string =>
  stack === undefined
    ? ""
    : `\n${String(stack)
        .split("\n")
        .map((line) => `    ${asText(line)}`)
        .join("\n")}`

/** The line of a request. */
export const request = (at: Date, entry: LogEntry, { columns, paint, showsIds }: Style): string => {
  const { durationMs, error, method, reason, route, stack, status, ...ids } = entry
  const duration = durationOf(durationMs)
  const whole = asText([error, reason].filter((part) => part !== undefined).join(": "))
  const isShort = reason === undefined || whole.length <= errorColumnsMax
  const why = cut(isShort ? whole : asText(error ?? ""), errorColumnsMax)
  const width = Math.min(columns || columnsMax, columnsMax)
  const left = width - headColumns - 1 - duration.length - (why === "" ? 0 : 1 + why.length)
  const line = [
    paint("dim", timeOf(at)),
    paint(colourOf(status), String(status)),
    asText(method || "-").padEnd(6),
    routeIn(route === "none" ? "(not served)" : route, left),
    paint("dim", duration),
    ...(why === "" ? [] : [paint(colourOf(status), why)]),
    ...(showsIds ? [paint("dim", pairs({ caller: "none", ...ids }).join(" "))] : []),
  ]
  return line.join(" ") + stackOf(isShort ? undefined : reason) + stackOf(stack)
}

const wordOf: Readonly<Record<string, readonly [word: string, colour: Colour]>> = {
  debug: ["debug", "dim"],
  info: ["info ", "green"],
  warn: ["warn ", "yellow"],
  error: ["error", "red"],
}

/** A line about the service. It may be longer than a terminal is wide. */
export const message = (at: Date, level: string, text: string, fields: Fields, { paint }: Style): string => {
  const { stack, ...rest } = fields
  const [word, colour] = wordOf[level] ?? [level, "dim"]
  return [paint("dim", timeOf(at)), paint(colour, word), asText(text), ...pairs(rest)].join(" ") + stackOf(stack)
}
