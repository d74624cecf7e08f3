/**
 * SHA-256 of bytes that arrive in pieces.
 *
 * The digest services of the platform take all bytes at once, and a file or a package is never in memory as a whole.
 * A platform that has a faster one than that of `@noble/hashes` gives it as {@link Make}.
 */
import { sha256 } from "@noble/hashes/sha2.js"
import { bytesToHex } from "@noble/hashes/utils.js"
import { Context } from "effect"

/** The SHA-256 of the bytes that were added so far. */
export interface RunningSha256 {
  /** Adds bytes after those that were added before. */
  readonly add: (bytes: Uint8Array) => void
  /** The digest of all bytes, 64 lower-case hexadecimal digits. Called once, after the last byte. */
  readonly hex: () => string
}

/** Begins a digest. */
export const make = (): RunningSha256 => {
  const hash = sha256.create()
  return { add: (bytes) => void hash.update(bytes), hex: () => bytesToHex(hash.digest()) }
}

/** Begins digests: by default those of this module. */
export const Make = Context.Reference<() => RunningSha256>("assent/ledger/RunningSha256", { defaultValue: () => make })
