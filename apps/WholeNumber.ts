/**
 * Whole numbers in settings and flags: decimal digits, and no other spelling such as `0x10`, `1e2` or `16.0`.
 */
import { Option } from "effect"

/** The whole numbers between two bounds, both included. */
export interface Range {
  /** What is expected, for messages. */
  readonly expected: string
  /** Parses a text; `None` if it is not one of the numbers. */
  readonly read: (text: string) => Option.Option<number>
}

/** The numbers from `from` to `to`, which must not be negative. */
export const between = (from: number, to: number): Range => ({
  expected: `a whole number from ${from} to ${to}`,
  read: (text) =>
    /^\d{1,15}$/.test(text) && Number(text) >= from && Number(text) <= to ? Option.some(Number(text)) : Option.none(),
})
