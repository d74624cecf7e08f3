/**
 * The sessions of the store in memory. An identity change opens and ends them.
 */
import { Effect } from "effect"
import type { Instant } from "../../core/engine/Instant.ts"
import type { IdentityChange, Session, SessionStore } from "../../core/ports/LedgerStore.ts"

/** Sessions, with the writes of identity changes. */
export interface Sessions {
  readonly store: SessionStore
  readonly open: (session: Session) => void
  readonly end: (ends: NonNullable<IdentityChange["ends"]>) => void
}

/** No sessions yet. */
export const make = (): Sessions => {
  const sessions = new Map<string, Session>()

  const extend = (tokenHash: string, seen: Instant, expiresAt: Instant): void => {
    const session = sessions.get(tokenHash)
    if (session !== undefined && session.expiresAt >= seen) sessions.set(tokenHash, { ...session, expiresAt })
  }

  return {
    store: {
      extend: (tokenHash, seen, expiresAt) => Effect.sync(() => extend(tokenHash, seen, expiresAt)),
      byToken: (tokenHash) => Effect.sync(() => sessions.get(tokenHash)),
    },
    open: (session) => void sessions.set(session.tokenHash, session),
    end: ({ at, sessionsOf, tokenHash }) => {
      for (const session of [...sessions.values()]) {
        if (session.tokenHash !== tokenHash && session.concordId !== sessionsOf) continue
        sessions.set(session.tokenHash, { ...session, expiresAt: Math.min(session.expiresAt, at) })
      }
    },
  }
}
