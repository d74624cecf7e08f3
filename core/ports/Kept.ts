/**
 * The outcome of a conditional write.
 */

/**
 * `kept`: the change was written. `stale`: nothing was written, because what the change was prepared against has
 * changed. `repeated`: nothing was written, because there is an idempotency record of the same hash already.
 */
export type Kept = "kept" | "stale" | "repeated"
