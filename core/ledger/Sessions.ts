/**
 * Visitors' sessions: opened by a browser on a page of the project, good for 30 minutes after their last use.
 *
 * The token is 256 random bits and only its hash is kept. The `contextId` is the browser's memory of who it was: whoever
 * has it is the same person again, so it must be a UUID that nobody can guess, and is kept only as a keyed hash.
 */
import { Clock, Effect, Option, Result } from "effect"
import { Digest, type SecureRandom } from "effect/crypto"
import { Base64Url } from "effect/encoding"
import { IpNetwork, NetAddress } from "effect/net"
import type { Organization, Project } from "../Catalog.ts"
import { type LedgerStore, type Session, StoreUnavailable } from "../ports/LedgerStore.ts"
import * as Identifiers from "./Identifiers.ts"

/** How long a session lasts after its last use. */
export const lifetimeMillis = 30 * 60 * 1000

/** A use within this long of the last recorded one is not recorded: it spares a write for every read. */
const extensionGranularityMillis = 60 * 1000

/** The most characters of a browser's name that are kept. */
export const userAgentMaxLength = 512

/** What sessions need of the ledger they are part of. */
export interface Means {
  readonly store: LedgerStore["Service"]
  readonly random: SecureRandom.SecureRandom["Service"]
  readonly digest: Digest.Digest["Service"]
  readonly remembered: Remembered
}

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
}

/** A session just opened: the only time its token is told. */
export interface Opened {
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

const encoder = new TextEncoder()

/** SHA-256 of a secret with 256 random bits, lower-case hexadecimal: such a secret needs no salt and no stretching. */
export const hashToken = (digest: Digest.Digest["Service"], token: string): Effect.Effect<string> =>
  digest.digestHex(Digest.sha256, encoder.encode(token))

/** Opens a session for the person its `contextId` remembers, or for a new one. */
export const open = Effect.fnUntraced(function* (
  opening: Opening,
  { digest, random, store }: Means,
  hasher: Identifiers.Hasher,
) {
  const { organization, project } = opening
  const token = Base64Url.encode(yield* random.randomBytes(32))
  const tokenHash = yield* hashToken(digest, token)
  const contextId = opening.contextId?.toLowerCase() ?? (yield* random.uuidV4())
  const { hash } = yield* hasher.context(contextId, project)
  for (let attempts = 0; attempts < 3; attempts++) {
    const [known] = yield* store.peopleByAlias(organization, [hash])
    const concordId = known ?? (yield* random.uuidV7())
    const session: Session = {
      tokenHash,
      id: yield* random.uuidV7(),
      project: project.id,
      concordId,
      expiresAt: (yield* Clock.currentTimeMillis) + lifetimeMillis,
      ipAddress: shortenIpAddress(opening.ipAddress),
      domain: opening.domain,
      ...(opening.geography !== undefined && { geography: opening.geography }),
      ...(opening.userAgent !== undefined && { userAgent: opening.userAgent.slice(0, userAgentMaxLength) }),
    }
    if (yield* store.openSession(organization, session, { hash, concordId }))
      return { token, contextId, session } as Opened
  }
  return yield* new StoreUnavailable({ reason: "too many sessions are opened for the same context" })
})

/** How many sessions are remembered, so that a busy visitor does not cost a read of the store each time. */
const maxRemembered = 10_000

/** Live sessions by the hash of their token. A session only ever lasts longer, so one that is live here is live. */
export type Remembered = Map<string, Session>

const remember = (remembered: Remembered, session: Session): void => {
  remembered.delete(session.tokenHash)
  remembered.set(session.tokenHash, session)
  for (const [oldest] of remembered) {
    if (remembered.size <= maxRemembered) return
    remembered.delete(oldest)
  }
}

/** The session of a token, if there is one in this project that has not expired; using it makes it last longer. */
export const use = Effect.fnUntraced(function* (project: Project, token: string, { digest, remembered, store }: Means) {
  const now = yield* Clock.currentTimeMillis
  const tokenHash = yield* hashToken(digest, token)
  let session = remembered.get(tokenHash)
  if (session === undefined || session.expiresAt <= now) session = yield* store.session(tokenHash)
  if (session === undefined || session.project !== project.id || session.expiresAt <= now) return Option.none<Session>()
  const expiresAt = now + lifetimeMillis
  if (expiresAt - session.expiresAt >= extensionGranularityMillis) {
    yield* store.extendSession(tokenHash, expiresAt)
    session = { ...session, expiresAt }
  }
  if (remembered.get(tokenHash) !== session) remember(remembered, session)
  return Option.some(session)
})
