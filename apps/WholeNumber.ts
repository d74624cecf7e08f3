/**
 * Whole numbers as settings and flags take them: decimal digits, and no other spelling (`0x10`, `1e2`, `16.0`).
 */
import { Option } from "effect"

/** The numbers from one to another, both included. */
export interface Range {
  /** For messages. */
  readonly expected: string
  /** The number that a text is; nothing where it is none of them. */
  readonly read: (text: string) => Option.Option<number>
}

/** Between two whole numbers that are not negative. */
export const between = (from: number, to: number): Range => ({
  expected: `a whole number from ${from} to ${to}`,
  read: (text) =>
    /^\d{1,15}$/.test(text) && Number(text) >= from && Number(text) <= to ? Option.some(Number(text)) : Option.none(),
})
