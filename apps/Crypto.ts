/**
 * The services of cryptography on Node, faster than the general ones: keys of HMAC are prepared once, random bytes are
 * drawn in pages, a digest is one call, and AES-GCM of short texts runs at once instead of in another thread.
 */
import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createHmac,
  createSecretKey,
  hash,
  type KeyObject,
  randomFillSync,
} from "node:crypto"
import { Effect, Layer } from "effect"
import { Aead, Digest, Mac, SecureRandom } from "effect/crypto"
import * as RunningSha256 from "../core/ledger/RunningSha256.ts"

const hashNames: { readonly [Name in Digest.Algorithm["name"]]: string } = {
  MD5: "md5",
  "SHA-1": "sha1",
  "SHA-256": "sha256",
  "SHA-384": "sha384",
  "SHA-512": "sha512",
}

const preparedKeys = new WeakMap<Uint8Array, KeyObject>()

const keyOf = (bytes: Uint8Array): KeyObject => {
  const known = preparedKeys.get(bytes)
  if (known !== undefined) return known
  const key = createSecretKey(bytes)
  preparedKeys.set(bytes, key)
  return key
}

/** How many random bytes are drawn at once. */
const pageBytes = 4096

/** Makes a source of random bytes. No byte is returned twice, and a returned byte is erased from the page. */
const makeRandomBytes = () => {
  const page = new Uint8Array(pageBytes)
  let used = pageBytes
  return (size: number): Uint8Array => {
    if (size > pageBytes) return randomFillSync(new Uint8Array(size))
    if (used + size > pageBytes) {
      randomFillSync(page)
      used = 0
    }
    const bytes = page.slice(used, used + size)
    page.fill(0, used, used + size)
    used += size
    return bytes
  }
}

const random = Layer.sync(SecureRandom.SecureRandom, () => SecureRandom.make(makeRandomBytes()))

/**
 * Parses hexadecimal digits. Asking Node for a digest as hexadecimal text and parsing it here is much faster than
 * asking for a buffer.
 */
const fromHex = (text: string): Uint8Array => Buffer.from(text, "hex")

const digest = Layer.succeed(Digest.Digest, {
  digest: ({ name }, data) => Effect.sync(() => fromHex(hash(hashNames[name], data))),
  digestHex: ({ name }, data) => Effect.sync(() => hash(hashNames[name], data)),
})

const runningSha256 = Layer.succeed(RunningSha256.Make, () => {
  const hash = createHash("sha256")
  return { add: (bytes) => void hash.update(bytes), hex: () => hash.digest("hex") }
})

const mac = Mac.layerWebCryptoWith({
  hmac: (name, key, data) => fromHex(createHmac(hashNames[name], keyOf(key)).update(data).digest("hex")),
})

/** The bytes of a tag of AES-GCM, at the end of the encrypted text. */
const tagBytes = 16

/** With key objects, because Node takes four times as long for a cipher of plain bytes. */
const aesGcm: Aead.Implementation = {
  encrypt: (key, nonce, text, aad) => {
    const cipher = createCipheriv("aes-256-gcm", keyOf(key), nonce).setAAD(aad)
    const encrypted = cipher.update(text)
    cipher.final()
    const all = new Uint8Array(encrypted.length + tagBytes)
    all.set(encrypted)
    all.set(cipher.getAuthTag(), encrypted.length)
    return all
  },
  decrypt: (key, nonce, encrypted, aad) => {
    const end = encrypted.length - tagBytes
    const decipher = createDecipheriv("aes-256-gcm", keyOf(key), nonce, { authTagLength: tagBytes }).setAAD(aad)
    decipher.setAuthTag(encrypted.subarray(end))
    const text = decipher.update(encrypted.subarray(0, end))
    try {
      decipher.final()
    } catch {
      return undefined
    }
    return text
  },
}

const aead = Aead.layerWebCryptoWith({ implementations: { aes256Gcm: aesGcm } })

/** The services of cryptography that the ledger needs. */
export const layer = Layer.mergeAll(digest, runningSha256, Layer.provideMerge(Layer.merge(mac, aead), random))
