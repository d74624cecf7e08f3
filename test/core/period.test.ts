import * as fc from "fast-check"
import { Temporal } from "temporal-polyfill"
import { describe, expect, test } from "vitest"
import * as Instant from "../../core/engine/Instant.ts"
import * as Period from "../../core/engine/Period.ts"
import { times } from "../support/long.ts"
import * as Oracle from "../support/oracle.ts"

const instant = (text: string): Instant.Instant => Date.parse(text)

const period = (text: string): Period.Period => Period.parse(text) ?? expect.fail(`${text} is refused`)

/** Instants of the years 1 to 9999, often at the end of a month (mostly February), and the first and last instant. */
const anyInstant: fc.Arbitrary<Instant.Instant> = fc.oneof(
  fc.integer({ min: Instant.min, max: Instant.max }),
  fc
    .record({
      year: fc.oneof(fc.integer({ min: 1, max: 9999 }), fc.constantFrom(1, 1900, 2000, 2023, 2024, 2100, 9996, 9999)),
      month: fc.oneof(fc.integer({ min: 1, max: 12 }), fc.constant(2)),
      day: fc.integer({ min: 27, max: 31 }),
      time: fc.constantFrom(0, 1, 3_600_000, 86_399_999),
    })
    .map(
      ({ year, month, day, time }) =>
        Temporal.PlainDate.from({ year, month, day }).toZonedDateTime("UTC").epochMilliseconds + time,
    ),
  fc.constantFrom(Instant.min, Instant.max),
)

const anyPeriod: fc.Arbitrary<Period.Period> = fc.record({
  months: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 30 }), fc.integer({ min: 0, max: 200_000 })),
  days: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 400 }), fc.integer({ min: 0, max: 5_000_000 })),
  millis: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 200_000_000 })),
})

const isSameDay = (a: Instant.Instant, b: Instant.Instant): boolean =>
  Instant.splitDay(a).days === Instant.splitDay(b).days

describe("a period after an instant", () => {
  test("is the one that Temporal finds, in every year from 1 to 9999", () => {
    fc.assert(
      fc.property(anyInstant, anyPeriod, (instant, period) => {
        expect(Period.add(instant, period)).toBe(Oracle.plus(instant, period))
      }),
      { numRuns: 10_000 },
    )
  })

  test("keeps the order of two instants, except that months can bring them out of it by less than a day", () => {
    fc.assert(
      fc.property(anyInstant, anyInstant, anyPeriod, (a, b, period) => {
        const [early, late] = [Math.min(a, b), Math.max(a, b)]
        const slack = period.months === 0 || isSameDay(early, late) ? 0 : 86_399_999
        expect(Period.add(early, period)).toBeLessThanOrEqual(Period.add(late, period) + slack)
      }),
      { numRuns: 1000 },
    )
    const [early, late] = [instant("2023-01-30T10:00:00.000Z"), instant("2023-01-31T09:00:00.000Z")]
    expect(Period.add(early, Period.months(1))).toBeGreaterThan(Period.add(late, Period.months(1)))
  })

  test.each([
    ["2024-01-31T00:00:00.000Z", "P1M", "2024-02-29T00:00:00.000Z"],
    ["2023-01-31T00:00:00.000Z", "P1M", "2023-02-28T00:00:00.000Z"],
    ["2024-01-31T12:34:56.789Z", "P13M", "2025-02-28T12:34:56.789Z"],
    ["2024-02-29T00:00:00.000Z", "P1Y", "2025-02-28T00:00:00.000Z"],
    ["2024-02-29T00:00:00.000Z", "P4Y", "2028-02-29T00:00:00.000Z"],
    ["2096-02-29T00:00:00.000Z", "P4Y", "2100-02-28T00:00:00.000Z"],
    ["2024-12-31T23:59:59.999Z", "P2M", "2025-02-28T23:59:59.999Z"],
    // The month is added first: its day is limited to the end of February before the days are added.
    ["2024-01-31T00:00:00.000Z", "P1M1D", "2024-03-01T00:00:00.000Z"],
    ["2024-01-30T23:00:00.000Z", "P1MT2H", "2024-03-01T01:00:00.000Z"],
    ["2024-01-31T00:00:00.000Z", "P1W", "2024-02-07T00:00:00.000Z"],
    ["2024-02-28T00:00:00.000Z", "PT24H", "2024-02-29T00:00:00.000Z"],
    ["2024-01-31T00:00:00.000Z", "P0D", "2024-01-31T00:00:00.000Z"],
    ["1969-12-31T23:59:59.999Z", "PT0.001S", "1970-01-01T00:00:00.000Z"],
    ["0001-01-31T00:00:00.000Z", "P1M", "0001-02-28T00:00:00.000Z"],
    ["9999-11-30T00:00:00.000Z", "P1M", "9999-12-30T00:00:00.000Z"],
    ["9999-11-30T00:00:00.000Z", "P2M", "9999-12-31T23:59:59.999Z"],
    ["9999-12-31T00:00:00.000Z", "P1D", "9999-12-31T23:59:59.999Z"],
    ["0001-01-01T00:00:00.000Z", "P999999Y", "9999-12-31T23:59:59.999Z"],
    ["0001-01-01T00:00:00.000Z", "PT999999999H", "9999-12-31T23:59:59.999Z"],
  ])("%s + %s = %s", (from, text, to) => {
    expect(Instant.format(Period.add(instant(from), period(text)))).toBe(to)
  })
})

describe("reading a period", () => {
  const part = fc.option(fc.integer({ min: 0, max: 9999 }))

  test("finds the parts that Temporal finds", () => {
    fc.assert(
      fc.property(fc.tuple(part, part, part, part), fc.tuple(part, part, part), (date, time) => {
        const write = (counts: ReadonlyArray<number | null>, units: string) =>
          counts.map((count, index) => (count === null ? "" : `${count}${units[index]}`)).join("")
        const [dates, times] = [write(date, "YMWD"), write(time, "HMS")]
        fc.pre(dates !== "" || times !== "")
        const text = `P${dates}${times === "" ? "" : `T${times}`}`
        const { years, months, weeks, days, hours, minutes, seconds } = Temporal.Duration.from(text)
        expect(Period.parse(text)).toEqual({
          months: years * 12 + months,
          days: weeks * 7 + days,
          millis: ((hours * 60 + minutes) * 60 + seconds) * 1000,
        })
      }),
      { numRuns: 1000 },
    )
  })

  test.each([
    ["P13M", { months: 13, days: 0, millis: 0 }],
    ["P2Y", { months: 24, days: 0, millis: 0 }],
    ["P1Y2M3W4DT5H6M7.089S", { months: 14, days: 25, millis: 18_367_089 }],
    ["PT0,5S", { months: 0, days: 0, millis: 500 }],
    ["P0D", Period.zero],
  ])("%s", (text, expected) => {
    expect(Period.parse(text)).toEqual(expected)
  })

  test.each([
    "",
    "P",
    "PT",
    "P1DT",
    "1D",
    "p1d",
    "P1",
    "PD",
    "-P1D",
    "+P1D",
    "P-1D",
    "P1.5D",
    "PT1.5H",
    "P1M1Y",
    "P1D1W",
    "PT1S1M",
    "P1H",
    "PT1D",
    "PT1.0001S",
    "PT.5S",
    "P1D ",
    " P1D",
    "P1D\n",
    "P1Y2Y",
    "P\u0661D",
    "P1000000Y",
  ])("refuses %j", (text) => {
    expect(Period.parse(text)).toBeUndefined()
  })
})

describe("writing a period", () => {
  test.each([
    ["P0D", "P0D"],
    ["PT0S", "P0D"],
    ["P13M", "P1Y1M"],
    ["P2W", "P14D"],
    ["PT90M", "PT1H30M"],
    ["PT24H", "PT24H"],
    ["PT1.500S", "PT1.5S"],
    ["P1DT0.001S", "P1DT0.001S"],
  ])("%s as %s", (text, written) => {
    expect(Period.format(period(text))).toBe(written)
  })

  test("writes what is read as the same period, whatever was read", () => {
    const upTo = (max: number) => fc.oneof(fc.constantFrom(0, max), fc.nat(max))
    const date = fc.tuple(upTo(999_999), upTo(999_999), upTo(9_999_999), upTo(9_999_999))
    const time = fc.tuple(upTo(999_999_999), upTo(999_999_999), upTo(999_999_999), upTo(999))
    fc.assert(
      fc.property(date, time, ([years, months, weeks, days], [hours, minutes, seconds, millis]) => {
        const fraction = String(millis).padStart(3, "0")
        const read = Period.parse(`P${years}Y${months}M${weeks}W${days}DT${hours}H${minutes}M${seconds}.${fraction}S`)
        // Texts that are too long to be read need not be written.
        if (read !== undefined) expect(Period.parse(Period.format(read))).toEqual(read)
      }),
      { numRuns: 1000 },
    )
  })
})

test("the makers of periods make what their texts say", () => {
  expect(Period.months(13)).toEqual(Period.parse("P13M"))
  expect(Period.days(30)).toEqual(Period.parse("P30D"))
  expect(Period.millis(1)).toEqual(Period.parse("PT0.001S"))
  expect([Period.zero, Period.months(1), Period.days(1), Period.millis(1)].map(Period.isZero)).toEqual([
    true,
    false,
    false,
    false,
  ])
})

/** A range of sums: the sum of an instant with the period is in it, at one of its ends, or near it. */
const anyRange = fc
  .record({
    instant: anyInstant,
    period: anyPeriod,
    before: fc.oneof(fc.constantFrom(0, 1), fc.integer({ min: 0, max: 200_000_000 })),
    length: fc.oneof(fc.constantFrom(0, 1, 86_400_000), fc.integer({ min: 0, max: 10_000_000_000 })),
    isOpen: fc.boolean(),
  })
  .map(({ before, instant, isOpen, length, period }) => {
    const from = Oracle.plus(instant, period) - before
    return { period, from, to: isOpen ? Instant.max + 1 : Math.min(from + length, Instant.max + 1) }
  })

/** An instant and others near it, at both ends of its day, and some days and months before and after. */
const near = (instant: Instant.Instant): ReadonlyArray<Instant.Instant> => {
  const { days } = Instant.splitDay(instant)
  const times = [instant, instant - 1, instant + 1]
  for (let day = days - 4; day <= days + 4; day++) {
    times.push(day * 86_400_000, day * 86_400_000 - 1, day * 86_400_000 + Instant.splitDay(instant).millis)
  }
  return times.filter(Instant.isInstant)
}

describe("the windows of a period", () => {
  // Kills a window that begins or ends a day, or a millisecond, early or late, and days past the end of a month.
  test("hold exactly the instants whose sum is in the range", () => {
    fc.assert(
      fc.property(anyRange, anyInstant, ({ from, period, to }, other) => {
        const windows = Period.windows(period, from, to)
        for (const { from, to } of windows) expect(from).toBeLessThan(to)
        for (const [index, { from }] of windows.slice(1).entries()) expect(from).toBeGreaterThan(windows[index]!.to)
        const ends = windows.flatMap((window) => [window.from, window.to - 1])
        const begins = [from, to - 1].map((sum) => Math.floor(sum - period.days * 86_400_000 - period.millis))
        const [first, last] = begins.map((sum) =>
          Period.windows({ ...Period.zero, months: period.months }, sum, sum + 1),
        )
        const edges = [...first!, ...last!].map((window) => window.from)
        for (const instant of [other, ...ends, ...edges].filter(Instant.isInstant).flatMap(near)) {
          const sum = Period.add(instant, period)
          const isIn = windows.some((window) => window.from <= instant && instant < window.to)
          expect(isIn).toBe(from <= sum && sum < to)
        }
      }),
      { numRuns: times(500, 20_000) },
    )
  })

  test.each([
    ["2023-02-28T09:00:00.000Z", "2023-02-28T09:00:00.001Z", "P1M", ["28", "29", "30", "31"]],
    ["2024-02-29T09:00:00.000Z", "2024-02-29T09:00:00.001Z", "P1M", ["29", "30", "31"]],
    ["2023-02-27T09:00:00.000Z", "2023-02-27T09:00:00.001Z", "P1M", ["27"]],
    ["2023-03-31T09:00:00.000Z", "2023-03-31T09:00:00.001Z", "P1M", []],
  ])("of what is due on %s take each day that becomes this one", (from, to, text, days) => {
    const windows = Period.windows(period(text), instant(from), instant(to))
    expect(windows.map((window) => Instant.format(window.from).slice(8, 10))).toEqual(days)
  })

  test("are one for any time without months, none for an empty range, and end with time itself", () => {
    const [from, to] = [instant("2024-02-28T00:00:00.000Z"), instant("2024-03-02T00:00:00.000Z")]
    expect(Period.windows(period("P1D"), from, to)).toEqual([{ from: from - 86_400_000, to: to - 86_400_000 }])
    expect(Period.windows(period("P1Y"), to, from)).toEqual([])
    expect(Period.windows(Period.zero, Instant.min, Instant.max + 1)).toEqual([
      { from: Instant.min, to: Instant.max + 1 },
    ])
    expect(Period.windows(period("P999999Y"), Instant.max, Instant.max + 1)).toEqual([
      { from: Instant.min, to: Instant.max + 1 },
    ])
    expect(Period.windows(period("P1D"), Instant.max, Instant.max + 1)).toEqual([
      { from: Instant.max - 86_400_000, to: Instant.max + 1 },
    ])
  })
})
