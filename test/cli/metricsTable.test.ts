/** What was counted by day, as a table for a terminal. */
import { expect, test } from "vitest"
import * as MetricsTable from "../../apps/cli/MetricsTable.ts"
import type { DayMetrics } from "../../core/counting/DayMetrics.ts"

const none = { pending_verification: 0, submitted: 0, acknowledged: 0, resolved: 0 }

const dayOf = (day: number, submitted: number): DayMetrics => ({
  project: "p",
  day,
  isFinalized: false,
  requests: { created: 2, standing: { ...none, submitted, resolved: 7 }, entered: { ...none, resolved: 3 } },
  events: { created: 1000, read: 0 },
  sessions: { created: 5, unique: 4 },
})

test("the days have sums, without visitors, and what is open at the end of the last day", () => {
  const [head, , first, second, total, ...notes] = MetricsTable.write([dayOf(20_000, 4), dayOf(20_001, 1)]).split("\n")
  expect(head).toMatch(/^day \(UTC\) +sessions +visitors +requests +resolved +events$/)
  expect([first, second]).toEqual([expect.stringMatching(/^2024-10-04 \*/), expect.stringMatching(/^2024-10-05 \*/)])
  // Mutant: adds the visitors of both days, which may be the same people.
  expect(total).toMatch(/^total +10 +4 +6 +2,000$/)
  expect(notes).toEqual(["", "open requests: 1 submitted", "* the day may still change"])
})

test("one day has no sums, and nothing open is said in words", () => {
  const text = MetricsTable.write([dayOf(20_000, 0)])
  expect(text).not.toContain("total")
  expect(text).toContain("open requests: none")
})
