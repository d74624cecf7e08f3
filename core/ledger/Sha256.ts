/**
 * SHA-256 of a text, the one digest of the ledger.
 */
import type { Effect } from "effect"
import { Digest } from "effect/crypto"

const encoder = new TextEncoder()

/**
 * SHA-256 of a text in UTF-8, as 64 lower-case hexadecimal digits. Secrets are hashed with it too: one of 256 random
 * bits cannot be guessed, so it needs neither salt nor a slow hash.
 */
export const hex = (digest: Digest.Digest["Service"], text: string): Effect.Effect<string> =>
  digest.digestHex(Digest.sha256, encoder.encode(text))

/**
 * The leaf hash of the stored form of an event, in hexadecimal: SHA-256 of 0x00 and its bytes (RFC 6962, section 2.1).
 */
export const leaf = (digest: Digest.Digest["Service"], body: string): Effect.Effect<string> => hex(digest, `\0${body}`)
