/**
 * Which of the four heads decides, and what follows from it (semantics, sections 3.2 and 3.3).
 *
 * A refusal wins over an acceptance of the same instant, and a lapsed refusal is still a refusal.
 */
import type { ConsentEvent } from "./ConsentEvent.ts"
import * as ConsentState from "./ConsentState.ts"
import type { Heads } from "./Heads.ts"
import type { Instant } from "./Instant.ts"
import * as Lapse from "./Lapse.ts"
import type { Permits } from "./Rules.ts"
import type { Terms } from "./Terms.ts"

/** Every status, the strongest consent first. */
export const statuses = [
  "given",
  "implied",
  "requested",
  "refused",
  "withdrawn",
  "expired",
  "invalidated",
  "unknown",
] as const

/** The status of a person's answer. */
export type Status = (typeof statuses)[number]

/**
 * Every rule that can decide: steps 2 to 7 of `explicit-first`, in their order, `most-recent`, or that there is nothing
 * to decide from.
 *
 * - `refusal`: the explicit choice is a refusal
 * - `live-choice`, `live-implied`, `live-viewed`: the first of these heads that is live and, if passive, after the
 *   choice
 * - `lapsed`: no head counts any more
 * - `most-recent`: the latest head, live or not
 * - `no-event`: there is no event
 * - `erased`: the person was erased, and none of its events is seen
 */
export const rules = [
  "refusal",
  "live-choice",
  "live-implied",
  "live-viewed",
  "lapsed",
  "most-recent",
  "no-event",
  "erased",
] as const

/** A rule that can decide. */
export type Rule = (typeof rules)[number]

/** The answer at one instant, without its explanation. */
export interface Outcome {
  readonly rule: Rule
  readonly status: Status
  readonly permitted: boolean
  readonly askAgain: boolean
  /** The deciding event; `undefined` if the status is `unknown`. */
  readonly event: ConsentEvent | undefined
  /** When the deciding event expires, if it does. This is not the instant of an invalidation. */
  readonly expiresAt: Instant | undefined
}

const liveStatus = { accepted: "given", implied: "implied", viewed: "requested" } as const

const permitting: { readonly [Weakest in Permits]: ReadonlyArray<Status> } = {
  accepted: ["given"],
  implied: ["given", "implied"],
  viewed: ["given", "implied", "requested"],
}

const nothing: Outcome = {
  rule: "no-event",
  status: "unknown",
  permitted: false,
  askAgain: true,
  event: undefined,
  expiresAt: undefined,
}

const decidedBy = (rule: Rule, event: ConsentEvent, heads: Heads, terms: Terms, at: Instant): Outcome => {
  const expiresAt = Lapse.expiresAt(event, terms)
  if (event.consentState === "declined") {
    const status = heads.accepted === undefined ? "refused" : "withdrawn"
    return { rule, status, permitted: false, askAgain: expiresAt !== undefined && expiresAt <= at, event, expiresAt }
  }
  const status = Lapse.at(event, terms, at)?.kind ?? liveStatus[event.consentState]
  const permitted = permitting[terms.permits].includes(status)
  return { rule, status, permitted, askAgain: status !== "given" && status !== "implied", event, expiresAt }
}

/**
 * The explicit choice: the declined head if its `consentDate` ≥ that of the accepted head, otherwise the accepted head.
 */
export const explicitChoice = (heads: Heads): ConsentEvent | undefined => {
  const { accepted, declined } = heads
  if (accepted === undefined || declined === undefined) return accepted ?? declined
  return declined.consentDate >= accepted.consentDate ? declined : accepted
}

const explicitFirst = (heads: Heads, terms: Terms, at: Instant): Outcome => {
  const choice = explicitChoice(heads)
  const isLive = (event: ConsentEvent): boolean => Lapse.at(event, terms, at) === undefined
  const isAfterChoice = (event: ConsentEvent): boolean => choice === undefined || event.consentDate > choice.consentDate
  if (choice?.consentState === "declined") return decidedBy("refusal", choice, heads, terms, at)
  if (choice !== undefined && isLive(choice)) return decidedBy("live-choice", choice, heads, terms, at)
  const { implied, viewed } = heads
  if (implied !== undefined && isAfterChoice(implied) && isLive(implied)) {
    return decidedBy("live-implied", implied, heads, terms, at)
  }
  if (viewed !== undefined && isAfterChoice(viewed) && isLive(viewed)) {
    return decidedBy("live-viewed", viewed, heads, terms, at)
  }
  const lapsed = choice ?? implied ?? viewed
  return lapsed === undefined ? nothing : decidedBy("lapsed", lapsed, heads, terms, at)
}

/**
 * The latest head decides, live or not. Of heads with the same `consentDate`, the first in the order of
 * `ConsentState.all` decides, so a refusal wins.
 */
const mostRecent = (heads: Heads, terms: Terms, at: Instant): Outcome => {
  let deciding: ConsentEvent | undefined
  for (const state of ConsentState.all) {
    const head = heads[state]
    if (head !== undefined && (deciding === undefined || head.consentDate > deciding.consentDate)) deciding = head
  }
  return deciding === undefined ? nothing : decidedBy("most-recent", deciding, heads, terms, at)
}

/**
 * The answer at `at`. All events in `heads` have `consentDate` ≤ `at`. Every status except `unknown` has a deciding
 * event.
 */
export const decide = (heads: Heads, terms: Terms, at: Instant): Outcome =>
  terms.precedence === "most-recent" ? mostRecent(heads, terms, at) : explicitFirst(heads, terms, at)

/**
 * Whether two answers agree in status, `permitted`, `askAgain` and deciding event: all that a person or company can
 * notice.
 */
export const isSame = (a: Outcome, b: Outcome): boolean =>
  a.status === b.status && a.permitted === b.permitted && a.askAgain === b.askAgain && a.event?.id === b.event?.id
