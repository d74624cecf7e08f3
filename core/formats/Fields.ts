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
 * Whether every store can keep a text and return it unchanged: lone surrogates have no form in UTF-8, and PostgreSQL
 * keeps no NUL in a text.
 */
const isWritable = Schema.makeFilter(
  (value: string) => (value.isWellFormed() && !value.includes("\0")) || "expected no NUL and no lone surrogates",
)

/** A string of `minimum` to `maximum` characters that every store can keep. */
export const writableText = (minimum: number, maximum: number) => text(minimum, maximum).check(isWritable)

/** The name of an organization, a project or an API key. */
export const EntryName = writableText(2, 1024)

/** What a reason must be. */
export const expectedReason = "1 to 256 characters, not white space alone"

/** The reason of a person for an action, which is kept. */
export const Reason = writableText(1, 256).check(
  Schema.makeFilter((value: string) => value === "" || value.trim() !== "" || `expected ${expectedReason}`),
)

/** A string of at most 128 characters. */
export const ShortText = Schema.String.check(Schema.isMaxLength(128, { message: "must have at most 128 characters" }))

/** The form of a UUID of any version, in upper or lower case. */
export const uuidPattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i

/** A UUID of any version, in upper or lower case. */
export const Uuid = Schema.String.check(Schema.isPattern(uuidPattern, { message: "expected a UUID" }))

/** One of the four categories of consent types. */
export const Category = Schema.Literals(["disclosure", "communication", "privacy_setting", "custom"])

const writableShortText = ShortText.check(isWritable)

/** A subcategory that is kept: as {@link Subcategory}, of a text that every store can keep. */
export const KeptSubcategory = Schema.Union([Schema.Tuple([writableShortText]), writableShortText]).annotate({
  message: "expected an array of one string of at most 128 characters, without NUL and lone surrogates",
})

/** An array of one string, as the API documents it, or the bare string. */
export const Subcategory = Schema.Union([Schema.Tuple([ShortText]), ShortText]).annotate({
  message: "expected an array of one string of at most 128 characters",
})
