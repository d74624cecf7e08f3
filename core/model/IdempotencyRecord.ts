/**
 * The record of an answered request, by which the same request gets the same answer, and how long it is kept.
 */
import * as Instant from "../engine/Instant.ts"

/** The record of an answered request. It is stored in the same transaction as the writes of the request. */
export interface IdempotencyRecord {
  /** SHA-256 of the caller and the idempotency key, lower-case hexadecimal. */
  readonly hash: string
  /** SHA-256 of the caller, the key and the content of the request, lower-case hexadecimal. */
  readonly digest: string
  /** The data from which the answer is built again. */
  readonly answer: string
  /** When it was recorded; {@link keptForEver} for a record that is never deleted. */
  readonly recordedAt: Instant.Instant
}

/** How long a record is kept, in milliseconds. */
export const idempotencyKeptMillis = 7 * 24 * 60 * 60 * 1000

/** The `recordedAt` of a record that is kept for ever. */
export const keptForEver: Instant.Instant = Instant.max

/** When this record is stored, records from before the instant returned are deleted. */
export const forgottenBefore = ({ recordedAt }: IdempotencyRecord): Instant.Instant =>
  recordedAt === keptForEver ? Instant.min : recordedAt - idempotencyKeptMillis
