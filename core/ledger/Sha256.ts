/**
 * SHA-256 of a text, the one digest of the ledger.
 */
import type { Effect } from "effect"
import { Digest } from "effect/crypto"

const encoder = new TextEncoder()

/** SHA-256 of a text in UTF-8, as 64 lower-case hexadecimal digits. A secret with 256 random bits needs no salt and no stretching. */
export const hex = (digest: Digest.Digest["Service"], text: string): Effect.Effect<string> =>
  digest.digestHex(Digest.sha256, encoder.encode(text))
