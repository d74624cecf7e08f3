/**
 * Sessions that nothing is written of: the token holds the session, and a row is written with the first thing that the
 * visitor records, so that page views alone cost no storage (decision 44).
 *
 * A row of the store decides about its token. Without one the token counts for 30 minutes, and only while the person is
 * as it was: the browser's `contextId` names it, or names no one if the person is a new guest, of whom no session was
 * ever written. It has ended as well where the person was erased, also where its identifiers were kept.
 */
import { Clock, Effect, Option } from "effect"
import type { Instant } from "../engine/Instant.ts"
import * as EventBody from "../ledger/EventBody.ts"
import * as GuestIds from "../ledger/GuestIds.ts"
import * as Identifiers from "../ledger/Identifiers.ts"
import type { LedgerContext } from "../ledger/LedgerContext.ts"
import * as PersonalData from "../ledger/PersonalData.ts"
import * as PersonKeys from "../ledger/PersonKeys.ts"
import * as SessionCache from "../ledger/SessionCache.ts"
import * as SessionPart from "../ledger/SessionPart.ts"
import * as Sha256 from "../ledger/Sha256.ts"
import * as Turns from "../ledger/Turns.ts"
import * as VisitTally from "../ledger/VisitTally.ts"
import type { Organization, Project, ProjectScope } from "../model/Catalog.ts"
import type { Alias } from "../model/People.ts"
import type { Session, StoreUnavailable } from "../ports/LedgerStore.ts"
import * as Sessions from "./Sessions.ts"
import * as SessionTokens from "./SessionTokens.ts"

/** A session without a row. Its commitment is made when it is written; until then it is empty. */
export interface UnwrittenSession extends Session {
  readonly sealed: SessionTokens.SealedSession
}

/** Whether a session has no row yet. */
export const isUnwritten = (session: Session): session is UnwrittenSession => "sealed" in session

/** The session that a token holds. */
const sessionOf = (sealed: SessionTokens.SealedSession, tokenHash: string): UnwrittenSession => {
  const { heldErasures: _, isKnown: __, openedAt, ...held } = sealed
  return { ...held, tokenHash, expiresAt: openedAt + Sessions.lifetimeMillis, commitment: "", sealed }
}

/** A person, as the session of a browser that names it depends on it. */
type Subject = Pick<SessionTokens.SealedSession, "concordId" | "context">

/** A person that a session can be about, and what has to stay as it is. */
interface Current extends Pick<SessionTokens.SealedSession, "heldErasures" | "isKnown"> {
  readonly revision: number
}

/**
 * The person of a browser, as it is now; `undefined` if a session cannot be about it. The revision is read before the
 * sessions and the erasures, so that a write prepared against it is stale if one of them changes.
 */
const currentOf = Effect.fnUntraced(function* (
  organization: Organization,
  { concordId, context }: Subject,
  { store }: Pick<LedgerContext, "store">,
): Effect.fn.Return<Current | undefined, StoreUnavailable> {
  const { erasedAt, revision, survivor } = yield* store.people.person(organization, concordId)
  const [named] = yield* store.people.byAlias(organization, [context])
  if (erasedAt !== undefined || (named !== undefined && named.concordId !== concordId)) return undefined
  if (named === undefined) {
    // A `contextId` is claimed with a session. Where there is one, it was released since, because the guest of that
    // session was identified.
    const [written] = yield* store.sessions.ofPerson(concordId, undefined, 1)
    if (written !== undefined || survivor !== undefined) return undefined
  }
  const held = yield* store.personal.heldErasures(organization, concordId)
  return { revision, isKnown: named !== undefined, heldErasures: held.length }
})

/** The person of a session that a token holds, if it is still as it was; `undefined`: the session has ended. */
const stillOf = Effect.fnUntraced(function* (
  organization: Organization,
  sealed: SessionTokens.SealedSession,
  context: Pick<LedgerContext, "store">,
) {
  const current = yield* currentOf(organization, sealed, context)
  const isSame = current?.heldErasures === sealed.heldErasures && (current.isKnown || !sealed.isKnown)
  return isSame ? current : undefined
})

/** The person that a `contextId` names, or a new guest: the same one as before, if nothing has happened to it. */
const personOf = Effect.fnUntraced(function* (organization: Organization, hash: string, context: LedgerContext) {
  const { guestIds, random, store } = context
  const [named] = yield* store.people.byAlias(organization, [hash])
  const concordId = named?.concordId ?? guestIds.get(hash)
  const current = concordId && (yield* currentOf(organization, { concordId, context: hash }, context))
  if (current) return { ...current, concordId }
  return { concordId: yield* random.uuidV7(), isKnown: false, heldErasures: 0 }
})

/** Opens a session for the person that its `contextId` names, or for a new person. Writes nothing. */
export const open = Effect.fnUntraced(function* (
  {
    contextId: given,
    domain,
    geography,
    organization,
    project,
    region,
    ...opening
  }: Omit<Sessions.Opening, "idempotency">,
  context: LedgerContext,
): Effect.fn.Return<Sessions.Opened, StoreUnavailable> {
  const { digest, guestIds, hasherOf, random, visitTally } = context
  const hasher = yield* hasherOf(organization)
  const contextId = given !== undefined && Identifiers.isContextId(given) ? given.toLowerCase() : yield* random.uuidV4()
  const { hash } = yield* hasher.context(contextId, project)
  const now = yield* Clock.currentTimeMillis
  const { concordId, heldErasures, isKnown } = yield* personOf(organization, hash, context)
  const sealed: SessionTokens.SealedSession = {
    id: yield* random.uuidV7(),
    project: project.id,
    concordId,
    context: hash,
    openedAt: now,
    isKnown,
    heldErasures,
    domain,
    ...(geography !== undefined && { geography }),
    ...(region !== undefined && { region }),
    ...Sessions.personalOf(opening),
  }
  const token = yield* SessionTokens.seal(organization, sealed, context)
  if (!isKnown) GuestIds.put(guestIds, hash, concordId)
  VisitTally.noteSession(visitTally, project, concordId, true, now)
  return { _tag: "Opened", token, contextId, session: sessionOf(sealed, yield* Sha256.hex(digest, token)) }
})

/** A token without a row. */
interface Unwritten extends Pick<ProjectScope, "organization" | "project"> {
  readonly token: string
  readonly tokenHash: string
}

/** The session of a token without a row, if there is one and it is live. */
export const find = Effect.fnUntraced(function* (
  { organization, project, token, tokenHash }: Unwritten,
  now: Instant,
  context: LedgerContext,
): Effect.fn.Return<UnwrittenSession | undefined, StoreUnavailable> {
  const sealed = yield* SessionTokens.open(organization, token, context)
  if (sealed === undefined || sealed.project !== project.id) return undefined
  const session = sessionOf(sealed, tokenHash)
  if (session.expiresAt <= now) return undefined
  return (yield* stillOf(organization, sealed, context)) && session
})

/** The row of a session that another request has written meanwhile; none if it has ended. */
const writtenBefore = Effect.fnUntraced(function* (
  { ipAddress, userAgent }: Session,
  written: Session,
  context: LedgerContext,
) {
  const now = yield* Clock.currentTimeMillis
  if (written.expiresAt <= now) return Option.none<Session>()
  const shown = { ...(ipAddress !== undefined && { ipAddress }), ...(userAgent !== undefined && { userAgent }) }
  const session: Session = { ...written, ...shown }
  SessionCache.replace(context.sessionCache, session)
  return Option.some(session)
})

/** One attempt at writing a session. */
const attempt = Effect.fnUntraced(function* (
  organization: Organization,
  project: Project,
  { sealed, ...given }: UnwrittenSession,
  context: LedgerContext,
) {
  const { sessionCache, store } = context
  const { concordId, tokenHash } = given
  const current = yield* stillOf(organization, sealed, context)
  const written = yield* store.sessions.byToken(tokenHash)
  if (written !== undefined) return yield* writtenBefore(given, written, context)
  if (current === undefined) {
    SessionCache.remove(sessionCache, tokenHash, undefined)
    return Option.none<Session>()
  }
  const now = yield* Clock.currentTimeMillis
  const datum = { concordId, kind: "session", json: EventBody.sessionJson(given) } as const
  const committed = yield* PersonalData.commit(organization, [datum], context)
  const { apart, ofSession } = SessionPart.divide(committed.personal)
  const session: Session = { ...given, commitment: committed.commitments[0]!, ...ofSession }
  const alias: Alias = { kind: "contextId", project: project.id, hash: sealed.context }
  const kept = yield* store.people.change({
    organization,
    seen: [{ concordId, revision: current.revision }],
    claims: [Identifiers.claimOf(alias, concordId, now)],
    releases: [],
    facts: [],
    session,
    ...apart,
  })
  if (kept !== "kept") {
    // Another process may have erased the person, with its key, and kept its identifiers.
    PersonKeys.forget(organization, [concordId], context)
    return "stale"
  }
  Sessions.remember(session, committed, now, context)
  SessionCache.replace(sessionCache, session)
  return Option.some(session)
})

/**
 * Writes the row of a session that has none, and claims its `contextId` for its person; nothing if the session has ended
 * meanwhile. To be called before anything is recorded in the session. A session with a row is returned as it is.
 */
export const write = Effect.fnUntraced(function* (
  project: Project,
  session: Session,
  context: LedgerContext,
): Effect.fn.Return<Option.Option<Session>, StoreUnavailable> {
  if (!isUnwritten(session)) return Option.some(session)
  const { organizations } = yield* context.store.catalog.current
  const organization = organizations.get(project.organization)!
  const reason = "too many sessions are opened for the same context"
  return yield* Turns.inTurn(session.sealed.context, reason, attempt(organization, project, session, context), context)
})
