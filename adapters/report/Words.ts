/**
 * Writes numbers, dates and durations in English and UTC, with the same result on every machine.
 */
import type { Instant } from "../../core/engine/Instant.ts"
import * as Period from "../../core/engine/Period.ts"

const grouped = new Intl.NumberFormat("en", { maximumFractionDigits: 0 })
const compact = new Intl.NumberFormat("en", { notation: "compact", maximumSignificantDigits: 3 })
const longDate = new Intl.DateTimeFormat("en-GB", { dateStyle: "long", timeZone: "UTC" })
const shortDate = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", year: "numeric", timeZone: "UTC" })

const millisPerDay = 86_400_000

/** `1,234,567`. */
export const count = (value: number): string => grouped.format(value)

/** At most three significant digits, for an axis: `1.2K`, `35M`. */
export const brief = (value: number): string => compact.format(value)

/** A change with its sign, a true minus included: `+12`, `−3`, `0`. */
export const change = (value: number): string =>
  value === 0 ? "0" : `${value > 0 ? "+" : "\u2212"}${count(Math.abs(value))}`

/** `1 person`, `2 people`. */
export const counted = (value: number, one: string, many: string): string =>
  `${count(value)} ${value === 1 ? one : many}`

/** A share as a percentage with one decimal; never `0%` or `100%` unless it is exactly that. `whole` 0: `0%`. */
export const share = (part: number, whole: number): string => {
  if (part === 0 || whole === 0) return "0%"
  if (part === whole) return "100%"
  const percent = (part / whole) * 100
  if (percent < 0.1) return "under 0.1%"
  if (percent > 99.9 && percent < 100) return "over 99.9%"
  return `${percent.toFixed(1).replace(/\.0$/, "")}%`
}

const isMidnight = (instant: Instant): boolean => instant % millisPerDay === 0

/** Replaces spaces by no-break spaces. */
const unbroken = (text: string): string => text.replaceAll(" ", "\u00a0")

const timeOfDay = (instant: Instant): string => {
  const time = new Date(instant).toISOString().slice(11, 23)
  const end = time.endsWith(":00.000") ? 5 : time.endsWith(".000") ? 8 : 12
  return ` ${unbroken(`${time.slice(0, end)} UTC`)}`
}

/** `1 March 2026`; with the time of day unless it is midnight UTC. */
export const date = (instant: Instant): string =>
  unbroken(longDate.format(instant)) + (isMidnight(instant) ? "" : timeOfDay(instant))

/** `1 Mar 2026`; with the time of day unless it is midnight UTC. */
export const briefDate = (instant: Instant): string =>
  unbroken(shortDate.format(instant)) + (isMidnight(instant) ? "" : timeOfDay(instant))

/** `1 Mar 2026`: the day of an instant. */
export const dayOf = (instant: Instant): string => unbroken(shortDate.format(instant))

/** A list in a sentence: `a`, `a and b`, `a, b and c`. */
export const list = (items: ReadonlyArray<string>): string =>
  items.length < 2 ? items.join("") : `${items.slice(0, -1).join(", ")} and ${items.at(-1)}`

const months = (value: number): string => {
  if (value === 0) return ""
  if (value >= 12 && value % 12 === 0) return counted(value / 12, "year", "years")
  return counted(value, "month", "months")
}

/** How long a number of steps is: `7 days` for 7 steps of `P1D`. For a text that is no duration: `7 steps`. */
export const steps = (number: number, step: string): string => {
  const one = Period.parse(step)
  if (one === undefined) return counted(number, "step", "steps")
  return duration({ months: one.months * number, days: one.days * number, millis: one.millis * number })
}

/** Each step: `each day` for `P1D`, `each step of 7 days` for `P7D`. */
export const eachStep = (step: string): string => {
  const one = steps(1, step)
  return one.startsWith("1 ") && !one.includes(" and ") && !one.includes(", ")
    ? `each ${one.slice(2)}`
    : `each step of ${one}`
}

/** `6 months`, `2 years`, `30 days and 12 hours`; the zero period is `no time`. */
export const duration = ({ months: monthCount, days, millis }: Period.Period): string => {
  const seconds = (millis % 60_000) / 1000
  const parts = [
    months(monthCount),
    days === 0 ? "" : counted(days, "day", "days"),
    millis < 3_600_000 ? "" : counted(Math.floor(millis / 3_600_000), "hour", "hours"),
    millis % 3_600_000 < 60_000 ? "" : counted(Math.floor(millis / 60_000) % 60, "minute", "minutes"),
    seconds === 0 ? "" : `${seconds} ${seconds === 1 ? "second" : "seconds"}`,
  ].filter((part) => part !== "")
  return parts.length === 0 ? "no time" : list(parts)
}
