/**
 * What is wrong with a Parquet or CSV file, where, and never what it says.
 */

/** One thing wrong: where (`row 17, column consentDate`; empty for the whole), and the reason. */
export interface TableProblem {
  readonly where: string
  readonly reason: string
}

/** Thrown where a file cannot be read as events. */
export class Refusal extends Error {
  readonly problems: ReadonlyArray<TableProblem>

  constructor(problems: ReadonlyArray<TableProblem>) {
    super()
    this.problems = problems
  }
}

/** Thrown where people who were expected in the order of their ids are not. */
export class Disorder extends Error {}
