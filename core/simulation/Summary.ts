/**
 * What a simulation found, added up over a population: the figures behind the table on the terminal and the report.
 */
import type { Instant } from "../engine/Instant.ts"
import type { Status } from "../engine/Outcome.ts"

/** What one of the two sides answers on an interval. */
export interface Side {
  readonly status: Status
  readonly permitted: boolean
  readonly askAgain: boolean
}

/** People and (person, consent type) pairs. */
export interface Count {
  readonly people: number
  readonly pairs: number
}

/** One day (or step) of the window, at its first instant. */
export interface Day {
  readonly at: Instant
  /** Pairs permitted at `at`. */
  readonly permittedBefore: number
  readonly permittedAfter: number
  /** Pairs whose `askAgain` becomes true from `at` until the next step. */
  readonly askedBefore: number
  readonly askedAfter: number
}

/** How many pairs of one type have one status, at the first instant of each step. */
export interface StatusDays {
  readonly consentType: string
  readonly status: Status
  /** As many as there are {@link Summary.days}. */
  readonly before: ReadonlyArray<number>
  readonly after: ReadonlyArray<number>
}

/** Pairs that ever have `before` under the baseline while they have `after` under the candidate. */
export interface Transition {
  readonly consentType: string
  readonly before: Status
  readonly after: Status
  readonly pairs: number
}

/** Why answers differ, in words of the candidate's explanation, with how many pairs. */
export interface Reason {
  readonly reason: string
  readonly pairs: number
}

/** A person whose answers differ, to be shown under a pseudonym. */
export interface Example {
  readonly pseudonym: string
  readonly consentType: string
  readonly intervals: ReadonlyArray<{
    readonly from: Instant
    readonly until: Instant
    readonly before: Side
    readonly after: Side
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
  /** By type, then status; those that no pair ever has are left out. */
  readonly statusDays?: ReadonlyArray<StatusDays>
  readonly transitions: ReadonlyArray<Transition>
  readonly reasons: ReadonlyArray<Reason>
  /** At most ten. */
  readonly examples: ReadonlyArray<Example>
  /** The exact baseline and candidate, as given, and a SHA-256 of each input. */
  readonly baseline: unknown
  readonly candidate: unknown
  readonly inputs: ReadonlyArray<{ readonly name: string; readonly sha256: string }>
  readonly warnings: ReadonlyArray<string>
}
