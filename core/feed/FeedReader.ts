/**
 * Reads the change feed of a project from places in its lanes: the lanes are merged by `recordedAt`, then by lane.
 *
 * The order is promised within a lane, so for each stored person; between lanes it is for convenience.
 */
import { Data, Effect } from "effect"
import type { Instant } from "../engine/Instant.ts"
import type { Owner } from "../model/Lane.ts"
import type { FeedStore, LaneEnd, LaneFilter, LaneItem, LanePlace } from "../ports/FeedStore.ts"
import type { StoreUnavailable } from "../ports/StoreUnavailable.ts"
import type { FeedPlace } from "./ChangeCursor.ts"

/** One item of the feed of a project. */
export interface FeedItem {
  readonly lane: number
  readonly item: LaneItem
  /** The place after it in its lane. */
  readonly next: FeedPlace
}

/** What was read of a feed. */
export interface FeedPart {
  /** At most the limit. */
  readonly items: ReadonlyArray<FeedItem>
  /** Where the next reading begins, for each given lane, in their order. What was filtered out is before it. */
  readonly places: ReadonlyArray<FeedPlace>
  /** Nothing more was there. */
  readonly isCurrent: boolean
}

/** A lane has lost what is before a place: the lanes were restored from an earlier backup. */
export class PlaceLost extends Data.TaggedError("PlaceLost")<{
  /** Where to go on, for each given lane: at its place if that is still there, otherwise at the end of the lane. */
  readonly places: ReadonlyArray<FeedPlace>
}> {}

interface Context {
  readonly store: { readonly feed: Pick<FeedStore, "ends" | "read"> }
}

/** When an item was recorded. */
export const recordedAtOf = (item: LaneItem): Instant =>
  item._tag === "Event" ? item.event.dateCreated : item.recordedAt

const isBefore = (a: LanePlace, b: LanePlace): boolean => a.position < b.position || a.number < b.number

/** Whether places of the same lanes, in the same order, are the same. */
export const isSamePlace = (a: ReadonlyArray<FeedPlace>, b: ReadonlyArray<FeedPlace>): boolean =>
  a.every(
    ({ incarnation, number, position }, lane) =>
      position === b[lane]!.position && number === b[lane]!.number && incarnation === b[lane]!.incarnation,
  )

/** Whether a lane has lost what is before a place of it. */
const isLost = (place: FeedPlace, end: LaneEnd): boolean =>
  place.incarnation !== end.incarnation || isBefore(end, place)

/** Where to go on from a place that may be lost. */
const foundAgain = (place: FeedPlace, end: LaneEnd): FeedPlace => ({
  lane: place.lane,
  incarnation: end.incarnation,
  position: Math.min(place.position, end.position),
  number: Math.min(place.number, end.number),
})

/** Whether a lane has lost what is before one of the places. */
export const isAnyLost = (places: ReadonlyArray<FeedPlace>, ends: ReadonlyArray<LaneEnd>): boolean =>
  places.some((place) => isLost(place, ends[place.lane]!))

/** Fails if a lane has lost what is before one of the places. */
export const check = (places: ReadonlyArray<FeedPlace>, ends: ReadonlyArray<LaneEnd>): Effect.Effect<void, PlaceLost> =>
  isAnyLost(places, ends)
    ? Effect.fail(new PlaceLost({ places: places.map((place) => foundAgain(place, ends[place.lane]!)) }))
    : Effect.void

/** The place after an item that is read from a place. */
const after = (place: FeedPlace, item: LaneItem): FeedPlace =>
  item._tag === "Event"
    ? { ...place, position: item.position + 1 }
    : { ...place, position: Math.max(place.position, item.beforePosition), number: item.number + 1 }

/** The items of a lane that were read and not yet merged, and where its next reading begins. */
interface Reading {
  readonly end: LaneEnd
  /** After the last item that was merged. */
  place: FeedPlace
  items: ReadonlyArray<LaneItem>
  /** How many of the items were merged. */
  merged: number
  /** Where the store goes on. */
  next: LanePlace
  /** How many items are read of it the next time: double each time, because its neighbours may be far behind. */
  chunk: number
}

const hasMore = ({ end, next }: Reading): boolean => isBefore(next, end)

/** How many items are read first of each of several lanes, so that most of them are merged into a page. */
const chunkOf = (limit: number, lanes: number): number => {
  const even = limit / lanes
  return Math.min(limit, Math.ceil(even + 2 * Math.sqrt(even)) + 1)
}

/**
 * How often a reading reads the store. A filter that few items pass has the store look at many: then the reading ends
 * early, and the caller goes on from its places.
 */
const maxReads = 16

/** Reads further items of lanes of which all items were merged. */
const refill = Effect.fnUntraced(function* (
  project: Owner,
  readings: ReadonlyArray<Reading>,
  filter: LaneFilter,
  limit: number,
  { store }: Context,
) {
  const parts = readings.map(({ end, next }) => ({ from: next, to: end }))
  const read = yield* store.feed.read(project, parts, filter, limit)
  for (const [index, { items, next }] of read.entries()) {
    const reading = readings[index]!
    Object.assign(reading, { items, next, merged: 0, chunk: 2 * reading.chunk })
  }
})

/** Whether all items of a lane that were read are merged, and there may be more. */
const isDry = (reading: Reading): boolean => reading.merged === reading.items.length && hasMore(reading)

/** The reading whose next item comes first; `undefined` if none has one. */
const firstOf = (readings: ReadonlyArray<Reading>): Reading | undefined => {
  let first: Reading | undefined
  let earliest = Infinity
  for (const reading of readings) {
    if (reading.merged === reading.items.length) continue
    const recordedAt = recordedAtOf(reading.items[reading.merged]!)
    if (recordedAt < earliest) [first, earliest] = [reading, recordedAt]
  }
  return first
}

/** Merges items until there are `limit`, or a lane of which more may be there has none left. */
const merge = (readings: ReadonlyArray<Reading>, items: Array<FeedItem>, limit: number): void => {
  while (items.length < limit) {
    const first = firstOf(readings)
    if (first === undefined) return
    const item = first.items[first.merged++]!
    first.place = after(first.place, item)
    items.push({ lane: first.place.lane, item, next: first.place })
    if (isDry(first)) return
  }
}

/** Where the next reading of a lane begins: where the store goes on, if all that was read is merged. */
const leftOf = ({ items, merged, next, place }: Reading): FeedPlace =>
  merged < items.length
    ? place
    : { lane: place.lane, incarnation: place.incarnation, position: next.position, number: next.number }

/**
 * Reads at most `limit` items after places of lanes, up to ends that were read after the places were known. The lanes
 * may be some of the project's.
 */
export const upTo = Effect.fnUntraced(function* (
  project: Owner,
  places: ReadonlyArray<FeedPlace>,
  ends: ReadonlyArray<LaneEnd>,
  filter: LaneFilter,
  limit: number,
  context: Context,
): Effect.fn.Return<FeedPart, StoreUnavailable | PlaceLost> {
  yield* check(places, ends)
  const readings = places.map((place): Reading => ({
    end: ends[place.lane]!,
    place,
    items: [],
    merged: 0,
    next: place,
    chunk: chunkOf(limit, places.length),
  }))
  const items: Array<FeedItem> = []
  for (let reads = 0; reads < maxReads && items.length < limit; reads++) {
    const dry = readings.filter(isDry)
    const chunk = Math.min(limit - items.length, Math.max(...dry.map((reading) => reading.chunk)))
    if (dry.length > 0) yield* refill(project, dry, filter, chunk, context)
    merge(readings, items, limit)
    if (!readings.some((reading) => isDry(reading) || reading.merged < reading.items.length)) break
  }
  const left = readings.map(leftOf)
  return { items, places: left, isCurrent: readings.every(({ end }, index) => !isBefore(left[index]!, end)) }
})

/** Reads at most `limit` items after places of lanes, which may be some of the project's. */
export const next = Effect.fnUntraced(function* (
  project: Owner,
  places: ReadonlyArray<FeedPlace>,
  filter: LaneFilter,
  limit: number,
  context: Context,
): Effect.fn.Return<FeedPart, StoreUnavailable | PlaceLost> {
  return yield* upTo(project, places, yield* context.store.feed.ends(project), filter, limit, context)
})
