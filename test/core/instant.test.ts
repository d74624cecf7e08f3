import * as fc from "fast-check"
import { Temporal } from "temporal-polyfill"
import { describe, expect, test } from "vitest"
import * as Instant from "../../core/engine/Instant.ts"

const anyInstant = fc.oneof(
  fc.integer({ min: Instant.min, max: Instant.max }),
  fc.constantFrom(Instant.min, Instant.max, -1, 0, 1),
)

const pad = (value: number, length = 2): string => String(value).padStart(length, "0")

describe("writing an instant", () => {
  test("is what Temporal writes with three decimals, and is read as the same instant", () => {
    fc.assert(
      fc.property(anyInstant, (instant) => {
        const text = Instant.format(instant)
        expect(text).toBe(Temporal.Instant.fromEpochMilliseconds(instant).toString({ fractionalSecondDigits: 3 }))
        expect(Instant.parse(text)).toBe(instant)
      }),
      { numRuns: 1000 },
    )
  })

  test("sorts as the instants do", () => {
    fc.assert(
      fc.property(anyInstant, anyInstant, (a, b) => {
        expect(Instant.format(a) < Instant.format(b)).toBe(a < b)
      }),
      { numRuns: 1000 },
    )
  })
})

describe("reading an instant", () => {
  test("finds the instant that Temporal finds, with any offset and fraction", () => {
    const text = fc
      .record({
        date: fc.tuple(
          fc.integer({ min: 2, max: 9998 }),
          fc.integer({ min: 1, max: 12 }),
          fc.integer({ min: 1, max: 28 }),
        ),
        time: fc.tuple(fc.nat(23), fc.nat(59), fc.option(fc.nat(59))),
        fraction: fc.option(fc.stringMatching(/^[.,]\d{1,9}$/)),
        offset: fc.oneof(
          fc.constantFrom("Z", "z"),
          fc
            .tuple(fc.constantFrom("+", "-"), fc.nat(23), fc.nat(59))
            .map(([sign, h, m]) => `${sign}${pad(h)}:${pad(m)}`),
          fc.tuple(fc.constantFrom("+", "-"), fc.nat(23)).map(([sign, h]) => `${sign}${pad(h)}`),
        ),
      })
      .map(({ date: [year, month, day], time: [hour, minute, second], fraction, offset }) => {
        const seconds = second === null ? "" : `:${pad(second)}${fraction ?? ""}`
        return `${pad(year, 4)}-${pad(month)}-${pad(day)}T${pad(hour)}:${pad(minute)}${seconds}${offset}`
      })
    fc.assert(
      fc.property(text, (text) => {
        expect(Instant.parse(text), text).toBe(Temporal.Instant.from(text).epochMilliseconds)
      }),
      { numRuns: 1000 },
    )
  })

  test("knows every day of every month, and no other", () => {
    const date = fc.tuple(fc.integer({ min: 1, max: 9999 }), fc.nat(13), fc.nat(32))
    fc.assert(
      fc.property(date, ([year, month, day]) => {
        const text = `${pad(year, 4)}-${pad(month)}-${pad(day)}`
        let expected: number | undefined
        try {
          expected = Temporal.PlainDate.from(text).toZonedDateTime("UTC").epochMilliseconds
        } catch {
          expected = undefined
        }
        expect(Instant.parse(`${text}T00:00:00Z`), text).toBe(expected)
      }),
      { numRuns: 5000 },
    )
  })

  test.each([
    ["2024-02-29T00:00:00.000Z", "2024-02-29T00:00:00.000Z"],
    ["2000-02-29T00:00Z", "2000-02-29T00:00:00.000Z"],
    ["2024-01-31t12:00:00z", "2024-01-31T12:00:00.000Z"],
    ["2024-01-31T01:30:00+02:00", "2024-01-30T23:30:00.000Z"],
    ["2024-01-31T23:30:00-0130", "2024-02-01T01:00:00.000Z"],
    ["2024-01-31T00:00:00-00:00", "2024-01-31T00:00:00.000Z"],
    ["2024-01-31T00:00:00.1Z", "2024-01-31T00:00:00.100Z"],
    ["2024-01-31T00:00:00,25Z", "2024-01-31T00:00:00.250Z"],
    ["2024-01-31T00:00:00.123999999Z", "2024-01-31T00:00:00.123Z"],
    ["1969-12-31T23:59:59.9999Z", "1969-12-31T23:59:59.999Z"],
    ["2016-12-31T23:59:60Z", "2016-12-31T23:59:59.999Z"],
    ["2017-01-01T01:29:60.25+01:30", "2016-12-31T23:59:59.999Z"],
    ["2024-01-31T10:00:60Z", "2024-01-31T10:00:59.999Z"],
    ["2024-01-31T00:00:00.1234567890123456789Z", "2024-01-31T00:00:00.123Z"],
    [`2024-01-31T00:00:00.5${"9".repeat(100_000)}+00:00`, "2024-01-31T00:00:00.599Z"],
    ["0001-01-01T00:00:00.000Z", "0001-01-01T00:00:00.000Z"],
    ["9999-12-31T23:59:59.999Z", "9999-12-31T23:59:59.999Z"],
  ])("%s is %s", (text, written) => {
    expect(Instant.format(Instant.parse(text) ?? expect.fail(`${text} is refused`))).toBe(written)
  })

  test.each([
    "",
    "now",
    "2024",
    "2024-01-31",
    "2024-01-31T00:00:00",
    "2024-01-31 00:00:00Z",
    "20240131T000000Z",
    "2024-1-31T00:00:00Z",
    "2023-02-29T00:00:00Z",
    "1900-02-29T00:00:00Z",
    "2024-04-31T00:00:00Z",
    "2024-00-01T00:00:00Z",
    "2024-13-01T00:00:00Z",
    "2024-01-00T00:00:00Z",
    "2024-01-31T24:00:00Z",
    "2024-01-31T00:60:00Z",
    "2024-12-31T23:59:61Z",
    "2024-01-31T00Z",
    "2024-01-31T00:00:00+24:00",
    "2024-01-31T00:00:00+01:60",
    "2024-01-31T00:00:00.Z",
    "2024-01-31T00:00.5Z",
    "0000-12-31T23:59:59.999Z",
    "0001-01-01T00:00:00+00:01",
    "9999-12-31T23:59:59-00:01",
    "+010000-01-01T00:00:00Z",
    "2024-01-31T00:00:00Z\n",
    " 2024-01-31T00:00:00Z",
    "2024-01-31T00:00:00[Europe/Berlin]",
    "2024-01-31T00:00:00\u221201:00",
  ])("refuses %j", (text) => {
    expect(Instant.parse(text)).toBeUndefined()
  })
})

test("the range is the years 1 to 9999, in whole milliseconds", () => {
  expect(Instant.format(Instant.min)).toBe("0001-01-01T00:00:00.000Z")
  expect(Instant.format(Instant.max)).toBe("9999-12-31T23:59:59.999Z")
  expect([Instant.min - 1, Instant.max + 1, 0.5, NaN, Infinity].map(Instant.isInstant)).toEqual(Array(5).fill(false))
  expect([Instant.min, -1, 0, Instant.max].every(Instant.isInstant)).toBe(true)
  expect([-Infinity, Instant.min, 0, Instant.max + 1].map(Instant.clamp)).toEqual([
    Instant.min,
    Instant.min,
    0,
    Instant.max,
  ])
})
