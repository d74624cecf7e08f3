/**
 * What a process remembers of due scans in addition to their places: until when a source is quiet, and until when it
 * was done. It saves reads; nothing is right because of it.
 */
import type { Instant } from "../engine/Instant.ts"
import type { LedgerContext } from "../ledger/LedgerContext.ts"
import type { Owner } from "../model/Lane.ts"
import type { LaneEnd } from "../ports/FeedStore.ts"

/** Nothing lapses in a source before an instant, unless something is recorded in its lane. */
interface Quiet {
  /** The place as it is stored. */
  readonly before: string
  /** The end of the lane. */
  readonly position: number
  /** The revision of the catalog. */
  readonly revision: number
  /** `undefined`: not known. */
  readonly until: Instant | undefined
}

/** What is remembered of one source in one lane. */
export interface DueMemory {
  readonly isQuiet: (before: string, end: LaneEnd, revision: number, now: Instant) => boolean
  readonly noteQuiet: (quiet: Quiet) => void
  /** Until when it is quiet, as it was last noted; `undefined`: not known. */
  readonly quietUntil: () => Instant | undefined
  /** The latest instant at which this process had told everything; `undefined`: not yet. */
  readonly doneAt: () => Instant | undefined
  readonly noteDone: (now: Instant) => void
}

const make = (): DueMemory => {
  let known: Quiet | undefined
  let done: Instant | undefined
  return {
    isQuiet: (before, { position }, revision, now) =>
      known?.until !== undefined &&
      now < known.until &&
      known.before === before &&
      known.position === position &&
      known.revision === revision,
    noteQuiet: (quiet) => {
      known = quiet
    },
    quietUntil: () => known?.until,
    doneAt: () => done,
    noteDone: (now) => {
      done = now
    },
  }
}

/** Of each ledger, by its signal. */
const memories = new WeakMap<LedgerContext["feedSignal"], Map<string, DueMemory>>()

/** The memory of a source in a lane, which is from 0 in the project. */
export const of = (
  { feedSignal }: Pick<LedgerContext, "feedSignal">,
  { number }: Owner,
  lane: number,
  name: string,
): DueMemory => {
  const all = memories.get(feedSignal) ?? new Map<string, DueMemory>()
  memories.set(feedSignal, all)
  const key = `${number} ${lane} ${name}`
  const known = all.get(key) ?? make()
  all.set(key, known)
  return known
}
