/**
 * Receipts of requests that were answered.
 */
import { Effect } from "effect"
import * as Lane from "../../core/Lane.ts"
import { forgottenBefore, type Receipt } from "../../core/ports/LedgerStore.ts"
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

/** Whether any of them is there. */
export const hasAny = Effect.fnUntraced(function* (sql: Sql.Sql, receipts: ReadonlyArray<Owned>) {
  if (receipts.length === 0) return false
  const rows = yield* Sql.query(
    sql,
    `SELECT 1 AS found FROM unnest($1::bigint[], $2::text[]) AS v (lane, hash)
     JOIN receipt r ON r.lane = v.lane AND r.hash = decode(v.hash, 'hex') LIMIT 1`,
    [receipts.map(({ owner, receipt }) => Lane.of(owner, receipt.hash)), receipts.map(({ receipt }) => receipt.hash)],
  )
  return rows.length > 0
})

/** Keeps receipts and forgets old ones of their lanes; answers false where one is there already. */
export const keep = Effect.fnUntraced(function* (sql: Sql.Sql, receipts: ReadonlyArray<Owned>) {
  if (receipts.length === 0) return true
  const lanes = receipts.map(({ owner, receipt }) => Lane.of(owner, receipt.hash))
  const rows = yield* Sql.query(
    sql,
    `INSERT INTO receipt SELECT v.lane, decode(v.hash, 'hex'), decode(v.digest, 'hex'), v.answer, v.recorded_at
     FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::bigint[]) AS v (lane, hash, digest, answer, recorded_at)
     ORDER BY v.lane, v.hash ON CONFLICT (lane, hash) DO NOTHING RETURNING lane`,
    [
      lanes,
      receipts.map(({ receipt }) => receipt.hash),
      receipts.map(({ receipt }) => receipt.digest),
      receipts.map(({ receipt }) => receipt.answer),
      receipts.map(({ receipt }) => receipt.recordedAt),
    ],
  )
  if (rows.length !== receipts.length) return false
  const oldest = Math.min(...receipts.map(({ receipt }) => forgottenBefore(receipt)))
  yield* Sql.query(sql, "DELETE FROM receipt WHERE lane = ANY($1::bigint[]) AND recorded_at < $2", [lanes, oldest])
  return true
})
