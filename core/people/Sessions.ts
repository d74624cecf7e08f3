/**
 * Visitors' sessions: opened by a browser on a page of the project, good for 30 minutes after their last use.
 *
 * The token is 256 random bits, and only its hash is kept. The `contextId` lets a browser be the same person again in
 * its next session: it opens that person's sessions, so it must be a UUID that cannot be guessed, and it is kept only
 * as a keyed hash. It names a guest; once the visitor is identified, it names no one any more.
 */
import { Clock, Effect, Option, Result, Struct } from "effect"
import { Hex } from "effect/encoding"
import type { Instant } from "../engine/Instant.ts"
import type { Organization, Project } from "../model/Catalog.ts"
import type { IdentityChange, Session, StoreUnavailable } from "../ports/LedgerStore.ts"
import type { LedgerContext } from "../ledger/LedgerContext.ts"
import * as EventBody from "../ledger/EventBody.ts"
import * as PersonalData from "../ledger/PersonalData.ts"
import * as PersonKeys from "../ledger/PersonKeys.ts"
import * as Turns from "../ledger/Turns.ts"
import * as Idempotency from "../ledger/Idempotency.ts"
import * as Identifiers from "../ledger/Identifiers.ts"
import * as IpAddress from "./IpAddress.ts"
import * as Secrets from "./Secrets.ts"
import * as SessionCache from "../ledger/SessionCache.ts"
import * as SessionPart from "../ledger/SessionPart.ts"
import * as Sha256 from "../ledger/Sha256.ts"
import * as VisitTally from "../ledger/VisitTally.ts"

/** The lifetime of a session after its last use. */
export const lifetimeMillis = 30 * 60 * 1000

/** A use that would extend a session by less than this is not recorded, which saves a write for every read. */
const extensionGranularityMillis = 60 * 1000

/** The most characters of a browser's name that are kept. */
const userAgentMaxLength = 512

/** A request to open a session. */
export interface Opening {
  readonly organization: Organization
  readonly project: Project
  /**
   * From an earlier session of the same browser: a UUID of version 4 or 7. Left out, or any other text: a new person,
   * and a new `contextId`.
   */
  readonly contextId?: string
  /** The address that the request came from; shortened before it is kept. */
  readonly ipAddress: string
  /** The host of the page. */
  readonly domain: string
  readonly geography?: string
  /** The id of the region that the visitor is in. */
  readonly region?: string
  readonly userAgent?: string
  readonly idempotency?: Idempotency.IdempotentRequest
}

/** A session that was opened; its token is returned only here. */
export interface Opened {
  readonly _tag: "Opened"
  /** Whether the same request opened it before. */
  readonly isRepeated?: true
  readonly token: string
  /** For the browser to keep: sent with the next request to open a session, it names the same person. */
  readonly contextId: string
  /** With its personal data, of a repeated request only if the session is there and they can be opened. */
  readonly session: Session
}

/** The answer in an idempotency record; the secrets are derived again. Nothing in it is personal, nor encrypted. */
interface KeptAnswer {
  readonly session: Omit<Session, "context" | "ipAddress" | "personal" | "userAgent">
}

/** A UUID of version 4 (RFC 9562, section 5.4) out of 16 random bytes. */
const uuidV4FromBytes = (bytes: Uint8Array): string => {
  const [...octets] = bytes.subarray(0, 16)
  octets[6] = (octets[6]! & 0x0f) | 0x40
  octets[8] = (octets[8]! & 0x3f) | 0x80
  const hex = Hex.encode(Uint8Array.from(octets))
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-")
}

/** A UUID that cannot be guessed; for the same idempotent request and `id`, always the same. */
const newContextId = Effect.fnUntraced(function* (
  id: string,
  organization: Organization,
  idempotency: Idempotency.IdempotentRequest | undefined,
  { hasherOf, random }: LedgerContext,
) {
  if (idempotency === undefined) return yield* random.uuidV4()
  const hasher = yield* hasherOf(organization)
  const bytes = yield* hasher.sign("context", `${idempotency.caller}\0${idempotency.key}\0${id}`)
  return uuidV4FromBytes(bytes)
})

/** The secrets of a session, which only its browser knows. */
const secretsOf = Effect.fnUntraced(function* (id: string, opening: Opening, context: LedgerContext) {
  const { idempotency, organization } = opening
  const given = opening.contextId
  return {
    token: yield* Secrets.make("session", id, organization, idempotency, context),
    contextId:
      given !== undefined && Identifiers.isContextId(given)
        ? given.toLowerCase()
        : yield* newContextId(id, organization, idempotency, context),
  }
})

/** The personal data of a session that is opened. */
const personalOf = ({ ipAddress, userAgent }: Opening) => ({
  ipAddress: IpAddress.shorten(ipAddress),
  ...(userAgent !== undefined && { userAgent: userAgent.slice(0, userAgentMaxLength) }),
})

/** What is answered of the session of a request to open one, without its personal data. */
const sessionOf = (
  { domain, geography, project, region }: Opening,
  {
    commitment,
    concordId,
    expiresAt,
    id,
    tokenHash,
  }: Pick<Session, "commitment" | "concordId" | "expiresAt" | "id" | "tokenHash">,
): KeptAnswer["session"] => ({
  tokenHash,
  id,
  project: project.id,
  concordId,
  expiresAt,
  domain,
  ...(geography !== undefined && { geography }),
  ...(region !== undefined && { region }),
  commitment,
})

/** Keeps the personal data of a session in memory, because the answers about its visitor will show them. */
export const remember = (
  { commitment, concordId }: Session,
  { kept }: Pick<PersonalData.Committed, "kept">,
  now: Instant,
  { openedTexts }: Pick<LedgerContext, "openedTexts">,
): void => {
  const json = kept.get(commitment)
  if (json !== undefined) openedTexts.put(commitment, concordId, json, now)
}

/** The session with its personal data, where these can be opened. */
const withPersonalData = Effect.fnUntraced(function* (
  session: Session,
  organization: Organization,
  context: LedgerContext,
) {
  const json = yield* Effect.catchTag(SessionPart.open(organization, session, context), "KeysUnavailable", (failure) =>
    Effect.as(PersonKeys.noteLeftOut(1, failure, context.personKeys), undefined),
  )
  return json === undefined ? session : ({ ...session, ...JSON.parse(json) } as Session)
})

/** Opens a session for the person that its `contextId` names, or for a new person. */
export const open = Effect.fnUntraced(function* (
  opening: Opening,
  context: LedgerContext,
): Effect.fn.Return<Opened | Idempotency.KeyConflict, StoreUnavailable> {
  const { idempotency, organization, project } = opening
  const { digest, hasherOf, random, store } = context
  const hasher = yield* hasherOf(organization)
  const id = yield* random.uuidV7()
  const { contextId, token } = yield* secretsOf(id, opening, context)
  const alias = yield* hasher.context(contextId, project)
  const { hash } = alias
  const attempt = Effect.fnUntraced(function* () {
    const [known] = yield* store.people.byAlias(organization, [hash])
    const concordId = known?.concordId ?? (yield* random.uuidV7())
    // A new person has no revision to be read: if the context is claimed for another one meanwhile, the claim is
    // refused.
    const seen: Array<IdentityChange["seen"][number]> = []
    if (known !== undefined) {
      seen.push({ concordId, revision: (yield* store.people.person(organization, concordId)).revision })
      // An identification of the visitor releases the context and raises the revision. The context is read again after
      // the revision, so that a release before that read is seen here, and a later one makes the change stale.
      const [still] = yield* store.people.byAlias(organization, [hash])
      if (still?.concordId !== concordId) return "stale"
    }
    const now = yield* Clock.currentTimeMillis
    const tokenHash = yield* Sha256.hex(digest, token)
    const personal = personalOf(opening)
    const datum = { concordId, kind: "session", json: EventBody.sessionJson(personal) } as const
    const newPeople = new Set(known === undefined ? [concordId] : [])
    const committed = yield* PersonalData.commit(organization, [datum], context, newPeople)
    const expiresAt = now + lifetimeMillis
    const commitment = committed.commitments[0]!
    const answered = sessionOf(opening, { id, tokenHash, concordId, expiresAt, commitment })
    const { apart, ofSession } = SessionPart.divide(committed.personal)
    const session: Session = { ...answered, ...ofSession, context: hash }
    const kept = yield* store.people.change({
      organization,
      seen,
      claims: [Identifiers.claimOf(alias, concordId, now)],
      releases: [],
      facts: [],
      session,
      ...apart,
      ...(yield* Idempotency.recordOf(
        idempotency,
        context,
        JSON.stringify({ session: answered } satisfies KeptAnswer),
      )),
    })
    if (kept === "repeated") return Idempotency.keptBefore
    if (kept !== "kept") {
      // Another process may have erased the person, with its key, and kept its identifiers.
      PersonKeys.forget(organization, [concordId], context)
      return "stale"
    }
    remember(session, committed, now, context)
    VisitTally.noteSession(context.visitTally, project, concordId, true, now)
    return { _tag: "Opened", token, contextId, session: { ...session, ...personal } } as Opened
  })
  const outcome = yield* Idempotency.once(
    organization,
    idempotency,
    context,
    Turns.inTurn(hash, "too many sessions are opened for the same context", attempt(), context),
  )
  if (outcome._tag !== "Repeated") return outcome
  const { session }: KeptAnswer = JSON.parse(outcome.answer)
  // What the record names was destroyed with its person. The record stays, so the visitor is a new one at each try.
  const { erasedAt } = yield* store.people.person(organization, session.concordId)
  if (erasedAt !== undefined) return yield* open(Struct.omit(opening, ["idempotency"]), context)
  const stored = yield* store.sessions.byToken(session.tokenHash)
  // A session that has not ended and is gone was destroyed while the identifiers of its person were kept.
  const isDestroyed = stored === undefined && session.expiresAt > (yield* Clock.currentTimeMillis)
  if (isDestroyed) return yield* open(Struct.omit(opening, ["idempotency"]), context)
  const secrets = yield* secretsOf(session.id, opening, context)
  const named = yield* hasher.context(secrets.contextId, project)
  const sealed = stored?.personal !== undefined && { personal: stored.personal }
  const opened = yield* withPersonalData({ ...session, ...sealed, context: named.hash }, organization, context)
  return { _tag: "Opened", ...secrets, session: opened, isRepeated: true }
})

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
  // A session without a commitment was written by a server of an earlier version.
  if (kept?.commitment === undefined || kept.project !== project.id || kept.expiresAt <= now) return Option.none()
  const { organizations } = yield* store.catalog.current
  const session = yield* withPersonalData(kept, organizations.get(project.organization)!, context)
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

/** Notes the use of a live session, which extends it. */
export const use = Effect.fnUntraced(function* (
  project: Project,
  session: Session,
  { sessionCache, store, visitTally }: LedgerContext,
): Effect.fn.Return<Session> {
  const now = yield* Clock.currentTimeMillis
  const expiresAt = now + lifetimeMillis
  if (expiresAt - session.expiresAt < extensionGranularityMillis) return session
  VisitTally.noteSession(visitTally, project, session.concordId, false, now)
  // If the session cannot be extended now, the request in it is answered all the same.
  if (Result.isFailure(yield* Effect.result(store.sessions.extend(session.tokenHash, session.expiresAt, expiresAt)))) {
    return session
  }
  const used = { ...session, expiresAt }
  SessionCache.replace(sessionCache, used)
  return used
})
