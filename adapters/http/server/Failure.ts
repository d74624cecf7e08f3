/**
 * What may be told of a failure nobody foresaw: what it is called, and where in the code it came from.
 *
 * Its message is left out: messages of parsers and databases repeat what they were given, which may be somebody's.
 */

/** The lines of a stack that name places in the code. */
const places = (stack: string): string =>
  stack
    .split("\n")
    .filter((line) => /^\s+at /.test(line))
    .map((line) => line.trim())
    .join("\n")

/** What an error is called: its tag, or the name of its class. */
const nameOf = (error: unknown): string => {
  if (typeof error !== "object" || error === null) return typeof error
  if ("_tag" in error && typeof error._tag === "string") return error._tag
  return error.constructor?.name ?? "object"
}

/** The name and the places of a failure. */
export const of = (failure: unknown): { readonly error: string; readonly stack?: string } => {
  const stack = failure instanceof Error && failure.stack !== undefined ? places(failure.stack) : ""
  return { error: nameOf(failure), ...(stack !== "" && { stack }) }
}
