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
  /** Deletes the sessions of people, and returns how many there were. */
  readonly erase: (people: ReadonlyArray<string>) => number
}

/**
 * How long a session is kept after it has expired, in milliseconds, compared with the expiry of the session that is
 * opened now.
 */
const expiredKeptMillis = 24 * 60 * 60 * 1000

/** No sessions yet. */
export const make = (): Sessions => {
  /** In the order in which they were opened. */
  const sessions = new Map<string, Session>()

  /** Removes the oldest sessions, up to the first one that must stay. */
  const removeExpired = (before: Instant): void => {
    for (const [tokenHash, { expiresAt }] of sessions) {
      if (expiresAt >= before) return
      sessions.delete(tokenHash)
    }
  }

  const extend = (tokenHash: string, seen: Instant, expiresAt: Instant): void => {
    const session = sessions.get(tokenHash)
    if (session !== undefined && session.expiresAt >= seen) sessions.set(tokenHash, { ...session, expiresAt })
  }

  return {
    store: {
      extend: (tokenHash, seen, expiresAt) => Effect.sync(() => extend(tokenHash, seen, expiresAt)),
      byToken: (tokenHash) => Effect.sync(() => sessions.get(tokenHash)),
      ofPerson: (concordId, after = "", limit) =>
        Effect.sync(() =>
          [...sessions.values()]
            .filter((session) => session.concordId === concordId && session.tokenHash > after)
            .toSorted((a, b) => (a.tokenHash < b.tokenHash ? -1 : 1))
            .slice(0, limit),
        ),
    },
    open: ({ ipAddress: _address, userAgent: _agent, ...kept }) => {
      removeExpired(kept.expiresAt - expiredKeptMillis)
      sessions.set(kept.tokenHash, kept)
    },
    end: ({ at, sessionsOf, tokenHash }) => {
      for (const session of [...sessions.values()]) {
        if (session.tokenHash !== tokenHash && session.concordId !== sessionsOf) continue
        sessions.set(session.tokenHash, { ...session, expiresAt: Math.min(session.expiresAt, at) })
      }
    },
    erase: (people) => {
      const erased = [...sessions.values()].filter(({ concordId }) => people.includes(concordId))
      for (const { tokenHash } of erased) sessions.delete(tokenHash)
      return erased.length
    },
  }
}
