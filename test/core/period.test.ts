import * as fc from "fast-check"
import { Temporal } from "temporal-polyfill"
import { describe, expect, test } from "vitest"
import * as Instant from "../../core/engine/Instant.ts"
import * as Period from "../../core/engine/Period.ts"
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
