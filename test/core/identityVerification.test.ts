import * as fc from "fast-check"
import { describe, expect, test } from "vitest"
import * as IdentityVerification from "../../core/compliance/IdentityVerification.ts"

const { attempt, end, make, maxFailures, nextSendingAt, sendingLimits, validMillis } = IdentityVerification

describe("A code", () => {
  test("is used once, and after neither five failures, its end, nor a newer code", () => {
    const tries = fc.array(
      fc.record({ isMatch: fc.boolean(), now: fc.constantFrom(0, validMillis - 1, validMillis) }),
      {
        maxLength: 12,
      },
    )
    fc.assert(
      fc.property(tries, fc.boolean(), (tries, isReplaced) => {
        let verification = isReplaced ? end(make("v", 0)) : make("v", 0)
        let failures = 0
        let used = 0
        for (const { isMatch, now } of tries) {
          const tried = attempt(verification, isMatch, now)
          const mayCount = used === 0 && failures < maxFailures && now < validMillis && !isReplaced
          expect(tried.outcome === "verified").toBe(mayCount && isMatch)
          if (tried.outcome === "verified") used++
          if (tried.outcome === "wrong") failures++
          verification = tried.verification
        }
        expect(failures).toBeLessThanOrEqual(maxFailures)
      }),
      { numRuns: 2000 },
    )
  })
})

describe("The next code of a request", () => {
  test("is sent a minute after the last, and not more than five a day", () => {
    expect(nextSendingAt([], 1000)).toBe(1000)
    expect(nextSendingAt([0], 1000)).toBe(sendingLimits.gapMillis)
    const five = [0, 1, 2, 3, 4].map((hour) => hour * 3_600_000)
    expect(nextSendingAt(five, 5 * 3_600_000)).toBe(validMillis)
    expect(nextSendingAt(five, validMillis)).toBe(validMillis)
  })

  test("never more than five in any day, whenever they are asked for", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 6 * 3_600_000 }), { maxLength: 40 }), (waits) => {
        let now = 0
        const sent: Array<number> = []
        for (const wait of waits) {
          now += wait
          if (nextSendingAt(sent, now) <= now) sent.push(now)
        }
        for (const from of sent) {
          const inDay = sent.filter((at) => at >= from && at < from + validMillis)
          expect(inDay.length).toBeLessThanOrEqual(sendingLimits.perDay)
        }
      }),
    )
  })
})
