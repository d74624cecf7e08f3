/**
 * Converts the times of a wall clock in a zone of the IANA time zone database to instants.
 *
 * When the clock is set back, an hour happens twice; when it is set forward, an hour does not happen. {@link readings}
 * returns both instants that such a time can be, by the rules of RFC 9557 and Temporal.
 */
import { Result } from "effect"
import { Temporal } from "temporal-polyfill"
import type { Instant } from "../../core/engine/Instant.ts"

/** The instants that a wall time can be. */
export interface Readings {
  readonly earlier: Instant
  /** The same as `earlier`, if the time happens once. */
  readonly later: Instant
  /** Whether the wall never shows the time. */
  readonly isMissing: boolean
  /** The wall time at `later`; another one than was asked for if the time is missing. */
  readonly laterMillis: number
}

/** A time zone. */
export interface TimeZone {
  /** The instants of a wall time, in milliseconds from 1970-01-01T00:00 on the same wall. */
  readonly readings: (millis: number) => Readings
}

/**
 * A time in which the offset stays the same, by the wall: a day inside its ends, so that no other time reads the same.
 */
interface Span {
  readonly from: number
  readonly until: number
  readonly offset: number
}

const millisPerDay = 86_400_000

const wallMillis = (at: Temporal.ZonedDateTime): number => at.epochMilliseconds + at.offsetNanoseconds / 1_000_000

const wallOf = (millis: number): Temporal.PlainDateTime =>
  Temporal.Instant.fromEpochMilliseconds(millis).toZonedDateTimeISO("UTC").toPlainDateTime()

/** The span around a time; empty if the offset changes within a day of it. */
const spanAround = (at: Temporal.ZonedDateTime): Span => {
  const offset = at.offsetNanoseconds / 1_000_000
  // The transition before the first millisecond after `at` may be `at` itself.
  const begin = at.add({ milliseconds: 1 }).getTimeZoneTransition("previous")?.epochMilliseconds ?? -Infinity
  const end = at.getTimeZoneTransition("next")?.epochMilliseconds ?? Infinity
  return { from: begin + offset + millisPerDay, until: end + offset - millisPerDay, offset }
}

/** The most spans that are remembered: a zone that changes twice a year needs two for each year. */
const maxSpans = 1000

/** Whether there is a zone of this name. `Intl` also takes an offset, which is not the name of a zone. */
const isZone = (name: string): boolean =>
  /^[A-Za-z]/.test(name) &&
  Result.isSuccess(Result.try(() => new Intl.DateTimeFormat("en", { timeZone: name }).resolvedOptions()))

/** The zone of a name, in any case of letters; `undefined` if there is no such zone. */
export const make = (name: string): TimeZone | undefined => {
  if (!isZone(name)) return undefined
  let spans: Array<Span> = []
  let last: Span = { from: 0, until: 0, offset: 0 }
  const isIn = (span: Span, millis: number) => millis >= span.from && millis < span.until
  return {
    readings: (millis) => {
      if (!isIn(last, millis)) last = spans.find((span) => isIn(span, millis)) ?? last
      if (isIn(last, millis)) {
        const at = millis - last.offset
        return { earlier: at, later: at, isMissing: false, laterMillis: millis }
      }
      const wall = wallOf(millis)
      const earlier = wall.toZonedDateTime(name, { disambiguation: "earlier" })
      const later = wall.toZonedDateTime(name, { disambiguation: "later" })
      const span = spanAround(earlier)
      if (isIn(span, millis)) spans = [span, ...spans.slice(0, maxSpans - 1)]
      const laterMillis = wallMillis(later)
      return {
        earlier: earlier.epochMilliseconds,
        later: later.epochMilliseconds,
        isMissing: laterMillis !== millis,
        laterMillis,
      }
    },
  }
}
