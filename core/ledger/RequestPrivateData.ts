/**
 * Everything personal of a compliance request: one JSON object, kept apart from its facts and encrypted under a key of
 * the request's own, so that it can be erased while the facts stay.
 */
import { Effect } from "effect"
import * as PreparedKeys from "./PreparedKeys.ts"
import type { Verification } from "../compliance/IdentityVerification.ts"
import type { Instant } from "../engine/Instant.ts"
import type { LedgerContext } from "./LedgerContext.ts"
import type { Owner } from "../model/Lane.ts"
import { laneOf, type RequestKey, type StoredPrivate } from "../ports/ComplianceStore.ts"
import type { KeysUnavailable } from "../ports/Keys.ts"

/** The requester, as it was typed. Not normalized, because nothing is claimed by it. */
export interface RequestUser {
  readonly email?: string
  readonly firstName?: string
  readonly lastName?: string
  readonly phoneNumber?: string
}

/** The session that opened a request. */
export interface RequestSession {
  readonly id: string
  /** Shortened, as sessions keep it. */
  readonly ipAddress?: string
  readonly userAgent?: string
}

/** A code that was mailed, and the secret of the link in the same mail, as keyed hashes in hexadecimal. */
export interface KeptVerification extends Verification {
  readonly codeHash: string
  readonly ticketHash: string
}

/** The secret of a link in a mail, by which the requester follows the request. It counts until the row is removed. */
export interface KeptTicket {
  /** Keyed, in hexadecimal. */
  readonly hash: string
  readonly createdAt: Instant
  /** How many files were downloaded with it. */
  readonly uses: number
}

/** Why staff did something, in their words. The last time counts. */
export interface RequestReasons {
  readonly verification?: string
  /** What the requester is asked. */
  readonly clarification?: string
  readonly extension?: string
  readonly reopening?: string
}

/** What is said about a file of a request. Type, size and digest are in the facts. */
export interface RequestFile {
  readonly file: string
  /** As `FileName.parse` makes it. */
  readonly fileName: string
  /** In the words of staff. */
  readonly details?: string
  /** Whether the requester may download it. A package always may. */
  readonly isForRequester: boolean
  /** Whether a scanner of viruses has found nothing in it. */
  readonly isScanned: boolean
}

/** A task that is handed to the connector of its data system. */
export interface KeptDelivery {
  readonly dataSystem: string
  /** The keyed hash of the secret of its callback, in hexadecimal. */
  readonly secretHash: string
  /** The id that the data system knows it by: a UUID of version 4. */
  readonly subjectRequestId: string
  /** What the data system has said last of how far it is, in its words. */
  readonly progress?: string
  /** Where the data system has put its result. It is shown to staff, and never read. */
  readonly resultsUrl?: string
  /** How often it has said something new of how far it is. Left out: never. */
  readonly reports?: number
}

/** What is personal of one request. */
export interface RequestPrivateData {
  readonly user: RequestUser
  readonly requestDetails?: string
  readonly notes?: string
  readonly resolution?: string
  readonly captureUrl?: string
  readonly reasons?: RequestReasons
  /** What the requester has answered to the last question. */
  readonly clarification?: string
  /** Those of the last day, and the last one. */
  readonly verifications?: ReadonlyArray<KeptVerification>
  readonly tickets?: ReadonlyArray<KeptTicket>
  /** Whether identity was shown by something else than the address that was typed, which is then sent nothing more. */
  readonly isAddressUnproven?: true
  /** Left out of a request that a server opened. */
  readonly session?: RequestSession
  /** The caller's own id of the request. */
  readonly externalId?: string
  /** The ids of the refusals that were recorded with it. */
  readonly optOutEvents?: ReadonlyArray<string>
  /** The ordinal of the request after its access package was found to be too large. */
  readonly packageTooLargeAt?: number
  /** At most one for each data system, the last one. */
  readonly deliveries?: ReadonlyArray<KeptDelivery>
  /** Files that are there, in the order in which they were attached. */
  readonly files?: ReadonlyArray<RequestFile>
}

/** A key of a request, and the wrapped key, if it has to be kept with what is encrypted under it. */
export interface HeldRequestKey {
  readonly key: Uint8Array
  readonly isNew?: RequestKey
}

type Context = Pick<LedgerContext, "aead" | "keys" | "random">

const keyBytes = 32
const nonceBytes = 12
const encoder = new TextEncoder()
const decoder = new TextDecoder()

/** Lane and request are authenticated with the text, so that a row in the place of another one does not decrypt. */
const placeOf = (project: Owner, request: string): Uint8Array =>
  encoder.encode(["compliance request", laneOf(project, request), request].join("\0"))

/** A key for a request that has none. */
export const makeKey = Effect.fnUntraced(function* ({ keys, random }: Context) {
  const key = yield* random.randomBytes(keyBytes)
  const epoch = yield* keys.epoch
  return { key, isNew: { epoch, wrapped: yield* keys.wrap(epoch, key) } } satisfies HeldRequestKey as HeldRequestKey
})

/** The key of a request that has one, or a new one; `undefined` if the key of its epoch was destroyed. */
export const keyOf = Effect.fnUntraced(function* (
  kept: RequestKey | undefined,
  context: Context,
): Effect.fn.Return<HeldRequestKey | undefined, KeysUnavailable> {
  if (kept === undefined) return yield* makeKey(context)
  const key = yield* context.keys.unwrap(kept.epoch, kept.wrapped)
  return key && { key }
})

/** Encrypts what is personal of a request. */
export const seal = Effect.fnUntraced(function* (
  project: Owner,
  request: string,
  data: RequestPrivateData,
  { key }: HeldRequestKey,
  { aead, random }: Context,
) {
  const nonce = yield* random.randomBytes(nonceBytes)
  const text = encoder.encode(JSON.stringify(data))
  const made = yield* PreparedKeys.of(key)
  const encrypted = yield* Effect.orDie(aead.encrypt(made, text, { nonce, aad: placeOf(project, request) }))
  return { nonce, encrypted }
})

/** What is personal of a request, with its key; each left out where nothing is kept, or it cannot be decrypted. */
export interface OpenedPrivate {
  readonly key?: Uint8Array
  readonly data?: RequestPrivateData
}

/** Opens what is personal of a request, and keeps its key for what is encrypted next. */
export const openWithKey = Effect.fnUntraced(function* (
  project: Owner,
  { key: kept, request, sealed }: StoredPrivate,
  { aead, keys }: Pick<Context, "aead" | "keys">,
): Effect.fn.Return<OpenedPrivate, KeysUnavailable> {
  if (kept === undefined || sealed === undefined) return {}
  const key = yield* keys.unwrap(kept.epoch, kept.wrapped)
  if (key === undefined) return {}
  const options = { nonce: sealed.nonce, aad: placeOf(project, request) }
  const decrypted = Effect.flatMap(PreparedKeys.of(key), (made) => aead.decrypt(made, sealed.encrypted, options))
  const text = yield* Effect.orElseSucceed(decrypted, () => undefined)
  return text === undefined ? { key } : { key, data: JSON.parse(decoder.decode(text)) as RequestPrivateData }
})

/** What is personal of a request; `undefined` if nothing is kept, or it cannot be decrypted. */
export const open = (project: Owner, row: StoredPrivate, context: Pick<Context, "aead" | "keys">) =>
  Effect.map(openWithKey(project, row, context), ({ data }) => data)
