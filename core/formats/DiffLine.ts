/**
 * One line of diff.ndjson: an interval on which the answers of one person for one consent type differ.
 *
 * ```
 * { concordId, consentType, category, subcategory, label, from, until,
 *   before: { status, permitted, askAgain }, after: { … }, because: { before, after } }
 * ```
 *
 * `before` is the baseline's answer and `after` the candidate's. Each `because` has the id of the deciding event, if
 * there is one, and the explanation as in decisions.ndjson. The name of the type is left out if it is not known.
 */
import * as BecauseLine from "./BecauseLine.ts"
import * as Instant from "../engine/Instant.ts"
import type * as Comparison from "../engine/Comparison.ts"
import * as TypeLine from "./TypeLine.ts"

/** The explanation of one of the two answers. */
export interface DiffBecause extends BecauseLine.BecauseLine {
  /** The id of the deciding event; left out if no event decides. */
  readonly event?: string
}

/** The answer of one of the two sides. */
export interface DiffAnswer {
  readonly status: string
  readonly permitted: boolean
  readonly askAgain: boolean
}

/** A line. The interval contains `from` but not `until`. */
export interface DiffLine extends TypeLine.TypeLine {
  readonly concordId: string
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

/** Converts a difference. */
export const fromDifference = (
  concordId: string,
  type: TypeLine.NamedType,
  { from, until, before, after }: Comparison.Difference,
): DiffLine => ({
  concordId,
  ...TypeLine.of(type),
  from: Instant.format(from),
  until: Instant.format(until),
  before: answer(before),
  after: answer(after),
  because: { before: because(before), after: because(after) },
})
