/** The rules for public keys, compared with the import of a JWK by the cryptography of Node. */
import { createECDH, webcrypto } from "node:crypto"
import * as fc from "fast-check"
import { expect, test } from "vitest"
import * as PublicKeys from "../../core/catalog/PublicKeys.ts"
import type { PublicKey } from "../../core/model/Catalog.ts"

const p = 2n ** 256n - 2n ** 224n + 2n ** 192n + 2n ** 96n - 1n

const bytesOf = (value: bigint): Buffer => Buffer.from(value.toString(16).padStart(64, "0"), "hex")
const valueOf = (bytes: Buffer): bigint => BigInt(`0x${bytes.toString("hex")}`)
const text = (value: bigint): string => bytesOf(value).toString("base64url")

/** A point of the curve, by a private key. */
const point = fc.bigInt({ min: 1n, max: 2n ** 255n }).map((secret) => {
  const ecdh = createECDH("prime256v1")
  ecdh.setPrivateKey(bytesOf(secret))
  const bytes = ecdh.getPublicKey()
  return { x: valueOf(bytes.subarray(1, 33)), y: valueOf(bytes.subarray(33)) }
})

/** Square roots of b, so that (0, root) is on the curve and has another spelling with x = p. */
const b = 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604bn
const power = (base: bigint, exponent: bigint): bigint =>
  exponent === 0n ? 1n : (power((base * base) % p, exponent >> 1n) * (exponent & 1n ? base : 1n)) % p
const root = power(b, (p + 1n) / 4n)

const anyValue = fc.oneof(
  fc.bigInt({ min: 0n, max: 2n ** 256n - 1n }),
  fc.constantFrom(0n, 1n, p - 1n, p, p + 1n, root, p - root, 2n ** 256n - 1n),
)

const pair = fc.oneof(
  point,
  point.map(({ x, y }) => ({ x, y: p - y })),
  fc.tuple(point, fc.nat(255), fc.boolean()).map(([{ x, y }, bit, ofX]) => {
    const flipped = 1n << BigInt(bit)
    return ofX ? { x: x ^ flipped, y } : { x, y: y ^ flipped }
  }),
  point.map(({ x, y }) => ({ x: y, y: x })),
  fc.record({ x: anyValue, y: anyValue }),
  fc.record({ x: fc.constantFrom(0n, p), y: fc.constantFrom(root, p - root) }),
)

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
/** The same bytes with other padding bits. */
const repadded = (coordinate: string, bits: number): string =>
  coordinate.slice(0, -1) + alphabet[alphabet.indexOf(coordinate.at(-1)!) ^ bits]!

const key = fc.tuple(pair, fc.nat(3), fc.nat(3)).map(([{ x, y }, ofX, ofY]): PublicKey => ({
  kty: "EC",
  crv: "P-256",
  x: repadded(text(x), ofX),
  y: repadded(text(y), ofY),
}))

const algorithm = { name: "ECDSA", namedCurve: "P-256" }

test("a key is a point of the curve if and only if Node can import it", async () => {
  const found = { points: 0, others: 0 }
  await fc.assert(
    fc.asyncProperty(key, async (key) => {
      const imported = webcrypto.subtle.importKey("jwk", { ...key }, algorithm, true, ["verify"])
      const isPoint = await imported.then(Boolean, () => false)
      found[isPoint ? "points" : "others"]++
      const fault = { field: "keys/0", code: "invalid", detail: "is no point of the curve P-256" }
      expect(PublicKeys.faults([key])).toEqual(isPoint ? [] : [fault])
    }),
    { numRuns: 500 },
  )
  expect(Math.min(found.points, found.others)).toBeGreaterThan(50)
})

test("a kid that another key has is a fault of the later one; keys without a kid have none", () => {
  const [one] = fc.sample(
    point.map(({ x, y }) => ({ kty: "EC", crv: "P-256", x: text(x), y: text(y) }) as const),
    1,
  )
  const keys = [{ ...one!, kid: "a" }, one!, { ...one!, kid: "b" }, one!, { ...one!, kid: "a" }]
  const fault = { field: "keys/4/kid", code: "repeated_kid", detail: "names another key already" }
  expect(PublicKeys.faults(keys)).toEqual([fault])
})
