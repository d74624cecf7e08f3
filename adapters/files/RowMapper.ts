/**
 * Reads the members of an item from rows, as a mapping says, and notes which columns of the mapping no row had.
 *
 * A row that has a member in another spelling is refused, because the ignored column might limit a consent. A column
 * that is not read and looks like a member, or like an expiry, is warned of for the same reason.
 */
import { Result } from "effect"
import { skipped, type RowFault } from "../../core/transfer/Intake.ts"
import * as ItemDecoder from "../../core/formats/ItemDecoder.ts"
import * as ItemLine from "../../core/formats/ItemLine.ts"
import * as ColumnNames from "./ColumnNames.ts"
import * as ColumnReader from "./ColumnReader.ts"
import type { HeaderCheck, MissingColumn } from "./Columns.ts"
import * as JsonPointer from "./JsonPointer.ts"
import * as Mapping from "./Mapping.ts"
import * as RowCondition from "./RowCondition.ts"
import * as SeenColumns from "./SeenColumns.ts"

/** Reads the rows of one file. */
export interface RowMapper extends HeaderCheck {
  /** The item of a row, or `skipped`. `consentAction` is `import` by default, because it was not clicked here. */
  readonly map: (row: unknown) => Result.Result<unknown, ReadonlyArray<RowFault>>
  /** The columns of the mapping that none of the rows so far had; none before the first row. */
  readonly unseen: () => ReadonlyArray<MissingColumn>
  /** The columns so far that are not read and look like a member that is not read from another column. */
  readonly warnings: () => ReadonlyArray<string>
  /** The columns so far that are not read, as far as they can be shown. */
  readonly unread: () => ReadonlyArray<string>
}

/** A column of the mapping. */
interface Sought {
  readonly pointer: string
  readonly column: string
  readonly path: JsonPointer.JsonPointer
  isFound: boolean
  /** The value of a row that lacks it: a text for a column of CSV, whose rows have no empty fields. */
  absent: "" | undefined
}

const seek = (pointer: string, column: string): Sought => ({
  pointer,
  column,
  path: JsonPointer.ofColumn(column),
  isFound: false,
  absent: undefined,
})

/** The member of a mapping, and how it is read. */
type Member =
  | { readonly name: string; readonly value: string | number | boolean }
  | { readonly name: string; readonly sought: Sought; readonly read: ColumnReader.ColumnReader }

const memberOf = (name: string, mapping: Mapping.Mapping): ReadonlyArray<Member> => {
  const isNamed = mapping.members.has(name)
  const source = isNamed ? mapping.members.get(name) : { column: name }
  if (source === undefined) return []
  if ("value" in source) return [{ name, value: source.value }]
  return [{ name, sought: seek(`/${name}`, source.column), read: ColumnReader.make(name, source) }]
}

/** Turns a version and a flag that are text into what they stand for, because a CSV file holds only text. */
const withType = (member: string, value: unknown): unknown => {
  if (member === "version") return typeof value === "string" && /^\d{1,15}$/.test(value) ? Number(value) : value
  return member === "allowEarly" && (value === "true" || value === "false") ? value === "true" : value
}

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

const detailOf = ({ column, path: [first, ...inner] }: Sought, names: ReadonlyArray<string>): string => {
  if (inner.length > 0 && names.includes(first)) return `no row has anything at ${column}`
  const near = ColumnNames.nearest(first, names.filter(ColumnNames.isShown))
  return `the file has no column ${first}${near === undefined ? "" : `; did you mean ${near}?`}`
}

/** A fault for each member that a row has only in another spelling. */
const misspelled = (row: object, names: SeenColumns.SeenColumns): Array<RowFault> => {
  const faults: Array<RowFault> = []
  for (const name of Object.keys(row)) {
    const field = names.meet(name)
    if (field === undefined || Object.hasOwn(row, field)) continue
    faults.push({ code: "unknown", field, detail: "stands there in another spelling: name the column in a mapping" })
  }
  return faults
}

/** The members of a refusal that its consent type and its date follow from. */
const membersOfRefusals: ReadonlySet<string> = new Set([
  ...Object.keys(ItemLine.typeFields),
  "consentDate",
  "allowEarly",
])

/**
 * Makes the mapper of a file. Of refusals alone it leaves out all other rows, and reads the members of a refusal that
 * its consent type and its date follow from.
 */
export const make = (mapping: Mapping.Mapping, ofRefusals = false): RowMapper => {
  const lookUp = JsonPointer.makeLookUp()
  const conditions = mapping.where.map((condition) => ({
    sought: seek(condition.pointer, condition.column),
    test: RowCondition.test(condition),
  }))
  const members = Mapping.members.flatMap((name) => memberOf(name, mapping))
  const state = members.find(({ name }) => name === "consentState")
  const readMembers = ofRefusals
    ? members.filter((member) => member === state || membersOfRefusals.has(member.name))
    : members
  const ofMapping = members.flatMap((member) =>
    "sought" in member && mapping.members.has(member.name) ? [member.sought] : [],
  )
  const ofConditions = conditions.map(({ sought }) => sought)
  const sought = [...ofMapping, ...ofConditions]
  const names = SeenColumns.make(mapping, new Set(sought.map(({ path: [first] }) => first)))
  let rows = 0
  let items = 0

  const find = (row: object, column: Sought): unknown => {
    const held = lookUp(row, column.path)
    if (held === undefined) return column.absent
    column.isFound = true
    return held
  }
  const read = (row: object, member: Member, isRefusal: boolean): ColumnReader.ReadMember | undefined => {
    if ("value" in member) return Result.succeed(member.value)
    const held = find(row, member.sought)
    return held === undefined ? undefined : member.read(held, isRefusal)
  }

  const isRefusal = (stated: ColumnReader.ReadMember | undefined): boolean =>
    stated !== undefined && Result.isSuccess(stated) && stated.success === "declined"
  const stateOf = (row: object) => (state === undefined ? undefined : read(row, state, false))

  /**
   * Whether the row is read; or the fault of a column that a condition cannot be tested on. A refusal is read all the
   * same unless another condition leaves it out, because it must not be lost.
   */
  const isChosen = (row: object): boolean | RowFault => {
    let fault: RowFault | undefined
    for (const { sought, test } of conditions) {
      const held = find(row, sought)
      if (held === JsonPointer.notJson) fault ??= ColumnReader.notJson(sought.path[0], sought.column)
      else if (!test(held)) return false
    }
    return fault === undefined || isRefusal(stateOf(row)) || fault
  }

  const itemOf = (row: object): Result.Result<unknown, ReadonlyArray<RowFault>> => {
    const item: Record<string, unknown> = { consentAction: "import" }
    const stated = stateOf(row)
    const isDeclined = isRefusal(stated)
    if (ofRefusals && !isDeclined) return Result.succeed(skipped)
    const faults = misspelled(row, names)
    for (const member of readMembers) {
      const found = member === state ? stated : read(row, member, isDeclined)
      if (found === undefined) continue
      if (Result.isFailure(found)) faults.push(found.failure)
      else if (found.success !== undefined) item[member.name] = withType(member.name, found.success)
    }
    return faults.length > 0 ? withoutFaulty(item, faults) : Result.succeed(item)
  }

  const unfound = (all: ReadonlyArray<Sought>): ReadonlyArray<MissingColumn> =>
    all
      .filter(({ isFound }) => !isFound)
      .map((each) => ({ pointer: each.pointer, detail: detailOf(each, names.all()) }))

  return {
    isRead: names.isRead,
    missing: (columns) => {
      const header = new Set(columns)
      for (const name of columns) names.meet(name)
      for (const each of sought) {
        each.isFound = each.path.length === 1 && header.has(each.path[0])
        each.absent = each.isFound ? "" : undefined
      }
      return unfound(sought.filter(({ path: [first] }) => !header.has(first)))
    },
    map: (value) => {
      const row = Object(value) as object
      rows++
      const isRead = isChosen(row)
      if (isRead === true) {
        items++
        return itemOf(row)
      }
      for (const name of Object.keys(row)) names.meet(name)
      return isRead === false ? Result.succeed(skipped) : Result.fail([isRead])
    },
    unseen: () => [...(items > 0 ? unfound(ofMapping) : []), ...(rows > 0 ? unfound(ofConditions) : [])],
    warnings: names.warnings,
    unread: names.unread,
  }
}
