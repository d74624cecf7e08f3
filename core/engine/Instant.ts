/**
 * A point in time: whole milliseconds since 1970-01-01T00:00:00.000Z, always UTC.
 *
 * There is one wire form, `YYYY-MM-DDTHH:mm:ss.sssZ`, and one range, the years 1 to 9999, so that every instant the
 * engine can compute can also be written. Sorting the wire forms as strings sorts the instants.
 */

/** Whole milliseconds since the epoch, UTC, between {@link min} and {@link max}. */
export type Instant = number

/** 0001-01-01T00:00:00.000Z, the earliest instant. */
export const min: Instant = -62_135_596_800_000

/** 9999-12-31T23:59:59.999Z, the latest instant. */
export const max: Instant = 253_402_300_799_999

const millisPerDay = 86_400_000

/** The instant between {@link min} and {@link max} that is nearest to `millis`. */
export const clamp = (millis: number): Instant => (millis < min ? min : millis > max ? max : millis)

/** Whether `value` is a whole number of milliseconds within the range. */
export const isInstant = (value: number): value is Instant => Number.isInteger(value) && value >= min && value <= max

/**
 * Days from 1970-01-01 to a proleptic Gregorian date. `month` is 1 to 12; `day` may be any integer.
 *
 * Source: Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", days_from_civil.
 */
export const daysFromDate = (year: number, month: number, day: number): number => {
  const y = month <= 2 ? year - 1 : year
  const era = Math.floor(y / 400)
  const yearOfEra = y - era * 400
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear
  return era * 146_097 + dayOfEra - 719_468
}

/** The year, month (1 to 12) and day of the month of a day counted from 1970-01-01. Inverse of {@link daysFromDate}. */
export const dateFromDays = (days: number): { readonly year: number; readonly month: number; readonly day: number } => {
  const shifted = days + 719_468
  const era = Math.floor(shifted / 146_097)
  const dayOfEra = shifted - era * 146_097
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365,
  )
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100))
  const shiftedMonth = Math.floor((5 * dayOfYear + 2) / 153)
  const month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
  return {
    year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0),
    month,
    day: dayOfYear - Math.floor((153 * shiftedMonth + 2) / 5) + 1,
  }
}

/** The number of days in a month of the proleptic Gregorian calendar. `month` is 1 to 12. */
export const daysInMonth = (year: number, month: number): number => {
  if (month !== 2) return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31
  return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0 ? 29 : 28
}

/** Splits an instant into whole days since 1970-01-01 and the milliseconds of that day (0 to 86,399,999). */
export const splitDay = (instant: Instant): { readonly days: number; readonly millis: number } => {
  const days = Math.floor(instant / millisPerDay)
  return { days, millis: instant - days * millisPerDay }
}

const dateTime =
  /^(\d{4})-(\d{2})-(\d{2})[Tt](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d+))?)?(?:[Zz]|([+-])(\d{2})(?::?(\d{2}))?)$/

/**
 * Reads an ISO 8601 date-time with any offset, with or without seconds and a fraction (RFC 3339 and similar forms).
 * Digits finer than a millisecond are cut off, however many there are. Second 60, a leap second, is read as the last
 * millisecond of its minute, because UTC in milliseconds has no leap seconds. Takes time linear in the length of the
 * text. Returns `undefined` for anything else: no offset, a day that the month does not have, a year outside 1 to 9999.
 */
export const parse = (text: string): Instant | undefined => {
  const match = dateTime.exec(text)
  if (match === null) return undefined
  const field = (index: number): number => (match[index] === undefined ? 0 : Number(match[index]))
  const year = field(1)
  const month = field(2)
  const day = field(3)
  const offsetHour = field(9)
  const offsetMinute = field(10)
  if (year < 1 || month < 1 || month > 12 || day < 1 || day > daysInMonth(year, month)) return undefined
  if (field(4) > 23 || field(5) > 59 || field(6) > 60 || offsetHour > 23 || offsetMinute > 59) return undefined
  const isLeapSecond = field(6) === 60
  const second = isLeapSecond ? 59 : field(6)
  const fraction = isLeapSecond ? 999 : match[7] === undefined ? 0 : Number(match[7].slice(0, 3).padEnd(3, "0"))
  const minutes = (daysFromDate(year, month, day) * 24 + field(4)) * 60 + field(5)
  const offset = (match[8] === "-" ? -1 : 1) * (offsetHour * 60 + offsetMinute)
  const instant = ((minutes - offset) * 60 + second) * 1000 + fraction
  return isInstant(instant) ? instant : undefined
}

const digits = (count: number) => Array.from({ length: 10 ** count }, (_, n) => String(n).padStart(count, "0"))
const two = /* @__PURE__ */ digits(2)
const three = /* @__PURE__ */ digits(3)

/** The wire form, `YYYY-MM-DDTHH:mm:ss.sssZ`. Built from tables for speed: a simulation writes millions of instants. */
export const format = (instant: Instant): string => {
  const { days, millis } = splitDay(instant)
  const { year, month, day } = dateFromDays(days)
  const seconds = Math.floor(millis / 1000)
  const minutes = Math.floor(seconds / 60)
  const date = `${two[Math.floor(year / 100)]}${two[year % 100]}-${two[month]}-${two[day]}`
  return `${date}T${two[Math.floor(minutes / 60)]}:${two[minutes % 60]}:${two[seconds % 60]}.${three[millis % 1000]}Z`
}
