/**
 * The errors of reading a Parquet or CSV file, as Effect fails with them. `Errors.ts` holds the errors that are thrown
 * in the reading thread, which does not load Effect because that would delay its start.
 */
import { Data } from "effect"
import type { TableProblem } from "./Errors.ts"

/** A file that cannot be read as events, or the package that reads it is not installed. Trying again does not help. */
export class BadTable extends Data.TaggedError("BadTable")<{
  readonly file: string
  readonly problems: ReadonlyArray<TableProblem>
}> {
  /** One line for each problem. */
  override get message(): string {
    return this.problems
      .map(({ where, reason }) => [this.file, where, reason].filter((part) => part !== "").join(": "))
      .join("\n")
  }
}

/** The file is not in the order of the people's ids, which was expected. Read it again and let it be sorted. */
export class OutOfOrder extends Data.TaggedError("OutOfOrder") {}
