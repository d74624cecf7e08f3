/**
 * The sessions of the store.
 */
import { Effect } from "effect"
import * as Lane from "../../core/model/Lane.ts"
import type { Session, SessionStore } from "../../core/ports/SessionStore.ts"
import * as Lanes from "./Lanes.ts"
import * as Operation from "./Operation.ts"
import * as SessionWriter from "./SessionWriter.ts"
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

/** The sessions of a database. */
export const make = (sql: Sql.Sql): SessionStore => ({
  extend: (tokenHash, seen, expiresAt) =>
    Effect.asVoid(Operation.idempotent(SessionWriter.extend(sql, tokenHash, seen, expiresAt))),
  byToken: (tokenHash) => Operation.idempotent(read(sql, tokenHash)),
})
