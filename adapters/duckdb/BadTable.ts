/**
 * What the reading of a Parquet or CSV file may fail with.
 */
import { Data } from "effect"
import type { TableProblem } from "./Errors.ts"

/** A file that cannot be read as events, or a machine without the package that reads it. Trying again does not help. */
export class BadTable extends Data.TaggedError("BadTable")<{
  readonly file: string
  readonly problems: ReadonlyArray<TableProblem>
}> {
  /** One line a problem. */
  override get message(): string {
    return this.problems
      .map(({ where, reason }) => [this.file, where, reason].filter((part) => part !== "").join(": "))
      .join("\n")
  }
}

/** People who were expected in the order of their ids are not. It helps to read the file anew, sorted. */
export class OutOfOrder extends Data.TaggedError("OutOfOrder") {}
