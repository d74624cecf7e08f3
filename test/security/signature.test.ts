/** Signatures of webhooks, compared with the reference library and with Node's. */
import { createPublicKey, randomBytes, verify as verifyEd25519 } from "node:crypto"
import fc from "fast-check"
import { Webhook } from "standardwebhooks"
import { expect, test } from "vitest"
import * as Signature from "../../adapters/webhooks/Signature.ts"
import type { SigningKey } from "../../core/ports/Outbound.ts"
import { times } from "../support/long.ts"

const seconds = (): number => Math.floor(Date.now() / 1000)

const headersOf = (signed: Signature.Signed, signature: string) => ({
  "webhook-id": signed.id,
  "webhook-timestamp": String(signed.timestamp),
  "webhook-signature": signature,
})

const body = fc.json({ maxDepth: 2, stringUnit: "grapheme" })
const secret = fc.uint8Array({ minLength: 32, maxLength: 32 })
const id = fc.constantFrom("e4109-1042", "c4109-7", "c0-0")

/** Whether the reference library accepts. */
const isAccepted = (key: Uint8Array, signed: Signature.Signed, signature: string): boolean => {
  try {
    new Webhook(Signature.write("whsec_", key)).verify(signed.body, headersOf(signed, signature), { jsonParse: false })
    return true
  } catch {
    return false
  }
}

test("The example of the specification has the signature that it shows", () => {
  const key = Signature.readSigning("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")!
  const signed = { id: "msg_p5jXN8AQM9LWM0D4loKWxJek", timestamp: 1614265330, body: '{"test": 2432232314}' }
  expect(Signature.sign([key], signed)).toBe("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=")
})

test("The reference library accepts every signature by HMAC, also the older one while a secret is rotated", () => {
  fc.assert(
    fc.property(id, body, secret, secret, (id, body, newer, older) => {
      const signed = { id, timestamp: seconds(), body }
      const header = Signature.sign(
        [newer, older].map((bytes) => ({ scheme: "hmac", bytes })),
        signed,
      )
      expect(isAccepted(newer, signed, header)).toBe(true)
      expect(isAccepted(older, signed, header)).toBe(true)
    }),
    { numRuns: times(50, 2_000) },
  )
})

/** Reads `whpk_` without the code under test. */
const publicKey = (text: string) =>
  createPublicKey({
    key: { kty: "OKP", crv: "Ed25519", x: Buffer.from(text.slice(5), "base64").toString("base64url") },
    format: "jwk",
  })

test("Node accepts every signature by Ed25519, with the public key that is told", () => {
  fc.assert(
    fc.property(id, body, secret, (id, body, seed) => {
      const signed = { id, timestamp: seconds(), body }
      const header = Signature.sign([{ scheme: "ed25519", bytes: seed }], signed)
      expect(header.startsWith("v1a,")).toBe(true)
      const told = publicKey(Signature.publicKeyOf(seed))
      const bytes = Buffer.from(`${signed.id}.${signed.timestamp}.${signed.body}`)
      expect(verifyEd25519(null, bytes, told, Buffer.from(header.slice(4), "base64"))).toBe(true)
    }),
    { numRuns: times(50, 2_000) },
  )
})

/** A text with one of its bits flipped, as long as it stays ASCII. */
const flipped = (text: string, at: number): string => {
  const bytes = Buffer.from(text)
  bytes[at % bytes.byteLength]! ^= 1 << (at % 7)
  return bytes.toString()
}

/** Mutants: the signature is decoded leniently; the id is left out of what is signed. */
test("No signature is accepted with one bit flipped: of its text, of the id, of the timestamp, or of the body", () => {
  const seed = randomBytes(32)
  const keys: ReadonlyArray<readonly [SigningKey, Signature.VerifyingKey]> = [
    [
      Signature.readSigning(Signature.write("whsec_", seed))!,
      Signature.readVerifying(Signature.write("whsec_", seed))!,
    ],
    [Signature.readSigning(Signature.write("whsk_", seed))!, Signature.readVerifying(Signature.publicKeyOf(seed))!],
  ]
  const part = fc.constantFrom("header", "id", "body")
  fc.assert(
    fc.property(fc.nat(), part, fc.constantFrom(...keys), (at, part, [signing, verifying]) => {
      const signed = { id: "c4109-7", timestamp: seconds(), body: '{"type":"decision.changed"}' }
      const header = Signature.sign([signing], signed)
      expect(Signature.verify(verifying, signed, header)).toBe(true)
      const other = { header, ...signed, [part]: flipped({ header, ...signed }[part as "header"], at) }
      expect(Signature.verify(verifying, other, other.header)).toBe(false)
      expect(Signature.verify(verifying, { ...signed, timestamp: signed.timestamp ^ (1 << (at % 30)) }, header)).toBe(
        false,
      )
      if (signing.scheme === "hmac") expect(isAccepted(signing.bytes, other, other.header)).toBe(false)
    }),
    { numRuns: times(300, 20_000) },
  )
})

test("A text that is not a key is none", () => {
  const short = Signature.write("whsec_", randomBytes(23))
  for (const text of ["", "whsec_", short, "whsec_not base64", Signature.write("whpk_", randomBytes(31)), "whpk_"]) {
    expect(Signature.readVerifying(text), text).toBeUndefined()
  }
  expect(Signature.readVerifying(Signature.write("whsk_", randomBytes(32)))).toBeUndefined()
  expect(Signature.readSigning(Signature.write("whpk_", randomBytes(32)))).toBeUndefined()
})

test("A private key with its public key, as other tools write it, signs as the seed alone", () => {
  const seed = randomBytes(32)
  const signed = { id: "c0-0", timestamp: 1, body: "{}" }
  const long = Signature.readSigning(Signature.write("whsk_", Buffer.concat([seed, randomBytes(32)])))!
  expect(Signature.sign([long], signed)).toBe(Signature.sign([{ scheme: "ed25519", bytes: seed }], signed))
})
