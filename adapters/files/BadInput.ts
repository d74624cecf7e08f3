/**
 * Files that cannot be used: what is wrong with them, where, and never what they say.
 */
import { Data } from "effect"
import type { Violation } from "../../core/formats/Exchange.ts"

/** One thing wrong: where (`line 17`, `line 17: /consentDate`, `/items/0/id`; empty for the whole), and the reason. */
export interface InputProblem {
  readonly where: string
  readonly reason: string
}

/** What a schema found wrong, at a place within the file. */
export const problemFromViolation = (place: string, { pointer, detail }: Violation): InputProblem => ({
  where: [place, pointer].filter((part) => part !== "").join(": "),
  reason: detail,
})

const written = (file: string, { where, reason }: InputProblem): string =>
  [file, where, reason].filter((part) => part !== "").join(": ")

/** A file whose content is not what its format asks for. Trying again does not help. */
export class BadInput extends Data.TaggedError("BadInput")<{
  readonly file: string
  /** In the order of the file; at least one. */
  readonly problems: ReadonlyArray<InputProblem>
  /** Whether reading stopped before all problems were found. */
  readonly isCutShort: boolean
}> {
  /** One line a problem. */
  override get message(): string {
    const lines = this.problems.map((problem) => written(this.file, problem))
    return [...lines, ...(this.isCutShort ? [`${this.file}: and more`] : [])].join("\n")
  }
}

/** A file that is not there or cannot be read. Trying again may help. */
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
