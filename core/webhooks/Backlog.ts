/**
 * The changes that a webhook has read and not yet sent: in the order of their lanes, and for each person one after the
 * other.
 *
 * A change is handed out once all earlier ones of its person are done, and is then done, or put back. `progress` says
 * how far the lanes are done, so that after a kill only what was handed out and not done is sent again.
 */
import type { FeedPlace } from "../feed/ChangeCursor.ts"
import type { FeedItem, FeedPart } from "../feed/FeedReader.ts"
import type { LaneItem } from "../ports/FeedStore.ts"
import { type ItemKey, ofEvent } from "../ports/WebhookStore.ts"
import type { LaneProgress } from "./WebhookState.ts"

/** A change that is not done. */
export interface Waiting {
  readonly key: ItemKey
  /** The stored person that it is about; the empty text for none. */
  readonly person: string
  readonly found: FeedItem
  /** Failed tries that are not kept in the store. */
  tries: number
  /** It is not handed out before. */
  notBefore: number
}

/** The changes of a webhook, or of a replay. */
export interface Backlog {
  /** How many changes are read and not known to be done with all before them. */
  readonly size: () => number
  /** Where the next reading begins, in every lane. */
  readonly places: () => ReadonlyArray<FeedPlace>
  /**
   * Adds what was read from there. `isLeftOut`: it is done without being sent. `isParked`: changes of its person are
   * parked, so that it is done once it is parked as well. Returns the changes to park.
   */
  readonly add: (
    part: FeedPart,
    isLeftOut: (item: LaneItem) => boolean,
    isParked: (person: string) => boolean,
  ) => ReadonlyArray<Waiting>
  /** Hands out the change that was ready first and that is not held back. */
  readonly next: (isHeldBack: (waiting: Waiting) => boolean) => Waiting | undefined
  /** Whether {@link next} would hand one out. */
  readonly hasReady: () => boolean
  /** It was handed out and is still to be sent. */
  readonly putBack: (waiting: Waiting) => void
  /** It was handed out and is done. */
  readonly finish: (waiting: Waiting) => void
  /** All changes of a person, of which the first was handed out; all of them are done. */
  readonly takePerson: (person: string) => ReadonlyArray<Waiting>
  /** How far the lanes are done. */
  readonly progress: () => ReadonlyArray<LaneProgress>
}

/** The key of an item of a lane. */
export const keyOf = (lane: number, item: LaneItem): ItemKey =>
  item._tag === "Event"
    ? { lane, position: item.position, number: ofEvent }
    : { lane, position: item.beforePosition, number: item.number }

const personOf = (item: LaneItem): string => (item._tag === "Event" ? item.event.concordId : (item.concordId ?? ""))

interface Entry {
  readonly key: ItemKey
  readonly next: FeedPlace
  isDone: boolean
}

/** One lane: the place before its first entry, its entries, and what is known to be done of what is not read yet. */
interface Lane {
  low: FeedPlace
  read: FeedPlace
  readonly entries: Array<Entry>
  readonly events: Set<number>
  readonly changes: Set<number>
}

const isDoneBefore = ({ changes, events }: Lane, { number, position }: ItemKey): boolean =>
  number === ofEvent ? events.delete(position) : changes.delete(number)

const advance = (lane: Lane): void => {
  while (lane.entries[0]?.isDone === true) lane.low = lane.entries.shift()!.next
  if (lane.entries.length === 0) lane.low = lane.read
}

const progressOf = ({ changes, entries, events, low }: Lane): LaneProgress => {
  const done = entries.filter(({ isDone }) => isDone).map(({ key }) => key)
  return {
    ...low,
    events: [...done.filter(({ number }) => number === ofEvent).map(({ position }) => position), ...events],
    changes: [...done.filter(({ number }) => number !== ofEvent).map(({ number }) => number), ...changes],
  }
}

const laneOf = ({ changes, events, ...place }: LaneProgress): Lane => ({
  low: place,
  read: place,
  entries: [],
  events: new Set(events),
  changes: new Set(changes),
})

/** Nothing is read yet. */
export const make = (from: ReadonlyArray<LaneProgress>): Backlog => {
  const lanes = from.map(laneOf)
  const people = new Map<string, Array<Waiting & { readonly entry: Entry }>>()
  /** The people with a change that can be handed out. */
  const ready: Array<string> = []

  const enqueue = (waiting: Waiting & { readonly entry: Entry }): void => {
    const before = people.get(waiting.person)
    if (before !== undefined) return void before.push(waiting)
    people.set(waiting.person, [waiting])
    ready.push(waiting.person)
  }

  return {
    size: () => lanes.reduce((sum, { entries }) => sum + entries.length, 0),
    places: () => lanes.map(({ read }) => read),
    hasReady: () => ready.length > 0,
    add: ({ items, places }, isLeftOut, isParked) => {
      const toPark: Array<Waiting> = []
      for (const found of items) {
        const lane = lanes[found.lane]!
        const key = keyOf(found.lane, found.item)
        const entry: Entry = { key, next: found.next, isDone: isDoneBefore(lane, key) || isLeftOut(found.item) }
        lane.entries.push(entry)
        const waiting = { key, person: personOf(found.item), found, tries: 0, notBefore: 0, entry }
        if (entry.isDone) continue
        entry.isDone = isParked(waiting.person)
        if (entry.isDone) toPark.push(waiting)
        else enqueue(waiting)
      }
      for (const [index, place] of places.entries()) lanes[index]!.read = place
      for (const lane of lanes) advance(lane)
      return toPark
    },
    next: (isHeldBack) => {
      const index = ready.findIndex((person) => !isHeldBack(people.get(person)![0]!))
      return index === -1 ? undefined : people.get(ready.splice(index, 1)[0]!)![0]
    },
    putBack: ({ person }) => void ready.unshift(person),
    finish: ({ key, person }) => {
      const ofPerson = people.get(person)!
      ofPerson.shift()!.entry.isDone = true
      if (ofPerson.length === 0) people.delete(person)
      else ready.push(person)
      advance(lanes[key.lane]!)
    },
    takePerson: (person) => {
      const ofPerson = people.get(person) ?? []
      people.delete(person)
      for (const { entry } of ofPerson) entry.isDone = true
      for (const { key } of ofPerson) advance(lanes[key.lane]!)
      return ofPerson
    },
    progress: () => lanes.map(progressOf),
  }
}
