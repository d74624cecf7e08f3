/**
 * AES key wrap with 256 bits (RFC 3394): encrypts a key under another key, and notices any other key and any change.
 */
import { createCipheriv, createDecipheriv, createSecretKey, type KeyObject } from "node:crypto"

const algorithm = "id-aes256-wrap"

/** The initial value of RFC 3394, section 2.2.3.1. Unwrapping compares it. */
const initialValue = Buffer.from("a6a6a6a6a6a6a6a6", "hex")

/** The length of the shortest key that can be wrapped, wrapped. */
const minWrappedBytes = 24

const prepared = new WeakMap<Uint8Array, KeyObject>()

/** A wrapping key, prepared once, because preparing takes longer than wrapping. */
const prepare = (by: Uint8Array): KeyObject => {
  const known = prepared.get(by)
  if (known !== undefined) return known
  const key = createSecretKey(by)
  prepared.set(by, key)
  return key
}

/** Wraps a key, whose length is a multiple of 8 and at least 16 bytes. The result has 8 bytes more. */
export const wrap = (by: Uint8Array, key: Uint8Array): Uint8Array => {
  const cipher = createCipheriv(algorithm, prepare(by), initialValue)
  return Buffer.concat([cipher.update(key), cipher.final()])
}

/** The key that was wrapped; `undefined` if it was wrapped by another key, or was changed. */
export const unwrap = (by: Uint8Array, wrapped: Uint8Array): Uint8Array | undefined => {
  // OpenSSL decrypts an empty text to an empty key.
  if (wrapped.length < minWrappedBytes) return undefined
  const decipher = createDecipheriv(algorithm, prepare(by), initialValue)
  try {
    return Buffer.concat([decipher.update(wrapped), decipher.final()])
  } catch {
    return undefined
  }
}
