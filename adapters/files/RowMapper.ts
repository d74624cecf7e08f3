/**
 * Reads the members of an item from rows, as a mapping says, and notes which columns of the mapping no row had.
 *
 * A row that has a member in another spelling is refused, because the ignored column might limit a consent. A column
 * that is not read and looks like a member, or like an expiry, is warned of for the same reason.
 */
import { Result } from "effect"
import { skipped, type RowFault } from "../../core/transfer/Intake.ts"
import * as ItemDecoder from "../../core/formats/ItemDecoder.ts"
import * as ColumnNames from "./ColumnNames.ts"
import * as ColumnReader from "./ColumnReader.ts"
import type { HeaderCheck, MissingColumn } from "./Columns.ts"
import * as JsonPointer from "./JsonPointer.ts"
import * as Mapping from "./Mapping.ts"
import * as RowCondition from "./RowCondition.ts"

/** Reads the rows of one file. */
export interface RowMapper extends HeaderCheck {
  /** The item of a row, or `skipped`. `consentAction` is `import` by default, because it was not clicked here. */
  readonly map: (row: unknown) => Result.Result<unknown, ReadonlyArray<RowFault>>
  /** The columns of the mapping that none of the rows so far had; none before the first row. */
  readonly unseen: () => ReadonlyArray<MissingColumn>
  /** The columns so far that are not read and look like a member that is not read from another column. */
  readonly warnings: () => ReadonlyArray<string>
}

/** A column of the mapping. */
interface Sought {
  readonly pointer: string
  readonly column: string
  readonly path: JsonPointer.JsonPointer
  isFound: boolean
}

const seek = (pointer: string, column: string): Sought => ({
  pointer,
  column,
  path: JsonPointer.ofColumn(column),
  isFound: false,
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

/** The most names of columns that are remembered; NDJSON may have other names in each row. */
const maxNames = 1000

const isEmptyField = (path: JsonPointer.JsonPointer, header: ReadonlySet<string> | undefined): boolean =>
  header !== undefined && path.length === 1 && header.has(path[0])

/** The names of columns, as they are met. */
const makeNames = (mapping: Mapping.Mapping, sought: ReadonlyArray<Sought>) => {
  const mapped = new Set(sought.map(({ path: [first] }) => first))
  /** For each name: the member that it spells in another way, if this is a fault. */
  const known = new Map<string, string | undefined>()
  const misspelt = (name: string): string | undefined => {
    if (ColumnNames.isMember(name) || mapped.has(name)) return undefined
    const member = ColumnNames.memberOf(name)
    return member === undefined || mapping.members.has(member) ? undefined : member
  }
  const meet = (name: string): string | undefined => {
    if (known.has(name)) return known.get(name)
    const member = misspelt(name)
    if (known.size < maxNames) known.set(name, member)
    return member
  }
  const warnings = (): ReadonlyArray<string> =>
    [...known].flatMap(([name, member]) => {
      if (member !== undefined || ColumnNames.isMember(name) || mapped.has(name) || !ColumnNames.isShown(name))
        return []
      const resembled = ColumnNames.resembled(name)
      return resembled === undefined || mapping.members.has(resembled) || known.has(resembled)
        ? []
        : [`the column ${name} is not read: map ${resembled} to it, or to null if it means something else`]
    })
  const isRead = (name: string): boolean => mapped.has(name) || ColumnNames.memberOf(name) !== undefined
  return { meet, warnings, isRead, all: (): ReadonlyArray<string> => [...known.keys()] }
}

/** Makes the mapper of a file. */
export const make = (mapping: Mapping.Mapping): RowMapper => {
  const lookUp = JsonPointer.makeLookUp()
  const conditions = mapping.where.map((condition, index) => ({
    sought: seek(`/where/${index}`, condition.column),
    test: RowCondition.test(condition),
  }))
  const members = Mapping.members.flatMap((name) => memberOf(name, mapping))
  const state = members.find(({ name }) => name === "consentState")
  const ofMapping = members.flatMap((member) =>
    "sought" in member && mapping.members.has(member.name) ? [member.sought] : [],
  )
  const ofConditions = conditions.map(({ sought }) => sought)
  const names = makeNames(mapping, [...ofMapping, ...ofConditions])
  let header: ReadonlySet<string> | undefined
  let rows = 0
  let items = 0

  const find = (row: unknown, sought: Sought): unknown => {
    const held = lookUp(row, sought.path)
    if (held !== undefined) sought.isFound = true
    // The rows of CSV have no empty fields.
    return held === undefined && isEmptyField(sought.path, header) ? "" : held
  }
  const read = (row: unknown, member: Member, isRefusal: boolean): ColumnReader.ReadMember =>
    "value" in member ? Result.succeed(member.value) : member.read(find(row, member.sought), isRefusal)

  /** Whether the row is read; or the fault of a column that a condition cannot be tested on. */
  const isChosen = (row: unknown): Result.Result<boolean, ReadonlyArray<RowFault>> => {
    for (const { sought, test } of conditions) {
      const held = find(row, sought)
      if (held === JsonPointer.notJson) return Result.fail([ColumnReader.notJson("", sought.column)])
      if (!test(held)) return Result.succeed(false)
    }
    return Result.succeed(true)
  }

  const misspelt = (row: object): ReadonlyArray<RowFault> =>
    Object.keys(row).flatMap((name) => {
      const field = names.meet(name)
      return field === undefined || Object.hasOwn(row, field)
        ? []
        : [{ code: "unknown", field, detail: "stands there in another spelling: name the column in a mapping" }]
    })

  const itemOf = (row: unknown): Result.Result<unknown, ReadonlyArray<RowFault>> => {
    const item: Record<string, unknown> = { consentAction: "import" }
    const faults: Array<RowFault> = [...misspelt(Object(row))]
    const stated = state === undefined ? undefined : read(row, state, false)
    const isRefusal = stated !== undefined && Result.isSuccess(stated) && stated.success === "declined"
    for (const member of members) {
      const found = stated !== undefined && member === state ? stated : read(row, member, isRefusal)
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
      header = new Set(columns)
      for (const name of columns) names.meet(name)
      const all = [...ofMapping, ...ofConditions]
      for (const each of all) each.isFound = isEmptyField(each.path, header)
      return unfound(all.filter(({ path: [first] }) => !header!.has(first)))
    },
    map: (row) => {
      rows++
      const isRead = isChosen(row)
      if (Result.isSuccess(isRead) && isRead.success) {
        items++
        return itemOf(row)
      }
      for (const name of Object.keys(Object(row))) names.meet(name)
      return Result.isFailure(isRead) ? isRead : Result.succeed(skipped)
    },
    unseen: () => [...(items > 0 ? unfound(ofMapping) : []), ...(rows > 0 ? unfound(ofConditions) : [])],
    warnings: names.warnings,
  }
}
