/**
 * Token buckets by id: each holds a quota of requests that may be used at once, and refills evenly over a window.
 *
 * Laws: in any stretch of `t` milliseconds an id is granted at most `quota + t * quota / windowMillis` requests; a bucket
 * that nothing was taken from for a window is full; a full bucket is the same as none. So what was not used for a window is
 * forgotten, and nothing but memory changes. Beyond {@link idsMax} ids in one window the oldest are forgotten earlier,
 * which lets them begin anew.
 *
 * Levels are whole numbers, `windowMillis` of them to a request: no rounding adds up, and who waits as told is granted.
 */

/** What came of taking one request. */
export interface TakeResult {
  readonly isGranted: boolean
  /** Whole requests that are left. */
  readonly remaining: number
  /** How long until there is one request more, whole milliseconds, at least 1. */
  readonly waitMillis: number
}

/** The time in which an empty bucket fills. */
export const windowMillis = 60_000

/** How many ids are kept, twice at most: those of this window and those of the one before. */
export const idsMax = 100_000

interface Bucket {
  level: number
  /** When the level was that, whole milliseconds of a clock that never goes back. */
  at: number
}

/** Takes one request from the bucket of an id, if there is one. */
export type Take = (id: string, now: number) => TakeResult

/** Buckets of `quota` requests a window, all full; a whole number from 1 to 10^9. */
export const make = (quota: number): Take => {
  const capacity = quota * windowMillis
  let recent = new Map<string, Bucket>()
  let older = new Map<string, Bucket>()
  let turnedAt = 0

  const forget = (now: number): void => {
    if (now - turnedAt < windowMillis && recent.size < idsMax) return
    older = recent
    recent = new Map()
    turnedAt = now
  }

  const taken = (isGranted: boolean, level: number): TakeResult => ({
    isGranted,
    remaining: Math.floor(level / windowMillis),
    waitMillis: Math.ceil((windowMillis - (level % windowMillis)) / quota),
  })

  return (id, now) => {
    forget(now)
    const bucket = recent.get(id) ?? older.get(id)
    const filled = bucket === undefined ? capacity : Math.min(capacity, bucket.level + (now - bucket.at) * quota)
    if (filled < windowMillis) return taken(false, filled)
    const level = filled - windowMillis
    recent.set(id, { level, at: now })
    return taken(true, level)
  }
}
