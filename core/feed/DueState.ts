/**
 * How far a due scan has come in a lane, as it is stored.
 *
 * Everything that lapses before `from` is done for the events before `position`. An event that was recorded behind it,
 * although it is dated before `now` (by a clock that is behind, or in a transaction that was long under way), is looked
 * at by itself. So the scan needs no lock on the lane.
 */
import type { Instant } from "../engine/Instant.ts"
import type { DuePage } from "../ports/FeedStore.ts"

/** How far a due scan has come. */
export interface DueState {
  /** What lapses before it is done. */
  readonly from: Instant
  /** The clock when it was. */
  readonly now: Instant
  /** The position of the first event that is not looked at yet, unless its date is in a later range. */
  readonly position: number
  /** A range that is looked at in several steps. */
  readonly range?: {
    /** Exclusive. */
    readonly to: Instant
    readonly now: Instant
    /** The last event that was looked at. */
    readonly after: NonNullable<DuePage["next"]>
  }
  /** The positions of events that no step was written of, because they kept changing: tried again. Left out: none. */
  readonly left?: ReadonlyArray<number>
}

/** As it is stored. */
export const write = ({ from, left = [], now, position, range }: DueState): string =>
  JSON.stringify({ from, now, position, ...(range !== undefined && { range }), ...(left.length > 0 && { left }) })

/** As it was stored. */
export const read = (state: string): DueState => JSON.parse(state) as DueState

/** The most events that are left. A scan that has left that number goes no further. */
export const mostLeft = 100
