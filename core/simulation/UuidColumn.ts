/**
 * Columns of UUIDs as numbers: each UUID is four words of 32 bits, its last word first.
 */

/** UUIDs, one after the other. */
export type UuidColumn = Uint32Array

/** The number of words of a UUID in a {@link UuidColumn}. */
export const words = 4

const hex = Array.from({ length: 65_536 }, (_, value) => value.toString(16).padStart(4, "0"))

const high = (word: number): string => hex[word >>> 16]!
const low = (word: number): string => hex[word & 0xffff]!

/** The UUID at a row, in lower case with hyphens. */
export const at = (column: UuidColumn, row: number): string => {
  const last = row * words
  const [d, c, b, a] = [column[last]!, column[last + 1]!, column[last + 2]!, column[last + 3]!]
  return `${high(a)}${low(a)}-${high(b)}-${low(b)}-${high(c)}-${low(c)}${high(d)}${low(d)}`
}

/** Whether two rows hold the same UUID. */
export const isSame = (column: UuidColumn, a: number, b: number): boolean => {
  const [left, right] = [a * words, b * words]
  return (
    column[left] === column[right] &&
    column[left + 1] === column[right + 1] &&
    column[left + 2] === column[right + 2] &&
    column[left + 3] === column[right + 3]
  )
}

/**
 * Compares two rows in the order of their UUID strings: less than 0 if row `a` comes first, 0 if they hold the same
 * UUID.
 */
export const compare = (column: UuidColumn, a: number, b: number): number => {
  for (let word = words - 1; word >= 0; word--) {
    const difference = column[a * words + word]! - column[b * words + word]!
    if (difference !== 0) return difference
  }
  return 0
}
