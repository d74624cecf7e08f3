/**
 * The error of a file of rows that cannot be read to its end. Trying again does not help.
 */
import { Data } from "effect"

/** Says where reading stopped and why. The message never repeats the file's content. */
export class BadRows extends Data.TaggedError("BadRows")<{
  /** Counted from 1; left out if the place is not known. */
  readonly line?: number
  readonly reason: string
}> {
  override get message(): string {
    const where = this.line === undefined ? "" : `line ${this.line}: `
    return `${where}${this.reason}; nothing behind it was read`
  }
}
