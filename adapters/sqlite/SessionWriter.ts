/**
 * Writes visitors' sessions. An identity change opens and ends them in its own transaction.
 */
import type { DatabaseSync } from "node:sqlite"
import type { Instant } from "../../core/engine/Instant.ts"
import type { IdentityChange, Kept, Session } from "../../core/ports/LedgerStore.ts"
import * as Uuid from "./Uuid.ts"

/** The commands about sessions. */
export interface SessionCommands {
  readonly extendSession: (extension: {
    readonly tokenHash: string
    readonly seen: Instant
    readonly expiresAt: Instant
  }) => Kept
}

/** Writes sessions through one connection. */
export interface SessionWriter extends SessionCommands {
  /** Keeps a new session, its personal data only encrypted, and removes those that expired long ago. */
  readonly open: (session: Session) => void
  readonly end: (ends: NonNullable<IdentityChange["ends"]>) => void
}

/**
 * How long a session is kept after it has expired, in milliseconds, compared with the expiry of the session that is
 * opened now. A session is opened for half an hour, so a removed one has been expired for most of a day. Until then its
 * token opens no other session, even if the clock is set back.
 */
const expiredKeptMillis = 24 * 60 * 60 * 1000

/** Prepares the statements. */
export const make = (db: DatabaseSync): SessionWriter => {
  const insert = db.prepare("INSERT INTO session VALUES (?, ?, ?, ?) ON CONFLICT (token_hash) DO NOTHING")
  const extend = db.prepare("UPDATE session SET expires_at = ? WHERE token_hash = ? AND expires_at >= ?")
  const endOne = db.prepare("UPDATE session SET expires_at = min(expires_at, ?) WHERE token_hash = ?")
  const endOfPerson = db.prepare("UPDATE session SET expires_at = min(expires_at, ?) WHERE person = ?")
  const removeExpired = db.prepare("DELETE FROM session WHERE expires_at < ?")
  return {
    open: ({ ipAddress: _address, userAgent: _agent, ...session }) => {
      const { concordId, expiresAt, tokenHash } = session
      removeExpired.run(expiresAt - expiredKeptMillis)
      insert.run(Uuid.toBytes(tokenHash), Uuid.toBytes(concordId), expiresAt, JSON.stringify(session))
    },
    end: ({ at, sessionsOf, tokenHash }) => {
      if (tokenHash !== undefined) endOne.run(at, Uuid.toBytes(tokenHash))
      if (sessionsOf !== undefined) endOfPerson.run(at, Uuid.toBytes(sessionsOf))
    },
    extendSession: ({ tokenHash, seen, expiresAt }) => {
      extend.run(expiresAt, Uuid.toBytes(tokenHash), seen)
      return "kept"
    },
  }
}
