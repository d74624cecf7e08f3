/**
 * What is wrong with a Parquet or CSV file, where, and never what it says.
 */
import { Data } from "effect"

/** One thing wrong: where (`row 17, column consentDate`; empty for the whole), and the reason. */
export interface Problem {
  readonly where: string
  readonly reason: string
}

/** A file that cannot be read as events, or a machine without the package that reads it. Trying again does not help. */
export class BadTable extends Data.TaggedError("BadTable")<{
  readonly file: string
  readonly problems: ReadonlyArray<Problem>
}> {
  /** One line a problem. */
  override get message(): string {
    return this.problems
      .map(({ where, reason }) => [this.file, where, reason].filter((part) => part !== "").join(": "))
      .join("\n")
  }
}
