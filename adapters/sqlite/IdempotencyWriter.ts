/**
 * Writes idempotency records in the transaction of the writes they belong to, and removes old ones.
 */
import type { DatabaseSync } from "node:sqlite"
import * as Lane from "../../core/model/Lane.ts"
import { forgottenBefore, type IdempotencyRecord } from "../../core/model/IdempotencyRecord.ts"
import * as Uuid from "./Uuid.ts"

/** Writes idempotency records through one connection. Without a record, `has` is `false` and `keep` does nothing. */
export interface IdempotencyWriter {
  readonly has: (owner: Lane.Owner, idempotencyRecord: IdempotencyRecord | undefined) => boolean
  readonly keep: (owner: Lane.Owner, idempotencyRecord: IdempotencyRecord | undefined) => void
}

/** Prepares the statements. */
export const make = (db: DatabaseSync): IdempotencyWriter => {
  const find = db.prepare("SELECT 1 FROM idempotency WHERE lane = ? AND hash = ?")
  const insert = db.prepare("INSERT INTO idempotency VALUES (?, ?, ?, ?, ?)")
  const removeOld = db.prepare("DELETE FROM idempotency WHERE recorded_at < ?")
  return {
    has: (owner, idempotencyRecord) =>
      idempotencyRecord !== undefined &&
      find.get(Lane.of(owner, idempotencyRecord.hash), Uuid.toBytes(idempotencyRecord.hash)) !== undefined,
    keep: (owner, idempotencyRecord) => {
      if (idempotencyRecord === undefined) return
      const { hash, digest, answer, recordedAt } = idempotencyRecord
      removeOld.run(forgottenBefore(idempotencyRecord))
      insert.run(Lane.of(owner, hash), Uuid.toBytes(hash), Uuid.toBytes(digest), answer, recordedAt)
    },
  }
}
