/**
 * The key with which an organization hashes identifiers: 32 random bytes, kept wrapped by the root key.
 */
import { Effect, Result } from "effect"
import type { SecureRandom } from "effect/crypto"
import { Base64Url } from "effect/encoding"
import type { Organization } from "../model/Catalog.ts"
import { type Keys, KeysUnavailable } from "../ports/Keys.ts"

const keyBytes = 32

/** A new key, wrapped, in base64url. */
export const make = Effect.fnUntraced(function* (random: SecureRandom.SecureRandom["Service"], keys: Keys["Service"]) {
  return Base64Url.encode(yield* keys.wrap("root", yield* random.randomBytes(keyBytes)))
})

/** The key of an organization. Fails if the keys cannot be used now, or are not those of this ledger. */
export const open = Effect.fnUntraced(function* (
  { id, identifierKey }: Pick<Organization, "id" | "identifierKey">,
  keys: Keys["Service"],
): Effect.fn.Return<Uint8Array, KeysUnavailable> {
  const wrapped = Base64Url.decode(identifierKey)
  const key = Result.isFailure(wrapped) ? undefined : yield* keys.unwrap("root", wrapped.success)
  if (key !== undefined) return key
  return yield* new KeysUnavailable({
    reason: `these are not the keys of the ledger: they do not open organization ${id}`,
  })
})
