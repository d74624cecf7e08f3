/**
 * The part of an unexpected failure that may be logged: its name, and where in the code it came from.
 *
 * Its message is left out, because messages of parsers and databases repeat their input, which may be personal.
 */

/** The lines of a stack trace that are places in the code. */
const places = (stack: string): string =>
  stack
    .split("\n")
    .filter((line) => /^\s+at /.test(line))
    .map((line) => line.trim())
    .join("\n")

/** The tag of an error, or the name of its class. */
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
