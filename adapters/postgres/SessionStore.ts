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

interface Row {
  readonly expires_at: number
  readonly body: string
}

const toSession = (row: Row): Session => ({ ...JSON.parse(row.body), expiresAt: row.expires_at })

/** Sessions are spread over lanes by their tokens, so that those of a person may be in any of them. */
const readOfPerson = (sql: Sql.Sql, concordId: string, after: string, limit: number) =>
  Effect.map(
    Sql.query<Row>(
      sql,
      `SELECT expires_at, body FROM session
       WHERE lane = ANY($1::bigint[]) AND person = $2 AND token_hash > decode($3, 'hex') ORDER BY token_hash LIMIT $4`,
      [Lane.all(Lanes.unowned), concordId, after, limit],
    ),
    (rows) => rows.map(toSession),
  )

const read = (sql: Sql.Sql, tokenHash: string) =>
  Effect.map(
    Sql.query<Row>(sql, "SELECT expires_at, body FROM session WHERE lane = $1 AND token_hash = decode($2, 'hex')", [
      Lane.of(Lanes.unowned, tokenHash),
      tokenHash,
    ]),
    ([row]) => row && toSession(row),
  )

/** The sessions of a database. */
export const make = (sql: Sql.Sql): SessionStore => ({
  extend: (tokenHash, seen, expiresAt) =>
    Effect.asVoid(Operation.idempotent(SessionWriter.extend(sql, tokenHash, seen, expiresAt))),
  byToken: (tokenHash) => Operation.idempotent(read(sql, tokenHash)),
  ofPerson: (concordId, after = "", limit) => Operation.idempotent(readOfPerson(sql, concordId, after, limit)),
})
