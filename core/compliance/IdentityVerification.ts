/**
 * Showing one's identity for a compliance request by a code that is mailed, or by the link in the same mail.
 *
 * The use of one spends both. A newer code ends the older ones. A code is compared with this state and the failure is
 * counted in one transaction, so that of any number of concurrent tries at most five are compared and one succeeds.
 */
import type { Instant } from "../engine/Instant.ts"

/** How long a code counts, in milliseconds. */
export const validMillis = 24 * 60 * 60 * 1000

/** How often a wrong code may be given for one mail. */
export const maxFailures = 5

/** The shortest time between two codes of a request, and the most of them within a day. */
export const sendingLimits = { gapMillis: 60_000, perDay: 5 } as const

/** A code that was sent. */
export interface Verification {
  readonly id: string
  readonly sentAt: Instant
  readonly expiresAt: Instant
  readonly failures: number
  /** Whether it was used, or a newer one was sent. */
  readonly isSpent: boolean
}

/** A new code. */
export const make = (id: string, sentAt: Instant): Verification => ({
  id,
  sentAt,
  expiresAt: sentAt + validMillis,
  failures: 0,
  isSpent: false,
})

/** Ends a code, because a newer one was sent. */
export const end = (verification: Verification): Verification => ({ ...verification, isSpent: true })

/** What became of a try. All but `verified` are answered alike. */
export type TryOutcome = "verified" | "wrong" | "expired" | "spent"

/** A try with its outcome, and the state after it. */
export interface Tried {
  readonly outcome: TryOutcome
  readonly verification: Verification
}

/**
 * One try. `isMatch` says whether the code or link is the one that was sent: it is always compared, so that the work is
 * the same whatever the outcome.
 */
export const attempt = (verification: Verification, isMatch: boolean, now: Instant): Tried => {
  const { expiresAt, failures, isSpent } = verification
  if (isSpent || failures >= maxFailures) return { outcome: "spent", verification }
  if (now >= expiresAt) return { outcome: "expired", verification }
  return isMatch
    ? { outcome: "verified", verification: end(verification) }
    : { outcome: "wrong", verification: { ...verification, failures: failures + 1 } }
}

/** When the next code of a request may be sent, given the instants at which codes were; `now` if it may be at once. */
export const nextSendingAt = (sent: ReadonlyArray<Instant>, now: Instant): Instant => {
  const { gapMillis, perDay } = sendingLimits
  const recent = sent.filter((at) => at > now - validMillis).toSorted((a, b) => a - b)
  const afterLast = recent.length === 0 ? now : recent.at(-1)! + gapMillis
  const afterDay = recent.length < perDay ? now : recent[recent.length - perDay]! + validMillis
  return Math.max(now, afterLast, afterDay)
}
