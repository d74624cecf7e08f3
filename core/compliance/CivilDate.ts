/**
 * Days of the calendar, as laws count them: `YYYY-MM-DD` without a time and without a time zone.
 *
 * Dates are plain strings of the years 0001 to 9999, so that they sort as text. Arithmetic that would leave these years
 * ends at the first or the last of their days.
 */
import * as Instant from "../engine/Instant.ts"

/** A date of the proleptic Gregorian calendar, `YYYY-MM-DD`. */
export type CivilDate = string

/** The first and the last date. */
export const min: CivilDate = "0001-01-01"
export const max: CivilDate = "9999-12-31"

const pattern = /^(\d{4})-(\d{2})-(\d{2})$/

/** Reads a date. `undefined` for anything else: another form, a day that the month does not have, the year 0000. */
export const parse = (text: string): CivilDate | undefined => {
  const match = pattern.exec(text)
  if (match === null) return undefined
  const [year, month, day] = match.slice(1).map(Number) as [number, number, number]
  const isDate = year >= 1 && month >= 1 && month <= 12 && day >= 1 && day <= Instant.daysInMonth(year, month)
  return isDate ? text : undefined
}

interface Parts {
  readonly year: number
  readonly month: number
  readonly day: number
}

const partsOf = (date: CivilDate): Parts => ({
  year: Number(date.slice(0, 4)),
  month: Number(date.slice(5, 7)),
  day: Number(date.slice(8, 10)),
})

/** The number of days from 1970-01-01 to a date; negative before it. */
export const toDays = (date: CivilDate): number => {
  const { day, month, year } = partsOf(date)
  return Instant.daysFromDate(year, month, day)
}

const [firstDay, lastDay] = [toDays(min), toDays(max)]

/** The date that is a number of days after 1970-01-01: the inverse of {@link toDays}. */
export const fromDays = (days: number): CivilDate => {
  const { day, month, year } = Instant.dateFromDays(Math.min(Math.max(days, firstDay), lastDay))
  const digits = (value: number, count: number): string => String(value).padStart(count, "0")
  return `${digits(year, 4)}-${digits(month, 2)}-${digits(day, 2)}`
}

/** The date a number of days after another one; before it if the number is negative. */
export const addDays = (date: CivilDate, days: number): CivilDate => fromDays(toDays(date) + days)

/** The date a number of months after another one, at least 0. A day past the month's end becomes its last day. */
export const addMonths = (date: CivilDate, months: number): CivilDate => {
  const { day, month, year } = partsOf(date)
  const count = year * 12 + (month - 1) + months
  const target = { year: Math.floor(count / 12), month: (count % 12) + 1 }
  if (target.year > 9999) return max
  const dayOfMonth = Math.min(day, Instant.daysInMonth(target.year, target.month))
  return fromDays(Instant.daysFromDate(target.year, target.month, dayOfMonth))
}

/** The number of days from one date to another; negative if the other is earlier. */
export const daysBetween = (from: CivilDate, to: CivilDate): number => toDays(to) - toDays(from)

/** Whether a date is a working day: no Saturday, no Sunday, and none of the holidays. */
export const isWorkingDay = (date: CivilDate, holidays: ReadonlySet<CivilDate>): boolean => {
  // 1970-01-01 was a Thursday.
  const weekday = (((toDays(date) + 3) % 7) + 7) % 7
  return weekday < 5 && !holidays.has(date)
}

/** The date itself if it is a working day, otherwise the next one. */
export const nextWorkingDay = (date: CivilDate, holidays: ReadonlySet<CivilDate>): CivilDate => {
  let day = date
  while (!isWorkingDay(day, holidays) && day !== max) day = addDays(day, 1)
  return day
}

/** The date that is a number of working days after another one, which itself does not count. */
export const addWorkingDays = (date: CivilDate, count: number, holidays: ReadonlySet<CivilDate>): CivilDate => {
  let day = date
  for (let left = count; left > 0 && day !== max;) {
    day = addDays(day, 1)
    if (isWorkingDay(day, holidays)) left--
  }
  return day
}
