/**
 * What the outcome of a try means, and when the next one is made.
 *
 * Two kinds of failure are kept apart. Where everything fails, the webhook rests: nothing is given up, and one try at a
 * time finds out whether its receiver is there again. Where one change fails while others are taken, only its person
 * waits, and the change is given up after three days.
 */
import type { OutboundAnswer } from "../ports/Outbound.ts"
import * as WebhookState from "./WebhookState.ts"

/** `rests`: the receiver asked for a pause. `gone`: it wants nothing any more. */
export type Verdict = "taken" | "failed" | "rests" | "gone"

const second = 1000
const minute = 60 * second
const hour = 60 * minute

/** The statuses by which a receiver says that it cannot take anything now. */
const resting: ReadonlySet<number> = new Set([429, 502, 503, 504])

/** How many tries in a row fail until a webhook rests. */
export const maxFailures = 5

/** The longest pause that a receiver can ask for, in milliseconds. */
const maxRetryAfterMillis = hour

/** How long a change waits after each failed try: 75.6 hours in all. */
const changeDelays = [
  5 * second,
  5 * minute,
  30 * minute,
  2 * hour,
  5 * hour,
  10 * hour,
  14 * hour,
  20 * hour,
  24 * hour,
]

/** How long a webhook rests before each try; then always as long as the last. */
const restDelays = [5 * second, 30 * second, 2 * minute, 10 * minute, 30 * minute]

/** How long a change that is replayed waits after each failed try. */
const replayDelays = [5 * second, 30 * second, 2 * minute]

/** What an outcome means. */
export const verdictOf = (answer: OutboundAnswer): Verdict => {
  if (answer._tag === "Failed") return "failed"
  if (answer.status >= 200 && answer.status < 300) return "taken"
  if (answer.status === 410) return "gone"
  return resting.has(answer.status) || answer.retryAfterMillis !== undefined ? "rests" : "failed"
}

/** An outcome as it is logged: the status in digits, or the kind of failure. */
export const outcomeOf = (answer: OutboundAnswer): string =>
  answer._tag === "Answered" ? String(answer.status) : answer.failure

/** A delay, 20 % shorter to 20 % longer, so that webhooks do not try at the same time. `random`: from 0 to 1. */
const spread = (millis: number, random: number): number => Math.round(millis * (0.8 + 0.4 * random))

const delayAfter =
  (delays: ReadonlyArray<number>) =>
  (tries: number, random: number): number | undefined => {
    const delay = delays[tries - 1]
    return delay === undefined ? undefined : spread(delay, random)
  }

/** How long a change waits after its failed tries, from 1; `undefined`: it is given up. */
export const changeDelay = delayAfter(changeDelays)

/** How long a change of a replay waits after its failed tries, from 1; `undefined`: it is given up. */
export const replayDelay = delayAfter(replayDelays)

/** The health after a try that was taken. */
export const afterTaken = ({ rest: _rest, failingSince: _since, ...health }: WebhookState.Health, now: number) => ({
  ...health,
  failures: 0,
  lastSuccessAt: now,
})

/** A failed try. */
export interface FailedTry {
  readonly verdict: Verdict
  readonly answer: OutboundAnswer
  /** It was made to find out whether the receiver is there again. */
  readonly isProbe: boolean
  readonly now: number
  /** From 0 to 1. */
  readonly random: number
}

const restAfter = (
  before: WebhookState.Rest | undefined,
  { answer, isProbe, now, random }: FailedTry,
): WebhookState.Rest => {
  const asked = answer._tag === "Answered" ? (answer.retryAfterMillis ?? 0) : 0
  const askedAt = now + Math.min(asked, maxRetryAfterMillis)
  // Tries that were under way when the rest began say nothing new.
  if (before !== undefined && !isProbe) return { ...before, nextAt: Math.max(before.nextAt, askedAt) }
  const tries = before === undefined ? 0 : before.tries + 1
  const delay = spread(restDelays[Math.min(tries, restDelays.length - 1)]!, random)
  return { since: before?.since ?? now, tries, nextAt: asked > 0 ? askedAt : now + delay }
}

/** The health after a failed try. */
export const afterFailed = (health: WebhookState.Health, failed: FailedTry): WebhookState.Health => {
  const failures = health.failures + 1
  const rests = health.rest !== undefined || failed.verdict === "rests" || failures >= maxFailures
  return {
    ...health,
    failures,
    failingSince: health.failingSince ?? failed.now,
    ...(rests && { rest: restAfter(health.rest, failed) }),
  }
}
