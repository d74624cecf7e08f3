/**
 * The explanation of an answer: the rule that decided, and for every other head the reason why it did not (semantics,
 * section 3.3).
 */
import type { ConsentEvent } from "./ConsentEvent.ts"
import * as ConsentState from "./ConsentState.ts"
import type { Heads } from "./Heads.ts"
import type { Instant } from "./Instant.ts"
import * as Lapse from "./Lapse.ts"
import * as Outcome from "./Outcome.ts"
import type { Terms } from "./Terms.ts"

/**
 * The reason why a head did not decide. Under the precedence `explicit-first` it is the first of these that applies:
 *
 * - `refusal-wins-tie`: an acceptance at the same instant as the refusal
 * - `not-after-choice`: its `consentDate` is not after that of the explicit choice
 * - `expired`, `invalidated`: it has lapsed; with the instant, and for `invalidated` the version that must be accepted
 *   again
 * - `beside-refusal`, `beside-live-choice`, `beside-live-implied`: it is passive, and a stronger head decides
 *
 * Under `most-recent` it is `weaker-at-same-instant` or `older-than-most-recent`.
 */
export type Loss =
  | Lapse.Lapse
  | {
      readonly kind:
        | "refusal-wins-tie"
        | "not-after-choice"
        | "beside-refusal"
        | "beside-live-choice"
        | "beside-live-implied"
        | "weaker-at-same-instant"
        | "older-than-most-recent"
    }

/** A head that did not decide, with the reason. */
export interface Lost {
  readonly event: ConsentEvent
  readonly loss: Loss
}

/** The explanation of one answer. */
export interface Because {
  readonly rule: Outcome.Rule
  /** The lapse of the deciding event, if that has lapsed at the instant of the answer. */
  readonly lapse: Lapse.Lapse | undefined
  /** The heads that did not decide, in the order declined, accepted, implied, viewed. */
  readonly lost: ReadonlyArray<Lost>
}

const lossToExplicit = (
  event: ConsentEvent,
  outcome: Outcome.Outcome,
  heads: Heads,
  terms: Terms,
  at: Instant,
): Loss => {
  const choice = Outcome.explicitChoice(heads)
  if (choice !== undefined && event !== choice && event.consentDate <= choice.consentDate) {
    const isTiedYes = event.consentState === "accepted" && event.consentDate === choice.consentDate
    return { kind: isTiedYes ? "refusal-wins-tie" : "not-after-choice" }
  }
  const lapse = Lapse.at(event, terms, at)
  if (lapse !== undefined) return lapse
  switch (outcome.rule) {
    case "refusal":
      return { kind: "beside-refusal" }
    case "live-choice":
      return { kind: "beside-live-choice" }
    // Only a live passive head after the choice reaches this point, so a live implied head decided: under `live-viewed`
    // and `lapsed` no other such head is live, and the other two rules are handled before.
    case "live-implied":
    case "live-viewed":
    case "lapsed":
    case "most-recent":
    case "no-event":
    case "erased":
      return { kind: "beside-live-implied" }
  }
}

const lossToMostRecent = (event: ConsentEvent, deciding: ConsentEvent): Loss => ({
  kind: event.consentDate === deciding.consentDate ? "weaker-at-same-instant" : "older-than-most-recent",
})

/** The explanation of the answer about a person that was erased. */
export const erased: Because = { rule: "erased", lapse: undefined, lost: [] }

/** Explains an outcome. `heads`, `terms` and `at` are those that {@link Outcome.decide} was called with. */
export const explain = (outcome: Outcome.Outcome, heads: Heads, terms: Terms, at: Instant): Because => {
  const { rule, event: deciding } = outcome
  if (deciding === undefined) return { rule, lapse: undefined, lost: [] }
  const lost: Array<Lost> = []
  for (const state of ConsentState.all) {
    const event = heads[state]
    if (event === undefined || event === deciding) continue
    const loss =
      rule === "most-recent" ? lossToMostRecent(event, deciding) : lossToExplicit(event, outcome, heads, terms, at)
    lost.push({ event, loss })
  }
  return { rule, lapse: Lapse.at(deciding, terms, at), lost }
}
