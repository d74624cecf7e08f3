/**
 * How much of a ledger an answer has seen.
 */

/**
 * How far something is known. For a lane of a project, by its number in the store, the position of the next event: all events
 * before it are known, and none from it on. For a lane of an organization likewise, of changes of who is who. For what is set
 * up, the catalog's revision.
 */
export type Positions = ReadonlyMap<number | "configuration", number>
