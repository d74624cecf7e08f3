/**
 * Bytes that were encrypted under a key that is kept apart from them.
 */

/** Encrypted by AES-256-GCM. */
export interface Sealed {
  /** 12 bytes. */
  readonly nonce: Uint8Array
  /** The ciphertext, and the tag of 16 bytes. */
  readonly encrypted: Uint8Array
}
