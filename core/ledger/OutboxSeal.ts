/**
 * What a row of the outbox says, as JSON that is encrypted under the key of its request. Later changes of words and
 * settings do not change a row that waits, so the same is handed over at every try.
 */
import { Effect } from "effect"
import * as PreparedKeys from "./PreparedKeys.ts"
import type { RequestKey } from "../ports/ComplianceStore.ts"
import type { KeysUnavailable } from "../ports/Keys.ts"
import type { Sealed } from "../ports/Sealed.ts"
import type { LedgerContext } from "./LedgerContext.ts"
import type { HeldRequestKey } from "./RequestPrivateData.ts"

/** Where a row is kept. It is authenticated with what it says, so one in the place of another does not decrypt. */
export interface OutboxPlace {
  /** The lane of the request, as it is numbered in the store. */
  readonly lane: number
  readonly request: string
  /** The id of the row. */
  readonly mail: string
}

const nonceBytes = 12
const encoder = new TextEncoder()
const decoder = new TextDecoder()

const placeText = ({ lane, mail, request }: OutboxPlace): Uint8Array =>
  encoder.encode(["mail", lane, request, mail].join("\0"))

/** Encrypts what a row says. */
export const seal = Effect.fnUntraced(function* (
  place: OutboxPlace,
  content: object,
  { key }: Pick<HeldRequestKey, "key">,
  { aead, random }: Pick<LedgerContext, "aead" | "random">,
): Effect.fn.Return<Sealed> {
  const nonce = yield* random.randomBytes(nonceBytes)
  const made = yield* PreparedKeys.of(key)
  const options = { nonce, aad: placeText(place) }
  const text = encoder.encode(JSON.stringify(content))
  return { nonce, encrypted: yield* Effect.orDie(aead.encrypt(made, text, options)) }
})

/** Decrypts it; `undefined` if it is not what was encrypted there, or the key of its epoch was destroyed. */
export const open = Effect.fnUntraced(function* <Content extends object>(
  place: OutboxPlace,
  sealed: Sealed,
  kept: RequestKey,
  { aead, keys }: Pick<LedgerContext, "aead" | "keys">,
): Effect.fn.Return<Content | undefined, KeysUnavailable> {
  const key = yield* keys.unwrap(kept.epoch, kept.wrapped)
  if (key === undefined) return undefined
  const options = { nonce: sealed.nonce, aad: placeText(place) }
  const decrypted = Effect.flatMap(PreparedKeys.of(key), (made) => aead.decrypt(made, sealed.encrypted, options))
  const text = yield* Effect.orElseSucceed(decrypted, () => undefined)
  return text && (JSON.parse(decoder.decode(text)) as Content)
})
