/**
 * Whether a lapse changes an answer, and is to be announced: the conditions under which time alone makes a change.
 *
 * A head that lapses is announced only if all of these hold, with the heads of all people that the person is joined
 * with:
 *
 * 1. The event is a head of them all.
 * 2. The outcome right before the lapse and at it differ.
 * 3. Nothing was recorded at or after the lapse that is a head, and the outcome has been the same since: what an event
 *    told already, or something later has overtaken, is not told.
 * 4. Of heads that lapse at the same instant it is the first of declined, accepted, implied and viewed: joined people
 *    give one change.
 *
 * Conditions 2 and 3 are as known now. So that a change of rules does not make lapses of the past, the outcome also
 * changed under the terms that were known then; what new terms change is announced by a re-evaluation.
 */
import type { ConsentEvent } from "../engine/ConsentEvent.ts"
import * as ConsentState from "../engine/ConsentState.ts"
import type { Heads } from "../engine/Heads.ts"
import type { Instant } from "../engine/Instant.ts"
import * as Lapse from "../engine/Lapse.ts"
import * as Outcome from "../engine/Outcome.ts"
import * as Period from "../engine/Period.ts"
import type { Terms } from "../engine/Terms.ts"
import * as Timeline from "../engine/Timeline.ts"
import type { Cause } from "./Change.ts"
import type { TypeTerms } from "./TypeTerms.ts"

/** An answer that is another one from an instant on. */
export interface Turn {
  /** Right before it. */
  readonly from: Outcome.Outcome
  /** At it. */
  readonly to: Outcome.Outcome
}

/** A lapse that is announced. */
export interface Lapsed extends Turn {
  readonly cause: Cause
  /** The first instant at which it is not true any more; left out: never. */
  readonly until?: Instant
}

/**
 * When an event expires, and the period after its `consentDate` that makes it; without a period, its `expirationDate`.
 * Of several with the same instant it is the `expirationDate`, and then the age that the rules allow.
 */
export const sourceOf = (
  event: ConsentEvent,
  terms: Terms,
): { readonly at: Instant; readonly period: Period.Period | undefined } | undefined => {
  const at = Lapse.expiresAt(event, terms)
  if (at === undefined) return undefined
  if (terms.recordedExpiration === "honor" && event.expirationDate === at) return { at, period: undefined }
  const age = terms.maxAge[event.consentState]
  const isByAge = age !== null && Period.add(event.consentDate, age) === at
  return { at, period: (isByAge ? age : terms.consentDuration)! }
}

/** Whether two sources of lapses are the same one. */
export const isSamePeriod = (a: Period.Period | undefined, b: Period.Period | undefined): boolean =>
  a === b || (a !== undefined && b !== undefined && Period.format(a) === Period.format(b))

/** The outcome right before an instant and at it; `undefined` if they are the same. All heads are earlier. */
export const turn = (heads: Heads, terms: Terms, at: Instant): Turn | undefined => {
  const from = Outcome.decide(heads, terms, at - 1)
  const to = Outcome.decide(heads, terms, at)
  return Outcome.isSame(from, to) ? undefined : { from, to }
}

/** The first instant after `at` at which the outcome is another one; `undefined`: never. */
export const lastsUntil = (heads: Heads, terms: Terms, at: Instant): Instant | undefined =>
  Timeline.next({ at, heads, outcome: Outcome.decide(heads, terms, at), later: [], happened: 0 }, terms)?.at

/** Whether all heads happened and were recorded before an instant. */
export const areBefore = (heads: Heads, at: Instant): boolean =>
  ConsentState.all.every((state) => {
    const head = heads[state]
    return head === undefined || (head.consentDate < at && head.dateCreated < at)
  })

/** The first head that expires at an instant: condition 4. */
const firstAt = (heads: Heads, terms: Terms, at: Instant): ConsentEvent | undefined =>
  ConsentState.all
    .map((state) => heads[state])
    .find((head) => head !== undefined && Lapse.expiresAt(head, terms) === at)

/**
 * The turn that time alone makes at an instant, and the head that announces it. Where the terms change at the same
 * instant, it is one only if the outcome would have been the same without that.
 */
export const byTime = (
  heads: Heads,
  terms: TypeTerms,
  at: Instant,
): (Turn & { readonly event: ConsentEvent }) | undefined => {
  const event = firstAt(heads, terms.now, at)
  const now = event === undefined ? undefined : turn(heads, terms.now, at)
  if (event === undefined || now === undefined) return undefined
  const before = terms.before(at)
  if (before === terms.now) return { ...now, event }
  const then = turn(heads, before, at)
  if (then === undefined || (terms.changeAt(at) && !Outcome.isSame(then.to, now.to))) return undefined
  return { ...now, event }
}

/** Why an answer changes that the lapse of an event changes. */
export const causeOf = ({ consentState }: ConsentEvent): Cause =>
  consentState === "declined" ? "refusal_lapsed" : "expired"

/** What is announced of the lapse of an event at `at`, as known at `knownAt`; `undefined`: nothing. */
export const lapsed = (
  event: ConsentEvent,
  heads: Heads,
  terms: TypeTerms,
  at: Instant,
  knownAt: Instant,
): Lapsed | undefined => {
  if (heads[event.consentState]?.id !== event.id || !areBefore(heads, at) || at > knownAt) return undefined
  const turned = byTime(heads, terms, at)
  if (turned === undefined || turned.event.id !== event.id) return undefined
  const until = lastsUntil(heads, terms.now, at)
  if (until !== undefined && until <= knownAt) return undefined
  const { from, to } = turned
  return { from, to, cause: causeOf(event), ...(until !== undefined && { until }) }
}

/**
 * What is announced ahead of the lapse of an event at `at`, from `dueAt` on, as known at `knownAt`; `undefined`:
 * nothing. An event that was recorded later than that, or terms that were, are announced when it has lapsed and not
 * ahead.
 */
export const foreseen = (
  event: ConsentEvent,
  heads: Heads,
  terms: TypeTerms,
  { at, dueAt }: { readonly at: Instant; readonly dueAt: Instant },
  knownAt: Instant,
): Lapsed | undefined => {
  if (heads[event.consentState]?.id !== event.id || !areBefore(heads, at)) return undefined
  if (event.dateCreated >= dueAt || at <= knownAt) return undefined
  const turned = turn(heads, terms.now, at)
  if (turned === undefined || firstAt(heads, terms.now, at)?.id !== event.id) return undefined
  const before = terms.before(dueAt)
  if (before !== terms.now && turn(heads, before, at) === undefined) return undefined
  return { ...turned, cause: causeOf(event), until: at }
}
