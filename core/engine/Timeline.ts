/**
 * The answers of one person for one consent type over time (semantics, section 3.3, `nextChangeAt`).
 *
 * The answer is constant from one moment until right before the next, and differs from it there. This is exact: nothing
 * is sampled.
 */
import type { ConsentEvent } from "./ConsentEvent.ts"
import * as Heads from "./Heads.ts"
import type { Instant } from "./Instant.ts"
import * as Lapse from "./Lapse.ts"
import * as Order from "./Order.ts"
import * as Outcome from "./Outcome.ts"
import type { Terms } from "./Terms.ts"

/** An instant at which an answer begins: it is `outcome` from `at` until the next moment. */
export interface Moment {
  readonly at: Instant
  readonly heads: Heads.Heads
  readonly outcome: Outcome.Outcome
  /** The known events with a `consentDate` after the first moment, earliest first. */
  readonly later: ReadonlyArray<ConsentEvent>
  /** How many events of {@link Moment.later} have happened at `at`. */
  readonly happened: number
}

/**
 * The moment at `at`. `events` are those of one person and one type, in any order; events not known under the terms are
 * ignored.
 */
export const start = (events: Iterable<ConsentEvent>, terms: Terms, at: Instant): Moment => {
  const seen: Array<ConsentEvent> = []
  const later: Array<ConsentEvent> = []
  for (const event of events) {
    if (event.dateCreated > terms.knownAt) continue
    if (event.consentDate <= at) seen.push(event)
    else later.push(event)
  }
  const heads = Heads.fold(seen)
  return { at, heads, outcome: Outcome.decide(heads, terms, at), later: later.sort(Order.compare), happened: 0 }
}

/**
 * The next moment at which status, `permitted`, `askAgain` or the deciding event differ, given all events known under
 * the terms; `undefined` if the answer never changes again. There are at most two moments for each event.
 */
export const next = (moment: Moment, terms: Terms): Moment | undefined => {
  const { later } = moment
  let heads = moment.heads
  let happened = moment.happened
  let at = nextTurn(heads, terms, moment.at, later[happened])
  while (at !== undefined) {
    for (let event = later[happened]; event !== undefined && event.consentDate <= at; event = later[++happened]) {
      heads = Heads.add(heads, event)
    }
    const outcome = Outcome.decide(heads, terms, at)
    if (!Outcome.isSame(moment.outcome, outcome)) return { at, heads, outcome, later, happened }
    at = nextTurn(heads, terms, at, later[happened])
  }
  return undefined
}

/** The first instant after `at` at which a head lapses or the next event happens: the answer cannot change earlier. */
export const nextTurn = (heads: Heads.Heads, terms: Terms, at: Instant, next?: ConsentEvent): Instant | undefined => {
  let first = next?.consentDate
  for (const head of [heads.declined, heads.accepted, heads.implied, heads.viewed]) {
    const lapse = head === undefined ? undefined : Lapse.of(head, terms)?.at
    if (lapse !== undefined && lapse > at && (first === undefined || lapse < first)) first = lapse
  }
  return first
}
