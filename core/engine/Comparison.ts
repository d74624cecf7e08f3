/**
 * What if: where the answers of one person for one consent type differ between two readings of the same events.
 *
 * Both timelines are walked side by side, from turn to turn, so the result is exact to the millisecond and nothing is
 * sampled. Intervals are half-open. Law 11: read under the rules in force twice, nothing differs; and once a candidate is
 * in force, its answers are those that were foretold.
 */
import * as Because from "./Because.ts"
import type { ConsentEvent } from "./ConsentEvent.ts"
import * as Heads from "./Heads.ts"
import type { Instant } from "./Instant.ts"
import type { Outcome } from "./Outcome.ts"
import type { Terms } from "./Terms.ts"
import * as Timeline from "./Timeline.ts"

/** The instants that are looked at: `from` is the first, `until` the first that is not. */
export interface Window {
  readonly from: Instant
  readonly until: Instant
}

/** The events of one person and one type, in any order, and what they are read under. */
export interface Reading {
  readonly events: Iterable<ConsentEvent>
  readonly terms: Terms
}

/** A stretch of the window on which neither answer changes. */
export interface Stretch extends Window {
  readonly before: Timeline.Moment
  readonly after: Timeline.Moment
}

/** One of the two answers on an interval, with its explanation at the interval's first instant. */
export interface Side {
  readonly outcome: Outcome
  readonly because: Because.Because
}

/** An interval on which the two answers differ in `status`, `permitted` or `askAgain`, and neither of them changes. */
export interface Difference extends Window {
  readonly before: Side
  readonly after: Side
}

/** Whether two answers differ in what a person or a company would do: the deciding event alone makes no difference. */
export const isDifferent = (before: Outcome, after: Outcome): boolean =>
  before.status !== after.status || before.permitted !== after.permitted || before.askAgain !== after.askAgain

/**
 * The window, cut wherever either answer changes (in status, permission, asking or deciding event). The stretches follow
 * each other without a gap; a window that ends where it begins, or before, has none.
 */
export function* compare(before: Reading, after: Reading, { from, until }: Window): Generator<Stretch, void> {
  if (from >= until) return
  let left = Timeline.start(before.events, before.terms, from)
  let right = Timeline.start(after.events, after.terms, from)
  let at = from
  let leftNext = Timeline.next(left, before.terms)
  let rightNext = Timeline.next(right, after.terms)
  for (;;) {
    const end = Math.min(leftNext?.at ?? until, rightNext?.at ?? until, until)
    yield { from: at, until: end, before: left, after: right }
    if (end === until) return
    at = end
    if (leftNext?.at === at) {
      left = leftNext
      leftNext = Timeline.next(left, before.terms)
    }
    if (rightNext?.at === at) {
      right = rightNext
      rightNext = Timeline.next(right, after.terms)
    }
  }
}

/** The heads at an instant on which the moment's answer still holds: with what has happened since and changed nothing. */
const headsAt = ({ heads, later }: Timeline.Moment, at: Instant): Heads.Heads => {
  let state = heads
  for (const event of later) {
    if (event.consentDate > at) break
    state = Heads.add(state, event)
  }
  return state
}

const explained = (moment: Timeline.Moment, { terms }: Reading, at: Instant): Side => ({
  outcome: moment.outcome,
  because: Because.explain(moment.outcome, headsAt(moment, at), terms, at),
})

/** The intervals inside the window on which the two answers differ, earliest first, each with before, after and why. */
export function* diff(before: Reading, after: Reading, window: Window): Generator<Difference, void> {
  for (const stretch of compare(before, after, window)) {
    if (!isDifferent(stretch.before.outcome, stretch.after.outcome)) continue
    const { from, until } = stretch
    yield {
      from,
      until,
      before: explained(stretch.before, before, from),
      after: explained(stretch.after, after, from),
    }
  }
}
