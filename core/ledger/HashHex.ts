/**
 * Writes hashes of 32 bytes as hexadecimal. Every identifier that is recorded or asked for is hashed, so this is faster
 * than the library's function: see `docs/decisions/0013-import-and-export.md`.
 */

const hashBytes = 32
const digits = new TextEncoder().encode("0123456789abcdef")
const codes = new Uint8Array(hashBytes * 2)
const decoder = new TextDecoder()

/** The 32 bytes of a hash as 64 lower-case hexadecimal digits. */
export const encode = (hash: Uint8Array): string => {
  for (let index = 0; index < hashBytes; index++) {
    codes[index * 2] = digits[hash[index]! >> 4]!
    codes[index * 2 + 1] = digits[hash[index]! & 15]!
  }
  return decoder.decode(codes)
}
