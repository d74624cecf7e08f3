/**
 * The answer to one question: what one person's answer to one consent type is at `at`, as far as was known at `knownAt`
 * (semantics, section 3).
 *
 * `events + type + rules + instant → answer`, without a clock: the same question has the same answer for ever.
 */
import * as Because from "./Because.ts"
import type { ConsentEvent } from "./ConsentEvent.ts"
import type { Instant } from "./Instant.ts"
import type { Status } from "./Outcome.ts"
import type { Terms } from "./Terms.ts"
import * as Timeline from "./Timeline.ts"

/** An answer, constant on the half-open interval from `at` to `nextChangeAt`. */
export interface Decision {
  readonly at: Instant
  readonly knownAt: Instant
  readonly status: Status
  /** Whether the company may act on it. Never true for a refusal or a lapsed answer. */
  readonly permitted: boolean
  /** Whether the person may be asked (again). */
  readonly askAgain: boolean
  /** The deciding event; `undefined` for `unknown`. */
  readonly event: ConsentEvent | undefined
  /** When the deciding event expires, if it does. */
  readonly expiresAt: Instant | undefined
  /** The first instant after `at` at which the answer differs, if nothing more is recorded; `undefined`: never. */
  readonly nextChangeAt: Instant | undefined
  readonly because: Because.Because
}

const fromMoment = (moment: Timeline.Moment, terms: Terms, nextChangeAt: Instant | undefined): Decision => {
  const { at, heads, outcome } = moment
  return {
    at,
    knownAt: terms.knownAt,
    status: outcome.status,
    permitted: outcome.permitted,
    askAgain: outcome.askAgain,
    event: outcome.event,
    expiresAt: outcome.expiresAt,
    nextChangeAt,
    because: Because.explain(outcome, heads, terms, at),
  }
}

/**
 * The decision at `at` from the events of one person and one type, in any order; later and not yet known ones may be
 * among them. Where `at` is not before the last event, the four heads are events enough.
 */
export const decide = (events: Iterable<ConsentEvent>, terms: Terms, at: Instant): Decision => {
  const moment = Timeline.start(events, terms, at)
  return fromMoment(moment, terms, Timeline.next(moment, terms)?.at)
}

/** The decision at `from`, then every one that differs from the one before it. */
export function* follow(events: Iterable<ConsentEvent>, terms: Terms, from: Instant): Generator<Decision, void> {
  let moment: Timeline.Moment | undefined = Timeline.start(events, terms, from)
  while (moment !== undefined) {
    const next: Timeline.Moment | undefined = Timeline.next(moment, terms)
    yield fromMoment(moment, terms, next?.at)
    moment = next
  }
}
