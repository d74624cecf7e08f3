/**
 * Predicts where lanes will end once the groups that were sent are committed.
 *
 * With a prediction, a group can be written while its predecessor is still being written. When its lanes are locked,
 * the prediction is compared with where they end; if it was wrong, the group is rolled back. A lane that another
 * process writes to is not predicted until it is found as this process had left it, because servers that share lanes
 * would otherwise often write groups that are rolled back.
 */
import type { LaneHead, LaneHeads } from "./Lanes.ts"

/** The predictions of one process. */
export interface LanePrediction {
  /** Where lanes will end; `undefined` unless it is known of each of them. */
  readonly predict: (lanes: Iterable<number>) => LaneHeads | undefined
  /** Notes that a group was sent: where its lanes ended before it, and where they will end after it. */
  readonly record: (before: LaneHeads, after: LaneHeads) => void
}

/** The most lanes that are remembered: the ones written to last. */
const maxRemembered = 16_384

interface Remembered {
  readonly head: LaneHead
  /** Whether the lane was found as this process had left it the last time. */
  readonly isReliable: boolean
}

const isSame = (one: LaneHead, other: LaneHead): boolean =>
  one.next_position === other.next_position &&
  one.last_recorded_at === other.last_recorded_at &&
  one.has_joined === other.has_joined &&
  one.has_erased === other.has_erased

/** Whether lanes end where it was predicted. */
export const areSame = (predicted: LaneHeads, found: LaneHeads): boolean =>
  [...predicted].every(([lane, head]) => isSame(head, found.get(lane)!))

/** Makes the predictions of a process. No lane is known at first. */
export const make = (): LanePrediction => {
  /** The lane written to last comes last. */
  const remembered = new Map<number, Remembered>()
  return {
    predict: (lanes) => {
      const predicted = new Map<number, LaneHead>()
      for (const lane of lanes) {
        const known = remembered.get(lane)
        if (known?.isReliable !== true) return undefined
        predicted.set(lane, known.head)
      }
      return predicted
    },
    record: (before, after) => {
      for (const [lane, head] of after) {
        const known = remembered.get(lane)
        remembered.delete(lane)
        remembered.set(lane, { head, isReliable: known !== undefined && isSame(known.head, before.get(lane)!) })
      }
      for (const oldest of remembered.keys()) {
        if (remembered.size <= maxRemembered) return
        remembered.delete(oldest)
      }
    },
  }
}
