/** Verifies what a receiver was sent: HMAC by the reference library of Standard Webhooks, Ed25519 by Node. */
import { createPublicKey, verify as verifyEd25519 } from "node:crypto"
import { Webhook } from "standardwebhooks"
import type { Received } from "../receiver.ts"

const derOfPublic = Buffer.from("302a300506032b6570032100", "hex")

const isBy = (publicKey: string, { body, id, signature, timestamp }: Received): boolean => {
  const bytes = Buffer.from(publicKey.slice("whpk_".length), "base64")
  const key = createPublicKey({ key: Buffer.concat([derOfPublic, bytes]), format: "der", type: "spki" })
  const signed = Buffer.from(`${id}.${timestamp}.${body}`)
  return signature
    .split(" ")
    .filter((each) => each.startsWith("v1a,"))
    .some((each) => verifyEd25519(null, signed, key, Buffer.from(each.slice("v1a,".length), "base64")))
}

/** Whether one of its signatures is by a secret (`whsec_…`) or public key (`whpk_…`). */
export const verify = (key: string, received: Received): boolean => {
  if (key.startsWith("whpk_")) return isBy(key, received)
  try {
    new Webhook(key).verify(received.body, received.headers)
    return true
  } catch {
    return false
  }
}
