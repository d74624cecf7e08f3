/**
 * Converts the values of a column into the form of a member, as its source says.
 */
import { Result } from "effect"
import * as PhoneNumber from "../../core/model/PhoneNumber.ts"
import type { RowFault } from "../../core/transfer/Intake.ts"
import type { ColumnSource } from "./ColumnSource.ts"
import * as DateColumn from "./DateColumn.ts"
import * as JsonPointer from "./JsonPointer.ts"

/** The value of a member, `undefined` if it is left out; or what is wrong with what the column holds. */
export type ReadMember = Result.Result<unknown, RowFault>

/**
 * Converts what a row holds in the column; a row that lacks it has no value at all. `isRefusal` decides which of two
 * instants a date is (`DateColumn.ts`).
 */
export type ColumnReader = (held: unknown, isRefusal: boolean) => ReadMember

const nothing: ReadMember = Result.succeed(undefined)

const fault = (field: string, detail: string): RowFault => ({ code: "invalid", field, detail })

/** The fault of a column that a pointer enters and that holds no JSON. */
export const notJson = (field: string, column: string): RowFault =>
  fault(field, `the column must hold JSON, because the pointer ${column} goes on inside it`)

const isEmpty = (held: unknown): boolean => held === null || held === ""

/** The most values of a mapping that a message lists. */
const maxShown = 10

/** Looks up what a value means. An empty field is `""`. */
const meaning = (member: string, column: string, values: Readonly<Record<string, string>>): ColumnReader => {
  const known = Object.keys(values)
  const shown = known.slice(0, maxShown).map((value) => JSON.stringify(value))
  const all = `${shown.join(", ")}${known.length > shown.length ? " and more" : ""}`
  const isEmptyMeant = Object.hasOwn(values, "")
  return (held) => {
    if (isEmpty(held) && !isEmptyMeant) return nothing
    const text = isEmpty(held) ? "" : String(held)
    return Object.hasOwn(values, text)
      ? Result.succeed(values[text])
      : Result.fail(fault(member, `the column ${column} must hold a value of the mapping, in the same letters: ${all}`))
  }
}

/** A phone number with its country code; a text that is not a number as it is, so that decoding names the fault. */
const international = (held: unknown, defaultCountry: string): unknown => {
  const text = Number.isSafeInteger(held) ? String(held) : held
  return typeof text === "string" ? (PhoneNumber.normalize(text, defaultCountry) ?? text) : held
}

/** A whole number as a text. Another number is a fault, because JSON has lost the digits that it was written with. */
const text = (member: string, held: unknown): ReadMember => {
  if (typeof held !== "number") return Result.succeed(held)
  if (Number.isSafeInteger(held)) return Result.succeed(String(held))
  return Result.fail(fault(member, 'expected a text or a whole number of at most 15 digits, because of "as": "text"'))
}

const isDate = (member: string): boolean => member === "consentDate" || member === "expirationDate"

/** The conversion of a value that is there. */
const conversion = (member: string, source: ColumnSource): ColumnReader => {
  const { as, defaultCountry, ...others } = source
  if (as === "text") return (held) => text(member, held)
  if (as !== undefined || isDate(member)) {
    const read = DateColumn.make(as === undefined ? others : { ...others, as })
    return (held, isRefusal) => Result.mapError(read(held, isRefusal), (detail) => fault(member, detail))
  }
  if (defaultCountry !== undefined) {
    return (held) => Result.succeed(international(held, defaultCountry))
  }
  return Result.succeed
}

/** Makes the reader of a member's column. */
export const make = (member: string, source: ColumnSource): ColumnReader => {
  const { column, values } = source
  const convert = conversion(member, source)
  const meant = values === undefined ? undefined : meaning(member, column, values)
  const faulty: ReadMember = Result.fail(notJson(member, column))
  return (held, isRefusal) => {
    if (held === JsonPointer.notJson) return faulty
    if (meant !== undefined) return meant(held, isRefusal)
    return isEmpty(held) ? nothing : convert(held, isRefusal)
  }
}
