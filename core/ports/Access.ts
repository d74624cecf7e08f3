/**
 * Whether a member of a store reads or writes.
 */

/**
 * For every member of a part of the store, whether it reads or writes: a replica refuses what writes. A member that is
 * missing here does not compile.
 */
export type Access<Part> = Readonly<Record<keyof Part, "read" | "write">>
