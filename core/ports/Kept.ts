/**
 * The outcome of a conditional write.
 */

/** Whether a change was kept; or what it was prepared against has changed; or it was kept before. */
export type Kept = "kept" | "stale" | "repeated"
