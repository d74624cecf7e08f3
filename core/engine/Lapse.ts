/**
 * When and why an event stops counting (semantics, section 3.1).
 *
 * An event is live until right before the instant of its lapse; at that instant it has lapsed.
 */
import type { ConsentEvent } from "./ConsentEvent.ts"
import type { Instant } from "./Instant.ts"
import * as Period from "./Period.ts"
import type { Terms } from "./Terms.ts"

/** Why and when an event stops counting: its age or expiration, or a version that must be accepted again. */
export type Lapse =
  | { readonly kind: "expired"; readonly at: Instant }
  | { readonly kind: "invalidated"; readonly at: Instant; readonly version: number }

/**
 * The expiration of an event without regard to rules: its own, or else `consentDate` plus the type's duration, if any.
 */
export const recordedExpiration = (
  event: Pick<ConsentEvent, "consentDate" | "expirationDate">,
  consentDuration: Period.Period | null,
): Instant | undefined =>
  event.expirationDate ?? (consentDuration === null ? undefined : Period.add(event.consentDate, consentDuration))

/** The earlier of the recorded expiration (unless the rules ignore it) and the age that the rules allow. */
export const expiresAt = (event: ConsentEvent, terms: Terms): Instant | undefined => {
  const recorded = terms.recordedExpiration === "ignore" ? undefined : recordedExpiration(event, terms.consentDuration)
  const maxAge = terms.maxAge[event.consentState]
  if (maxAge === null) return recorded
  const aged = Period.add(event.consentDate, maxAge)
  return recorded === undefined || aged < recorded ? aged : recorded
}

/**
 * When the event lapses, if it ever does. Of two causes at the same instant, `expired` wins. A refusal is never
 * invalidated.
 */
export const of = (event: ConsentEvent, terms: Terms): Lapse | undefined => {
  const expires = expiresAt(event, terms)
  const reacceptance =
    event.consentState === "declined"
      ? undefined
      : terms.reacceptances.find((reacceptance) => reacceptance.version > event.version)
  if (reacceptance !== undefined && (expires === undefined || reacceptance.at < expires)) {
    return { kind: "invalidated", at: reacceptance.at, version: reacceptance.version }
  }
  return expires === undefined ? undefined : { kind: "expired", at: expires }
}

/** The lapse of an event that has lapsed at `at`; `undefined` while the event is live. */
export const at = (event: ConsentEvent, terms: Terms, at: Instant): Lapse | undefined => {
  const lapse = of(event, terms)
  return lapse !== undefined && lapse.at <= at ? lapse : undefined
}
