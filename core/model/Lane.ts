/**
 * A project's log is split into lanes, so that writers for different people need not wait for each other.
 *
 * A person lives in one lane for ever: it follows from the person's id, and from the number of the project (or
 * organization) that counts the lanes. Source: storage design, `docs/decisions/0003-storage.md`.
 */

/** How many lanes a new project or organization gets, unless it is set otherwise. Fixed once it is made. */
export const defaultCount = 16

/** The most that it can be set to: a cursor holds a position of each lane, and must fit into a URL. */
export const newMaxCount = 256

/** The most lanes a project or organization can have. */
export const maxCount = 4096

/** What owns lanes: a project for its events, an organization for the identifiers of its people. */
export interface Owner {
  /** Given once, never given again; from 0. Organizations and projects share one count. */
  readonly number: number
  /** From 1 to {@link maxCount}. */
  readonly lanes: number
}

/** The lane of an owner that a key lives in. `key` ends in hexadecimal digits: a UUID or a hash. */
export const of = (owner: Owner, key: string): number =>
  owner.number * maxCount + (Number.parseInt(key.slice(-4), 16) % owner.lanes)

/** Every lane of an owner, in ascending order. */
export const all = (owner: Owner): ReadonlyArray<number> =>
  Array.from({ length: owner.lanes }, (_, lane) => owner.number * maxCount + lane)
