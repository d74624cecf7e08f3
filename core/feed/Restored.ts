/**
 * Finds marks of what a ledger has lost, because it was restored from an earlier backup.
 *
 * A place beyond the end of its lane is lost. It is lost as well if the ledger has recorded so much since then that
 * the place is within the lane again: the item before it was recorded later than everything that the mark knows.
 */
import { Effect } from "effect"
import type { LedgerContext } from "../ledger/LedgerContext.ts"
import type { ProjectScope } from "../model/Catalog.ts"
import type { LaneEnd, LanePart } from "../ports/FeedStore.ts"
import type { StoreUnavailable } from "../ports/StoreUnavailable.ts"
import type { FeedPlace, Mark } from "./ChangeCursor.ts"
import * as FeedReader from "./FeedReader.ts"
import * as FeedTimes from "./FeedTimes.ts"

type Scope = Pick<ProjectScope, "project">
type Context = Pick<LedgerContext, "store">

/** The last item of a sequence before a place, as a part of its lane. */
const before = (
  member: "number" | "position",
  place: FeedPlace,
  { lane, number, position }: LaneEnd,
): ReadonlyArray<LanePart> => {
  const end = { lane, number, position }
  const to = place[member]
  return to === 0 ? [] : [{ from: { ...end, [member]: to - 1 }, to: { ...end, [member]: to } }]
}

/** Whether an item before one of the places was recorded after everything that the mark knows. */
const isRecordedSince = Effect.fnUntraced(function* (
  { project }: Scope,
  { places, until }: Mark,
  ends: ReadonlyArray<LaneEnd>,
  { store }: Context,
): Effect.fn.Return<boolean, StoreUnavailable> {
  const grown = places.filter(({ lane }) => ends[lane]!.lastRecordedAt > until)
  const parts = [
    [grown.flatMap((place) => before("position", place, ends[place.lane]!)), { types: [] }],
    [grown.flatMap((place) => before("number", place, ends[place.lane]!)), { events: false }],
  ] as const
  for (const [parted, filter] of parts) {
    const read = parted.length === 0 ? [] : yield* store.feed.read(project, parted, filter, 1)
    if (read.some(({ items: [item] }) => item !== undefined && FeedReader.recordedAtOf(item) > until)) return true
  }
  return false
})

/** Where to go on: before everything in the lanes that was recorded after what the mark knows. */
const foundAgain = Effect.fnUntraced(function* (
  scope: Scope,
  { places, until }: Mark,
  ends: ReadonlyArray<LaneEnd>,
  context: Context,
) {
  const since = yield* FeedTimes.placesSince(scope, until + 1, ends, context)
  return places.map(({ lane, number, position }) => ({
    ...since[lane]!,
    position: Math.min(position, since[lane]!.position),
    number: Math.min(number, since[lane]!.number),
  }))
})

/** Fails if the ledger has lost what is before the places of a mark. Reads nothing if nothing was recorded since. */
export const check = Effect.fnUntraced(function* (
  scope: Scope,
  mark: Mark,
  ends: ReadonlyArray<LaneEnd>,
  context: Context,
): Effect.fn.Return<void, StoreUnavailable | FeedReader.PlaceLost> {
  const isLost = FeedReader.isAnyLost(mark.places, ends) || (yield* isRecordedSince(scope, mark, ends, context))
  if (isLost) yield* new FeedReader.PlaceLost({ places: yield* foundAgain(scope, mark, ends, context) })
})
