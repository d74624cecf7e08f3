/**
 * Commitments: what an event, a session or a fact holds in place of its personal data.
 *
 * A commitment is base64url of SHA-256(0x02 ‖ opening ‖ JSON). The opening is 32 random bytes, so that no one can guess
 * the personal data from the commitment, and equal personal data have different commitments. It exists only in the
 * encrypted text: once the person key is destroyed, nothing shows any more what was committed to.
 */
import { Effect, Result } from "effect"
import { Digest } from "effect/crypto"
import { Base64Url } from "effect/encoding"
import * as HashHex from "./HashHex.ts"
import type { LedgerContext } from "./LedgerContext.ts"

/** A commitment, and the text that opens it. */
export interface CommitmentWithText {
  /** Base64url without padding: 43 characters. */
  readonly commitment: string
  /** The same 32 bytes, lower-case hexadecimal: the id of the personal data. */
  readonly id: string
  /** The opening, and the personal data as JSON in UTF-8. Must only be kept encrypted. */
  readonly text: Uint8Array
}

/** Distinguishes the hash of a commitment from those of a leaf (0x00) and of a node (0x01) of RFC 6962. */
const prefix = 0x02

/** The bytes of an opening. */
const openingBytes = 32

const encoder = new TextEncoder()
const decoder = new TextDecoder()

const hashOf = (text: Uint8Array, { digest }: Pick<LedgerContext, "digest">): Effect.Effect<Uint8Array> => {
  const prefixed = new Uint8Array(1 + text.length)
  prefixed[0] = prefix
  prefixed.set(text, 1)
  return digest.digest(Digest.sha256, prefixed)
}

/** Commits to personal data, which are JSON, with an opening of 32 bytes that can be neither guessed nor found out. */
export const of = Effect.fnUntraced(function* (
  opening: Uint8Array,
  json: string,
  context: Pick<LedgerContext, "digest">,
): Effect.fn.Return<CommitmentWithText> {
  const data = encoder.encode(json)
  const text = new Uint8Array(openingBytes + data.length)
  text.set(opening)
  text.set(data, openingBytes)
  const hash = yield* hashOf(text, context)
  return { commitment: Base64Url.encode(hash), id: HashHex.encode(hash), text }
})

/** Commits to personal data, which are JSON, with a random opening. */
export const make = (
  json: string,
  context: Pick<LedgerContext, "digest" | "random">,
): Effect.Effect<CommitmentWithText> =>
  Effect.flatMap(context.random.randomBytes(openingBytes), (opening) => of(opening, json, context))

/** The personal data of a text, as JSON. */
export const jsonOf = (text: Uint8Array): string => decoder.decode(text.subarray(openingBytes))

/** The id of the personal data of a commitment: its 32 bytes, lower-case hexadecimal. */
export const idOf = (commitment: string): string => HashHex.encode(Result.getOrThrow(Base64Url.decode(commitment)))

/** Whether a text opens the commitment with an id. */
export const opens = (text: Uint8Array, id: string, context: Pick<LedgerContext, "digest">): Effect.Effect<boolean> =>
  Effect.map(hashOf(text, context), (hash) => HashHex.encode(hash) === id && text.length >= openingBytes)

/** A commitment that no text opens: of personal data that are gone or cannot be encrypted now. */
export const unopened = ({ random }: Pick<LedgerContext, "random">): Effect.Effect<string> =>
  Effect.map(random.randomBytes(openingBytes), Base64Url.encode)
