/**
 * Small numbers of regions and host names cannot be computed back.
 *
 * The attacker asks everything: each interval, each range, and the totals of all groups, which are shown. It then tries
 * every table of numbers with the same totals. A number from 1 to 4 is safe if some other value of it fits all answers
 * as well. Mutants that the law kills are in test/mutants/metrics.ts.
 */
import * as fc from "fast-check"
import { describe, expect, test } from "vitest"
import * as ConsentMetrics from "../../core/counting/ConsentMetrics.ts"
import * as MetricPeriod from "../../core/metrics/MetricPeriod.ts"
import * as SmallCells from "../../core/metrics/SmallCells.ts"
import { times } from "../support/long.ts"

const groups = ["DE", "FR", "US"]

/** 2026-02-01, a Sunday: the days are of two weeks and one month. */
const first = Date.UTC(2026, 1, 1) / 86_400_000
const days = [first, first + 1, first + 7]
const month = { from: first, to: first + 28 }

/** For each group, its events on each of the days. */
type Table = ReadonlyArray<ReadonlyArray<number>>

const anyCount = fc.oneof(
  { weight: 2, arbitrary: fc.constant(0) },
  { weight: 4, arbitrary: fc.integer({ min: 1, max: 4 }) },
  { weight: 3, arbitrary: fc.integer({ min: 5, max: 7 }) },
)

const anyTable = fc.array(fc.tuple(anyCount, anyCount, fc.oneof(fc.constant(0), anyCount)), {
  minLength: groups.length,
  maxLength: groups.length,
})

/** Every way to divide a total among the groups. */
const divisions = (total: number): ReadonlyArray<ReadonlyArray<number>> =>
  Array.from({ length: total + 1 }, (_, a) =>
    Array.from({ length: total - a + 1 }, (_, b) => [a, b, total - a - b]),
  ).flat()

/** Every table with the same totals of days. */
const withSameTotals = function* (table: Table): Generator<Table> {
  const [a, b, c] = days.map((_, day) => divisions(table.reduce((sum, ofGroup) => sum + ofGroup[day]!, 0)))
  for (const x of a!) for (const y of b!) for (const z of c!) yield groups.map((_, g) => [x[g]!, y[g]!, z[g]!])
}

const countsOf = (table: Table) =>
  new Map(days.map((day, d) => [day, new Map(groups.map((group, g) => [`${group} accepted`, table[g]![d]!]))]))

/** Ranges that divide weeks and the month at every place that matters. */
const ranges = [
  month,
  { from: first, to: first + 2 },
  { from: first + 1, to: first + 28 },
  { from: first, to: first + 8 },
]

/** Every number that is answered: which days of which group it is the sum of, and its value, if it is shown. */
const answersTo = (table: Table) =>
  ranges.flatMap((range) =>
    MetricPeriod.intervals.flatMap((interval) =>
      ConsentMetrics.withoutSmall(countsOf(table), MetricPeriod.of(range, interval), month.to, 1000)!.map(
        ({ counts, group, period }) => ({
          group: groups.indexOf(group),
          of: [...days.keys()].filter((d) => period.from <= days[d]! && days[d]! < period.to),
          told: counts.get("accepted"),
        }),
      ),
    ),
  )

const sum = (table: Table, group: number, of: ReadonlyArray<number>): number =>
  of.reduce((before, d) => before + table[group]![d]!, 0)

const isSmall = (count: number) => count >= 1 && count < SmallCells.least

/** The small numbers that are to stay unknown: of a group on a day, and in the month. */
const secretsOf = (table: Table) =>
  groups.flatMap((_, group) =>
    [[0], [1], [2], [0, 1, 2]].flatMap((of) => {
      const count = sum(table, group, of)
      return isSmall(count) ? [{ group, of, count }] : []
    }),
  )

/** The secrets for which no candidate has another value. */
const foundOut = (table: Table, fits: (candidate: Table) => boolean) => {
  const secrets = new Set(secretsOf(table))
  for (const candidate of secrets.size === 0 ? [] : withSameTotals(table)) {
    const differs = [...secrets].filter(({ count, group, of }) => sum(candidate, group, of) !== count)
    if (differs.length > 0 && fits(candidate)) for (const each of differs) secrets.delete(each)
    if (secrets.size === 0) break
  }
  return [...secrets]
}

describe("small numbers of regions and host names", () => {
  test("cannot be computed from any answers, nor from their differences", () => {
    fc.assert(
      fc.property(anyTable, (table) => {
        const told = answersTo(table)
        const listed = new Set(told.map(({ group }) => group))
        for (const { group, of, told: count } of told) {
          expect(count === undefined || count === sum(table, group, of)).toBe(true)
          if (count !== undefined) expect(isSmall(count)).toBe(false)
        }
        const fits = (candidate: Table): boolean =>
          told.every((each) => each.told === undefined || each.told === sum(candidate, each.group, each.of)) &&
          [...listed].every((group) => sum(candidate, group, [0, 1, 2]) > 0)
        expect(foundOut(table, fits)).toEqual([])
      }),
      { numRuns: times(25, 3000) },
    )
  })

  /** What an attacker sees that knows how numbers are hidden. */
  const signature = (table: Table): string => {
    const disclosure = SmallCells.disclose(new Map(groups.map((group, g) => [group, table[g]!])))
    const shown = groups.map((group, g) => [
      disclosure.isWithheld ? "" : (disclosure.levels.get(group) ?? "none"),
      SmallCells.monthOf(disclosure, group) ?? "",
      SmallCells.areDaysTold(disclosure, group) ? table[g] : "",
    ])
    return JSON.stringify(shown)
  }

  const foundByRules = (table: Table) => {
    const own = signature(table)
    return foundOut(table, (candidate) => signature(candidate) === own)
  }

  test("cannot be computed by whoever knows how they are hidden", () => {
    fc.assert(
      fc.property(anyTable, (table) => {
        expect(foundByRules(table)).toEqual([])
      }),
      { numRuns: times(15, 1000) },
    )
  })

  test("are together no small number on a day, because each group that is not told has one", () => {
    const table = [
      [1, 4, 0],
      [1, 4, 0],
      [5, 0, 0],
    ]
    expect(foundByRules(table)).toEqual([])
    // Of the groups that are not told one alone had an event on the first day.
    const alone = [
      [1, 12, 0],
      [0, 5, 0],
      [6, 0, 0],
    ]
    expect(foundByRules(alone)).toEqual([])
  })
})

describe("what is told", () => {
  const tell = (table: Table, interval: MetricPeriod.Interval, range = month) =>
    ConsentMetrics.withoutSmall(countsOf(table), MetricPeriod.of(range, interval), month.to, 1000)!
      .filter(({ period }) => days.some((day) => period.from <= day && day < period.to))
      .map(({ counts, group }) => [group, counts.get("accepted")])

  test("is everything where no number is small", () => {
    const table = [
      [5, 0, 9],
      [7, 6, 0],
      [0, 0, 0],
    ]
    expect(tell(table, "month")).toEqual([
      ["DE", 14],
      ["FR", 13],
    ])
    expect(tell(table, "week")).toEqual([
      ["DE", 5],
      ["FR", 7],
      ["DE", 9],
      ["FR", 6],
    ])
  })

  test("is the month alone where a day is small, for at least two groups", () => {
    const table = [
      [5, 4, 9],
      [7, 6, 0],
      [90, 90, 90],
    ]
    expect(tell(table, "month").map(([, count]) => count)).toEqual([18, 13, 270])
    expect(tell(table, "day")).toEqual([
      ["DE", undefined],
      ["FR", undefined],
      ["US", 90],
      ["DE", undefined],
      ["FR", undefined],
      ["US", 90],
      ["DE", undefined],
      ["FR", undefined],
      ["US", 90],
    ])
  })

  test("is not the month of a small group, nor of the group that comes next", () => {
    const table = [
      [3, 0, 0],
      [6, 0, 0],
      [0, 9, 0],
    ]
    expect(tell(table, "month").map(([, count]) => count)).toEqual([undefined, undefined, 9])
  })

  test("is nothing where it would be too much, before it is made", () => {
    const month = { from: first, to: first + 28 }
    const ofDay = new Map(Array.from({ length: 5000 }, (_, n) => [`h${n}.example accepted`, 5]))
    let reads = 0
    const counted = new (class extends Map<string, number> {
      override get(key: string) {
        reads += 1
        return super.get(key)
      }
    })(ofDay)
    const counts = new Map([[first, counted]])
    expect(ConsentMetrics.withoutSmall(counts, MetricPeriod.of(month, "day"), month.to, 20_000)).toBeUndefined()
    // Once for each group and state.
    expect(reads).toBeLessThanOrEqual(4 * 5000)
    expect(ConsentMetrics.withoutSmall(counts, MetricPeriod.of(month, "month"), month.to, 4999)).toBeUndefined()
    expect(reads).toBeLessThanOrEqual(4 * 5000)
  })

  test("is nothing of a month that is not finalized", () => {
    const periods = MetricPeriod.of(month, "day")
    expect(
      ConsentMetrics.withoutSmall(countsOf([[9, 9, 9], [], []].map((row) => [...row, 0, 0, 0])), periods, first, 1000),
    ).toEqual([])
  })
})
