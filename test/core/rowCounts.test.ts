/**
 * Counts of texts in bounded memory.
 */
import { expect, test } from "vitest"
import * as RowCounts from "../../core/transfer/RowCounts.ts"

test("A text is counted as often as it was added, whatever else was.", () => {
  const counts = RowCounts.make([1, 2])
  for (let index = 0; index < 30_000; index++) counts.add(`text ${index % 10_000}`)
  for (let index = 0; index < 10_000; index++) expect(counts.of(`text ${index}`)).toBe(3)
  expect([counts.of("text 10000"), counts.of("")]).toEqual([0, 0])
})

test("What is counted remembers at least the last texts, and forgets those long before them.", () => {
  const counts = RowCounts.make([3, 4])
  const last = 3 * RowCounts.remembered
  for (let index = 0; index <= last; index++) counts.add(`${index}`)
  const remembered = Array.from({ length: last + 1 }, (_, index) => counts.of(`${index}`))
  expect(remembered.slice(-RowCounts.remembered).every((count) => count === 1)).toBe(true)
  expect(remembered.filter((count) => count > 0).length).toBeLessThanOrEqual(2 * RowCounts.remembered)
})

test("Texts that differ in one character are not counted as one.", () => {
  const counts = RowCounts.make([5, 6])
  for (let unit = 0; unit < 65_536; unit += 7) {
    expect(counts.of(`a${String.fromCharCode(unit)}b`)).toBe(0)
    counts.add(`a${String.fromCharCode(unit)}b`)
  }
})
