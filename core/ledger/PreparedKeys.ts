/**
 * Keys of AES-256-GCM, prepared once for all that is encrypted or decrypted under them while they are held.
 */
import { Effect } from "effect"
import { Aead } from "effect/crypto"

const prepared = new WeakMap<Uint8Array, Aead.Key>()

/** The key of 32 bytes. The same array is prepared once. */
export const of = (key: Uint8Array): Effect.Effect<Aead.Key> => {
  const known = prepared.get(key)
  if (known !== undefined) return Effect.succeed(known)
  const made = Effect.orDie(Aead.key(Aead.aes256Gcm, key))
  return Effect.tap(made, (own) => Effect.sync(() => prepared.set(key, own)))
}
