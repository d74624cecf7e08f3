/**
 * Which counts of regions and host names may be shown, so that no small number can be computed back.
 *
 * A number from 1 to 4 may be about a known person, so it is not shown. The totals of all groups are known,
 * of each day, so one number alone that is left out would be the difference; and so would a day that is left out of a
 * week, or a week of a month. So one decision is made for a whole calendar month and consent state, once the month is
 * finalized, and every answer for any interval is made of what that decision tells:
 *
 * - The month of a group with 1 to 4 events is hidden, and the months of the groups that come next in size with it.
 * - The days of a group are shown only if it is not hidden and none of its days has 1 to 4 events. If the days of one
 *   group alone are not shown, those of the groups with the fewest events are not shown either.
 * - If the groups whose days are not shown have 1 to 4 events together on a day, more groups are added to them.
 * - Where no other group can be hidden, or every hidden one has one event, nothing is shown of the state in the month.
 *
 * With every answer known, one can then move an event of a hidden group, together with one of another such group, to
 * another day or group without changing any answer: each number that is not shown has several values that fit.
 */

/** The least number that is shown, besides 0. */
export const least = 5

/** What is shown of a group in a month. `days`: everything. `month`: its sum only. `hidden`: that it has events. */
export type Level = "days" | "month" | "hidden"

/** The decision about one state in one month. */
export interface Disclosure {
  /** Nothing is shown of the state in the month, not even which groups have events. */
  readonly isWithheld: boolean
  /** The level of each group that has events. One without has 0 events on each day, and this is shown. */
  readonly levels: ReadonlyMap<string, Level>
  /** The sums of the groups. */
  readonly sums: ReadonlyMap<string, number>
}

const isSmall = (count: number): boolean => count > 0 && count < least

const withheld = (sums: ReadonlyMap<string, number>): Disclosure => ({ isWithheld: true, levels: new Map(), sums })

/** The groups whose months are hidden; `undefined` where that would not hide them. */
const hiddenOf = (sums: ReadonlyMap<string, number>): ReadonlySet<string> | undefined => {
  const all = [...sums]
  const small = all.filter(([, sum]) => isSmall(sum))
  if (small.length === 0) return new Set()
  // Infinity where every group is small.
  const next = Math.min(...all.filter(([, sum]) => !isSmall(sum)).map(([, sum]) => sum))
  const hidden = all.filter(([, sum]) => isSmall(sum) || sum === next)
  const total = hidden.reduce((before, [, sum]) => before + sum, 0)
  if (hidden.length < 2 || total === hidden.length) return undefined
  return new Set(hidden.map(([group]) => group))
}

/** Of some groups, those with the fewest events. */
const fewest = (sums: ReadonlyMap<string, number>, of: ReadonlyArray<string>): ReadonlyArray<string> => {
  const smallest = Math.min(...of.map((group) => sums.get(group)!))
  return of.filter((group) => sums.get(group) === smallest)
}

/**
 * The groups whose days are not told besides those of `untold`, so that what these have together on a day is no small
 * number: it would say in which group someone is, because it is known that each of them has a small number.
 */
const lackingOf = (
  days: ReadonlyMap<string, ReadonlyArray<number>>,
  sums: ReadonlyMap<string, number>,
  untold: Set<string>,
): ReadonlyArray<string> => {
  const lacking: Array<string> = []
  const [first = []] = days.values()
  const together = (day: number) => [...untold].reduce((sum, group) => sum + days.get(group)![day]!, 0)
  for (const day of untold.size === 0 ? [] : first.keys()) {
    while (isSmall(together(day))) {
      const others = [...days.keys()].filter((group) => !untold.has(group))
      if (others.length === 0) return lacking
      const present = others.filter((group) => days.get(group)![day]! > 0)
      for (const group of present.length === 0 ? others : fewest(sums, present)) {
        untold.add(group)
        lacking.push(group)
      }
    }
  }
  return lacking
}

/** Decides about a state in a month. `counts`: for each group, its numbers on the days of the month. */
export const disclose = (counts: ReadonlyMap<string, ReadonlyArray<number>>): Disclosure => {
  const days = new Map([...counts].filter(([, ofDays]) => ofDays.some((count) => count > 0)))
  const sums = new Map([...days].map(([group, ofDays]) => [group, ofDays.reduce((sum, count) => sum + count, 0)]))
  const hidden = hiddenOf(sums)
  if (hidden === undefined) return withheld(sums)
  const groups = [...days.keys()]
  const monthOnly = new Set(groups.filter((group) => !hidden.has(group) && days.get(group)!.some(isSmall)))
  if (hidden.size + monthOnly.size === 1) {
    const others = groups.filter((group) => !monthOnly.has(group))
    if (others.length === 0) return withheld(sums)
    for (const group of fewest(sums, others)) monthOnly.add(group)
  }
  for (const group of lackingOf(days, sums, new Set([...hidden, ...monthOnly]))) monthOnly.add(group)
  const levelOf = (group: string): Level => (hidden.has(group) ? "hidden" : monthOnly.has(group) ? "month" : "days")
  return { isWithheld: false, levels: new Map(groups.map((group) => [group, levelOf(group)])), sums }
}

/** The sum of a group in the month; `undefined` if it is not shown. */
export const monthOf = ({ isWithheld, levels, sums }: Disclosure, group: string): number | undefined =>
  isWithheld || levels.get(group) === "hidden" ? undefined : (sums.get(group) ?? 0)

/** Whether the numbers of a group on the days of the month are shown. */
export const areDaysTold = ({ isWithheld, levels }: Disclosure, group: string): boolean =>
  !isWithheld && (levels.get(group) ?? "days") === "days"
