/**
 * Estimates how many different visitors there were on a day, in 4 KiB and without a list of them.
 *
 * HyperLogLog with 4,096 registers (Flajolet et al., "HyperLogLog: the analysis of a near-optimal cardinality
 * estimation algorithm", 2007), read by the estimator of Ertl, "New cardinality estimation algorithms for HyperLogLog
 * sketches", 2017, algorithm 6, which needs no correction for small counts. The standard error is 1.04 / √4096 = 1.6 %.
 */

/** For each register the largest rank that was seen, 0 to 33; {@link size} bytes. */
export type Registers = Uint8Array

const indexBits = 12

/** The number of registers. */
export const size = 2 ** indexBits

/** The number of bits that a rank is taken from. */
const rankBits = 32

/** No visitors. */
export const empty = (): Registers => new Uint8Array(size)

/** The finalizer of MurmurHash3: each bit of the result depends on each bit of the word. */
const mix = (word: number): number => {
  let hash = word ^ (word >>> 16)
  hash = Math.imul(hash, 0x85ebca6b)
  hash ^= hash >>> 13
  hash = Math.imul(hash, 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}

/** The first 4 bytes of each quarter of a UUID, as numbers. */
const wordsOf = (uuid: string): ReadonlyArray<number> => {
  const hex = uuid.replaceAll("-", "")
  return [0, 8, 16, 24].map((at) => Number.parseInt(hex.slice(at, at + 8), 16))
}

/** Notes a visitor, named by a UUID. The same visitor again changes nothing. */
export const add = (registers: Registers, uuid: string): void => {
  const words = wordsOf(uuid)
  const first = words.reduce((hash, word) => mix(hash ^ word), 0x9e3779b9)
  const second = words.reduce((hash, word) => mix((hash ^ word) + 0x85ebca77), first)
  const index = first >>> (32 - indexBits)
  const rank = Math.clz32(second) + 1
  if (rank > registers[index]!) registers[index] = rank
}

/** The visitors of both, each once. */
export const merge = (a: Registers, b: Registers): Registers => a.map((rank, index) => Math.max(rank, b[index]!))

const sigma = (share: number): number => {
  if (share === 1) return Infinity
  let [x, y, z, before] = [share, 1, share, -1]
  while (z !== before) {
    x *= x
    before = z
    z += x * y
    y += y
  }
  return z
}

const tau = (share: number): number => {
  if (share === 0 || share === 1) return 0
  let [x, y, z, before] = [share, 1, 1 - share, -1]
  while (z !== before) {
    x = Math.sqrt(x)
    before = z
    y /= 2
    z -= (1 - x) ** 2 * y
  }
  return z / 3
}

/** About how many visitors were noted. */
export const estimate = (registers: Registers): number => {
  const counts = Array.from({ length: rankBits + 2 }, () => 0)
  for (const rank of registers) counts[Math.min(rank, rankBits + 1)]! += 1
  let z = size * tau(1 - counts[rankBits + 1]! / size)
  for (let rank = rankBits; rank >= 1; rank--) z = (z + counts[rank]!) / 2
  z += size * sigma(counts[0]! / size)
  return Math.round(size ** 2 / (2 * Math.LN2 * z))
}
