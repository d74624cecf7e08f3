/**
 * The errors that the promises of `assent/open` are rejected with. No message repeats a value that was given, because
 * it may be personal; a path, a host and the id of a project are named.
 */

/** One thing wrong with what was given. */
export interface Violation {
  /** Where: a JSON Pointer (RFC 6901) into what was given, such as `/email`, or `/0/email` in a list. */
  readonly pointer: string
  /** For programs, such as `identifier_missing`. */
  readonly code: string
  /** For people: what is wrong, and what to do. */
  readonly detail: string
}

/** How many violations a message names; `violations` has all. */
const named = 3

const list = (violations: ReadonlyArray<Violation>): string => {
  const more = violations.length - named
  const first = violations.slice(0, named).map(({ detail, pointer }) => (pointer ? `${pointer}: ${detail}` : detail))
  return [...first, ...(more > 0 ? [`and ${more} more`] : [])].join("; ")
}

/**
 * A rule is broken, and nothing was changed. To do the same again does not help.
 *
 * @example
 *   try {
 *     await ledger.record(item)
 *   } catch (error) {
 *     if (error instanceof Refusal) for (const { pointer, detail } of error.violations) console.log(pointer, detail)
 *   }
 */
export class Refusal extends Error {
  override readonly name = "Refusal"
  /** The status of HTTP that Express and Fastify answer if a route lets the error through. */
  readonly statusCode = 422
  /** Everything that is wrong, at least one. */
  readonly violations: ReadonlyArray<Violation>
  constructor(summary: string, violations: ReadonlyArray<Violation>) {
    super(`${summary}: ${list(violations)}`)
    this.violations = violations
  }
}

/** What a ledger cannot be opened for. */
export type OpenErrorCode =
  /** The URL or an option is not valid. */
  | "options"
  /** No key file is named, or it is not there or opens another ledger. */
  | "keys"
  /** The log of erasures cannot be used. */
  | "erasure-log"
  /** The file or the database cannot be opened. */
  | "store"
  /** The ledger was written by another version: `npx assent upgrade`. */
  | "upgrade"
  /** The ledger has no such project, or several and none is named. */
  | "project"
  /** A package is not installed. */
  | "package"

/** The ledger was not opened. The message names the store, the cause, and what to do. */
export class OpenError extends Error {
  override readonly name = "OpenError"
  readonly code: OpenErrorCode
  constructor(code: OpenErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

/** The store cannot answer now. A write was made or not: an `externalId` or `idempotencyKey` makes a retry safe. */
export class Unavailable extends Error {
  override readonly name = "Unavailable"
  /** As of {@link Refusal}. */
  readonly statusCode = 503
}

/** The ledger was closed. */
export class Closed extends Error {
  override readonly name = "Closed"
  constructor() {
    super("the ledger was closed: open it again")
  }
}

/**
 * The ledger has lost what is before the mark, because it was restored from an earlier backup. Compare what you hold
 * with the answers, and go on from {@link MarkLost.mark}.
 */
export class MarkLost extends Error {
  override readonly name = "MarkLost"
  /** As of {@link Refusal}. */
  readonly statusCode = 410
  readonly mark: string
  constructor(mark: string) {
    super(
      "the ledger has lost what is before the mark: compare what you hold with the answers, and go on from its mark",
    )
    this.mark = mark
  }
}
