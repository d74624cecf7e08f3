/**
 * Reads dates that are written by a pattern, such as `dd.MM.yyyy HH:mm`, with the letters of Unicode Technical Standard
 * 35 (Dates, section "Date Field Symbols"); and Excel's serial days.
 *
 * A date must be exactly as the pattern says: `dd` has two digits, `d` one or two. So a column of another format is
 * refused row by row, and no day is read as a month.
 */
import { Result } from "effect"
import * as Instant from "../../core/engine/Instant.ts"

/** A date as a clock and a calendar on a wall show it. */
export interface WallTime {
  /** Milliseconds from 1970-01-01T00:00 to the date, both on the same wall. */
  readonly millis: number
  /** Whether only the day was written; the time is then 00:00. */
  readonly isDay: boolean
  /** Minutes ahead of UTC; left out: not written. */
  readonly offset?: number
}

/** A format that has been read. */
export interface DateFormat {
  /** Whether a date has its offset from UTC. */
  readonly hasOffset: boolean
  /** A date in this format: half past nine in the morning of 31 January 2024. */
  readonly example: string
  /** Reads a date; `undefined` for any other text, and for a day or time that does not exist. */
  readonly read: (text: string) => WallTime | undefined
}

const millisPerDay = 86_400_000

/** The numbers of a date, by the field of the pattern. */
interface Numbers {
  year: number
  month: number
  day: number
  hour: number
  minute: number
  second: number
  millis: number
  /** 0 for AM, 12 for PM. */
  half: number
  offset: number
}

type Field = keyof Numbers

/** One letter of a pattern, repeated a number of times: the expression of its text, and how this is read. */
interface DateSymbol {
  readonly field: Field
  readonly expression: string
  /** The text of it in {@link DateFormat.example}. */
  readonly example: string
  readonly read: (text: string) => number
}

const months = Array.from({ length: 12 }, (_, month) => new Date(Date.UTC(2000, month)))
const monthNames = (month: "long" | "short"): ReadonlyArray<string> => {
  const names = new Intl.DateTimeFormat("en-US", { month, timeZone: "UTC" })
  return months.map((date) => names.format(date))
}

const exampleNumbers: Readonly<Partial<Record<Field, number>>> = { year: 2024, month: 1, day: 31, hour: 9, minute: 30 }

const digits = (field: Field, count: number): DateSymbol => ({
  field,
  example: String(exampleNumbers[field] ?? 0).padStart(count, "0"),
  expression: count === 1 ? "\\d{1,2}" : `\\d{${count}}`,
  read: Number,
})

const named = (month: "long" | "short"): DateSymbol => {
  const names = monthNames(month)
  const lowerCase = names.map((name) => name.toLowerCase())
  return {
    field: "month",
    example: names[0]!,
    expression: names.join("|"),
    read: (text) => lowerCase.indexOf(text.toLowerCase()) + 1,
  }
}

/** Two digits of a year, as POSIX reads them: 69 to 99 are of the last century (strptime, %y). */
const century = (text: string): number => Number(text) + (Number(text) < 69 ? 2000 : 1900)

const fraction = (count: number): DateSymbol => ({
  field: "millis",
  example: "0".repeat(count),
  expression: `\\d{${count}}`,
  read: (text) => Number(text.slice(0, 3).padEnd(3, "0")),
})

const offset: DateSymbol = {
  field: "offset",
  example: "+01:00",
  expression: "Z|[+-](?:[01]\\d|2[0-3])(?::?[0-5]\\d)?",
  read: (text) => {
    if (/^z$/i.test(text)) return 0
    const [hours, minutes] = [Number(text.slice(1, 3)), Number(text.slice(3).replace(":", ""))]
    return (text.startsWith("-") ? -1 : 1) * (hours * 60 + minutes)
  },
}

const symbols: Readonly<Record<string, DateSymbol>> = {
  y: digits("year", 4),
  yy: { field: "year", example: "24", expression: "\\d{2}", read: century },
  yyyy: digits("year", 4),
  M: digits("month", 1),
  MM: digits("month", 2),
  MMM: named("short"),
  MMMM: named("long"),
  d: digits("day", 1),
  dd: digits("day", 2),
  H: digits("hour", 1),
  HH: digits("hour", 2),
  h: digits("hour", 1),
  hh: digits("hour", 2),
  m: digits("minute", 1),
  mm: digits("minute", 2),
  s: digits("second", 1),
  ss: digits("second", 2),
  ...Object.fromEntries([1, 2, 3, 4, 5, 6, 7, 8, 9].map((count) => ["S".repeat(count), fraction(count)])),
  a: { field: "half", example: "AM", expression: "[ap]\\.?m\\.?", read: (text) => (/^p/i.test(text) ? 12 : 0) },
  X: offset,
  XX: offset,
  XXX: offset,
  Z: offset,
}

/** A run of one letter, a quoted text, an apostrophe, white space, or any other character. */
const pieces = /([A-Za-z])\1*|'(?:[^']|'')+'|''|\s+|[^A-Za-z'\s]/gu

/** The white space of a date. Some programs write a no-break space before AM and PM. */
const space = "[ \\u00a0\\u202f]+"

const escape = (text: string): string => text.replaceAll(/[\\^$.*+?()[\]{}|/]/g, "\\$&")

/** The expression of a text between the parts of a date. */
const fixed = (text: string): string => text.split(/\s+/).map(escape).join(space)

/** The text of a piece without quotes; `''` is an apostrophe. */
const literal = (piece: string): string =>
  piece === "''" ? "'" : piece.startsWith("'") ? piece.slice(1, -1).replaceAll("''", "'") : piece

/** What a pattern lacks, or has too much of, given the fields it has and the letters it is written in. */
const gapOf = (fields: ReadonlyArray<Field>, letters: ReadonlySet<string>): string | undefined => {
  const has = (field: Field) => fields.includes(field)
  if (new Set(fields).size < fields.length) return "has a part of the date twice"
  if (!has("year") || !has("month") || !has("day")) return "needs a year (yyyy), a month (MM) and a day (dd)"
  if (letters.has("h") !== has("half")) return "needs hh and a together, or HH for the hours 0 to 23"
  if ((has("minute") && !has("hour")) || (has("second") && !has("minute")) || (has("millis") && !has("second"))) {
    return "needs HH before mm, mm before ss, and ss before S"
  }
  return undefined
}

/** The numbers as a wall time; `undefined` if the calendar or the clock does not have them. */
const wallTime = (numbers: Numbers, isTwelve: boolean): Omit<WallTime, "offset" | "isDay"> | undefined => {
  const { day, half, millis, minute, month, second, year } = numbers
  if (year < 1 || month < 1 || month > 12 || day < 1 || day > Instant.daysInMonth(year, month)) return undefined
  if (isTwelve && (numbers.hour < 1 || numbers.hour > 12)) return undefined
  const hour = isTwelve ? (numbers.hour % 12) + half : numbers.hour
  if (hour > 23 || minute > 59 || second > 59) return undefined
  const time = ((hour * 60 + minute) * 60 + second) * 1000 + millis
  return { millis: Instant.daysFromDate(year, month, day) * millisPerDay + time }
}

/** Reads a pattern; or says what is wrong with it. */
const ofPattern = (pattern: string): Result.Result<DateFormat, string> => {
  const parts = pattern.match(pieces) ?? []
  if (parts.join("") !== pattern) return Result.fail("has a quote that does not end")
  const read: Array<DateSymbol> = []
  let expression = ""
  let example = ""
  for (const part of parts) {
    if (/^[A-Za-z]/.test(part)) {
      const symbol = Object.hasOwn(symbols, part) ? symbols[part] : undefined
      if (symbol === undefined) {
        return Result.fail(`has no letters ${part}: there are ${Object.keys(symbols).join(" ")}; quote texts ('T')`)
      }
      read.push(symbol)
      expression += `(${symbol.expression})`
      example += symbol.example
    } else {
      expression += fixed(literal(part))
      example += literal(part)
    }
  }
  const fields = read.map(({ field }) => field)
  const gap = gapOf(fields, new Set(parts.map((part) => part.charAt(0))))
  if (gap !== undefined) return Result.fail(gap)
  // Two adjacent runs of white space could be matched in one way for each space of the date.
  const whole = expression.replaceAll(new RegExp(`(?:${escape(space)}){2,}`, "g"), () => space)
  return Result.succeed({ ...reader(new RegExp(`^${whole}$`, "iu"), read), example })
}

const reader = (whole: RegExp, read: ReadonlyArray<DateSymbol>): Omit<DateFormat, "example"> => {
  const fields = new Set(read.map(({ field }) => field))
  const hasOffset = fields.has("offset")
  const isDay = !fields.has("hour")
  const isTwelve = fields.has("half")
  return {
    hasOffset,
    read: (text) => {
      const match = whole.exec(text)
      if (match === null) return undefined
      const numbers: Numbers = {
        year: 0,
        month: 0,
        day: 0,
        hour: isTwelve ? 12 : 0,
        minute: 0,
        second: 0,
        millis: 0,
        half: 0,
        offset: 0,
      }
      for (const [place, symbol] of read.entries()) numbers[symbol.field] = symbol.read(match[place + 1]!)
      const wall = wallTime(numbers, isTwelve)
      return wall === undefined ? undefined : { ...wall, isDay, ...(hasOffset && { offset: numbers.offset }) }
    },
  }
}

/** The day 0 of Excel is 1899-12-30, counted back from 1 March 1900. */
const excelEpoch = Instant.daysFromDate(1899, 12, 30)

/**
 * Serial days before 1 March 1900 are one off, because Excel counts a 29 February 1900; 2958465 is 31 December 9999.
 */
const excelDays = { first: 61, last: 2_958_465 }

/** Excel's serial days (ISO/IEC 29500-1, section 18.17.4.1, 1900 date base): whole days, and the time as a fraction. */
const excel: DateFormat = {
  hasOffset: false,
  example: "45322.4",
  read: (text) => {
    if (!/^\d{1,7}([.,]\d{1,20})?$/.test(text)) return undefined
    const days = Number(text.replace(",", "."))
    if (days < excelDays.first || days >= excelDays.last + 1) return undefined
    // A fraction of a day in binary is not exact, so it is rounded to a millisecond.
    const millis = Math.round((days + excelEpoch) * millisPerDay)
    return { millis, isDay: Number.isInteger(days) }
  },
}

/** The name of the format of Excel's serial days. */
export const excelName = "excel"

/** The longest pattern. */
const maxLength = 64

/** Reads the name of a format or a pattern; or says what is wrong with it. */
export const make = (format: string): Result.Result<DateFormat, string> => {
  if (format === excelName) return Result.succeed(excel)
  return format.length > maxLength ? Result.fail(`has more than ${maxLength} characters`) : ofPattern(format)
}
