/**
 * Token buckets by id: each holds a quota of requests that may be used at once, and refills evenly over a window.
 *
 * Laws: in any interval of `t` milliseconds an id is granted at most `quota + t * quota / windowMillis` requests; a
 * bucket that was not used for a window is full; a full bucket is the same as no bucket. So an unused bucket can be
 * deleted after a window without changing any answer. Above {@link idsMax} ids in one window the oldest buckets are
 * deleted earlier, and these ids start again with a full bucket.
 *
 * Levels are whole numbers, `windowMillis` to a request, so rounding errors do not add up, and a request that waits for
 * `waitMillis` is granted.
 */

/** The result of taking one request from a bucket. */
export interface TakeResult {
  readonly isGranted: boolean
  /** The whole requests that remain. */
  readonly remaining: number
  /** The time until one more request is available, in whole milliseconds, at least 1. */
  readonly waitMillis: number
}

/** The time in which an empty bucket fills. */
export const windowMillis = 60_000

/**
 * The highest number of ids of one window. Up to twice that number are kept: those of this window and of the one
 * before.
 */
export const idsMax = 100_000

interface Bucket {
  level: number
  /** When the bucket had this level, in whole milliseconds of a clock that never goes back. */
  at: number
}

/** Takes one request from the bucket of an id, if one is available. */
export type Take = (id: string, now: number) => TakeResult

/** Buckets of `quota` requests a window, a whole number from 1 to 10^9. All are full at first. */
export const make = (quota: number): Take => {
  const capacity = quota * windowMillis
  let recent = new Map<string, Bucket>()
  let older = new Map<string, Bucket>()
  let windowStartedAt = 0

  const startWindow = (now: number): void => {
    if (now - windowStartedAt < windowMillis && recent.size < idsMax) return
    older = recent
    recent = new Map()
    windowStartedAt = now
  }

  const result = (isGranted: boolean, level: number): TakeResult => ({
    isGranted,
    remaining: Math.floor(level / windowMillis),
    waitMillis: Math.ceil((windowMillis - (level % windowMillis)) / quota),
  })

  return (id, now) => {
    startWindow(now)
    const bucket = recent.get(id) ?? older.get(id)
    const filled = bucket === undefined ? capacity : Math.min(capacity, bucket.level + (now - bucket.at) * quota)
    if (filled < windowMillis) return result(false, filled)
    const level = filled - windowMillis
    recent.set(id, { level, at: now })
    return result(true, level)
  }
}
