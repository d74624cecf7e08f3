/**
 * Entity tags (RFC 9110, section 8.8.3): the hash of what an answer says, by which a browser finds out that it has the
 * answer already.
 */
import { Effect } from "effect"
import { Digest } from "effect/crypto"
import type { HttpServerRequest } from "effect/http"

const encoder = new TextEncoder()

/** The first 32 hexadecimal digits of the SHA-256 of a text, in quotes. */
export const of = Effect.fnUntraced(function* (text: string) {
  const digest = yield* Digest.Digest
  return `"${(yield* digest.digestHex(Digest.sha256, encoder.encode(text))).slice(0, 32)}"`
})

const withoutWeakness = (tag: string): string => tag.replace(/^W\//, "")

/** Whether a request says that it has the answer of a tag. */
export const isKnown = ({ headers }: HttpServerRequest.HttpServerRequest, tag: string): boolean => {
  const known = headers["if-none-match"]?.split(",").map((each) => withoutWeakness(each.trim()))
  return known?.includes(withoutWeakness(tag)) === true || known?.includes("*") === true
}
