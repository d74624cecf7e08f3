/**
 * Signatures of Standard Webhooks 1.0.0: HMAC-SHA-256 (`v1`) and Ed25519 (`v1a`).
 *
 * What is signed is `id.timestamp.body`, with the timestamp in seconds since 1970 and the body as it is sent.
 */
import {
  createHmac,
  createPrivateKey,
  createPublicKey,
  type KeyObject,
  sign as signEd25519,
  timingSafeEqual,
  verify as verifyEd25519,
} from "node:crypto"
import type { Scheme, SigningKey } from "../../core/ports/Outbound.ts"

/** A key as a text: a shared secret, the private key of a pair, or its public key. */
export type Prefix = "whsec_" | "whsk_" | "whpk_"

/** What verifies: a shared secret, or an Ed25519 public key. */
export type VerifyingKey =
  | { readonly scheme: "hmac"; readonly secret: Uint8Array }
  | { readonly scheme: "ed25519"; readonly publicKey: KeyObject }

/** What is signed. */
export interface Signed {
  readonly id: string
  /** Of the try, in whole seconds since 1970. */
  readonly timestamp: number
  readonly body: string
}

/** How far a timestamp may be from the receiver's clock, in seconds, as the reference libraries have it. */
export const toleranceSeconds = 300

const algorithm: Readonly<Record<Scheme, string>> = { hmac: "v1", ed25519: "v1a" }

/** What comes before the 32 bytes of a key in its DER form (RFC 8410, section 7 and section 4). */
const der = {
  private: Buffer.from("302e020100300506032b657004220420", "hex"),
  public: Buffer.from("302a300506032b6570032100", "hex"),
}

const bytesOf = ({ body, id, timestamp }: Signed): Buffer => Buffer.from(`${id}.${timestamp}.${body}`)

/** The bytes of base64 as it is written; `undefined` for another spelling, such as one with other unused bits. */
const strictBase64 = (text: string): Buffer | undefined => {
  const bytes = Buffer.from(text, "base64")
  return bytes.toString("base64") === text ? bytes : undefined
}

/** The bytes after the prefix; `undefined` if the text has another prefix, or is not base64. */
const read = (prefix: Prefix, text: string): Buffer | undefined => {
  if (!text.startsWith(prefix)) return undefined
  return strictBase64(text.slice(prefix.length))
}

const isSecret = ({ byteLength }: Uint8Array): boolean => byteLength >= 24 && byteLength <= 64

/** A key as a text. */
export const write = (prefix: Prefix, bytes: Uint8Array): string => `${prefix}${Buffer.from(bytes).toString("base64")}`

/** The private key of a seed of 32 bytes (RFC 8032). */
const privateKeyOf = (seed: Uint8Array): KeyObject =>
  createPrivateKey({ key: Buffer.concat([der.private, seed]), format: "der", type: "pkcs8" })

/** The public key of a seed: `whpk_` and base64 of 32 bytes. */
export const publicKeyOf = (seed: Uint8Array): string => {
  const spki = createPublicKey(privateKeyOf(seed)).export({ format: "der", type: "spki" })
  return write("whpk_", spki.subarray(der.public.byteLength))
}

/** What a key that may be given to {@link readVerifying} looks like. */
export const expectedVerifying = "whsec_ or whpk_, and base64"

/** A key that verifies, from its text; `undefined` for any other text. */
export const readVerifying = (text: string): VerifyingKey | undefined => {
  const secret = read("whsec_", text)
  if (secret !== undefined) return isSecret(secret) ? { scheme: "hmac", secret } : undefined
  const bytes = read("whpk_", text)
  if (bytes?.byteLength !== 32) return undefined
  const key = Buffer.concat([der.public, bytes])
  return { scheme: "ed25519", publicKey: createPublicKey({ key, format: "der", type: "spki" }) }
}

/** What a key that may be given to {@link readSigning} looks like. */
export const expectedSigning = "whsec_ or whsk_, and base64"

/** A key that signs, from its text; `undefined` for any other text. `whsk_` has the seed, or seed and public key. */
export const readSigning = (text: string): SigningKey | undefined => {
  const secret = read("whsec_", text)
  if (secret !== undefined) return isSecret(secret) ? { scheme: "hmac", bytes: secret } : undefined
  const bytes = read("whsk_", text)
  if (bytes === undefined || (bytes.byteLength !== 32 && bytes.byteLength !== 64)) return undefined
  return { scheme: "ed25519", bytes: bytes.subarray(0, 32) }
}

/** One signature, as it stands in the header `webhook-signature`. */
const one = ({ bytes, scheme }: SigningKey, signed: Buffer): string => {
  const signature =
    scheme === "hmac"
      ? createHmac("sha256", bytes).update(signed).digest()
      : signEd25519(null, signed, privateKeyOf(bytes))
  return `${algorithm[scheme]},${signature.toString("base64")}`
}

/** The header `webhook-signature`: one signature by each key, in their order, with a space between. */
export const sign = (keys: ReadonlyArray<SigningKey>, signed: Signed): string => {
  const bytes = bytesOf(signed)
  return keys.map((key) => one(key, bytes)).join(" ")
}

const isBy = (key: VerifyingKey, signed: Signed, text: string): boolean => {
  const signature = strictBase64(text)
  if (signature === undefined) return false
  if (key.scheme === "ed25519") return verifyEd25519(null, bytesOf(signed), key.publicKey, signature)
  const own = createHmac("sha256", key.secret).update(bytesOf(signed)).digest()
  return own.byteLength === signature.byteLength && timingSafeEqual(own, signature)
}

/** Whether one of the signatures of a header is by the key. Those of other algorithms are passed over. */
export const verify = (key: VerifyingKey, signed: Signed, header: string): boolean =>
  header.split(" ").some((each) => {
    const [version, ...signature] = each.split(",")
    return version === algorithm[key.scheme] && isBy(key, signed, signature.join(","))
  })
