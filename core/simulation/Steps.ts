/**
 * The steps (days, weeks, months) into which a window is divided for counting. They are the bins of a histogram, and
 * totals are read at their first instants; the comparison itself is exact and does not sample.
 */
import type { Instant } from "../engine/Instant.ts"
import * as Period from "../engine/Period.ts"
import type { Window } from "../engine/Comparison.ts"

/** The steps of a window. */
export interface Steps {
  readonly window: Window
  readonly step: Period.Period
  /** The first instant of each step; the first element is the window's `from`. */
  readonly starts: Float64Array
  /** The length of every step in milliseconds; 0 if the steps have months, because months differ in length. */
  readonly millis: number
}

/** The largest number of steps of a window. */
export const maxCount = 100_000

/** Divides a window; `undefined` if the step is zero or there would be more than {@link maxCount} steps. */
export const make = (window: Window, step: Period.Period): Steps | undefined => {
  if (Period.isZero(step)) return undefined
  const starts: Array<Instant> = []
  for (let count = 0; ; count++) {
    const { months, days, millis } = step
    const at = Period.add(window.from, { months: months * count, days: days * count, millis: millis * count })
    if (at >= window.until) break
    if (starts.length === maxCount) return undefined
    starts.push(at)
  }
  const millis = step.months === 0 ? step.days * 86_400_000 + step.millis : 0
  return { window, step, starts: Float64Array.from(starts), millis }
}

/**
 * The number of steps that begin before `at`, which is also the index of the first step that begins at `at` or later.
 */
export const before = ({ starts, millis, window }: Steps, at: Instant): number => {
  if (at <= window.from) return 0
  if (millis > 0) return Math.min(Math.ceil((at - window.from) / millis), starts.length)
  let low = 0
  let high = starts.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (starts[middle]! < at) low = middle + 1
    else high = middle
  }
  return low
}

/** The index of the step that contains `at`, an instant of the window. */
export const holding = (steps: Steps, at: Instant): number => before(steps, at + 1) - 1
