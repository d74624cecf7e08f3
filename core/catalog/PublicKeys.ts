/**
 * The rules for the public keys of an organization (RFC 7517): each key can verify a signature, and no `kid` repeats.
 */
import { Effect } from "effect"
import type { PublicKey } from "../model/Catalog.ts"
import type { CatalogFault } from "./CatalogChange.ts"

/**
 * The faults of keys that have the form of `PublicKey`; each `field` is a path into the JWK set, such as `keys/0/kid`.
 * `isPoint` says whether a key is a point of the curve P-256; the caller has the cryptography for it.
 */
export const faults = Effect.fnUntraced(function* (
  keys: ReadonlyArray<PublicKey>,
  isPoint: (key: PublicKey) => Effect.Effect<boolean>,
) {
  const kids = keys.map(({ kid }) => kid)
  const found: Array<CatalogFault> = []
  for (const [index, key] of keys.entries()) {
    const field = `keys/${index}`
    if (!(yield* isPoint(key))) found.push({ field, code: "invalid", detail: "is no point of the curve P-256" })
    const isRepeated = key.kid !== undefined && kids.indexOf(key.kid) < index
    if (isRepeated) found.push({ field: `${field}/kid`, code: "repeated_kid", detail: "names another key already" })
  }
  return found
})
