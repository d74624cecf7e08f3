/**
 * Live sessions that were read a moment ago, so that a busy visitor does not cost a read of the store for each request.
 */
import type { Instant } from "../engine/Instant.ts"
import type { Session } from "../ports/LedgerStore.ts"

interface Entry {
  readonly session: Session
  readonly readAt: Instant
  /** Whether an append of this process kept the part of the session. */
  readonly isPartKept: boolean
  /** Whether an append of this process noted the region of the session. */
  readonly isRegionNoted: boolean
}

/** Live sessions by the hash of their token, each with the instant at which it was read; the oldest first. */
export type SessionCache = Map<string, Entry>

/** The most sessions of a cache. */
const maxSize = 10_000

/**
 * The lifetime of an entry. Another process may end a session, and this one does not learn of it: a session that has
 * ended is accepted here for at most this time.
 */
export const freshMillis = 1_000

/** The session of a token's hash, if it was read a moment ago and is live at `now`. */
export const get = (cache: SessionCache, tokenHash: string, now: Instant): Session | undefined => {
  const known = cache.get(tokenHash)
  const isFresh = known !== undefined && known.readAt > now - freshMillis && known.session.expiresAt > now
  return isFresh ? known.session : undefined
}

/** Adds a session that was read at `readAt`, and drops the oldest ones beyond {@link maxSize}. */
export const put = (cache: SessionCache, session: Session, readAt: Instant): void => {
  const isPartKept = hasKeptPart(cache, session.tokenHash)
  const isNoted = isRegionNoted(cache, session.tokenHash)
  cache.delete(session.tokenHash)
  cache.set(session.tokenHash, { session, readAt, isPartKept, isRegionNoted: isNoted })
  for (const [oldest] of cache) {
    if (cache.size <= maxSize) return
    cache.delete(oldest)
  }
}

/** Replaces a session of the cache that was extended. It was not read again, so it does not stay longer for that. */
export const replace = (cache: SessionCache, session: Session): void => {
  const known = cache.get(session.tokenHash)
  if (known !== undefined) cache.set(session.tokenHash, { ...known, session })
}

/**
 * Whether an append of this process kept the part of a session, so that the next one does not bring it again. Known
 * also of an entry that is not fresh any more, because a part stays until its person is erased.
 */
export const hasKeptPart = (cache: SessionCache, tokenHash: string): boolean =>
  cache.get(tokenHash)?.isPartKept === true

/** Notes that an append kept the part of a session. */
export const noteKeptPart = (cache: SessionCache, tokenHash: string): void => {
  const known = cache.get(tokenHash)
  if (known !== undefined) cache.set(tokenHash, { ...known, isPartKept: true })
}

/** Whether an append of this process noted the region of a session, so that the next one does not look for it again. */
export const isRegionNoted = (cache: SessionCache, tokenHash: string): boolean =>
  cache.get(tokenHash)?.isRegionNoted === true

/** Notes that the region of a session is known of its person. */
export const noteRegion = (cache: SessionCache, tokenHash: string): void => {
  const known = cache.get(tokenHash)
  if (known !== undefined) cache.set(tokenHash, { ...known, isRegionNoted: true })
}

/** Removes sessions that have ended: the one of a token's hash, and all sessions of a person. */
export const remove = (cache: SessionCache, tokenHash: string | undefined, concordId: string | undefined): void => {
  if (tokenHash !== undefined) cache.delete(tokenHash)
  if (concordId === undefined) return
  for (const [hash, { session }] of cache) if (session.concordId === concordId) cache.delete(hash)
}

/** Removes all sessions of people. */
export const removeOf = (cache: SessionCache, people: ReadonlySet<string>): void => {
  for (const [hash, { session }] of cache) if (people.has(session.concordId)) cache.delete(hash)
}
