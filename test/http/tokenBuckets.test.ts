/**
 * The token buckets of the rate limits, compared with a second implementation that forgets nothing and rounds nothing.
 */
import * as fc from "fast-check"
import { describe, expect, test } from "vitest"
import * as TokenBuckets from "../../adapters/http/server/TokenBuckets.ts"

const { debtMaxWindows, windowMillis } = TokenBuckets

/** Work of an id: a take, which is done if it is granted; or a charge, which was done already. */
interface Drawn {
  readonly id: string
  readonly n: number
  readonly now: number
  readonly isCharge: boolean
}

/** Work of few ids, some at once, some after exactly the time of one unit or of a window. */
const work = (quota: number) => {
  const perUnit = Math.ceil(windowMillis / quota)
  const pauses = [0, 0, 0, 1, perUnit - 1, perUnit, windowMillis - 1, windowMillis, windowMillis + 1, 3 * windowMillis]
  return fc.array(
    fc.record({
      id: fc.constantFrom("a", "b"),
      pause: fc.oneof(fc.constantFrom(...pauses), fc.nat(3 * perUnit)),
      n: fc.constantFrom(1, 1, 1, 2, 3, quota, quota + 1, 2 * quota),
      isCharge: fc.constantFrom(false, false, false, true),
    }),
    { maxLength: 60 },
  )
}

const runs = fc.constantFrom(1, 2, 3, 7, 60, 120, 600, 999_999_999).chain((quota) =>
  work(quota).map((all) => {
    let now = 0
    return { quota, drawn: all.map(({ pause, ...each }): Drawn => ({ ...each, now: (now += pause) })) }
  }),
)

/** Draws work; returns whether it was done. */
const draw = ({ spend, wait }: TokenBuckets.TokenBuckets, { id, isCharge, n, now }: Drawn): boolean => {
  if (!isCharge && wait(id, n, now) > 0) return false
  spend(id, n, now)
  return true
}

/** The level of every id, for ever, as a BigInt in units of 1/60000. */
const literal = (quota: number) => {
  const levels = new Map<string, { level: bigint; at: number }>()
  const [unit, capacity] = [BigInt(windowMillis), BigInt(quota) * BigInt(windowMillis)]
  const least = -capacity * BigInt(debtMaxWindows)
  return ({ id, isCharge, n, now }: Drawn) => {
    const last = levels.get(id) ?? { level: capacity, at: now }
    const filled = last.level + BigInt(now - last.at) * BigInt(quota)
    const level = filled > capacity ? capacity : filled
    const needed = BigInt(Math.min(n, quota)) * unit
    const isDone = isCharge || level >= needed
    const after = level - (isDone ? BigInt(n) * unit : 0n)
    const left = after < least ? least : after
    levels.set(id, { level: left, at: now })
    return { isDone, remaining: left < 0n ? 0 : Number(left / unit) }
  }
}

describe("a bucket", () => {
  test("grants what one that forgets nothing grants", () => {
    fc.assert(
      fc.property(runs, ({ quota, drawn }) => {
        const [buckets, expected] = [TokenBuckets.make(quota), literal(quota)]
        for (const each of drawn) {
          const isDone = draw(buckets, each)
          expect({ isDone, remaining: buckets.left(each.id, each.now).remaining }).toEqual(expected(each))
        }
      }),
      { numRuns: 2000 },
    )
  })

  test("grants after the answered wait, and not a millisecond before", () => {
    fc.assert(
      fc.property(runs, fc.constantFrom(1, 2, 3, 1000), ({ quota, drawn }, n) => {
        const buckets = TokenBuckets.make(quota)
        for (const each of drawn) draw(buckets, each)
        const now = drawn.at(-1)?.now ?? 0
        const wait = buckets.wait("a", n, now)
        fc.pre(wait > 0)
        expect(buckets.wait("a", n, now + wait - 1)).toBeGreaterThan(0)
        expect(buckets.wait("a", n, now + wait)).toBe(0)
      }),
      { numRuns: 1000 },
    )
  })

  test("has one unit more after the answered time, and not a millisecond before", () => {
    fc.assert(
      fc.property(runs, ({ quota, drawn }) => {
        const buckets = TokenBuckets.make(quota)
        for (const each of drawn) draw(buckets, each)
        const now = drawn.at(-1)?.now ?? 0
        const { nextMillis, remaining } = buckets.left("a", now)
        fc.pre(remaining < quota)
        expect(buckets.left("a", now + nextMillis - 1).remaining).toBe(remaining)
        expect(buckets.left("a", now + nextMillis).remaining).toBeGreaterThan(remaining)
      }),
      { numRuns: 1000 },
    )
  })

  test("grants in any interval no more than it held, what it refills, and what the last take exceeds it by", () => {
    fc.assert(
      fc.property(runs, ({ quota, drawn }) => {
        const buckets = TokenBuckets.make(quota)
        const done = drawn.filter((each) => draw(buckets, { ...each, isCharge: false }) && each.id === "a")
        for (const [index, from] of done.entries()) {
          let sum = 0
          for (const to of done.slice(index)) {
            const most = quota + ((to.now - from.now) * quota) / windowMillis
            expect(sum + Math.min(to.n, quota)).toBeLessThanOrEqual(most)
            sum += to.n
          }
        }
      }),
      { numRuns: 1000 },
    )
  })

  test("does not make a take of more than the quota wait for ever", () => {
    const buckets = TokenBuckets.make(3)
    expect(buckets.wait("a", 1000, 0)).toBe(0)
    buckets.spend("a", 1000, 0)
    expect(buckets.wait("a", 1, 0)).toBeLessThanOrEqual((debtMaxWindows + 1) * windowMillis)
    expect(buckets.wait("a", 1000, (debtMaxWindows + 1) * windowMillis)).toBe(0)
  })

  test("outlasts the number of others that are kept, within its window", () => {
    const buckets = TokenBuckets.make(1)
    buckets.spend("mine", 1, 0)
    for (let other = 1; other < TokenBuckets.idsMax; other++) buckets.spend(`other ${other}`, 1, 0)
    expect(buckets.wait("mine", 1, windowMillis - 1)).toBe(1)
  })

  test("is forgotten after twice as many others, so that memory has an end", () => {
    const buckets = TokenBuckets.make(1)
    buckets.spend("mine", 1, 0)
    for (let other = 1; other <= 2 * TokenBuckets.idsMax; other++) buckets.spend(`other ${other}`, 1, 0)
    expect(buckets.wait("mine", 1, 0)).toBe(0)
  })

  test("with a debt is forgotten, too, after more others with a debt than are kept", () => {
    const buckets = TokenBuckets.make(1)
    buckets.spend("mine", 5, 0)
    for (let other = 1; other <= 3 * TokenBuckets.idsMax; other++) buckets.spend(`other ${other}`, 5, 0)
    expect(buckets.wait("mine", 1, 0)).toBe(0)
  })
})
