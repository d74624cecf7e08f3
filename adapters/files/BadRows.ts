/**
 * A file of rows that cannot be read any further. Trying again does not help.
 */
import { Data } from "effect"

/** Where reading stopped, and why; what the file says is never told. */
export class BadRows extends Data.TaggedError("BadRows")<{
  /** From 1; left out where the place is not known. */
  readonly line?: number
  readonly reason: string
}> {
  override get message(): string {
    const where = this.line === undefined ? "" : `line ${this.line}: `
    return `${where}${this.reason}; nothing behind it was read`
  }
}
