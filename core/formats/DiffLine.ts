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
export interface DiffBecause extends BecauseLine.BecauseLine {
  /** The id of the deciding event. */
  readonly event?: string
}

/** What one of the two sides answers. */
export interface DiffAnswer {
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
  readonly before: DiffAnswer
  readonly after: DiffAnswer
  readonly because: { readonly before: DiffBecause; readonly after: DiffBecause }
}

const answer = ({ outcome: { status, permitted, askAgain } }: Comparison.Side): DiffAnswer => ({
  status,
  permitted,
  askAgain,
})

const because = ({ outcome: { event }, because }: Comparison.Side): DiffBecause => ({
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
