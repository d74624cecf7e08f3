/**
 * A project's log is split into lanes, so that writers for different people need not wait for each other.
 *
 * A person stays in the same lane for ever, because the lane is computed from the person's id and from the number and
 * lane count of the project (or organization). Source: storage design, `docs/decisions/0003-storage.md`.
 */

/** How many lanes a new project or organization gets by default. The number never changes afterwards. */
export const defaultCount = 16

/**
 * The largest number of lanes that can be configured. A cursor holds a position of each lane and must fit into a URL.
 */
export const newMaxCount = 256

/** The largest number of lanes that a project or organization can have, which is what lane numbers leave room for. */
export const maxCount = 4096

/** The owner of lanes: a project for its events, an organization for the identifiers of its people. */
export interface Owner {
  /** A number from 0 that is never used for another owner. Organizations and projects share one sequence. */
  readonly number: number
  /** The number of lanes, from 1 to {@link maxCount}. */
  readonly lanes: number
}

/** The lane of a key. `key` is a UUID or a hash: its last four characters must be hexadecimal digits. */
export const of = (owner: Owner, key: string): number =>
  owner.number * maxCount + (Number.parseInt(key.slice(-4), 16) % owner.lanes)

/** The first and the last lane of an owner. Its lanes are numbered without a gap. */
export const range = ({ lanes, number }: Owner): readonly [first: number, last: number] => [
  number * maxCount,
  number * maxCount + lanes - 1,
]

/** Every lane of an owner, in ascending order. */
export const all = (owner: Owner): ReadonlyArray<number> =>
  Array.from({ length: owner.lanes }, (_, lane) => owner.number * maxCount + lane)
