/**
 * Reads columns without missing values directly from a chunk's memory. This reads a million UUIDs a second more than
 * big integers do.
 *
 * The types of the client declare that memory as private. Therefore the client is a peer dependency of an exact
 * version, and a test reads UUIDs back.
 */
import type {
  DuckDBDoubleVector,
  DuckDBUIntegerVector,
  DuckDBUTinyIntVector,
  DuckDBUUIDVector,
  DuckDBVector,
} from "@duckdb/node-api"

/** The numbers of a column of type DOUBLE. */
export const doubles = (vector: DuckDBVector): Float64Array => (vector as DuckDBDoubleVector)["items"]

/** The numbers of a column of type UINTEGER. */
export const uint32s = (vector: DuckDBVector): Uint32Array => (vector as DuckDBUIntegerVector)["items"]

/** The numbers of a column of type UTINYINT. */
export const uint8s = (vector: DuckDBVector): Uint8Array => (vector as DuckDBUTinyIntVector)["items"]

/**
 * The bit of a UUID's first word that is flipped, because DuckDB keeps a UUID as a signed 128-bit integer with its
 * first bit flipped. The lowest byte is stored first, so the first word is the last of the four.
 */
export const flippedBit = 0x8000_0000

/** The words of a column of UUIDs, as in `core/simulation/UuidColumn.ts` except for the {@link flippedBit}. */
export const uuidWords = (vector: DuckDBVector): Uint32Array => {
  const { buffer, byteOffset, byteLength } = (vector as DuckDBUUIDVector)["dataView"]
  return new Uint32Array(buffer, byteOffset, byteLength / Uint32Array.BYTES_PER_ELEMENT)
}
