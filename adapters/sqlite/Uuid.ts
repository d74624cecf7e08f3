/**
 * Converts UUIDs and hashes to the bytes that are stored: half the size of their text, and in the same order.
 */

/** The hexadecimal digits of a UUID, which has hyphens at fixed places. */
const digitsOf = (uuid: string): string =>
  uuid.slice(0, 8) + uuid.slice(9, 13) + uuid.slice(14, 18) + uuid.slice(19, 23) + uuid.slice(24)

/** The bytes of a UUID, or of a hexadecimal text without hyphens. */
export const toBytes = (text: string): Uint8Array => Buffer.from(text[8] === "-" ? digitsOf(text) : text, "hex")

/** Bytes as lower-case hexadecimal. */
export const toHex = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("hex")

/** The UUID of 16 bytes, in lower case with hyphens. */
export const fromBytes = (bytes: Uint8Array): string => {
  const hex = toHex(bytes)
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}
