/**
 * UUIDs read straight from a chunk's memory: a million a second more than as big integers.
 *
 * DuckDB keeps a UUID as a signed 128-bit integer, lowest byte first, its first bit turned over. The view of that memory
 * is no public member of the client, which is why the client is an exact peer and a test reads UUIDs back.
 */
import type { DuckDBVector, DuckDBUUIDVector } from "@duckdb/node-api"

/** A column of UUIDs without missing values. */
export interface UuidColumn {
  /** The UUID of a row, in lower case with hyphens. */
  readonly at: (row: number) => string
  /** The 32 bits of a row that begin at bit 0, 32, 64 or 96, counted from the end of the UUID. */
  readonly word: (row: number, from: 0 | 32 | 64 | 96) => number
}

const hex = Array.from({ length: 65_536 }, (_, value) => value.toString(16).padStart(4, "0"))

const high = (word: number): string => hex[word >>> 16]!
const low = (word: number): string => hex[word & 0xffff]!

/** Reads a column. */
export const make = (vector: DuckDBVector): UuidColumn => {
  const view = (vector as DuckDBUUIDVector)["dataView"]
  const word: UuidColumn["word"] = (row, from) => {
    const value = view.getUint32(row * 16 + from / 8, true)
    return from === 96 ? (value ^ 0x8000_0000) >>> 0 : value
  }
  return {
    word,
    at: (row) => {
      const [a, b, c, d] = [word(row, 96), word(row, 64), word(row, 32), word(row, 0)]
      return `${high(a)}${low(a)}-${high(b)}-${low(b)}-${high(c)}-${low(c)}${high(d)}${low(d)}`
    },
  }
}
