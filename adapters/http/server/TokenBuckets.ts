/**
 * Token buckets by id: each holds work that may be done at once, a quota unless told otherwise, and a quota of it
 * refills evenly over a window.
 *
 * Laws, for work in whole units:
 *
 * - A take of `n` is granted if the bucket holds `n`. A take of more than it can hold is granted if the bucket is full,
 *   so that it does not wait for ever. What is spent and was not there is a debt, which refills first.
 * - In any interval of `t` milliseconds, the takes of an id sum up to at most `atOnce + t * quota / windowMillis`
 *   units, and of the last take what it exceeds `atOnce` by.
 * - A debt is at most {@link debtMaxWindows} quotas, so that no take waits for more than that number of windows and
 *   the time in which a bucket fills.
 * - A bucket that was not used for the time in which it fills, and had no debt, is full; a full bucket is the same as
 *   no bucket. So it can be deleted after that time without changing any answer. Above {@link idsMax} ids in that time
 *   the oldest buckets are deleted earlier, and these ids start again with a full bucket.
 *
 * Levels are whole numbers, `windowMillis` to a unit, so rounding errors do not add up, and a take that waits for the
 * answered time is granted.
 */

/** What is left in a bucket. */
export interface Left {
  /** The whole units that remain. */
  readonly remaining: number
  /** The time until one more unit remains, in whole milliseconds, at least 1. */
  readonly nextMillis: number
}

/** Buckets by id. `n` is a whole number from 1; `now` is a clock in whole milliseconds that never goes back. */
export interface TokenBuckets {
  readonly quota: number
  /** The time until a take of `n` is granted, in whole milliseconds; 0 if it is granted now. */
  readonly wait: (id: string, n: number, now: number) => number
  /** Spends `n`, whether or not the bucket holds as much. */
  readonly spend: (id: string, n: number, now: number) => void
  readonly left: (id: string, now: number) => Left
}

/** The time in which a quota refills. */
export const windowMillis = 60_000

/** The largest debt of a bucket, in quotas. */
export const debtMaxWindows = 60

/**
 * The highest number of ids of one window. Up to twice that number are kept: those of this window and of the one
 * before.
 */
export const idsMax = 100_000

/** The highest number of buckets that are kept beyond the window before, because they have a debt. */
const debtorsMax = idsMax / 2

interface Bucket {
  level: number
  /** When the bucket had this level. */
  at: number
}

/**
 * Buckets that refill by `quota` units a window and hold `atOnce`, whole numbers from 1 to 10^9. All are full at first.
 */
export const make = (quota: number, atOnce: number = quota): TokenBuckets => {
  const capacity = atOnce * windowMillis
  const fillingMillis = windowMillis * Math.max(1, atOnce / quota)
  let recent = new Map<string, Bucket>()
  let older = new Map<string, Bucket>()
  let windowStartedAt = 0

  const filled = ({ at, level }: Bucket, now: number): number => Math.min(capacity, level + (now - at) * quota)

  const levelOf = (id: string, now: number): number => {
    const bucket = recent.get(id) ?? older.get(id)
    return bucket === undefined ? capacity : filled(bucket, now)
  }

  const startWindow = (now: number): void => {
    if (now - windowStartedAt < fillingMillis && recent.size < idsMax) return
    const debtors = [...older].filter(([, bucket]) => bucket.level < 0 && filled(bucket, now) < capacity)
    older = recent
    recent = new Map(debtors.filter(([id]) => !older.has(id)).slice(-debtorsMax))
    windowStartedAt = now
  }

  return {
    quota,
    wait: (id, n, now) => {
      const missing = Math.min(n, atOnce) * windowMillis - levelOf(id, now)
      return missing <= 0 ? 0 : Math.ceil(missing / quota)
    },
    spend: (id, n, now) => {
      startWindow(now)
      const level = Math.max(levelOf(id, now) - n * windowMillis, -debtMaxWindows * quota * windowMillis)
      recent.set(id, { level, at: now })
    },
    left: (id, now) => {
      const level = levelOf(id, now)
      const remaining = Math.max(0, Math.floor(level / windowMillis))
      return { remaining, nextMillis: Math.ceil(((remaining + 1) * windowMillis - level) / quota) }
    },
  }
}
