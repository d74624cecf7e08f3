/**
 * UUIDs read straight from a chunk's memory: a million a second more than as big integers.
 *
 * DuckDB keeps a UUID as a signed 128-bit integer, lowest byte first, its first bit turned over. The view of that memory
 * is no public member of the client, which is why the client is an exact peer and a test reads UUIDs back.
 */
import type { DuckDBVector, DuckDBUUIDVector } from "@duckdb/node-api"

/** The bit of a UUID's first word (the last of the four) that is turned over. */
export const turned = 0x8000_0000

/** The words of a column without missing values, as in `core/simulation/UuidColumn.ts` but for the bit that is {@link turned}. */
export const words = (vector: DuckDBVector): Uint32Array => {
  const { buffer, byteOffset, byteLength } = (vector as DuckDBUUIDVector)["dataView"]
  return new Uint32Array(buffer, byteOffset, byteLength / Uint32Array.BYTES_PER_ELEMENT)
}
