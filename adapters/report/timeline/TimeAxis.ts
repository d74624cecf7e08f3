/**
 * A linear scale of time with ticks at round dates in UTC.
 *
 * The page needs one scale and boxes on it, so that it is drawn without the packages that the charts of a simulation
 * need, and anyone that has the command can write it.
 */
import type { Instant } from "../../../core/engine/Instant.ts"
import * as Period from "../../../core/engine/Period.ts"

/** A mark of the axis. */
export interface Tick {
  readonly at: Instant
  readonly label: string
}

const minute = 60_000
const hour = 60 * minute
const day = 24 * hour

const format = (options: Intl.DateTimeFormatOptions) =>
  new Intl.DateTimeFormat("en-GB", { ...options, timeZone: "UTC" })
const time = format({ day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" })
const date = format({ day: "numeric", month: "short" })
const month = format({ month: "short", year: "numeric" })
const year = format({ year: "numeric" })

/** The steps that are tried, the shortest first: months, or milliseconds. */
const steps: ReadonlyArray<{ readonly period: Period.Period; readonly label: Intl.DateTimeFormat }> = [
  ...[minute, 5 * minute, 15 * minute, hour, 3 * hour, 6 * hour, 12 * hour].map((millis) => ({
    period: Period.millis(millis),
    label: time,
  })),
  ...[1, 2, 7, 14].map((days) => ({ period: Period.millis(days * day), label: date })),
  ...[1, 2, 3, 6].map((months) => ({ period: Period.months(months), label: month })),
  ...[1, 2, 5, 10, 25, 50, 100, 500, 1000].map((years) => ({ period: Period.months(12 * years), label: year })),
]

/** The first instant of a step at or after an instant. */
const firstOf = ({ millis, months }: Period.Period, from: Instant): Instant => {
  if (months === 0) return Math.ceil(from / millis) * millis
  const at = new Date(from)
  const count = Math.floor((at.getUTCFullYear() * 12 + at.getUTCMonth()) / months) * months
  const begin = new Date(0)
  begin.setUTCFullYear(Math.floor(count / 12), count % 12, 1)
  return begin.getTime() < from ? Period.add(begin.getTime(), Period.months(months)) : begin.getTime()
}

/** At most `max` ticks from `from` to `until`, at the shortest step that has no more; none if every step has more. */
export const ticks = (from: Instant, until: Instant, max: number): ReadonlyArray<Tick> => {
  for (const { label, period } of steps) {
    const about = period.months === 0 ? period.millis : period.months * 28 * day
    if ((until - from) / about > 2 * max) continue
    const found: Array<Tick> = []
    for (let at = firstOf(period, from); at <= until && found.length <= max; at = Period.add(at, period)) {
      found.push({ at, label: label.format(at) })
    }
    if (found.length <= max) return found
  }
  return []
}
