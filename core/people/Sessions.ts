/**
 * Visitors' sessions: opened by a browser on a page of the project, good for 30 minutes after their last use.
 *
 * The token is 256 random bits and only its hash is kept. The `contextId` is the browser's memory of who it was: whoever
 * has it is the same person again, so it must be a UUID that nobody can guess, and is kept only as a keyed hash. It names
 * a guest: once the visitor is identified, it names nobody any more.
 */
import { Clock, Effect, Option, Result } from "effect"
import { Hex } from "effect/encoding"
import { IpNetwork, NetAddress } from "effect/net"
import type { Organization, Project } from "../model/Catalog.ts"
import type { Instant } from "../engine/Instant.ts"
import { type Session, StoreUnavailable } from "../ports/LedgerStore.ts"
import { maxAttempts, type LedgerContext } from "../ledger/LedgerContext.ts"
import * as Idempotency from "../ledger/Idempotency.ts"
import * as Secrets from "./Secrets.ts"
import * as Sha256 from "../ledger/Sha256.ts"

/** How long a session lasts after its last use. */
export const lifetimeMillis = 30 * 60 * 1000

/** A use within this long of the last recorded one is not recorded: it spares a write for every read. */
const extensionGranularityMillis = 60 * 1000

/** The most characters of a browser's name that are kept. */
export const userAgentMaxLength = 512

/** What a session is opened with. */
export interface Opening {
  readonly organization: Organization
  readonly project: Project
  /** From an earlier session of the same browser: a UUID. Left out: a new person, and a new `contextId`. */
  readonly contextId?: string
  /** The address the request came from; shortened before it is kept. */
  readonly ipAddress: string
  /** The host of the page. */
  readonly domain: string
  readonly geography?: string
  readonly userAgent?: string
  readonly idempotency?: Idempotency.IdempotentRequest
}

/** A session just opened: the only time its token is told. */
export interface Opened {
  readonly _tag: "Opened"
  /** Whether it was opened by the same request before. */
  readonly isRepeated?: true
  readonly token: string
  /** For the browser to keep: sent when the next session is opened, it is the same person. */
  readonly contextId: string
  readonly session: Session
}

/** The address with its last octet (IPv4) or last 80 bits (IPv6) set to zero; what is no address is `0.0.0.0`. */
export const shortenIpAddress = (address: string): string =>
  NetAddress.ipFromString(address.replace(/^::ffff:(?=\d+\.)/i, "")).pipe(
    Result.flatMap((ip) => IpNetwork.fromAddress(ip, NetAddress.isIpv4Address(ip) ? 24 : 48)),
    Result.match({ onFailure: () => "0.0.0.0", onSuccess: (network) => NetAddress.formatIp(network.address) }),
  )

/** What is kept of the answer to a request with a key; the secrets are made again. */
interface Kept {
  readonly session: Session
}

/** Opens a session for the person its `contextId` remembers, or for a new one. */
export const open = Effect.fnUntraced(function* (opening: Opening, context: LedgerContext) {
  const { idempotency, organization, project } = opening
  const { digest, hasherOf, random, store } = context
  const hasher = yield* hasherOf(organization)
  const id = yield* random.uuidV7()
  const { contextId, token } = yield* secretsOf(id, opening, context)
  const { hash, kind } = yield* hasher.context(contextId, project)
  const attempt = Effect.fnUntraced(function* () {
    const [known] = yield* store.people.byAlias(organization, [hash])
    const concordId = known?.concordId ?? (yield* random.uuidV7())
    const { revision } = yield* store.people.person(organization, concordId)
    // The context is released when its visitor is identified: looked at again, so that the revision is from before that.
    const [still] = yield* store.people.byAlias(organization, [hash])
    if (still?.concordId !== known?.concordId) return "stale"
    const now = yield* Clock.currentTimeMillis
    const session: Session = {
      tokenHash: yield* Sha256.hex(digest, token),
      id,
      project: project.id,
      concordId,
      expiresAt: now + lifetimeMillis,
      ipAddress: shortenIpAddress(opening.ipAddress),
      domain: opening.domain,
      ...(opening.geography !== undefined && { geography: opening.geography }),
      ...(opening.userAgent !== undefined && { userAgent: opening.userAgent.slice(0, userAgentMaxLength) }),
      context: hash,
    }
    const kept = yield* store.people.change({
      organization,
      seen: [{ concordId, revision }],
      claims: [{ kind, hash, concordId, dateCreated: now }],
      releases: [],
      facts: [],
      session,
      ...(yield* Idempotency.recordOf(idempotency, context, JSON.stringify({ session } satisfies Kept))),
    })
    return kept === "kept" ? ({ _tag: "Opened", token, contextId, session } as Opened) : kept
  })
  const outcome = yield* Idempotency.once(
    organization,
    idempotency,
    context,
    Effect.gen(function* () {
      for (let attempts = 0; attempts < maxAttempts; attempts++) {
        const opened = yield* attempt()
        if (opened === "repeated") return Idempotency.keptBefore
        if (typeof opened !== "string") return opened
      }
      return yield* new StoreUnavailable({ reason: "too many sessions are opened for the same context" })
    }),
  )
  if (outcome._tag !== "Repeated") return outcome
  const { session }: Kept = JSON.parse(outcome.answer)
  return { _tag: "Opened", ...(yield* secretsOf(session.id, opening, context)), session, isRepeated: true } as Opened
})

/** What only the browser knows of its session. */
const secretsOf = Effect.fnUntraced(function* (id: string, opening: Opening, context: LedgerContext) {
  const { idempotency, organization } = opening
  return {
    token: yield* Secrets.make("session", id, organization, idempotency, context),
    contextId: opening.contextId?.toLowerCase() ?? (yield* newContextId(id, organization, idempotency, context)),
  }
})

/** A UUID that nobody can guess; for a request that may come again and the same `id`, always the same. */
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

/** A UUID of version 4 (RFC 9562, section 5.4) out of 16 random bytes. */
const uuidV4FromBytes = (bytes: Uint8Array): string => {
  const [...octets] = bytes.subarray(0, 16)
  octets[6] = (octets[6]! & 0x0f) | 0x40
  octets[8] = (octets[8]! & 0x3f) | 0x80
  const hex = Hex.encode(Uint8Array.from(octets))
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-")
}

/** How many sessions are remembered, so that a busy visitor does not cost a read of the store each time. */
const maxRemembered = 10_000

/** How long: another process may end a session. */
const rememberedMillis = 2_000

/** Live sessions by the hash of their token, each with when it was read. */
export type Remembered = Map<string, { readonly session: Session; readonly readAt: Instant }>

/** Forgets the sessions of a person, and the one of a token: they have ended. */
export const forget = (remembered: Remembered, tokenHash: string | undefined, concordId: string | undefined): void => {
  if (tokenHash !== undefined) remembered.delete(tokenHash)
  if (concordId === undefined) return
  for (const [hash, { session }] of remembered) if (session.concordId === concordId) remembered.delete(hash)
}

const remember = (remembered: Remembered, session: Session, readAt: Instant): void => {
  remembered.delete(session.tokenHash)
  remembered.set(session.tokenHash, { session, readAt })
  for (const [oldest] of remembered) {
    if (remembered.size <= maxRemembered) return
    remembered.delete(oldest)
  }
}

/** The session of a token, if there is one in this project that has not expired. */
export const live = Effect.fnUntraced(function* (project: Project, token: string, context: LedgerContext) {
  const { digest, remembered, store } = context
  const now = yield* Clock.currentTimeMillis
  const tokenHash = yield* Sha256.hex(digest, token)
  const known = remembered.get(tokenHash)
  const isFresh = known !== undefined && known.readAt > now - rememberedMillis && known.session.expiresAt > now
  const session = isFresh ? known.session : yield* store.sessions.byToken(tokenHash)
  if (session === undefined || session.project !== project.id || session.expiresAt <= now) return Option.none<Session>()
  if (!isFresh) remember(remembered, session, now)
  return Option.some(session)
})

/** The session of a token that has ended in this project, lately. */
export const ended = Effect.fnUntraced(function* (project: Project, token: string, { digest, store }: LedgerContext) {
  const session = yield* store.sessions.byToken(yield* Sha256.hex(digest, token))
  const isEnded = session?.project === project.id && session.expiresAt <= (yield* Clock.currentTimeMillis)
  return isEnded ? Option.some(session) : Option.none<Session>()
})

/** Uses a live session, which makes it last longer. */
export const use = Effect.fnUntraced(function* (session: Session, { remembered, store }: LedgerContext) {
  const now = yield* Clock.currentTimeMillis
  const expiresAt = now + lifetimeMillis
  if (expiresAt - session.expiresAt < extensionGranularityMillis) return session
  // A session that cannot be made to last longer now is no reason to refuse what is asked in it.
  if (Result.isFailure(yield* Effect.result(store.sessions.extend(session.tokenHash, session.expiresAt, expiresAt)))) {
    return session
  }
  const used = { ...session, expiresAt }
  if (remembered.has(session.tokenHash)) remember(remembered, used, now)
  return used
})
