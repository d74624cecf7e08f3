/**
 * The names of the entries of a ZIP archive, read from its local headers while its bytes arrive (APPNOTE.TXT 6.3.10,
 * section 4.3.7). Nothing is unpacked, and no size in the archive is believed.
 *
 * Each place that looks like a local header is treated as one, so an archive within the archive that is not compressed
 * adds its names.
 */
import { Bytes } from "effect"

/** Reads the names of the entries of one archive. */
export interface ZipEntries {
  /** The next bytes; `false`: the visitor wants no more. */
  readonly write: (bytes: Uint8Array) => boolean
}

/** Bytes of a local header before the name. */
const headerBytes = 30

/** Longer names are passed over. */
const maxNameBytes = 255

const isHeader = (bytes: Uint8Array, at: number): boolean =>
  bytes[at + 1] === 0x4b && bytes[at + 2] === 0x03 && bytes[at + 3] === 0x04

const decoder = new TextDecoder()

/** Calls `visit` with each name, until that returns `false`. */
export const make = (visit: (name: string) => boolean): ZipEntries => {
  /** The end of the bytes before, from where a header could begin that the next bytes go on. */
  let rest: Uint8Array = new Uint8Array(0)
  return {
    write: (bytes) => {
      const all = rest.length === 0 ? bytes : Bytes.concat([rest, bytes])
      let at = all.indexOf(0x50)
      for (; at !== -1; at = all.indexOf(0x50, at + 1)) {
        if (all.length - at < 4) break
        if (!isHeader(all, at)) continue
        if (all.length - at < headerBytes) break
        const length = all[at + 26]! + 256 * all[at + 27]!
        if (length > maxNameBytes) continue
        if (all.length - at < headerBytes + length) break
        const start = at + headerBytes
        if (!visit(decoder.decode(all.subarray(start, start + length)))) return false
      }
      rest = at === -1 ? new Uint8Array(0) : all.slice(at)
      return true
    },
  }
}
