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

/** One step of the window, by default a day. */
export interface Day {
  /** The first instant of the step. */
  readonly at: Instant
  /** The number of pairs permitted at `at`. */
  readonly permittedBefore: number
  readonly permittedAfter: number
  /** The number of times that `askAgain` becomes true from `at` until the next step, over all pairs. */
  readonly askedBefore: number
  readonly askedAfter: number
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
  readonly mustBeAskedAgain: Count
  readonly consentTypes: ReadonlyArray<{ readonly id: string; readonly name: string; readonly changedPairs: number }>
  readonly days: ReadonlyArray<Day>
  /** Sorted by type, then by status; without statuses that no pair has at any step. */
  readonly statusDays?: ReadonlyArray<StatusDays>
  readonly transitions: ReadonlyArray<Transition>
  readonly reasons: ReadonlyArray<Reason>
  /** At most ten examples. */
  readonly examples: ReadonlyArray<Example>
  /** The baseline exactly as it was given. */
  readonly baseline: unknown
  /** The candidate exactly as it was given. */
  readonly candidate: unknown
  /** The name and the SHA-256 of each input. */
  readonly inputs: ReadonlyArray<{ readonly name: string; readonly sha256: string }>
  readonly warnings: ReadonlyArray<string>
}
