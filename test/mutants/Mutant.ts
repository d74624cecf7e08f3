/**
 * A mutant: one change in one place of the code that breaks a rule. A test counts only if its mutants do not survive.
 */

/**
 * What to change, and which tests must fail then.
 *
 * `file` is relative to the folder of the part. `find` occurs exactly once in it. `killedBy` holds the first words of
 * the titles of the tests that fail under the mutant; each of them must fail.
 */
export type Mutant = readonly [file: string, find: string, replace: string, ...killedBy: ReadonlyArray<string>]

/** The mutants of a folder of the code, with the test files that kill them. */
export interface Part {
  readonly folder: string
  readonly tests: ReadonlyArray<string>
  readonly mutants: ReadonlyArray<Mutant>
}
