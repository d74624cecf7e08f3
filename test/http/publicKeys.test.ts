/** The rules for public keys, with the check of the HTTP service compared with the import of a JWK by Node. */
import { createECDH, webcrypto } from "node:crypto"
import { Effect } from "effect"
import * as fc from "fast-check"
import { expect, test } from "vitest"
import * as IdentityToken from "../../adapters/http/server/IdentityToken.ts"
import * as PublicKeys from "../../core/catalog/PublicKeys.ts"
import type { PublicKey } from "../../core/model/Catalog.ts"

const faults = (keys: ReadonlyArray<PublicKey>) => Effect.runPromise(PublicKeys.faults(keys, IdentityToken.isPoint))

/** A key by its private key, with one bit of a coordinate flipped or, as often, not. */
const key = fc
  .tuple(fc.bigInt({ min: 1n, max: 2n ** 255n }), fc.option(fc.nat(511), { freq: 2 }))
  .map(([secret, flipped]): PublicKey => {
    const ecdh = createECDH("prime256v1")
    ecdh.setPrivateKey(Buffer.from(secret.toString(16).padStart(64, "0"), "hex"))
    const point = ecdh.getPublicKey().subarray(1)
    if (flipped !== null) point[flipped >> 3]! ^= 1 << (flipped & 7)
    const [x, y] = [point.subarray(0, 32), point.subarray(32)].map((bytes) => bytes.toString("base64url"))
    return { kty: "EC", crv: "P-256", x: x!, y: y! }
  })

test("a key is a point of the curve if and only if Node can import it", async () => {
  const algorithm = { name: "ECDSA", namedCurve: "P-256" }
  const counts = { points: 0, others: 0 }
  await fc.assert(
    fc.asyncProperty(key, async (key) => {
      const imported = webcrypto.subtle.importKey("jwk", { ...key }, algorithm, true, ["verify"])
      const isPoint = await imported.then(Boolean, () => false)
      counts[isPoint ? "points" : "others"]++
      const fault = { field: "keys/0", code: "invalid", detail: "is no point of the curve P-256" }
      expect(await faults([key])).toEqual(isPoint ? [] : [fault])
    }),
    { numRuns: 200 },
  )
  expect(Math.min(counts.points, counts.others)).toBeGreaterThan(20)
})

test("a kid that another key has is a fault of the later one; keys without a kid have none", async () => {
  const [one] = fc.sample(
    key.filter(({ x }) => x !== ""),
    1,
  )
  const keys = [{ ...one!, kid: "a" }, one!, { ...one!, kid: "b" }, one!, { ...one!, kid: "a" }]
  const found = (await faults(keys)).filter(({ code }) => code === "repeated_kid")
  expect(found).toEqual([{ field: "keys/4/kid", code: "repeated_kid", detail: "names another key already" }])
})
