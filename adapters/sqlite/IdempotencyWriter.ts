/**
 * Writes receipts, in the transaction of what they are for, and forgets those that are old.
 */
import type { DatabaseSync } from "node:sqlite"
import * as Lane from "../../core/model/Lane.ts"
import { forgottenBefore, type Receipt } from "../../core/model/IdempotencyRecord.ts"
import * as Uuid from "./Uuid.ts"

/** Receipts of one connection. */
export interface ReceiptWriter {
  readonly has: (owner: Lane.Owner, receipt: Receipt | undefined) => boolean
  readonly keep: (owner: Lane.Owner, receipt: Receipt | undefined) => void
}

/** Prepares the statements. */
export const make = (db: DatabaseSync): ReceiptWriter => {
  const find = db.prepare("SELECT 1 FROM receipt WHERE lane = ? AND hash = ?")
  const insert = db.prepare("INSERT INTO receipt VALUES (?, ?, ?, ?, ?)")
  const forget = db.prepare("DELETE FROM receipt WHERE recorded_at < ?")
  return {
    has: (owner, receipt) =>
      receipt !== undefined && find.get(Lane.of(owner, receipt.hash), Uuid.toBytes(receipt.hash)) !== undefined,
    keep: (owner, receipt) => {
      if (receipt === undefined) return
      const { hash, digest, answer, recordedAt } = receipt
      forget.run(forgottenBefore(receipt))
      insert.run(Lane.of(owner, hash), Uuid.toBytes(hash), Uuid.toBytes(digest), answer, recordedAt)
    },
  }
}
