/**
 * Idempotency records: reads one, keeps new ones, and removes expired ones.
 */
import { Effect } from "effect"
import * as Lane from "../../core/model/Lane.ts"
import { forgottenBefore, keptForEver, type IdempotencyRecord } from "../../core/ports/LedgerStore.ts"
import * as ArrayColumns from "./ArrayColumns.ts"
import * as Sql from "./Sql.ts"

/** An idempotency record, and the organization or installation that it belongs to. */
export interface OwnedRecord {
  readonly owner: Lane.Owner
  readonly idempotencyRecord: IdempotencyRecord
}

/** Reads the idempotency record with a hash; `undefined` if no record has it. */
export const find = Effect.fnUntraced(function* (sql: Sql.Sql, owner: Lane.Owner, hash: string) {
  const [row] = yield* Sql.query<{ readonly digest: string; readonly answer: string; readonly recorded_at: number }>(
    sql,
    "SELECT encode(digest, 'hex') AS digest, answer, recorded_at FROM idempotency WHERE lane = $1 AND hash = decode($2, 'hex')",
    [Lane.of(owner, hash), hash],
  )
  if (row === undefined) return undefined
  return { hash, digest: row.digest, answer: row.answer, recordedAt: row.recorded_at } satisfies IdempotencyRecord
})

const records = ArrayColumns.make<OwnedRecord>({
  lane: ["bigint", ({ owner, idempotencyRecord }) => Lane.of(owner, idempotencyRecord.hash)],
  hash: ["bytea", ({ idempotencyRecord }) => ArrayColumns.bytes(idempotencyRecord.hash)],
  digest: ["bytea", ({ idempotencyRecord }) => ArrayColumns.bytes(idempotencyRecord.digest)],
  answer: ["text", ({ idempotencyRecord }) => idempotencyRecord.answer],
  recorded_at: ["bigint", ({ idempotencyRecord }) => idempotencyRecord.recordedAt],
})

/**
 * Inserts records in ascending order, and removes expired ones of the same lanes; returns false if one is there
 * already.
 */
export const keep = Effect.fnUntraced(function* (sql: Sql.Sql, idempotency: ReadonlyArray<OwnedRecord>) {
  if (idempotency.length === 0) return true
  const kept = yield* Sql.write(
    sql,
    `INSERT INTO idempotency SELECT * FROM ${records.rows} v ORDER BY lane, hash ON CONFLICT (lane, hash) DO NOTHING`,
    records.parameters(idempotency),
  )
  if (kept !== idempotency.length) return false
  const expiring = idempotency.filter(({ idempotencyRecord }) => idempotencyRecord.recordedAt !== keptForEver)
  if (expiring.length === 0) return true
  const oldest = Math.min(...expiring.map(({ idempotencyRecord }) => forgottenBefore(idempotencyRecord)))
  const lanes = expiring.map(({ owner, idempotencyRecord }) => Lane.of(owner, idempotencyRecord.hash))
  yield* Sql.query(sql, "DELETE FROM idempotency WHERE lane = ANY($1::bigint[]) AND recorded_at < $2", [lanes, oldest])
  return true
})
