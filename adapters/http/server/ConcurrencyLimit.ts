/**
 * How many requests the service works on at a time: a limit that adapts to the measured latency.
 *
 * As long as no request has to be refused, the limit is high, because a burst is not overload. At the first refusal it
 * is lowered: a high limit would not get more requests answered, and would only make all of them wait. From then on it
 * rises while requests are answered within twice the time that a request takes alone, so that no more are refused than
 * necessary, and falls while they are not. After one second without a refusal it is high again.
 *
 * Times are milliseconds, whole or fractional, of a clock that never goes back.
 */

/** The highest limit. */
export const highest = 256

/** The limit after the first refusal. */
const lowered = 16

/** The lowest limit. It is two, because one request is worked on while another is written to disk. */
const lowest = 2

/** How long no request must have been refused before the limit is the highest again. */
export const recoveryMillis = 1000

/** How often a lowered limit is adjusted. */
const windowMillis = 100

/** How many times as long as alone a request may take on average. */
const latencyFactor = 2

/** The weight of a new measurement in the moving average. */
const weight = 1 / 32

/** The state of a limit. */
export interface ConcurrencyLimit {
  /** The limit now. */
  readonly max: (now: number) => number
  /** Records that a request was refused. */
  readonly refused: (now: number) => void
  /** Records that a request was answered after `millis`; `wasAlone` if it was the only one at both ends. */
  readonly answered: (now: number, millis: number, wasAlone: boolean) => void
}

/** A limit that starts at the maximum. */
export const make = (): ConcurrencyLimit => {
  let limit = highest
  let refusedAt = -Infinity
  /** The moving average of the time that a request takes alone. */
  let aloneMillis: number | undefined
  let window = { from: 0, count: 0, millis: 0 }

  const hasRecovered = (now: number): boolean => now - refusedAt >= recoveryMillis

  return {
    max: (now) => (hasRecovered(now) ? highest : limit),
    refused: (now) => {
      if (hasRecovered(now)) {
        limit = lowered
        window = { from: now, count: 0, millis: 0 }
      }
      refusedAt = now
    },
    answered: (now, millis, wasAlone) => {
      // A measurement is capped at four times the average, because a slow one usually means that the client did not
      // read its answer or that the machine was busy.
      if (wasAlone) {
        aloneMillis =
          aloneMillis === undefined ? millis : aloneMillis + (Math.min(millis, aloneMillis * 4) - aloneMillis) * weight
      }
      if (hasRecovered(now) || aloneMillis === undefined) return
      window.count++
      window.millis += millis
      if (now - window.from < windowMillis) return
      const isFast = window.millis <= window.count * aloneMillis * latencyFactor
      limit = isFast ? Math.min(highest, Math.ceil(limit * 1.1)) : Math.max(lowest, Math.floor(limit * 0.8))
      window = { from: now, count: 0, millis: 0 }
    },
  }
}
