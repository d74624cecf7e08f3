/**
 * How the columns of another system become the members of an item: mapping.json.
 *
 * An object of our members. Each is the name of a column (or, where it begins with `/`, a JSON Pointer), `null` for one that is
 * to be left out, or an object: `column` with `values` (what each value stands for), `as` (`seconds` or `milliseconds` since
 * 1970; `text` for an id that is a number in JSON) or `offset` (for date-times that have none, such as `+01:00`); or `value`,
 * the same for every row. A member that the mapping does not name is read from the column of its own name, to the letter:
 * a row that has it under another spelling is refused, for what is passed over may be what limits a consent.
 */
import { Predicate, Result, Schema } from "effect"
import * as Exchange from "../../core/formats/Exchange.ts"
import * as Instant from "../../core/engine/Instant.ts"
import type { RowFault } from "../../core/transfer/Intake.ts"
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

const Source = Schema.NullOr(Schema.Union([Schema.String, Column, Constant])).annotate({
  message: "expected the name of a column, null, { column, values, as, offset } or { value }",
})

const members = Object.keys(ItemLine.ItemLine.fields)

/** mapping.json. */
export const Mapping = Schema.Record(Schema.String, Source).check(
  Schema.makeFilter((mapping) =>
    Object.keys(mapping)
      .filter((member) => !members.includes(member))
      .map((member) => ({ path: [member], issue: `no such member; there are ${members.join(", ")}` })),
  ),
)

/** A mapping that was read. */
export type Mapping = typeof Mapping.Type

/** A mapping, or everything that is wrong with it. */
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

/** What a column holds, as the member wants it. */
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
  source: typeof Source.Type | undefined,
): Result.Result<unknown, RowFault> => {
  if (source === null) return nothing
  if (source !== undefined && typeof source !== "string" && "value" in source) return Result.succeed(source.value)
  const column = source === undefined ? { column: member } : typeof source === "string" ? { column: source } : source
  const held = lookUp(row, column.column)
  return held === undefined || held === null || held === "" ? nothing : convert(member, held, column)
}

/** What text stands for where it comes from a file that knows only text: a version is a number. */
const typed = (member: string, value: unknown): unknown =>
  member === "version" && typeof value === "string" && /^\d{1,15}$/.test(value) ? Number(value) : value

const withoutSeparators = (name: string): string => name.toLowerCase().replaceAll(/[\s_-]/g, "")

const memberNames: ReadonlySet<string> = new Set(members)
const bySpelling = new Map(members.map((member) => [withoutSeparators(member), member]))

/** Members that a row has under another spelling only, unless the mapping says what becomes of them or of the column. */
const misspelt = (row: object, mapping: Mapping, mapped: ReadonlySet<string>): ReadonlyArray<RowFault> =>
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

/** An item's members from a row. What is imported was not clicked here: `consentAction` is `import` where nothing says more. */
export const apply = (mapping: Mapping) => {
  const mapped = columnsOf(mapping)
  return (row: unknown): Result.Result<unknown, ReadonlyArray<RowFault>> => {
    const item: Record<string, unknown> = { consentAction: "import" }
    const faults: Array<RowFault> = [...misspelt(Object(row), mapping, mapped)]
    for (const member of members) {
      const found = read(member, row, mapping[member])
      if (Result.isFailure(found)) faults.push(found.failure)
      else if (found.success !== undefined) item[member] = typed(member, found.success)
    }
    return faults.length > 0 ? Result.fail(faults) : Result.succeed(item)
  }
}
