/**
 * The sessions of the store. PeopleWriter.ts opens and ends them with identity changes.
 */
import { Effect } from "effect"
import * as Lane from "../../core/model/Lane.ts"
import type { Session, SessionStore } from "../../core/ports/SessionStore.ts"
import * as Lanes from "./Lanes.ts"
import * as Operation from "./Operation.ts"
import * as Sql from "./Sql.ts"

const read = (sql: Sql.Sql, tokenHash: string) =>
  Effect.map(
    Sql.query<{ readonly expires_at: number; readonly body: string }>(
      sql,
      "SELECT expires_at, body FROM session WHERE lane = $1 AND token_hash = decode($2, 'hex')",
      [Lane.of(Lanes.unowned, tokenHash), tokenHash],
    ),
    ([row]): Session | undefined => row && { ...JSON.parse(row.body), expiresAt: row.expires_at },
  )

const extend = (sql: Sql.Sql, tokenHash: string, seen: number, expiresAt: number) =>
  Sql.query(
    sql,
    "UPDATE session SET expires_at = $4 WHERE lane = $1 AND token_hash = decode($2, 'hex') AND expires_at >= $3",
    [Lane.of(Lanes.unowned, tokenHash), tokenHash, seen, expiresAt],
  )

/** The sessions of a database. */
export const make = (sql: Sql.Sql): SessionStore => ({
  extend: (tokenHash, seen, expiresAt) => Effect.asVoid(Operation.idempotent(extend(sql, tokenHash, seen, expiresAt))),
  byToken: (tokenHash) => Operation.idempotent(read(sql, tokenHash)),
})
