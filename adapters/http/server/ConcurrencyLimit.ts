/**
 * How many requests may be worked on at a time.
 *
 * As long as everybody can be served, many may be in the line: a burst is no overload. Once somebody must be refused, the line
 * is cut short: a longer one serves nobody more, and only lets those in it wait. From then on it grows while they are
 * answered within twice the time that one alone takes, so that no more are refused than must be, and shrinks while they are not.
 * When for a second nobody had to be refused, it is long again.
 *
 * Times are whole or broken milliseconds of a clock that never goes back.
 */

/** The longest line. */
export const highest = 256

/** How long it is once it is cut. */
const lowered = 16

/** The shortest: one is worked on while another is brought to the disk. */
const lowest = 2

/** How long nobody must have been refused before the line is the longest again. */
export const recoveryMillis = 1000

/** How often a line that was cut changes. */
const windowMillis = 100

/** How many times as long as alone a request may take on average. */
const patience = 2

/** How much of what was learnt a new time replaces. */
const weight = 1 / 32

/** The state of a line. */
export interface ConcurrencyLimit {
  /** How long it may be. */
  readonly max: (now: number) => number
  /** Somebody had to be refused. */
  readonly refused: (now: number) => void
  /** A request was answered after `millis`; `wasAlone` where it shared the service with nobody. */
  readonly answered: (now: number, millis: number, wasAlone: boolean) => void
}

/** A line that is the longest. */
export const make = (): ConcurrencyLimit => {
  let length = highest
  let refusedAt = -Infinity
  /** What one alone takes, on average. */
  let alone: number | undefined
  let window = { from: 0, count: 0, millis: 0 }

  const isCalm = (now: number): boolean => now - refusedAt >= recoveryMillis

  return {
    max: (now) => (isCalm(now) ? highest : length),
    refused: (now) => {
      if (isCalm(now)) {
        length = lowered
        window = { from: now, count: 0, millis: 0 }
      }
      refusedAt = now
    },
    answered: (now, millis, wasAlone) => {
      // One that took very long was not read, or the machine was busy otherwise: it counts, but not for all of it.
      if (wasAlone) alone = alone === undefined ? millis : alone + (Math.min(millis, alone * 4) - alone) * weight
      if (isCalm(now) || alone === undefined) return
      window.count++
      window.millis += millis
      if (now - window.from < windowMillis) return
      const isQuick = window.millis <= window.count * alone * patience
      length = isQuick ? Math.min(highest, Math.ceil(length * 1.1)) : Math.max(lowest, Math.floor(length * 0.8))
      window = { from: now, count: 0, millis: 0 }
    },
  }
}
