/**
 * The result of a simulation, added up over a population: the figures for the table on the terminal and for the report.
 *
 * In all fields `before` and `Before` mean the baseline, `after` and `After` the candidate.
 */
import type { Instant } from "../engine/Instant.ts"
import type { Status } from "../engine/Outcome.ts"

/** The answer of one of the two sides on an interval. */
export interface ExampleAnswer {
  readonly status: Status
  readonly permitted: boolean
  readonly askAgain: boolean
}

/** A number of people, and a number of pairs of a person and a consent type. */
export interface Count {
  readonly people: number
  readonly pairs: number
}

/**
 * One step of the window, by default a day.
 *
 * Asking begins when `askAgain` becomes true. It is counted under `mustAsk` if nothing is permitted without a new
 * answer, and under `mayAsk` if nothing depends on it: after a refusal whose time is over, or where a question that was
 * only seen permits.
 */
export interface Day {
  /** The first instant of the step. */
  readonly at: Instant
  /** The number of pairs permitted at `at`. */
  readonly permittedBefore: number
  readonly permittedAfter: number
  /** The number of times that asking begins from `at` until the next step, over all pairs. */
  readonly mustAskBefore: number
  readonly mustAskAfter: number
  readonly mayAskBefore: number
  readonly mayAskAfter: number
}

/** The number of pairs of one type with one status, at the first instant of each step. */
export interface StatusDays {
  readonly consentType: string
  readonly status: Status
  /** One number for each of {@link Summary.days}. */
  readonly before: ReadonlyArray<number>
  readonly after: ReadonlyArray<number>
}

/** The number of pairs that at some instant have `before` under the baseline and `after` under the candidate. */
export interface Transition {
  readonly consentType: string
  readonly before: Status
  readonly after: Status
  readonly pairs: number
}

/** A reason why answers differ, as a phrase about the candidate's answer, with its number of pairs. */
export interface Reason {
  readonly reason: string
  readonly pairs: number
}

/** A person with different answers on the two sides, shown under a pseudonym. */
export interface Example {
  readonly pseudonym: string
  readonly consentType: string
  readonly intervals: ReadonlyArray<{
    readonly from: Instant
    readonly until: Instant
    readonly before: ExampleAnswer
    readonly after: ExampleAnswer
    readonly because: string
  }>
}

/** What a rule pack says about itself, with the side that used it. A rule pack is not legal advice. */
export interface UsedPack {
  readonly side: "baseline" | "candidate"
  /** `pack:cnil@2020-09` if it is published, otherwise the file that says this about its rules. */
  readonly reference: string
  readonly title: string
  readonly summary?: string
  /** The day (`YYYY-MM-DD`, UTC) from which its text applies. */
  readonly appliesFrom?: string
  /** The address of its text. */
  readonly source?: string
  readonly notes: ReadonlyArray<string>
  /** The statement that it is not legal advice. */
  readonly warning: string
}

/** The figures of one simulation. Intervals are half-open. */
export interface Summary {
  readonly from: Instant
  readonly until: Instant
  readonly step: string
  readonly knownAt: Instant
  readonly events: number
  readonly population: Count
  readonly changed: Count
  readonly losesPermission: Count
  readonly gainsPermission: Count
  /** Those that the candidate asks and the baseline does not, because nothing is permitted without a new answer. */
  readonly mustBeAskedAgain: Count
  /**
   * Those that the candidate lets ask and the baseline does not, although nothing depends on it: after a refusal whose
   * time is over, which still never permits. One person, or one pair at another instant, can be in both counts.
   */
  readonly mayBeAskedAgain: Count
  readonly consentTypes: ReadonlyArray<{ readonly id: string; readonly name: string; readonly changedPairs: number }>
  readonly days: ReadonlyArray<Day>
  /** Sorted by type, then by status; without statuses that no pair has at any step. */
  readonly statusDays?: ReadonlyArray<StatusDays>
  readonly transitions: ReadonlyArray<Transition>
  readonly reasons: ReadonlyArray<Reason>
  /** At most ten examples, which differ in their consent type, their statuses or the part of the window. */
  readonly examples: ReadonlyArray<Example>
  /** The rule packs of both sides. */
  readonly packs: ReadonlyArray<UsedPack>
  /** The rules and types of the baseline exactly as they were given. */
  readonly baseline: unknown
  /** The rules and types of the candidate exactly as they were given. */
  readonly candidate: unknown
  /** The name and the SHA-256 of each input. */
  readonly inputs: ReadonlyArray<{ readonly name: string; readonly sha256: string }>
  readonly warnings: ReadonlyArray<string>
}
