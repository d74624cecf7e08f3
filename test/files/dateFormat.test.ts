/**
 * Patterns of dates: each form of the world's tables is read as it is meant, and nothing else.
 */
import { Result } from "effect"
import * as fc from "fast-check"
import { describe, expect, test } from "vitest"
import * as DateFormat from "../../adapters/files/DateFormat.ts"

const read = (format: string, text: string): string | undefined => {
  const wall = Result.getOrThrow(DateFormat.make(format)).read(text)
  if (wall === undefined) return undefined
  const at = new Date(wall.millis).toISOString().slice(0, -1)
  return `${wall.isDay ? at.slice(0, 10) : at}${wall.offset === undefined ? "" : ` ${wall.offset}`}`
}

test.each([
  ["dd.MM.yyyy HH:mm", "31.01.2024 10:00", "2024-01-31T10:00:00.000"],
  ["dd.MM.yyyy", "31.01.2024", "2024-01-31"],
  ["d.M.yyyy", "1.2.2024", "2024-02-01"],
  ["MM/dd/yyyy hh:mm a", "01/31/2024 10:00 AM", "2024-01-31T10:00:00.000"],
  ["MM/dd/yyyy hh:mm a", "01/31/2024 12:05 am", "2024-01-31T00:05:00.000"],
  ["MM/dd/yyyy hh:mm a", "01/31/2024 12:05\u202fPM", "2024-01-31T12:05:00.000"],
  ["M/d/yy h:mm a", "1/31/24 9:05 p.m.", "2024-01-31T21:05:00.000"],
  ["dd-MMM-yy", "31-JAN-99", "1999-01-31"],
  ["MMMM d, yyyy", "january 5, 2024", "2024-01-05"],
  ["yyyyMMddHHmmss", "20240131100001", "2024-01-31T10:00:01.000"],
  ["yyyy-MM-dd HH:mm:ss.SSSSSSX", "2024-01-31 10:00:00.123456+00", "2024-01-31T10:00:00.123 0"],
  ["yyyy-MM-dd'T'HH:mm:ssXXX", "2024-01-31T10:00:00-03:30", "2024-01-31T10:00:00.000 -210"],
  ["dd.MM.yyyy 'um' HH'h'mm", "31.01.2024 um 10h05", "2024-01-31T10:05:00.000"],
  ["yy''MM''dd", "24'01'31", "2024-01-31"],
  ["excel", "45322.4", "2024-01-31T09:36:00.000"],
  ["excel", "45322,416666666664", "2024-01-31T10:00:00.000"],
  ["excel", "45322", "2024-01-31"],
  ["excel", "61", "1900-03-01"],
  ["excel", "2958465", "9999-12-31"],
])("%s reads %s as %s", (format, text, expected) => {
  expect(read(format, text)).toBe(expected)
})

test.each(["dd.MM.yyyy", "d.M.yy", "MMM d, yyyy h:mm a", "MMMM dd yyyy", "yyyy-MM-dd'T'HH:mm:ss.SSSXXX", "excel"])(
  "The example of %s is a date in it",
  (format) => {
    const { example } = Result.getOrThrow(DateFormat.make(format))
    expect(read(format, example)).toMatch(/^2024-01-31/)
  },
)

test.each([
  [
    "dd.MM.yyyy",
    ["1.2.2024", "31.02.2024", "00.01.2024", "01.13.2024", "31.01.24", "31.01.2024 ", "31/01/2024", "31.01.0000"],
  ],
  ["MM/dd/yyyy hh:mm a", ["01/31/2024 13:00 PM", "01/31/2024 00:00 AM", "01/31/2024 10:60 AM", "31/01/2024 10:00 AM"]],
  ["HH:mm dd.MM.yyyy", ["24:00 31.01.2024", "x10:00 31.01.2024"]],
  ["yyyy-MM-dd HH:mmX", ["2024-01-31 10:00", "2024-01-31 10:00+24:00", "2024-01-31 10:00+01:60"]],
  ["excel", ["60", "0", "-1", "1e5", "2958466", "", "x"]],
])("%s reads none of %j", (format, texts) => {
  expect(texts.filter((text) => read(format, text) !== undefined)).toEqual([])
})

test.each([
  ["dd.MM", "needs a year (yyyy), a month (MM) and a day (dd)"],
  ["dd.MM.yyyy hh:mm", "needs hh and a together, or HH for the hours 0 to 23"],
  ["dd.MM.yyyy HH:mm a", "needs hh and a together, or HH for the hours 0 to 23"],
  ["dd.MM.yyyy mm", "needs HH before mm, mm before ss, and ss before S"],
  ["dd.MM.yyyy HH:mm:ss 'x", "has a quote that does not end"],
  ["dd.MM.yyyy dd", "has a part of the date twice"],
  [`dd.MM.yyyy${" ".repeat(60)}`, "has more than 64 characters"],
  ["", "needs a year (yyyy), a month (MM) and a day (dd)"],
])("The pattern %s is refused: %s", (format, reason) => {
  expect(DateFormat.make(format)).toEqual(Result.fail(reason))
})

test("A pattern with letters that have no meaning is refused with those that have one.", () => {
  for (const format of ["DD.MM.YYYY", "dd.MM.yyyy HH:MM:ss e", "constructor", "dd.MM.yyyyThh"]) {
    const made = DateFormat.make(format)
    expect([format, Result.isFailure(made) && made.failure]).toEqual([
      format,
      expect.stringMatching(/^(has no letters|has a)/),
    ])
  }
})

/** Writes a part of a date, as its letters say. */
const write: Readonly<Record<string, (at: Date) => string>> = {
  yyyy: (at) => at.toISOString().slice(0, 4),
  MM: (at) => at.toISOString().slice(5, 7),
  M: (at) => String(at.getUTCMonth() + 1),
  dd: (at) => at.toISOString().slice(8, 10),
  d: (at) => String(at.getUTCDate()),
  HH: (at) => at.toISOString().slice(11, 13),
  H: (at) => String(at.getUTCHours()),
  mm: (at) => at.toISOString().slice(14, 16),
  ss: (at) => at.toISOString().slice(17, 19),
  SSS: (at) => at.toISOString().slice(20, 23),
}

const anyOf = (...parts: ReadonlyArray<string>) => fc.constantFrom(...parts)
const separator = anyOf(".", "/", " ", "-", ", ", "'T'", "''", "(", "\\", "+", "*")

describe("Whatever a pattern writes,", () => {
  const dates = fc.integer({ min: Date.UTC(1000, 0, 1), max: Date.UTC(9999, 11, 31) }).map((millis) => new Date(millis))
  const day = fc.shuffledSubarray([0, 1, 2], { minLength: 3 })
  const parts = fc.tuple(
    day,
    anyOf("MM", "M"),
    anyOf("dd", "d"),
    fc.constantFrom(0, 1, 2, 3),
    fc.array(separator, { minLength: 7, maxLength: 7 }),
  )

  test("it reads again, to the unit in which it was written", () => {
    fc.assert(
      fc.property(dates, parts, (date, [order, month, dayOfMonth, depth, separators]) => {
        const ofDay = order.map((index) => ["yyyy", month, dayOfMonth][index]!)
        const letters = [...ofDay, ...["HH", "mm", "ss", "SSS"].slice(0, depth === 0 ? 0 : depth + 1)]
        const pieces = letters.flatMap((letter, index) => [letter, separators[index]!]).slice(0, -1)
        const plain = (piece: string) => (piece === "'T'" ? "T" : piece === "''" ? "'" : piece)
        const text = pieces.map((piece) => write[piece]?.(date) ?? plain(piece)).join("")
        const unit = [86_400_000, 60_000, 1000, 1][depth]!
        const wall = Result.getOrThrow(DateFormat.make(pieces.join(""))).read(text)
        expect(wall).toEqual({ millis: Math.floor(date.getTime() / unit) * unit, isDay: depth === 0 })
      }),
    )
  })
})

test("A pattern with much white space matches it in one way, however long the text is.", () => {
  const pattern = `yyyy ${"' ' ".repeat(13)}MMdd`
  expect(read(pattern, `2024${" ".repeat(60)}0131`)).toBe("2024-01-31")
  expect(read(pattern, `2024${" ".repeat(10_000)}x`)).toBeUndefined()
})
