/**
 * The errors that are thrown while a Parquet or CSV file is read. A message says what is wrong and where, and never
 * repeats the file's content.
 */

/** One thing that is wrong with a file, and its place: `row 17, column consentDate`; empty for the whole file. */
export interface TableProblem {
  readonly where: string
  readonly reason: string
}

/** Thrown if a file cannot be read as events. */
export class BadTableError extends Error {
  readonly problems: ReadonlyArray<TableProblem>

  constructor(problems: ReadonlyArray<TableProblem>) {
    super()
    this.problems = problems
  }
}

/** Thrown if a file is not in the order of the people's ids, although that was expected. */
export class OutOfOrderError extends Error {}
