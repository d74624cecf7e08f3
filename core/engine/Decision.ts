/**
 * The decision about one person and one consent type at the instant `at`, from what was known at `knownAt` (semantics,
 * section 3).
 *
 * `events + type + rules + instant → answer`, without a clock, so the same question always has the same answer.
 */
import * as Because from "./Because.ts"
import type { ConsentEvent } from "./ConsentEvent.ts"
import type { Instant } from "./Instant.ts"
import type { Status } from "./Outcome.ts"
import type { Terms } from "./Terms.ts"
import * as Timeline from "./Timeline.ts"

/** A decision; it is constant on the half-open interval from `at` to `nextChangeAt`. */
export interface Decision {
  readonly at: Instant
  readonly knownAt: Instant
  readonly status: Status
  /** Whether the company may act on the consent. Never true for a refusal or a lapsed answer. */
  readonly permitted: boolean
  /** Whether the person may be asked, or asked again. */
  readonly askAgain: boolean
  /** The deciding event; `undefined` if the status is `unknown`. */
  readonly event: ConsentEvent | undefined
  /** When the deciding event expires; `undefined` if it does not. */
  readonly expiresAt: Instant | undefined
  /**
   * The first instant after `at` at which the decision differs if no more events are recorded; `undefined` if it never
   * does.
   */
  readonly nextChangeAt: Instant | undefined
  readonly because: Because.Because
}

/** The decision at a moment, which lasts until `nextChangeAt`. */
export const of = (
  moment: Pick<Timeline.Moment, "at" | "heads" | "outcome">,
  terms: Terms,
  nextChangeAt: Instant | undefined,
): Decision => {
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
 * The decision at `at` from the events of one person and one type, in any order. Events after `at` and events not known
 * under the terms may be among them. If `at` is not before the last event, the events of the four heads suffice.
 */
export const decide = (events: Iterable<ConsentEvent>, terms: Terms, at: Instant): Decision => {
  const moment = Timeline.start(events, terms, at)
  return of(moment, terms, Timeline.next(moment, terms)?.at)
}

/** The decision about an erased person, from the one that no event at all leads to. */
export const ofErased = (withoutEvents: Decision): Decision => ({ ...withoutEvents, because: Because.erased })

/** Yields the decision at `from`, then each decision that differs from the previous one, in order. */
export function* follow(events: Iterable<ConsentEvent>, terms: Terms, from: Instant): Generator<Decision, void> {
  let moment: Timeline.Moment | undefined = Timeline.start(events, terms, from)
  while (moment !== undefined) {
    const next: Timeline.Moment | undefined = Timeline.next(moment, terms)
    yield of(moment, terms, next?.at)
    moment = next
  }
}
