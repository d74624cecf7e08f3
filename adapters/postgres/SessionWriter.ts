/**
 * Writes visitors' sessions. An identity change opens and ends them in its own transaction.
 */
import { Effect } from "effect"
import * as Lane from "../../core/model/Lane.ts"
import type { IdentityChange, Session } from "../../core/ports/LedgerStore.ts"
import * as Lanes from "./Lanes.ts"
import * as Sql from "./Sql.ts"

/**
 * How long a session is kept after it has expired, in milliseconds, compared with the expiry of the session that is
 * opened now. A session is opened for half an hour, so a removed one has been expired for most of a day. Until then its
 * token opens no other session, even if the clock is set back.
 */
const expiredKeptMillis = 24 * 60 * 60 * 1000

/** Ends a session by the hash of its token, and all sessions of a person, unless they have expired before. */
export const end = Effect.fnUntraced(function* (
  sql: Sql.Sql,
  { at, sessionsOf, tokenHash }: NonNullable<IdentityChange["ends"]>,
) {
  if (tokenHash !== undefined) {
    yield* Sql.query(
      sql,
      "UPDATE session SET expires_at = least(expires_at, $3) WHERE lane = $1 AND token_hash = decode($2, 'hex')",
      [Lane.of(Lanes.unowned, tokenHash), tokenHash, at],
    )
  }
  if (sessionsOf === undefined) return
  yield* Sql.query(
    sql,
    "UPDATE session SET expires_at = least(expires_at, $3) WHERE lane = ANY($1::bigint[]) AND person = $2",
    [Lane.all(Lanes.unowned), sessionsOf, at],
  )
})

/** What is kept of a session: of the address and the browser, which are personal data, only what was encrypted. */
const bodyOf = ({ ipAddress: _address, userAgent: _agent, ...kept }: Session): string => JSON.stringify(kept)

/** Opens a session, and removes those of its lane that expired long ago. */
export const open = Effect.fnUntraced(function* (sql: Sql.Sql, session: Session) {
  const { concordId, expiresAt, tokenHash } = session
  const lane = Lane.of(Lanes.unowned, tokenHash)
  yield* Sql.query(sql, "DELETE FROM session WHERE lane = $1 AND expires_at < $2", [
    lane,
    expiresAt - expiredKeptMillis,
  ])
  yield* Sql.query(
    sql,
    `INSERT INTO session VALUES ($1, decode($2, 'hex'), $3, $4, $5) ON CONFLICT (lane, token_hash) DO NOTHING`,
    [lane, tokenHash, concordId, expiresAt, bodyOf(session)],
  )
})

/** Extends a session that was seen to expire at `seen`, unless it has been ended since. */
export const extend = (sql: Sql.Sql, tokenHash: string, seen: number, expiresAt: number) =>
  Sql.query(
    sql,
    "UPDATE session SET expires_at = $4 WHERE lane = $1 AND token_hash = decode($2, 'hex') AND expires_at >= $3",
    [Lane.of(Lanes.unowned, tokenHash), tokenHash, seen, expiresAt],
  )
