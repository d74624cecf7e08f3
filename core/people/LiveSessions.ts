/**
 * Live sessions: found by their token, and extended by their use.
 *
 * A row of the store decides about its token. A token without a row may be that of a session that is not written.
 */
import { Clock, Effect, Option, Result } from "effect"
import type { Instant } from "../engine/Instant.ts"
import type { LedgerContext } from "../ledger/LedgerContext.ts"
import * as SessionCache from "../ledger/SessionCache.ts"
import * as Sha256 from "../ledger/Sha256.ts"
import * as VisitTally from "../ledger/VisitTally.ts"
import type { Project } from "../model/Catalog.ts"
import type { Session, StoreUnavailable } from "../ports/LedgerStore.ts"
import * as Sessions from "./Sessions.ts"
import * as UnwrittenSessions from "./UnwrittenSessions.ts"

/** A use that would extend a session by less than this is not recorded, which saves a write for every read. */
const extensionGranularityMillis = 60 * 1000

/** Whether a session that is written counts. One without a commitment was written by a server of an earlier version. */
const isLive = ({ commitment, expiresAt, project }: Session, { id }: Project, now: Instant): boolean =>
  (commitment as string | undefined) !== undefined && project === id && expiresAt > now

/**
 * The session of a token, if it is of this project and has not expired, with its personal data where these can be
 * opened. The key of its person is read once a minute at most.
 */
export const live = Effect.fnUntraced(function* (
  project: Project,
  token: string,
  context: LedgerContext,
): Effect.fn.Return<Option.Option<Session>, StoreUnavailable> {
  const { digest, sessionCache, store } = context
  const now = yield* Clock.currentTimeMillis
  const tokenHash = yield* Sha256.hex(digest, token)
  const cached = SessionCache.get(sessionCache, tokenHash, now)
  if (cached !== undefined) return cached.project === project.id ? Option.some(cached) : Option.none()
  const kept = yield* store.sessions.byToken(tokenHash)
  const { organizations } = yield* store.catalog.current
  const organization = organizations.get(project.organization)!
  const session =
    kept === undefined
      ? yield* UnwrittenSessions.find({ organization, project, token, tokenHash }, now, context)
      : isLive(kept, project, now)
        ? yield* Sessions.withPersonalData(kept, organization, context)
        : undefined
  if (session === undefined) return Option.none()
  SessionCache.put(sessionCache, session, now)
  return Option.some(session)
})

/**
 * The session of a token, if it is of this project and has expired. For a request that ends its session, when it is
 * sent again with its idempotency key.
 */
export const ended = Effect.fnUntraced(function* (
  project: Project,
  token: string,
  { digest, store }: LedgerContext,
): Effect.fn.Return<Option.Option<Session>, StoreUnavailable> {
  const session = yield* store.sessions.byToken(yield* Sha256.hex(digest, token))
  const isEnded =
    session?.commitment !== undefined &&
    session.project === project.id &&
    session.expiresAt <= (yield* Clock.currentTimeMillis)
  return isEnded ? Option.some(session) : Option.none()
})

/**
 * Notes the use of a live session, which extends it. A session that is not written is written with its new end, because
 * every server must know that.
 */
export const use = Effect.fnUntraced(function* (
  project: Project,
  session: Session,
  context: LedgerContext,
): Effect.fn.Return<Session> {
  const { sessionCache, store, visitTally } = context
  const now = yield* Clock.currentTimeMillis
  const expiresAt = now + Sessions.lifetimeMillis
  if (expiresAt - session.expiresAt < extensionGranularityMillis) return session
  VisitTally.noteSession(visitTally, project, session.concordId, false, now)
  // If the session cannot be extended now, the request in it is answered all the same.
  if (UnwrittenSessions.isUnwritten(session)) {
    const written = yield* Effect.result(UnwrittenSessions.write(project, { ...session, expiresAt }, context))
    return Result.isSuccess(written) ? Option.getOrElse(written.success, () => session) : session
  }
  if (Result.isFailure(yield* Effect.result(store.sessions.extend(session.tokenHash, session.expiresAt, expiresAt)))) {
    return session
  }
  const used = { ...session, expiresAt }
  SessionCache.replace(sessionCache, used)
  return used
})
