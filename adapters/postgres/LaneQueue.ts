/**
 * Decides which of the appends that wait form the next group, and which groups may be written at the same time. A data
 * structure without effects: GroupCommit.ts runs the groups that it forms. Steps of the change feed wait in the same
 * queue, because they lock and raise lanes, too.
 *
 * The rules:
 *
 * 1. A lane is written by one group at a time. All appends that wait for idle lanes form the next group, up to a limit
 *    of events.
 * 2. A second group may be written to a lane while the first one is being written, if enough appends wait to fill a
 *    group, if it can be predicted where the lane will end, and if it is about other people and identifiers than all
 *    groups that are being written, so that it has no row in common with them. A lane never has a third group.
 * 3. Appends and steps never overtake an earlier one with which they share a lane.
 * 4. A step, and an append that changes compliance requests, is a group of its own, and is written to idle lanes.
 */
import type { Append, FeedStep } from "../../core/ports/LedgerStore.ts"

/** An append that waits or is being written. */
export interface QueuedAppend {
  readonly request: Append
  /** The lanes it writes to. */
  readonly lanes: ReadonlyArray<number>
}

/** A step of the change feed that waits or is being written. */
export interface QueuedStep {
  readonly step: FeedStep
  /** The lanes it locks. */
  readonly lanes: ReadonlyArray<number>
}

/** What waits or is being written. */
export type Queued = QueuedAppend | QueuedStep

/** Appends that are written in one transaction, or one step. */
export interface Group<Each extends Queued> {
  readonly entries: ReadonlyArray<Each>
  readonly lanes: ReadonlySet<number>
  /** The people and identifiers that its rows are about. */
  readonly subjects: ReadonlySet<string>
  /** The groups that are being written to the same lanes when this one is formed. Empty if its lanes are idle. */
  readonly predecessors: ReadonlySet<Group<Each>>
  /** Whether the ends of its lanes can be predicted: its rows have been sent, and its first attempt has not failed. */
  isPredictable: boolean
}

/** The limits of a queue. */
export interface Limits {
  /** The most appends that wait. */
  readonly maxWaiting: number
  /** The most groups that are written at a time. */
  readonly maxGroups: number
  /** The most events of a group, unless a single append has more. */
  readonly maxGroupEvents: number
}

/** The appends that wait, in the order in which they were added, and the groups that are being written. */
export interface LaneQueue<Each extends Queued> {
  /** How many appends wait. */
  readonly size: number
  /** Whether one more append is refused. */
  readonly isFull: boolean
  /** Whether one more group may be written. */
  readonly hasRoom: boolean
  /**
   * Whether the next group need not wait for more appends: those that wait have enough events for a full group. An
   * append that names the event it comes after counts as full, because it belongs to a stream whose next append follows
   * at once.
   */
  readonly hasFullGroup: boolean
  /** Whether an append has to wait whatever else waits: one of its lanes has two groups already. */
  readonly isBlocked: (entry: Queued) => boolean
  readonly add: (entry: Each) => void
  /** Removes an append that has not been put into a group. */
  readonly remove: (entry: Each) => void
  /** Forms the next group, which is being written from now on; `undefined` if none may be written now. */
  readonly next: () => Group<Each> | undefined
  /** Removes a group that has been written, or has failed, so that its lanes can be written again. */
  readonly end: (group: Group<Each>) => void
}

const isStep = (entry: Queued): entry is QueuedStep => "step" in entry

/** Whether an entry is a group of its own. */
export const isAlone = (entry: Queued): boolean => isStep(entry) || entry.request.compliance !== undefined

const eventsOf = (entry: Queued): number => (isStep(entry) ? 0 : entry.request.events.length)

/** Whether an entry belongs to a stream of appends whose next one follows at once. */
const isOfStream = (entry: Queued): boolean => !isStep(entry) && entry.request.after !== undefined

/** Two appends that share no subject write no row in common before their lanes are locked. */
const subjectsOfAppend = ({ claims, events, facts = [], personal, seen = [] }: Append): ReadonlyArray<string> => [
  ...events.flatMap(({ concordId, externalId }) => (externalId === undefined ? [concordId] : [concordId, externalId])),
  ...claims.flatMap(({ concordId, hash }) => [concordId, hash]),
  ...seen.map(({ concordId }) => concordId),
  ...facts.map(({ survivor }) => survivor),
  ...(personal === undefined ? [] : [...personal.keys, ...personal.parts].map(({ concordId }) => concordId)),
]

/** A step writes rows in locked lanes only. */
const subjectsOf = (entry: Queued): ReadonlyArray<string> => (isStep(entry) ? [] : subjectsOfAppend(entry.request))

const lanesOf = (entries: ReadonlyArray<Queued>): ReadonlySet<number> => new Set(entries.flatMap(({ lanes }) => lanes))

class Queue<Each extends Queued> implements LaneQueue<Each> {
  private readonly limits: Limits
  private readonly isPredictable: (lane: number) => boolean
  private waiting: Array<Each> = []
  private readonly groups = new Set<Group<Each>>()
  /** The groups that are being written to each lane, the earliest first; no entry for a lane that is idle. */
  private readonly writing = new Map<number, ReadonlyArray<Group<Each>>>()

  constructor(limits: Limits, isPredictable: (lane: number) => boolean) {
    this.limits = limits
    this.isPredictable = isPredictable
  }

  get size(): number {
    return this.waiting.length
  }

  get isFull(): boolean {
    return this.waiting.length >= this.limits.maxWaiting
  }

  get hasRoom(): boolean {
    return this.groups.size < this.limits.maxGroups
  }

  get hasFullGroup(): boolean {
    let events = 0
    return this.waiting.some((entry) => isOfStream(entry) || (events += eventsOf(entry)) >= this.limits.maxGroupEvents)
  }

  isBlocked({ lanes }: Queued): boolean {
    return lanes.some((lane) => this.writingTo(lane).length > 1)
  }

  add(entry: Each): void {
    this.waiting.push(entry)
  }

  remove(entry: Each): void {
    this.waiting = this.waiting.filter((each) => each !== entry)
  }

  next(): Group<Each> | undefined {
    if (!this.hasRoom) return undefined
    const ofIdleLanes = this.dequeue(({ lanes }) => !lanes.some((lane) => this.writing.has(lane)))
    if (ofIdleLanes.length > 0) return this.begin(ofIdleLanes)
    if (!this.hasFullGroup) return undefined
    const ofBusyLanes = this.dequeue(
      (each) => !isAlone(each) && each.lanes.every((lane) => this.isOpen(lane)) && this.isDisjoint(each),
    )
    return ofBusyLanes.length > 0 ? this.begin(ofBusyLanes) : undefined
  }

  end(group: Group<Each>): void {
    this.groups.delete(group)
    for (const lane of group.lanes) {
      const others = this.writingTo(lane).filter((other) => other !== group)
      if (others.length === 0) this.writing.delete(lane)
      else this.writing.set(lane, others)
    }
  }

  private writingTo(lane: number): ReadonlyArray<Group<Each>> {
    return this.writing.get(lane) ?? []
  }

  /** Whether a group may be written to a lane concurrently with the one that is being written to it. */
  private isOpen(lane: number): boolean {
    const groups = this.writingTo(lane)
    return groups.length < 2 && groups.every(({ isPredictable }) => isPredictable) && this.isPredictable(lane)
  }

  /** Whether an append has no subject in common with any group that is being written. */
  private isDisjoint(entry: Each): boolean {
    const subjects = subjectsOf(entry)
    return this.groups.values().every((group) => !subjects.some((subject) => group.subjects.has(subject)))
  }

  /**
   * Removes and returns the appends that are eligible and share no lane with an earlier append that stays: at most a
   * full group, or one that is a group of its own.
   */
  private dequeue(isEligible: (entry: Each) => boolean): ReadonlyArray<Each> {
    const removed: Array<Each> = []
    const left: Array<Each> = []
    /** The lanes of appends that stay. */
    const closed = new Set<number>()
    let events = 0
    for (const entry of this.waiting) {
      const [first] = removed
      const isFollowing = first !== undefined && !isAlone(first) && !isAlone(entry)
      const fits = first === undefined || (isFollowing && events + eventsOf(entry) <= this.limits.maxGroupEvents)
      if (fits && !entry.lanes.some((lane) => closed.has(lane)) && isEligible(entry)) {
        removed.push(entry)
        events += eventsOf(entry)
      } else {
        left.push(entry)
        for (const lane of entry.lanes) closed.add(lane)
      }
    }
    this.waiting = left
    return removed
  }

  private begin(entries: ReadonlyArray<Each>): Group<Each> {
    const lanes = lanesOf(entries)
    const subjects = new Set(entries.flatMap(subjectsOf))
    const predecessors = new Set([...lanes].flatMap((lane) => this.writingTo(lane)))
    const group: Group<Each> = { entries, lanes, subjects, predecessors, isPredictable: false }
    this.groups.add(group)
    for (const lane of lanes) this.writing.set(lane, [...this.writingTo(lane), group])
    return group
  }
}

/**
 * An empty queue. `isPredictable` says whether it is known where a lane will end once what was sent to it is committed.
 */
export const make = <Each extends Queued>(limits: Limits, isPredictable: (lane: number) => boolean): LaneQueue<Each> =>
  new Queue<Each>(limits, isPredictable)
