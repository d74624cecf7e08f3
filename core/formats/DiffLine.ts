/**
 * One line of diff.ndjson: an interval on which the answers of one person for one consent type differ.
 *
 * `{ concordId, consentType, from, until, before: { status, permitted, askAgain }, after: { … }, because: { before, after } }`,
 * each `because` with the deciding event, if any, and the explanation as in decisions.ndjson.
 */
import * as BecauseLine from "./BecauseLine.ts"
import * as Instant from "../engine/Instant.ts"
import type * as Comparison from "../engine/Comparison.ts"

/** Why one of the two answers is what it is. */
export interface Because extends BecauseLine.BecauseLine {
  /** The id of the deciding event. */
  readonly event?: string
}

/** What one of the two sides answers. */
export interface Answer {
  readonly status: string
  readonly permitted: boolean
  readonly askAgain: boolean
}

/** A line; `from` ≤ instant < `until`. */
export interface DiffLine {
  readonly concordId: string
  readonly consentType: string
  readonly from: string
  readonly until: string
  readonly before: Answer
  readonly after: Answer
  readonly because: { readonly before: Because; readonly after: Because }
}

const answer = ({ outcome: { status, permitted, askAgain } }: Comparison.Side): Answer => ({
  status,
  permitted,
  askAgain,
})

const because = ({ outcome: { event }, because }: Comparison.Side): Because => ({
  ...(event !== undefined && { event: event.id }),
  ...BecauseLine.fromBecause(because),
})

/** Writes a difference. */
export const fromDifference = (
  concordId: string,
  consentType: string,
  { from, until, before, after }: Comparison.Difference,
): DiffLine => ({
  concordId,
  consentType,
  from: Instant.format(from),
  until: Instant.format(until),
  before: answer(before),
  after: answer(after),
  because: { before: because(before), after: because(after) },
})
