/**
 * The rules for the public keys of an organization (RFC 7517): each key is a point of the curve P-256, and no `kid`
 * repeats.
 */
import type { PublicKey } from "../model/Catalog.ts"
import type { CatalogFault } from "./CatalogChange.ts"

/** The prime of the field, and the coefficient of y² = x³ − 3x + b (FIPS 186-5, P-256). */
const p = 2n ** 256n - 2n ** 224n + 2n ** 192n + 2n ** 96n - 1n
const b = 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604bn

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

/** A coordinate of 32 bytes: 43 characters of base64url, the last two bits of which are padding. */
const coordinate = (text: string): bigint =>
  [...text].reduce((value, letter) => value * 64n + BigInt(alphabet.indexOf(letter)), 0n) >> 2n

const isPoint = (key: PublicKey): boolean => {
  const x = coordinate(key.x)
  const y = coordinate(key.y)
  return x < p && y < p && (y * y - (x * x * x - 3n * x + b)) % p === 0n
}

/**
 * The faults of keys that have the form of `PublicKey`; each `field` is a path into the JWK set, such as `keys/0/kid`.
 */
export const faults = (keys: ReadonlyArray<PublicKey>): ReadonlyArray<CatalogFault> => {
  const kids = keys.map(({ kid }) => kid)
  return keys.flatMap((key, index): ReadonlyArray<CatalogFault> => {
    const field = `keys/${index}`
    const isRepeated = key.kid !== undefined && kids.indexOf(key.kid) < index
    return [
      ...(isPoint(key) ? [] : [{ field, code: "invalid", detail: "is no point of the curve P-256" }]),
      ...(isRepeated ? [{ field: `${field}/kid`, code: "repeated_kid", detail: "names another key already" }] : []),
    ]
  })
}
