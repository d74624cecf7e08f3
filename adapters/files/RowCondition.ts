/**
 * A condition of a mapping on a column: the other rows of the file are left out.
 */
import { Schema } from "effect"
import * as Exchange from "../../core/formats/Exchange.ts"

const Values = Schema.Array(Schema.String).check(
  Schema.isMinLength(1, { message: "expected a list of values of the column" }),
)

/** The schema of a condition: the column, and either the values of rows that are read or of those that are left out. */
export const RowCondition = Exchange.strict({
  column: Schema.String,
  is: Schema.optionalKey(Values),
  not: Schema.optionalKey(Values),
}).check(
  Schema.makeFilter(({ is, not }: { readonly is?: unknown; readonly not?: unknown }) =>
    (is === undefined) === (not === undefined) ? "needs either is or not, a list of values of the column" : true,
  ),
)

/** A decoded condition. */
export type RowCondition = typeof RowCondition.Type

/** The text that a value is compared as: a field that is empty or missing is `""`; a list or an object is no text. */
const textOf = (held: unknown): string | undefined => {
  if (held === undefined || held === null) return ""
  return typeof held === "object" || typeof held === "symbol" ? undefined : String(held)
}

/** The test whether a value of the column fulfils a condition. */
export const test = ({ is, not }: RowCondition): ((held: unknown) => boolean) => {
  const values = new Set(is ?? not)
  return (held) => {
    const text = textOf(held)
    return (text !== undefined && values.has(text)) === (is !== undefined)
  }
}
