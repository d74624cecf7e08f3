/**
 * Maps the columns of another system to the members of an item, as a mapping.json says.
 *
 * A mapping.json is an object whose keys are our members. A value is one of:
 * - the name of a column, or a JSON Pointer if it begins with `/`
 * - `null` for a member that is left out
 * - `{ column, … }` with `values` (what each value of the column means), `as` (`seconds` or `milliseconds` since 1970;
 *   `text` for an id that is a number in JSON) or `offset` (such as `+01:00`, for date-times without one)
 * - `{ value }`: the same for every row
 *
 * A member that the mapping does not name is read from the column of exactly its own name. A row that has the member in
 * another spelling is refused, because the ignored column might limit a consent.
 */
import { Predicate, Result, Schema } from "effect"
import * as Exchange from "../../core/formats/Exchange.ts"
import * as Instant from "../../core/engine/Instant.ts"
import type { RowFault } from "../../core/transfer/Intake.ts"
import * as ItemDecoder from "../../core/formats/ItemDecoder.ts"
import * as ItemLine from "../../core/formats/ItemLine.ts"

const Column = Exchange.strict({
  column: Schema.String,
  values: Schema.optionalKey(Schema.Record(Schema.String, Schema.String)),
  as: Schema.optionalKey(Schema.Literals(["seconds", "milliseconds", "text"])),
  offset: Schema.optionalKey(
    Schema.String.check(Schema.isPattern(/^(Z|[+-]\d\d:\d\d)$/, { message: "expected Z or an offset such as +01:00" })),
  ),
})

const Constant = Exchange.strict({ value: Schema.Union([Schema.String, Schema.Number]) })

const MemberSource = Schema.NullOr(Schema.Union([Schema.String, Column, Constant])).annotate({
  message: "expected the name of a column, null, { column, values, as, offset } or { value }",
})

const members = Object.keys(ItemLine.ItemLine.fields)

/** The schema of mapping.json. */
export const Mapping = Schema.Record(Schema.String, MemberSource).check(
  Schema.makeFilter((mapping) =>
    Object.keys(mapping)
      .filter((member) => !members.includes(member))
      .map((member) => ({ path: [member], issue: `no such member; there are ${members.join(", ")}` })),
  ),
)

/** A decoded mapping. */
export type Mapping = typeof Mapping.Type

/** Decodes a mapping, or returns everything that is wrong with it. */
export const decode = Exchange.decoder(Mapping)

const lookUp = (value: unknown, column: string): unknown => {
  const path = column.startsWith("/")
    ? column
        .slice(1)
        .split("/")
        .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"))
    : [column]
  return path.reduce<unknown>(
    (from, name) =>
      Predicate.isObject(from) && Object.hasOwn(from, name) ? from[name as keyof typeof from] : undefined,
    value,
  )
}

const number = /^-?\d+(\.\d+)?$/

const dateTime = /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?))?$/

const withOffset = (text: string, offset: string): string => {
  const parts = dateTime.exec(text.trim())
  return parts === null ? text : `${parts[1]}T${parts[2] ?? "00:00:00"}${offset}`
}

const invalid = (field: string, detail: string): Result.Result<unknown, RowFault> =>
  Result.fail({ code: "invalid", field, detail })

/** Converts a value of a column into the form of the member. */
const convert = (member: string, held: unknown, source: typeof Column.Type): Result.Result<unknown, RowFault> => {
  const { as, column, offset, values } = source
  if (values !== undefined) {
    const meant = Object.hasOwn(values, String(held)) ? values[String(held)] : undefined
    return meant === undefined
      ? invalid(member, `the mapping has no value for what the column ${column} holds`)
      : Result.succeed(meant)
  }
  if (as === "text") return Result.succeed(Number.isSafeInteger(held) ? String(held) : held)
  if (as !== undefined) {
    const at = number.test(String(held)) ? Math.round(Number(held) * (as === "seconds" ? 1000 : 1)) : NaN
    return Number.isNaN(at) || at < Instant.min || at > Instant.max
      ? invalid(member, `the column ${column} must hold ${as} since 1970`)
      : Result.succeed(Instant.format(at))
  }
  return Result.succeed(offset === undefined || typeof held !== "string" ? held : withOffset(held, offset))
}

const nothing: Result.Result<unknown, RowFault> = Result.succeed(undefined)

const read = (
  member: string,
  row: unknown,
  source: typeof MemberSource.Type | undefined,
): Result.Result<unknown, RowFault> => {
  if (source === null) return nothing
  if (source !== undefined && typeof source !== "string" && "value" in source) return Result.succeed(source.value)
  const column = source === undefined ? { column: member } : typeof source === "string" ? { column: source } : source
  const held = lookUp(row, column.column)
  return held === undefined || held === null || held === "" ? nothing : convert(member, held, column)
}

/** Turns a version and a flag that are text into what they stand for, because a CSV file holds only text. */
const withType = (member: string, value: unknown): unknown => {
  if (member === "version") return typeof value === "string" && /^\d{1,15}$/.test(value) ? Number(value) : value
  return member === "allowEarly" && (value === "true" || value === "false") ? value === "true" : value
}

const withoutSeparators = (name: string): string => name.toLowerCase().replaceAll(/[\s_-]/g, "")

const memberNames: ReadonlySet<string> = new Set(members)
const bySpelling = new Map(members.map((member) => [withoutSeparators(member), member]))

/**
 * A fault for each member that a row has only in another spelling, unless the mapping names the member or the column.
 */
const misspelled = (row: object, mapping: Mapping, mapped: ReadonlySet<string>): ReadonlyArray<RowFault> =>
  Object.keys(row).flatMap((name) => {
    if (memberNames.has(name) || mapped.has(name)) return []
    const member = bySpelling.get(withoutSeparators(name))
    return member === undefined || Object.hasOwn(mapping, member) || Object.hasOwn(row, member)
      ? []
      : [{ code: "unknown", field: member, detail: "stands there in another spelling: name the column in a mapping" }]
  })

const columnsOf = (mapping: Mapping): ReadonlySet<string> =>
  new Set(
    Object.values(mapping).flatMap((source) =>
      typeof source === "string" ? [source] : source !== null && "column" in source ? [source.column] : [],
    ),
  )

/** Stands for a member that could not be read, because no member has this value. */
const unreadable = false

/** The item of a row with faults: of a refusal, if it can be recorded without the members that have them. */
const withoutFaulty = (
  item: Readonly<Record<string, unknown>>,
  faults: ReadonlyArray<RowFault>,
): Result.Result<unknown, ReadonlyArray<RowFault>> => {
  const others = faults.filter(({ field }) => !ItemDecoder.optionalInRefusal.has(field))
  if (!ItemDecoder.isRefusal(item)) return Result.fail(faults)
  if (others.length > 0) return Result.fail(others)
  return Result.succeed({ ...item, ...Object.fromEntries(faults.map(({ field }) => [field, unreadable])) })
}

/**
 * Reads an item's members from a row. `consentAction` is `import` by default, because an imported event was not clicked
 * here.
 */
export const apply = (mapping: Mapping) => {
  const mapped = columnsOf(mapping)
  return (row: unknown): Result.Result<unknown, ReadonlyArray<RowFault>> => {
    const item: Record<string, unknown> = { consentAction: "import" }
    const faults: Array<RowFault> = [...misspelled(Object(row), mapping, mapped)]
    for (const member of members) {
      const found = read(member, row, mapping[member])
      if (Result.isFailure(found)) faults.push(found.failure)
      else if (found.success !== undefined) item[member] = withType(member, found.success)
    }
    return faults.length > 0 ? withoutFaulty(item, faults) : Result.succeed(item)
  }
}
