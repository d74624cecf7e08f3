/**
 * Fields that the schemas of files, requests and answers share.
 */
import { Schema } from "effect"

/** A field that may be left out; `null` counts as left out. */
export const orNull = <S extends Schema.Constraint>(schema: S) => Schema.optionalKey(Schema.NullOr(schema))

/** A string of `minimum` to `maximum` characters, with its error message. */
export const text = (minimum: number, maximum: number) =>
  Schema.String.check(
    Schema.isMinLength(minimum, { message: `expected ${minimum} to ${maximum} characters` }),
    Schema.isMaxLength(maximum, { message: `expected ${minimum} to ${maximum} characters` }),
  )

/**
 * A string of `minimum` to `maximum` characters without lone surrogates. Those have no form in UTF-8, so the string
 * could not be returned unchanged.
 */
export const writableText = (minimum: number, maximum: number) =>
  text(minimum, maximum).check(Schema.makeFilter((value) => value.isWellFormed() || "expected no lone surrogates"))

/** A string of at most 128 characters. */
export const ShortText = Schema.String.check(Schema.isMaxLength(128, { message: "must have at most 128 characters" }))

/** The form of a UUID of any version, in upper or lower case. */
export const uuidPattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i

/** A UUID of any version, in upper or lower case. */
export const Uuid = Schema.String.check(Schema.isPattern(uuidPattern, { message: "expected a UUID" }))

/** One of the four categories of consent types. */
export const Category = Schema.Literals(["disclosure", "communication", "privacy_setting", "custom"])

/** An array of one string, as the API documents it, or the bare string. */
export const Subcategory = Schema.Union([Schema.Tuple([ShortText]), ShortText]).annotate({
  message: "expected an array of one string of at most 128 characters",
})
