/**
 * Compares two timelines of one person and one consent type: where the answers under a baseline and under a candidate
 * differ, for the same events.
 *
 * Both timelines are walked together, from one change to the next, so the result is exact to the millisecond and
 * nothing is sampled. Intervals are half-open. In the results, `before` is the baseline's side and `after` the
 * candidate's. Law 11: if both sides are the rules in force, nothing differs; and after a candidate is published, the
 * answers are those that its comparison gave.
 */
import * as Because from "./Because.ts"
import type { ConsentEvent } from "./ConsentEvent.ts"
import * as Heads from "./Heads.ts"
import type { Instant } from "./Instant.ts"
import type { Outcome } from "./Outcome.ts"
import type { Terms } from "./Terms.ts"
import * as Timeline from "./Timeline.ts"

/** The instants that are compared: `from` is the first of them, `until` the first that is no longer compared. */
export interface Window {
  readonly from: Instant
  readonly until: Instant
}

/** The events of one person and one type, in any order, and the terms that they are read under. */
export interface Reading {
  readonly events: Iterable<ConsentEvent>
  readonly terms: Terms
}

/** A part of the window on which neither answer changes. */
export interface Stretch extends Window {
  /** The baseline's moment. */
  readonly before: Timeline.Moment
  /** The candidate's moment. */
  readonly after: Timeline.Moment
}

/** One of the two answers on an interval, with its explanation at the first instant of the interval. */
export interface Side {
  readonly outcome: Outcome
  readonly because: Because.Because
}

/** An interval on which the two answers differ in `status`, `permitted` or `askAgain`, and neither of them changes. */
export interface Difference extends Window {
  /** The baseline's answer. */
  readonly before: Side
  /** The candidate's answer. */
  readonly after: Side
}

/**
 * Whether two answers differ in what a person or a company would do. Answers that differ only in their deciding event
 * do not.
 */
export const isDifferent = (baseline: Outcome, candidate: Outcome): boolean =>
  baseline.status !== candidate.status ||
  baseline.permitted !== candidate.permitted ||
  baseline.askAgain !== candidate.askAgain

/**
 * Cuts the window wherever either answer changes in status, permission, asking or deciding event. The stretches follow
 * each other without a gap. A window with `until` ≤ `from` has none.
 */
export function* compare(baseline: Reading, candidate: Reading, { from, until }: Window): Generator<Stretch, void> {
  if (from >= until) return
  let baselineMoment = Timeline.start(baseline.events, baseline.terms, from)
  let candidateMoment = Timeline.start(candidate.events, candidate.terms, from)
  let at = from
  let nextBaseline = Timeline.next(baselineMoment, baseline.terms)
  let nextCandidate = Timeline.next(candidateMoment, candidate.terms)
  for (;;) {
    const end = Math.min(nextBaseline?.at ?? until, nextCandidate?.at ?? until, until)
    yield { from: at, until: end, before: baselineMoment, after: candidateMoment }
    if (end === until) return
    at = end
    if (nextBaseline?.at === at) {
      baselineMoment = nextBaseline
      nextBaseline = Timeline.next(baselineMoment, baseline.terms)
    }
    if (nextCandidate?.at === at) {
      candidateMoment = nextCandidate
      nextCandidate = Timeline.next(candidateMoment, candidate.terms)
    }
  }
}

/**
 * The heads at an instant at which the moment's answer still holds. They include the events that have happened since
 * the moment without changing the answer.
 */
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

/** The intervals of the window on which the two answers differ, earliest first, each with both answers explained. */
export function* diff(baseline: Reading, candidate: Reading, window: Window): Generator<Difference, void> {
  for (const stretch of compare(baseline, candidate, window)) {
    if (!isDifferent(stretch.before.outcome, stretch.after.outcome)) continue
    const { from, until } = stretch
    yield {
      from,
      until,
      before: explained(stretch.before, baseline, from),
      after: explained(stretch.after, candidate, from),
    }
  }
}
