/**
 * Where a mapping takes a member from, and how the values of the column are read.
 */
import { Result, Schema } from "effect"
import * as Exchange from "../../core/formats/Exchange.ts"
import * as PhoneNumber from "../../core/model/PhoneNumber.ts"
import * as DateFormat from "./DateFormat.ts"
import * as TimeZone from "./TimeZone.ts"

/** A string with a check that returns what is wrong with it. */
const checked = (check: (text: string) => string | undefined) =>
  Schema.String.check(Schema.makeFilter((text) => check(text) ?? true))

const Format = checked((format) => {
  const read = DateFormat.make(format)
  return Result.isFailure(read) ? `the format ${read.failure}` : undefined
})

const Zone = checked((zone) =>
  TimeZone.make(zone) === undefined ? "expected a zone of the IANA database, such as Europe/Berlin" : undefined,
)

const Offset = checked((offset) => {
  if (/^(Z|[+-]([01]\d|2[0-3]):[0-5]\d)$/.test(offset)) return undefined
  return `expected Z or an offset such as +01:00${TimeZone.make(offset) === undefined ? "" : "; give the name of a zone as zone"}`
})

const Country = checked((country) =>
  PhoneNumber.isCountry(country)
    ? undefined
    : "expected the code of a country in two capitals (ISO 3166-1), such as DE",
)

const fields = {
  /** The name of a column, or a JSON Pointer into the row. */
  column: Schema.optionalKey(Schema.String),
  /** The same value for every row. */
  value: Schema.optionalKey(
    Schema.Union([Schema.String, Schema.Number, Schema.Boolean]).annotate({
      message: "expected a text, a number, true or false",
    }),
  ),
  /** What each value of the column means; `""` is an empty field. */
  values: Schema.optionalKey(
    Schema.Record(Schema.String, Schema.String.annotate({ message: "expected what the value means, a text" })),
  ),
  /** `seconds` or `milliseconds` since 1970; `text` for an id that is a number in JSON. */
  as: Schema.optionalKey(
    Schema.Literals(["seconds", "milliseconds", "text"]).annotate({
      message: "expected seconds, milliseconds or text",
    }),
  ),
  /** How dates are written: a pattern (`DateFormat.ts`), or `excel`. */
  format: Schema.optionalKey(Format),
  /** Of date-times that are written without one: `Z`, or an offset such as `+01:00`. */
  offset: Schema.optionalKey(Offset),
  /** Of date-times that are written without an offset: the zone whose clock showed them (`DateColumn.ts`). */
  zone: Schema.optionalKey(Zone),
  /** The country of phone numbers that are written without a country code. */
  defaultCountry: Schema.optionalKey(Country),
}

type Fields = { readonly [Name in keyof typeof fields]?: (typeof fields)[Name]["Type"] }

/** A column, and how its values are read. */
export interface ColumnSource extends Omit<Fields, "column" | "value"> {
  readonly column: string
}

/** The same value for every row. */
export interface Constant {
  readonly value: string | number | boolean
}

const howRead = ["values", "as", "format", "offset", "zone", "defaultCountry"] as const

/** Fields that cannot be given together. */
const exclusive: ReadonlyArray<readonly [keyof Fields, keyof Fields]> = [
  ["column", "value"],
  ...howRead.map((name) => ["value", name] as const),
  ...howRead.slice(1).map((name) => ["values", name] as const),
  ...(["format", "offset", "zone"] as const).map((name) => ["as", name] as const),
  ["offset", "zone"],
]

const lacksClock = ({ format, offset, zone }: Fields): boolean => {
  if (format === undefined || offset !== undefined || zone !== undefined) return false
  const read = DateFormat.make(format)
  return Result.isSuccess(read) && !read.success.hasOffset
}

const issuesOf = (source: Fields) => {
  if (source.column === undefined && source.value === undefined) {
    return [{ path: [], issue: "needs column, the name of a column, or value, the same for every row" }]
  }
  const together = exclusive
    .filter(([one, other]) => source[one] !== undefined && source[other] !== undefined)
    .map(([one, other]) => ({ path: [other], issue: `cannot be given together with ${one}` }))
  const withoutClock = {
    path: ["format"],
    issue: "has no offset (XXX) in it: give zone, such as Europe/Berlin, or offset with it",
  }
  return lacksClock(source) ? [...together, withoutClock] : together
}

const Source = Exchange.strict(fields).check(Schema.makeFilter(issuesOf))

/** The schema of a source: the name of a column, `null` for a member that is left out, or an object. */
export const MemberSource = Schema.NullOr(Schema.Union([Schema.String, Source])).annotate({
  message: "expected the name of a column, null, { column, … } or { value }",
})

/** A source that has been decoded; `undefined` if the member is left out. */
export type Decoded = ColumnSource | Constant | undefined

/** The source in one form. */
export const fromFile = (source: typeof MemberSource.Type): Decoded => {
  if (source === null) return undefined
  if (typeof source === "string") return { column: source }
  const { column, value, ...how } = source
  return column === undefined ? { value: value! } : { column, ...how }
}
