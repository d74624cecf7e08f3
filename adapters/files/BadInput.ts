/**
 * The errors of files that cannot be used. A message says what is wrong and where, and never repeats the file's
 * content.
 */
import { Data } from "effect"
import type { Violation } from "../../core/formats/Exchange.ts"

/**
 * One thing that is wrong with a file, and its place: `line 17`, `line 17: /consentDate` or `/items/0/id`; empty for
 * the whole file.
 */
export interface InputProblem {
  readonly where: string
  readonly reason: string
}

/** Converts a violation of a schema at a place within the file. */
export const problemFromViolation = (place: string, { pointer, detail }: Violation): InputProblem => ({
  where: [place, pointer].filter((part) => part !== "").join(": "),
  reason: detail,
})

const formatProblem = (file: string, { where, reason }: InputProblem): string =>
  [file, where, reason].filter((part) => part !== "").join(": ")

/** A file whose content does not fit its format. Trying again does not help. */
export class BadInput extends Data.TaggedError("BadInput")<{
  readonly file: string
  /** At least one, in the order of the file. */
  readonly problems: ReadonlyArray<InputProblem>
  /** Whether reading stopped before all problems were found. */
  readonly isCutShort: boolean
}> {
  /** One line for each problem. */
  override get message(): string {
    const lines = this.problems.map((problem) => formatProblem(this.file, problem))
    return [...lines, ...(this.isCutShort ? [`${this.file}: and more`] : [])].join("\n")
  }
}

/** A file that does not exist or cannot be read. Trying again may help. */
export class Unreadable extends Data.TaggedError("Unreadable")<{
  readonly file: string
  readonly reason: string
  readonly cause?: unknown
}> {
  override get message(): string {
    return `${this.file}: ${this.reason}`
  }
}

/** A file that cannot be written. Trying again may help. */
export class Unwritable extends Data.TaggedError("Unwritable")<{
  readonly file: string
  readonly reason: string
  readonly cause?: unknown
}> {
  override get message(): string {
    return `${this.file}: ${this.reason}`
  }
}
