/** Why a person was erased. */

/** All reasons: the person asked, nothing was recorded for the time of retention, a court ordered it, another one. */
export const erasureReasons = ["request", "retention", "court", "other"] as const

/** One of {@link erasureReasons}. */
export type ErasureReason = (typeof erasureReasons)[number]
