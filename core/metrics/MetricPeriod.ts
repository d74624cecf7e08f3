/**
 * The periods of metrics: UTC days, weeks from Monday (ISO 8601), and calendar months. A day is a number
 * of days since 1970-01-01.
 */
import * as CivilDate from "../compliance/CivilDate.ts"

/** The lengths of periods. */
export const intervals = ["day", "week", "month"] as const

/** One of {@link intervals}. */
export type Interval = (typeof intervals)[number]

/** Consecutive days. */
export interface DayRange {
  readonly from: number
  /** The first day that is not in it any more. */
  readonly to: number
}

/** The calendar month of a day. */
export const monthOf = (day: number): DayRange => {
  const first = `${CivilDate.fromDays(day).slice(0, 7)}-01`
  return { from: CivilDate.toDays(first), to: CivilDate.toDays(CivilDate.addMonths(first, 1)) }
}

/** The week of a day. 1970-01-01 was a Thursday. */
const weekOf = (day: number): DayRange => {
  const from = day - ((((day + 3) % 7) + 7) % 7)
  return { from, to: from + 7 }
}

const periodOf = (day: number, interval: Interval): DayRange =>
  interval === "day" ? { from: day, to: day + 1 } : interval === "week" ? weekOf(day) : monthOf(day)

/** The periods of a range, in order. The first and the last may be parts of one. */
export const of = ({ from, to }: DayRange, interval: Interval): ReadonlyArray<DayRange> => {
  const periods: Array<DayRange> = []
  for (let day = from; day < to;) {
    const { to: end } = periodOf(day, interval)
    periods.push({ from: day, to: Math.min(end, to) })
    day = end
  }
  return periods
}
