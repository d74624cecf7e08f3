/**
 * What one step of a source of changes did.
 */
import type { FeedStep, FeedWritten } from "../ports/FeedStore.ts"

/** What a step did. */
export interface FeedProgress {
  /** How many changes were written. */
  readonly changes: number
  /** Whether the source may have more that is due now: it has to be asked again. */
  readonly hasMore: boolean
  /** Whether nothing was written, because something else was written meanwhile. */
  readonly isStale: boolean
}

/** There was nothing to do. */
export const idle: FeedProgress = { changes: 0, hasMore: false, isStale: false }

/** What a step that was written did. */
export const of = ({ changes }: FeedStep, { _tag }: FeedWritten): FeedProgress =>
  _tag === "Written"
    ? { changes: changes.length, hasMore: true, isStale: false }
    : { changes: 0, hasMore: true, isStale: true }
