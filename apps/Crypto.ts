/**
 * Node's cryptography, with the keys of HMAC made ready once: from bytes, Node makes one anew for every tag, which takes
 * three times as long as the tag.
 */
import { createHmac, createSecretKey, type KeyObject } from "node:crypto"
import { NodeCrypto } from "@effect/platform-node"
import { Layer } from "effect"
import { type Digest, Mac } from "effect/crypto"

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

const mac = Mac.layerWebCryptoWith({
  hmac: (hash, key, data) => new Uint8Array(createHmac(hashNames[hash], keyOf(key)).update(data).digest()),
}).pipe(Layer.provide(NodeCrypto.layerSecureRandom))

/** What the ledger needs of cryptography. */
export const layer = Layer.mergeAll(NodeCrypto.layerSecureRandom, NodeCrypto.layerDigest, mac)
