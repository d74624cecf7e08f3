/**
 * Tokens of sessions that are not written: what the session holds, encrypted, so that only a server with the key of the
 * organization can make one and read one (decision 44).
 *
 * A token is base64url of a seed of 32 random bytes, and of the session as JSON under AES-256-GCM. The key is derived
 * from the seed and the organization's key. It encrypts one text, therefore the nonce may be constant.
 */
import { Effect, Result } from "effect"
import { Aead } from "effect/crypto"
import { Base64Url, Hex } from "effect/encoding"
import type { Instant } from "../engine/Instant.ts"
import type { LedgerContext } from "../ledger/LedgerContext.ts"
import type { Organization } from "../model/Catalog.ts"
import type { Session } from "../ports/LedgerStore.ts"

/** What the token of a session that is not written holds. */
export interface SealedSession extends Pick<
  Session,
  "concordId" | "domain" | "geography" | "id" | "ipAddress" | "project" | "region" | "userAgent"
> {
  /** The hash of the browser's `contextId`. */
  readonly context: string
  readonly openedAt: Instant
  /** Whether the `contextId` named the person when the session was opened. Otherwise the person is a new guest. */
  readonly isKnown: boolean
  /** How many erasures that keep identifiers the person had when the session was opened. */
  readonly heldErasures: number
}

/** The bytes of a seed: no one can guess a token. */
const seedBytes = 32

/** The nonce of AES-GCM, 12 bytes. */
const nonce = new Uint8Array(12)

const purpose = "session token"

const encoder = new TextEncoder()
const decoder = new TextDecoder()

const keyOf = Effect.fnUntraced(function* (
  organization: Organization,
  seed: Uint8Array,
  { hasherOf }: Pick<LedgerContext, "hasherOf">,
) {
  const hasher = yield* hasherOf(organization)
  return yield* Effect.orDie(Aead.key(Aead.aes256Gcm, yield* hasher.sign(purpose, Hex.encode(seed))))
})

/** The token of a session. Each call makes another one. */
export const seal = Effect.fnUntraced(function* (
  organization: Organization,
  session: SealedSession,
  context: Pick<LedgerContext, "aead" | "hasherOf" | "random">,
) {
  const seed = yield* context.random.randomBytes(seedBytes)
  const key = yield* keyOf(organization, seed, context)
  const text = encoder.encode(JSON.stringify(session))
  const encrypted = yield* Effect.orDie(context.aead.encrypt(key, text, { nonce, aad: seed }))
  const token = new Uint8Array(seedBytes + encrypted.length)
  token.set(seed)
  token.set(encrypted, seedBytes)
  return Base64Url.encode(token)
})

/** What a token holds; `undefined` if it was not made by {@link seal} with the key of this organization. */
export const open = Effect.fnUntraced(function* (
  organization: Organization,
  token: string,
  context: Pick<LedgerContext, "aead" | "hasherOf">,
) {
  const bytes = Result.getOrUndefined(Base64Url.decode(token))
  // Another spelling of the same bytes would be another token by its hash, and so have a row of its own.
  if (bytes === undefined || bytes.length <= seedBytes || Base64Url.encode(bytes) !== token) return undefined
  const seed = bytes.slice(0, seedBytes)
  const key = yield* keyOf(organization, seed, context)
  const opened = yield* Effect.option(context.aead.decrypt(key, bytes.slice(seedBytes), { nonce, aad: seed }))
  return opened._tag === "None" ? undefined : (JSON.parse(decoder.decode(opened.value)) as SealedSession)
})
