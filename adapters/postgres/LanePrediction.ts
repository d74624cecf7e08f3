/**
 * Where lanes will end once what has been sent is committed, as far as this process can foretell.
 *
 * A transaction that knows it beforehand writes its events while the one in front of it is still being written. What it foresaw
 * is compared with what the lanes are when they are locked: who is wrong keeps nothing. Lanes that somebody else writes to are not
 * foretold, until they are found as this process has left them.
 */
import type { LaneHead, LaneHeads } from "./Lanes.ts"

/** How many lanes are remembered at most: those written to last. */
const maxRemembered = 16_384

interface Remembered {
  readonly head: LaneHead
  /** Whether it was found as it had been left the last time. */
  readonly isOurs: boolean
}

/** What is remembered of lanes. */
export interface LanePrediction {
  /** Where lanes will end; `undefined` where that is not known of each of them. */
  readonly foretell: (lanes: Iterable<number>) => LaneHeads | undefined
  /** Lanes were found to end where they did before, and will end where they do after. */
  readonly sent: (before: LaneHeads, after: LaneHeads) => void
}

const isSame = (one: LaneHead, other: LaneHead): boolean =>
  one.next_position === other.next_position && one.last_recorded_at === other.last_recorded_at

/** Whether lanes end where it was foreseen. */
export const areSame = (foreseen: LaneHeads, found: LaneHeads): boolean =>
  [...foreseen].every(([lane, head]) => isSame(head, found.get(lane)!))

/** Nothing is remembered at first. */
export const make = (): LanePrediction => {
  const remembered = new Map<number, Remembered>()
  return {
    foretell: (lanes) => {
      const foreseen = new Map<number, LaneHead>()
      for (const lane of lanes) {
        const known = remembered.get(lane)
        if (known?.isOurs !== true) return undefined
        foreseen.set(lane, known.head)
      }
      return foreseen
    },
    sent: (before, after) => {
      for (const [lane, head] of after) {
        const known = remembered.get(lane)
        remembered.delete(lane)
        remembered.set(lane, { head, isOurs: known !== undefined && isSame(known.head, before.get(lane)!) })
      }
      for (const oldest of remembered.keys()) {
        if (remembered.size <= maxRemembered) return
        remembered.delete(oldest)
      }
    },
  }
}
