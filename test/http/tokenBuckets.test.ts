/**
 * The token buckets of the rate limits, compared with a second implementation that forgets nothing and rounds nothing.
 */
import * as fc from "fast-check"
import { describe, expect, test } from "vitest"
import * as TokenBuckets from "../../adapters/http/server/TokenBuckets.ts"

const { windowMillis } = TokenBuckets

/** Requests of few ids, some at once, some after exactly the time of one request or of a window. */
const requests = (quota: number) => {
  const perRequest = Math.ceil(windowMillis / quota)
  const pauses = [0, 0, 0, 1, perRequest - 1, perRequest, windowMillis - 1, windowMillis, windowMillis + 1]
  const pause = fc.oneof(fc.constantFrom(...pauses), fc.nat(3 * perRequest))
  return fc.array(fc.tuple(fc.constantFrom("a", "b"), pause), { maxLength: 60 })
}

const runs = fc.constantFrom(1, 2, 3, 7, 60, 120, 600, 999_999_999).chain((quota) =>
  requests(quota).map((asked) => {
    let now = 0
    return { quota, asked: asked.map(([id, pause]) => ({ id, now: (now += pause) })) }
  }),
)

/** The level of every id, for ever, as a BigInt in units of 1/60000 request. */
const literal = (quota: number) => {
  const levels = new Map<string, { level: bigint; at: number }>()
  const [unit, capacity] = [BigInt(windowMillis), BigInt(quota) * BigInt(windowMillis)]
  return (id: string, now: number) => {
    const last = levels.get(id) ?? { level: capacity, at: now }
    const filled = last.level + BigInt(now - last.at) * BigInt(quota)
    const level = filled > capacity ? capacity : filled
    const isGranted = level >= unit
    const left = isGranted ? level - unit : level
    levels.set(id, { level: left, at: now })
    return { isGranted, remaining: Number(left / unit) }
  }
}

describe("a bucket", () => {
  test("grants what one that forgets nothing grants", () => {
    fc.assert(
      fc.property(runs, ({ quota, asked }) => {
        const [take, expected] = [TokenBuckets.make(quota), literal(quota)]
        for (const { id, now } of asked) expect(take(id, now)).toMatchObject(expected(id, now))
      }),
      { numRuns: 1000 },
    )
  })

  test("grants one more after the answered wait, and not a millisecond before", () => {
    fc.assert(
      fc.property(runs, ({ quota, asked }) => {
        const take = TokenBuckets.make(quota)
        for (const { id, now } of asked) take(id, now)
        const now = asked.at(-1)?.now ?? 0
        let last = take("a", now)
        for (let spent = 0; spent < 1000 && last.isGranted; spent++) last = take("a", now)
        fc.pre(!last.isGranted)
        expect(take("a", now + last.waitMillis - 1).isGranted).toBe(false)
        expect(take("a", now + last.waitMillis).isGranted).toBe(true)
      }),
      { numRuns: 1000 },
    )
  })

  test("outlasts the number of others that are kept, within its window", () => {
    const take = TokenBuckets.make(1)
    expect(take("mine", 0).isGranted).toBe(true)
    for (let other = 1; other < TokenBuckets.idsMax; other++) take(`other ${other}`, 0)
    expect(take("mine", windowMillis - 1).isGranted).toBe(false)
  })

  test("is forgotten after twice as many others, so that memory has an end", () => {
    const take = TokenBuckets.make(1)
    expect(take("mine", 0).isGranted).toBe(true)
    for (let other = 1; other <= 2 * TokenBuckets.idsMax; other++) take(`other ${other}`, 0)
    expect(take("mine", 0).isGranted).toBe(true)
  })
})
