/** Estimates of how many different visitors there were. */
import { createHash } from "node:crypto"
import { describe, expect, test } from "vitest"
import * as UniqueVisitors from "../../core/metrics/UniqueVisitors.ts"

/** The same ids each run, as random as those of people: UUIDs of version 7 of nearly the same time. */
const idOf = (n: number): string => {
  const hex = createHash("sha256").update(String(n)).digest("hex")
  return `019b0a2c-${(0x1000 + (n % 0x1000)).toString(16)}-7${hex.slice(0, 3)}-8${hex.slice(3, 6)}-${hex.slice(6, 18)}`
}

const of = (from: number, to: number): UniqueVisitors.Registers => {
  const registers = UniqueVisitors.empty()
  for (let n = from; n < to; n++) UniqueVisitors.add(registers, idOf(n))
  return registers
}

describe("unique visitors", () => {
  test("a day of visitors is estimated within 5 %, and small numbers are nearly exact", () => {
    expect(UniqueVisitors.estimate(UniqueVisitors.empty())).toBe(0)
    for (const count of [1, 2, 10, 50]) {
      expect(Math.abs(UniqueVisitors.estimate(of(0, count)) - count)).toBeLessThanOrEqual(1)
    }
    // 5 % is three times the standard error.
    for (const count of [1000, 8000, 12_000, 40_000, 100_000]) {
      expect(Math.abs(UniqueVisitors.estimate(of(0, count)) / count - 1)).toBeLessThan(0.05)
    }
  })

  test("the same visitor again changes nothing, in upper case or not", () => {
    const registers = of(0, 100)
    const before = registers.toString()
    UniqueVisitors.add(registers, idOf(7))
    UniqueVisitors.add(registers, idOf(7).toUpperCase())
    expect(registers.toString()).toBe(before)
  })

  test("merged registers are those of all visitors", () => {
    expect(UniqueVisitors.merge(of(0, 700), of(500, 1000)).toString()).toBe(of(0, 1000).toString())
    expect(UniqueVisitors.merge(of(500, 1000), of(0, 700)).toString()).toBe(of(0, 1000).toString())
    expect(of(0, 10).length).toBe(4096)
  })
})
