/**
 * A calendar duration (ISO 8601 `P13M`, `P2Y`, `P30D`, `PT12H`), added to instants in UTC.
 *
 * Years and months are added first, and a day past the month's end becomes its last day (2024-01-31 + P1M =
 * 2024-02-29); then weeks and days; then the time part (semantics, section 3.1). A sum past the year 9999 is the last
 * instant of that year.
 *
 * Adding a period without years and months keeps the order of instants. Adding years or months does not, because
 * different days can become the same last day of a month while each keeps its time of day: 30 January 10:00 + P1M is
 * later than 31 January 09:00 + P1M. An earlier instant's sum is then later than a later instant's sum by less than a
 * day, and instants of one day keep their order.
 */
import * as Instant from "./Instant.ts"

/** Whole months, whole days and whole milliseconds, each at least 0. They are added in this order. */
export interface Period {
  readonly months: number
  readonly days: number
  readonly millis: number
}

/** The period of length zero. */
export const zero: Period = { months: 0, days: 0, millis: 0 }

/** Builds a period of `count` months. `count` is a whole number, at least 0. */
export const months = (count: number): Period => ({ ...zero, months: count })

/** Builds a period of `count` days. `count` is a whole number, at least 0. */
export const days = (count: number): Period => ({ ...zero, days: count })

/** Builds a period of `count` milliseconds. `count` is a whole number, at least 0. */
export const millis = (count: number): Period => ({ ...zero, millis: count })

/** Whether all parts of the period are 0. */
export const isZero = (period: Period): boolean => period.months === 0 && period.days === 0 && period.millis === 0

const pattern =
  /^P(?=.)(?:(\d{1,6})Y)?(?:(\d{1,6})M)?(?:(\d{1,7})W)?(?:(\d{1,7})D)?(?:T(?=.)(?:(\d{1,9})H)?(?:(\d{1,9})M)?(?:(\d{1,9})(?:[.,](\d{1,3}))?S)?)?$/

/** The largest parts that {@link format} writes in a form that {@link parse} reads. */
const maxParts: Period = { months: 11_999_999, days: 9_999_999, millis: 3_599_999_999_999_999 }

/**
 * Reads an ISO 8601 duration made of whole, non-negative years, months, weeks, days, hours and minutes, and seconds
 * with up to three decimals. Returns `undefined` for anything else: signs, other fractions, parts out of order, `P`
 * alone, and a million years, ten million days or a billion hours or more.
 */
export const parse = (text: string): Period | undefined => {
  const match = pattern.exec(text)
  if (match === null) return undefined
  const part = (index: number): number => (match[index] === undefined ? 0 : Number(match[index]))
  const fraction = match[8] === undefined ? 0 : Number(match[8].padEnd(3, "0"))
  const period: Period = {
    months: part(1) * 12 + part(2),
    days: part(3) * 7 + part(4),
    millis: ((part(5) * 60 + part(6)) * 60 + part(7)) * 1000 + fraction,
  }
  const isTooLong = period.months > maxParts.months || period.days > maxParts.days || period.millis > maxParts.millis
  return isTooLong ? undefined : period
}

/** The shortest ISO 8601 form with the parts of the period: `{ months: 13 }` is `P1Y1M`, the zero period is `P0D`. */
export const format = (period: Period): string => {
  if (isZero(period)) return "P0D"
  const part = (count: number, unit: string): string => (count === 0 ? "" : `${count}${unit}`)
  const seconds = (period.millis % 60_000) / 1000
  const date = part(Math.floor(period.months / 12), "Y") + part(period.months % 12, "M") + part(period.days, "D")
  const time =
    part(Math.floor(period.millis / 3_600_000), "H") +
    part(Math.floor(period.millis / 60_000) % 60, "M") +
    part(seconds, "S")
  return time === "" ? `P${date}` : `P${date}T${time}`
}

/** The instant one period after `instant`, at most {@link Instant.max}. */
export const add = (instant: Instant.Instant, period: Period): Instant.Instant => {
  if (period.months === 0) return Instant.clamp(instant + period.days * 86_400_000 + period.millis)
  const { days: day, millis: time } = Instant.splitDay(instant)
  const from = Instant.dateFromDays(day)
  const monthCount = from.year * 12 + (from.month - 1) + period.months
  const year = Math.floor(monthCount / 12)
  if (year > 9999) return Instant.max
  const month = (monthCount % 12) + 1
  const dayOfMonth = Math.min(from.day, Instant.daysInMonth(year, month))
  const shifted = Instant.daysFromDate(year, month, dayOfMonth) + period.days
  return Instant.clamp(shifted * 86_400_000 + time + period.millis)
}

/** Adds one period to many instants. */
export interface Adding {
  /** The same as {@link add} with the period. */
  readonly to: (instant: Instant.Instant) => Instant.Instant
}

/** The number of days, counted from 1970-01-01 (to 2106-11-23), for which a sum is cached. */
const rememberedDays = 50_000

/**
 * Makes an adder that is fast for many instants: all instants of one calendar day move by the same time, which is
 * computed once for each day and cached.
 */
export const adding = (period: Period): Adding => {
  if (period.months === 0) return { to: (instant) => add(instant, period) }
  const moves = new Float64Array(rememberedDays)
  return {
    to: (instant) => {
      const day = Math.floor(instant / 86_400_000)
      if (day < 0 || day >= rememberedDays) return add(instant, period)
      const start = day * 86_400_000
      let move = moves[day]!
      if (move === 0) moves[day] = move = add(start, period) - start
      return Instant.clamp(instant + move)
    },
  }
}

/** Instants from one up to another one. */
export interface InstantRange {
  readonly from: Instant.Instant
  /** The first instant that is not in the window any more; one past {@link Instant.max} where it has no end. */
  readonly to: Instant.Instant
}

const millisPerDay = 86_400_000
const firstDay = Instant.min / millisPerDay
const endDay = (Instant.max + 1) / millisPerDay

/** The first day from which a number of months later is a day or a later one, both counted from 1970-01-01. */
const firstDayBefore = (day: number, months: number): number => {
  const date = Instant.dateFromDays(day)
  const monthCount = date.year * 12 + (date.month - 1) - months
  const [year, month] = [Math.floor(monthCount / 12), (((monthCount % 12) + 12) % 12) + 1]
  const first = Instant.daysFromDate(year, month, Math.min(date.day, Instant.daysInMonth(year, month) + 1))
  return Math.min(Math.max(first, firstDay), endDay)
}

/**
 * The instants whose sum with a period is in [`from`, `to`): the inverse of {@link add}, exact, in ascending order and
 * without overlap. At most nine windows, whatever the length of the range; `to` past {@link Instant.max} is no limit.
 *
 * Months do not keep the order of instants, but of whole days they do: the days that become a day follow each other.
 * So the whole days between both ends come from one window, and each end comes from at most four days with its time.
 */
export const windows = (period: Period, from: Instant.Instant, to: Instant.Instant): ReadonlyArray<InstantRange> => {
  if (from >= to || from > Instant.max) return []
  const found: Array<{ from: Instant.Instant; to: Instant.Instant }> = []
  const put = (first: Instant.Instant, end: Instant.Instant): void => {
    if (first >= end) return
    const last = found.at(-1)
    if (last?.to === first) last.to = end
    else found.push({ from: first, to: end })
  }
  const rest = period.days * millisPerDay + period.millis
  const start = Instant.splitDay(from - rest)
  const end = to > Instant.max ? { days: Infinity, millis: 0 } : Instant.splitDay(to - rest)
  const dayBefore = (day: number): number => (day === Infinity ? endDay : firstDayBefore(day, period.months))
  const putTimes = (day: number, first: number, last: number): void => {
    for (let each = dayBefore(day); each < dayBefore(day + 1); each++) {
      put(each * millisPerDay + first, each * millisPerDay + last)
    }
  }
  if (start.days === end.days) {
    putTimes(start.days, start.millis, end.millis)
    return found
  }
  putTimes(start.days, start.millis, millisPerDay)
  put(dayBefore(start.days + 1) * millisPerDay, dayBefore(end.days) * millisPerDay)
  if (end.millis > 0) putTimes(end.days, 0, end.millis)
  return found
}
