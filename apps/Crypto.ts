/**
 * Node's cryptography, without what Node does anew for every call: keys of HMAC are made ready once, random bytes are drawn
 * by the page, and a digest is one call.
 */
import { createHmac, createSecretKey, hash, type KeyObject, randomFillSync } from "node:crypto"
import { Effect, Layer } from "effect"
import { Digest, Mac, SecureRandom } from "effect/crypto"

const hashNames: { readonly [Name in Digest.Algorithm["name"]]: string } = {
  MD5: "md5",
  "SHA-1": "sha1",
  "SHA-256": "sha256",
  "SHA-384": "sha384",
  "SHA-512": "sha512",
}

const ready = new WeakMap<Uint8Array, KeyObject>()

const keyOf = (bytes: Uint8Array): KeyObject => {
  const known = ready.get(bytes)
  if (known !== undefined) return known
  const key = createSecretKey(bytes)
  ready.set(bytes, key)
  return key
}

/** How many random bytes are drawn at once. */
const drawn = 4096

/** Random bytes, none of which is handed out twice or kept where it was drawn. */
const makeRandomBytes = () => {
  const pool = new Uint8Array(drawn)
  let used = drawn
  return (size: number): Uint8Array => {
    if (size > drawn) return randomFillSync(new Uint8Array(size))
    if (used + size > drawn) {
      randomFillSync(pool)
      used = 0
    }
    const bytes = pool.slice(used, used + size)
    pool.fill(0, used, used + size)
    used += size
    return bytes
  }
}

const random = Layer.sync(SecureRandom.SecureRandom, () => SecureRandom.make(makeRandomBytes()))

/** What Node writes out and we read back costs a fraction of the buffer that it would make. */
const fromHex = (text: string): Uint8Array => Buffer.from(text, "hex")

const digest = Layer.succeed(Digest.Digest, {
  digest: ({ name }, data) => Effect.sync(() => fromHex(hash(hashNames[name], data))),
  digestHex: ({ name }, data) => Effect.sync(() => hash(hashNames[name], data)),
})

const mac = Mac.layerWebCryptoWith({
  hmac: (name, key, data) => fromHex(createHmac(hashNames[name], keyOf(key)).update(data).digest("hex")),
})

/** What the ledger needs of cryptography. */
export const layer = Layer.merge(digest, Layer.provideMerge(mac, random))
