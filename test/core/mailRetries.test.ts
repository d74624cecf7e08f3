/**
 * When a mail that was not taken is tried again.
 */
import * as fc from "fast-check"
import { expect, test } from "vitest"
import * as MailRetries from "../../core/outbox/MailRetries.ts"

const minute = 60_000
const hour = 60 * minute
const endless = { endsAt: Number.MAX_SAFE_INTEGER }

test("after 1, 5 and 15 minutes, 1, 4 and 12 hours, and then every day", () => {
  const delays = [1, 2, 3, 4, 5, 6, 7, 8, 20].map((tries) => MailRetries.nextAt({ ...endless, tries }, 0, 0.5))
  expect(delays).toEqual([1, 5, 15, 60, 240, 720, 1440, 1440, 1440].map((minutes) => minutes * minute))
})

test("at most 20 % sooner or later, and never at the end of the mail or after it", () => {
  const random = fc.constantFrom(0, 0.25, 0.5, 0.999)
  const endsAt = fc.constantFrom(0, 48_000, 48_001, minute, 5 * minute, 25 * hour, 72 * hour)
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 9 }), endsAt, random, (tries, end, chance) => {
      const even = MailRetries.nextAt({ ...endless, tries }, 0, 0.5)!
      const at = MailRetries.nextAt({ tries, endsAt: end }, 0, chance)
      if (at === undefined) expect(end).toBeLessThanOrEqual(1.2 * even)
      else expect([at < end, Math.abs(at - even) <= 0.2 * even + 1]).toEqual([true, true])
    }),
  )
})

test("a mail is tried 9 times in its three days", () => {
  let at: number | undefined = 0
  let tries = 0
  while (at !== undefined) at = MailRetries.nextAt({ tries: ++tries, endsAt: 72 * hour }, at, 0.5)
  expect(tries).toBe(9)
})
