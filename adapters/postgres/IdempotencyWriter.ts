/**
 * Receipts of requests that were answered.
 */
import { Effect } from "effect"
import * as Lane from "../../core/model/Lane.ts"
import { forgottenBefore, keptForEver, type Receipt } from "../../core/ports/LedgerStore.ts"
import * as Columns from "./ArrayColumns.ts"
import * as Sql from "./Sql.ts"

/** A receipt, and who keeps it. */
export interface Owned {
  readonly owner: Lane.Owner
  readonly receipt: Receipt
}

/** A receipt, if there is one. */
export const find = Effect.fnUntraced(function* (sql: Sql.Sql, owner: Lane.Owner, hash: string) {
  const [row] = yield* Sql.query<{ readonly digest: string; readonly answer: string; readonly recorded_at: number }>(
    sql,
    "SELECT encode(digest, 'hex') AS digest, answer, recorded_at FROM receipt WHERE lane = $1 AND hash = decode($2, 'hex')",
    [Lane.of(owner, hash), hash],
  )
  if (row === undefined) return undefined
  return { hash, digest: row.digest, answer: row.answer, recordedAt: row.recorded_at } satisfies Receipt as Receipt
})

const whole = Columns.make<Owned>({
  lane: ["bigint", ({ owner, receipt }) => Lane.of(owner, receipt.hash)],
  hash: ["bytea", ({ receipt }) => Columns.bytes(receipt.hash)],
  digest: ["bytea", ({ receipt }) => Columns.bytes(receipt.digest)],
  answer: ["text", ({ receipt }) => receipt.answer],
  recorded_at: ["bigint", ({ receipt }) => receipt.recordedAt],
})

/** Keeps receipts and forgets old ones of their lanes; answers false where one is there already. */
export const keep = Effect.fnUntraced(function* (sql: Sql.Sql, receipts: ReadonlyArray<Owned>) {
  if (receipts.length === 0) return true
  const kept = yield* Sql.write(
    sql,
    `INSERT INTO receipt SELECT * FROM ${whole.rows} v ORDER BY lane, hash ON CONFLICT (lane, hash) DO NOTHING`,
    whole.of(receipts),
  )
  if (kept !== receipts.length) return false
  const aging = receipts.filter(({ receipt }) => receipt.recordedAt !== keptForEver)
  if (aging.length === 0) return true
  const oldest = Math.min(...aging.map(({ receipt }) => forgottenBefore(receipt)))
  const lanes = aging.map(({ owner, receipt }) => Lane.of(owner, receipt.hash))
  yield* Sql.query(sql, "DELETE FROM receipt WHERE lane = ANY($1::bigint[]) AND recorded_at < $2", [lanes, oldest])
  return true
})
