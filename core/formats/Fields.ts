/**
 * Members that the shapes of files, requests and answers share.
 */
import { Schema } from "effect"

/** A member that may be left out; `null` counts as left out. */
export const orNull = <S extends Schema.Constraint>(schema: S) => Schema.optionalKey(Schema.NullOr(schema))

/** A text of so many characters, with what is said of any other. */
export const text = (minimum: number, maximum: number) =>
  Schema.String.check(
    Schema.isMinLength(minimum, { message: `expected ${minimum} to ${maximum} characters` }),
    Schema.isMaxLength(maximum, { message: `expected ${minimum} to ${maximum} characters` }),
  )

/** A text that can be given back as it was: a lone surrogate has no form in UTF-8. */
export const writableText = (minimum: number, maximum: number) =>
  text(minimum, maximum).check(Schema.makeFilter((value) => value.isWellFormed() || "expected no lone surrogates"))

/** A text of at most 128 characters. */
export const ShortText = Schema.String.check(Schema.isMaxLength(128, { message: "must have at most 128 characters" }))

/** A UUID of any version, in either case. */
export const Uuid = Schema.String.check(
  Schema.isPattern(/^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i, { message: "expected a UUID" }),
)

/** One of the four categories of consent types. */
export const Category = Schema.Literals(["disclosure", "communication", "privacy_setting", "custom"])

/** An array of one string, as the API documents it, or the bare string. */
export const Subcategory = Schema.Union([Schema.Tuple([ShortText]), ShortText]).annotate({
  message: "expected an array of one string of at most 128 characters",
})
