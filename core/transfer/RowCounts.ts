/**
 * Counts how often texts came, in bounded memory: of the last {@link remembered} distinct texts at least, and of at
 * most twice that number. A text is known by 53 bits of a hash with a random seed, because otherwise a client could
 * prepare texts that are counted as one.
 */

/** How many distinct texts are remembered at least. */
export const remembered = 2 ** 18

/** Counts of texts. */
export interface RowCounts {
  /** How often a text was added, as far as it is remembered. */
  readonly of: (text: string) => number
  /** Adds one to the count of a text. */
  readonly add: (text: string) => void
}

/** A hash table of counts, with open addressing. A slot is free if its count is 0. */
interface Table {
  readonly keys: Float64Array
  readonly counts: Uint32Array
  used: number
}

const leastSlots = 1024

const emptyTable = (slots = leastSlots): Table => ({
  keys: new Float64Array(slots),
  counts: new Uint32Array(slots),
  used: 0,
})

/** The slot of a key, or the free one where it belongs. The number of slots is a power of two. */
const slotOf = ({ counts, keys }: Table, key: number): number => {
  const mask = keys.length - 1
  let slot = key & mask
  while (counts[slot]! > 0 && keys[slot] !== key) slot = (slot + 1) & mask
  return slot
}

const set = (table: Table, key: number, count: number): void => {
  const slot = slotOf(table, key)
  if (table.counts[slot] === 0) table.used++
  table.keys[slot] = key
  table.counts[slot] = count
}

const grown = (table: Table): Table => {
  const next = emptyTable(table.keys.length * 2)
  for (const [slot, count] of table.counts.entries()) if (count > 0) set(next, table.keys[slot]!, count)
  return next
}

/** The 53-bit hash of a text: two multiplications a character, over two halves that are mixed in the end. */
const hashOf = (text: string, [first, second]: readonly [number, number]): number => {
  let low = 0xdeadbeef ^ first
  let high = 0x41c6ce57 ^ second
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index)
    low = Math.imul(low ^ unit, 2654435761)
    high = Math.imul(high ^ unit, 1597334677)
  }
  low = Math.imul(low ^ (low >>> 16), 2246822507) ^ Math.imul(high ^ (high >>> 13), 3266489909)
  high = Math.imul(high ^ (high >>> 16), 2246822507) ^ Math.imul(low ^ (low >>> 13), 3266489909)
  return 2097152 * (high >>> 0) + ((low >>> 0) >>> 11)
}

/** Makes counts, all of them 0. `seed` are two random whole numbers of 32 bits. */
export const make = (seed: readonly [number, number]): RowCounts => {
  /** The texts that came last, and those before them: when the first has `remembered`, the second is forgotten. */
  let recent = emptyTable()
  let older = emptyTable()
  const countOf = (key: number) => recent.counts[slotOf(recent, key)]! || older.counts[slotOf(older, key)]!
  return {
    of: (text) => countOf(hashOf(text, seed)),
    add: (text) => {
      const key = hashOf(text, seed)
      const count = countOf(key) + 1
      if (recent.used === remembered) {
        older = recent
        recent = emptyTable()
      }
      if (recent.used * 2 >= recent.keys.length) recent = grown(recent)
      set(recent, key, count)
    },
  }
}
