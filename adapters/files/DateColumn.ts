/**
 * Reads the dates of a column as a mapping says: numbers since 1970, or wall times with a format, an offset or a zone.
 *
 * A wall time that a zone has twice is read so that it protects the person: of a refusal the later instant, of another
 * state the earlier one. A wall time that a zone skips is read as the later instant of a refusal, and refused of
 * another state.
 */
import { Result } from "effect"
import * as Instant from "../../core/engine/Instant.ts"
import * as DateFormat from "./DateFormat.ts"
import * as TimeZone from "./TimeZone.ts"

/** How the dates of a column are written. */
export interface DateSource {
  readonly column: string
  readonly as?: "seconds" | "milliseconds"
  readonly format?: string
  readonly offset?: string
  readonly zone?: string
}

/**
 * Reads a value of the column into a text that is an instant (`Instant.parse`), or returns what the column must hold.
 * Only a text that ends in `Z` is returned as it is, and read when the item is decoded.
 */
export type DateColumn = (held: unknown, isRefusal: boolean) => Result.Result<unknown, string>

const toMember = (at: number, otherwise: string): Result.Result<unknown, string> =>
  Instant.isInstant(at) ? Result.succeed(Instant.format(at)) : Result.fail(otherwise)

const number = /^-?\d+(\.\d+)?$/

const ofNumbers =
  (column: string, as: "seconds" | "milliseconds"): DateColumn =>
  (held) => {
    const at = number.test(String(held)) ? Math.round(Number(held) * (as === "seconds" ? 1000 : 1)) : NaN
    return toMember(at, `the column ${column} must hold ${as} since 1970`)
  }

/** Converts a wall time to an instant. */
type Clock = (wall: DateFormat.WallTime, isRefusal: boolean) => Result.Result<unknown, string>

const millisPerMinute = 60_000
const millisPerDay = 86_400_000

/** The minutes ahead of UTC of `Z` or an offset such as `+01:00`. */
const minutesOf = (offset: string): number =>
  offset === "Z"
    ? 0
    : (offset.startsWith("-") ? -1 : 1) * (Number(offset.slice(1, 3)) * 60 + Number(offset.slice(4, 6)))

const outside = (column: string): string => `the column ${column} must hold dates of the years 1 to 9999`

/** A clock that is always the same time ahead of UTC. */
const fixedClock =
  (column: string, offset: string): Clock =>
  ({ millis }) =>
    toMember(millis - minutesOf(offset) * millisPerMinute, outside(column))

/** The clock of a zone. A day without a time begins at its first instant, also where midnight is skipped. */
const zoneClock = (column: string, name: string): Clock | undefined => {
  const zone = TimeZone.make(name)
  if (zone === undefined) return undefined
  const skipped = `the column ${column} holds a time that the clocks of ${name} skipped`
  return ({ isDay, millis }, isRefusal) => {
    const { earlier, isMissing, later, laterMillis } = zone.readings(millis)
    const isOnDay = isDay && Math.floor(laterMillis / millisPerDay) === Math.floor(millis / millisPerDay)
    if (isMissing && !isRefusal && !isOnDay) return Result.fail(skipped)
    return toMember(isRefusal || isMissing ? later : earlier, outside(column))
  }
}

const clockOf = ({ column, offset, zone }: DateSource): Clock | undefined => {
  if (offset !== undefined) return fixedClock(column, offset)
  return zone === undefined ? undefined : zoneClock(column, zone)
}

/** ISO 8601 with `T` or white space before the time, and an offset, also after white space, or none. */
const isoLike =
  /^(\d{4}-\d{2}-\d{2})(?:(?:T| +)(\d{2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?)(?: ?(Z|UTC|GMT|[+-]\d{2}(?::?\d{2})?))?)?$/i

/** What the column must hold if the mapping gives no format. */
const isoExpected = ({ column, offset, zone }: DateSource): string =>
  offset === undefined && zone === undefined
    ? `the column ${column} must hold ISO 8601 date-times with an offset, such as 2024-01-31T10:00:00+01:00; ` +
      "a mapping can give zone or offset for those without one, and format for another form, such as dd.MM.yyyy"
    : `the column ${column} must hold ISO 8601 dates or date-times, such as 2024-01-31 or 2024-01-31 10:00; ` +
      "give format with it for another form, such as dd.MM.yyyy"

/** Reads ISO 8601, and the text forms of databases; those without an offset by the offset or the zone, if given. */
const ofIso = (source: DateSource): DateColumn => {
  const { column, offset: given, zone: name } = source
  const zone = name === undefined ? undefined : zoneClock(column, name)
  const mismatch: Result.Result<unknown, string> = Result.fail(isoExpected(source))
  return (held, isRefusal) => {
    // The usual form needs no conversion.
    if (typeof held === "string" && held.charAt(10) === "T" && held.endsWith("Z")) return Result.succeed(held)
    const parts = typeof held === "string" ? isoLike.exec(held.trim()) : null
    if (parts === null) return mismatch
    const [, day, time = "00:00", written] = parts
    const offset = written === undefined ? given : /^[ug]/i.test(written) ? "Z" : written
    const text = `${day}T${time}${offset ?? "Z"}`
    const millis = Instant.parse(text)
    if (millis === undefined) return mismatch
    if (offset !== undefined) return Result.succeed(text)
    return zone === undefined ? mismatch : zone({ millis, isDay: parts[2] === undefined }, isRefusal)
  }
}

const ofFormat = (
  column: string,
  name: string,
  format: DateFormat.DateFormat,
  clock: Clock | undefined,
): DateColumn => {
  const mismatch = `the column ${column} must hold dates as the format ${name} says, such as ${format.example}`
  return (held, isRefusal) => {
    const wall = typeof held === "string" || typeof held === "number" ? format.read(String(held).trim()) : undefined
    if (wall === undefined) return Result.fail(mismatch)
    if (wall.offset !== undefined) return toMember(wall.millis - wall.offset * millisPerMinute, outside(column))
    return clock === undefined ? Result.fail(mismatch) : clock(wall, isRefusal)
  }
}

/** Makes the reader of a column. The source must be valid, as `Mapping` decodes it. */
export const make = (source: DateSource): DateColumn => {
  const { as, column, format } = source
  if (as !== undefined) return ofNumbers(column, as)
  if (format === undefined) return ofIso(source)
  return ofFormat(column, format, Result.getOrThrow(DateFormat.make(format)), clockOf(source))
}
