/**
 * The version vector of an answer or of a store.
 */

/**
 * A version vector: per event lane the position of the next event, per people lane the number of identity changes, and
 * under `configuration` the catalog's revision. A lane is named by its number in the store: the number of its owner ×
 * 4096, and the lane of it. All events before a position are known, and none from it on.
 */
export type Positions = ReadonlyMap<number | "configuration", number>
