/**
 * What is kept of a request that was answered, and for how long.
 */
import * as InstantOf from "../engine/Instant.ts"
import type { Instant } from "../engine/Instant.ts"

/** That a request was answered, so that the same one again gets the same answer. Kept with what the request writes. */
export interface IdempotencyRecord {
  /** SHA-256 of who asked and the request's key, lower-case hexadecimal. */
  readonly hash: string
  /** SHA-256 of who asked, the key and what was asked, lower-case hexadecimal. */
  readonly digest: string
  /** What the answer is rebuilt from. */
  readonly answer: string
  /** {@link keptForEver} for one that is not forgotten. */
  readonly recordedAt: Instant
}

/** How long a receipt is kept, in milliseconds. */
export const idempotencyKeptMillis = 7 * 24 * 60 * 60 * 1000

/** The `recordedAt` of a receipt that is kept for ever. */
export const keptForEver: Instant = InstantOf.max

/** Receipts from before this instant are forgotten when a receipt is kept. */
export const forgottenBefore = ({ recordedAt }: IdempotencyRecord): Instant =>
  recordedAt === keptForEver ? InstantOf.min : recordedAt - idempotencyKeptMillis
