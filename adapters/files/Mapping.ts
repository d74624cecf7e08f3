/**
 * mapping.json: how the columns of another system become the members of an item.
 *
 * Its keys are our members, and their values say where they are taken from (`ColumnSource.ts`). A member that it does
 * not name is read from the column of exactly its own name. It also has `where`, a condition or a list of them that all
 * hold for the rows that are read (`RowCondition.ts`), and `sharedContacts`, as in `Batch`.
 */
import { Result, Schema } from "effect"
import * as Exchange from "../../core/formats/Exchange.ts"
import * as ItemLine from "../../core/formats/ItemLine.ts"
import * as ColumnSource from "./ColumnSource.ts"
import { RowCondition } from "./RowCondition.ts"

/** A condition, and its place in the mapping. */
export interface PlacedCondition extends RowCondition {
  readonly pointer: string
}

/** A mapping that has been decoded. */
export interface Mapping {
  /** The sources of the members that it names. */
  readonly members: ReadonlyMap<string, ColumnSource.Decoded>
  readonly where: ReadonlyArray<PlacedCondition>
  readonly sharedContacts?: "leave-out"
}

/** The mapping of a file with our members. */
export const none: Mapping = { members: new Map(), where: [] }

/** The members of an item, by their names. */
export const members: ReadonlyArray<string> = Object.keys(ItemLine.ItemLine.fields)

/** The fields of a source that only some members have. */
const onlyFor: ReadonlyArray<readonly [field: keyof ColumnSource.ColumnSource, members: ReadonlyArray<string>]> = [
  ["format", ["consentDate", "expirationDate"]],
  ["zone", ["consentDate", "expirationDate"]],
  ["offset", ["consentDate", "expirationDate"]],
  ["defaultCountry", ["phoneNumber"]],
]

/** The fields that stand at members that do not have them. */
const misplaced = (file: Readonly<Record<string, unknown>>) =>
  members.flatMap((member) => {
    const source = Object(file[member]) as object
    return onlyFor
      .filter(([field, allowed]) => Object.hasOwn(source, field) && !allowed.includes(member))
      .map(([field, allowed]) => ({ path: [member, field], issue: `is only for ${allowed.join(" and ")}` }))
  })

/** The schema of a mapping.json. */
export const File = Exchange.strict({
  ...Object.fromEntries(members.map((member) => [member, Schema.optionalKey(ColumnSource.MemberSource)])),
  where: Schema.optionalKey(
    Schema.Union([RowCondition, Schema.Array(RowCondition)]).annotate({
      message: "expected { column, is } or { column, not }, or a list of these",
    }),
  ),
  sharedContacts: Schema.optionalKey(Schema.Literal("leave-out").annotate({ message: "expected leave-out" })),
}).check(Schema.makeFilter(misplaced))

/** The mapping of a file. */
export const fromFile = ({ sharedContacts, where = [], ...sources }: typeof File.Type): Mapping => ({
  members: new Map(Object.entries(sources).map(([member, source]) => [member, ColumnSource.fromFile(source ?? null)])),
  where: Array.isArray(where)
    ? where.map((condition, index) => ({ ...condition, pointer: `/where/${index}` }))
    : [{ ...where, pointer: "/where" }],
  ...(sharedContacts !== undefined && { sharedContacts }),
})

const decodeFile = Exchange.decoder(File)

/** Decodes a mapping, or returns everything that is wrong with it. */
export const decode = (value: unknown): Result.Result<Mapping, ReadonlyArray<Exchange.Violation>> =>
  Result.map(decodeFile(value), fromFile)
