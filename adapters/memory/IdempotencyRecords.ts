/**
 * Idempotency records, kept in memory until the process ends.
 */
import type { IdempotencyRecord } from "../../core/model/IdempotencyRecord.ts"
import * as Lane from "../../core/model/Lane.ts"

/** The records of all parts of a store. Without a record, `has` is `false` and `keep` does nothing. */
export interface IdempotencyRecords {
  readonly has: (owner: Lane.Owner, idempotencyRecord: IdempotencyRecord | undefined) => boolean
  readonly keep: (owner: Lane.Owner, idempotencyRecord: IdempotencyRecord | undefined) => void
  readonly get: (owner: Lane.Owner, hash: string) => IdempotencyRecord | undefined
}

/** No records yet. */
export const make = (): IdempotencyRecords => {
  const records = new Map<string, IdempotencyRecord>()
  const keyOf = (owner: Lane.Owner, hash: string) => `${Lane.of(owner, hash)} ${hash}`
  return {
    has: (owner, idempotencyRecord) =>
      idempotencyRecord !== undefined && records.has(keyOf(owner, idempotencyRecord.hash)),
    keep: (owner, idempotencyRecord) => {
      if (idempotencyRecord !== undefined) records.set(keyOf(owner, idempotencyRecord.hash), idempotencyRecord)
    },
    get: (owner, hash) => records.get(keyOf(owner, hash)),
  }
}
