/**
 * UUIDs and hashes as the bytes they are stored as: half the size of their text, in the same order.
 */

/** The bytes of a UUID or of any hexadecimal text; hyphens are passed over. */
export const toBytes = (text: string): Uint8Array => Buffer.from(text.replaceAll("-", ""), "hex")

/** Bytes as lower-case hexadecimal. */
export const toHex = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("hex")

/** The UUID of 16 bytes, in lower case with hyphens. */
export const fromBytes = (bytes: Uint8Array): string => {
  const hex = toHex(bytes)
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}
