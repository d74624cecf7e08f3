/**
 * Where in the feed of a project a webhook, or a replay, begins and ends.
 */
import { Effect } from "effect"
import * as ChangeCursor from "../feed/ChangeCursor.ts"
import * as Changes from "../feed/Changes.ts"
import * as FeedTimes from "../feed/FeedTimes.ts"
import * as Restored from "../feed/Restored.ts"
import type { LedgerContext } from "../ledger/LedgerContext.ts"
import type { ProjectScope, WebhookStart } from "../model/Catalog.ts"
import type { StoreUnavailable } from "../ports/StoreUnavailable.ts"

type Places = ReadonlyArray<ChangeCursor.FeedPlace>

/** The places that `start`, `now` or a mark means. */
export const placesOf = Effect.fnUntraced(function* (
  scope: ProjectScope,
  after: string,
  context: LedgerContext,
): Effect.fn.Return<Places, StoreUnavailable | Changes.UnknownMark | Changes.MarkLost> {
  const ends = yield* context.store.feed.ends(scope.project)
  if (after === "now") return ends.map(FeedTimes.atEnd)
  if (after === "start") return ends.map((end) => ({ ...FeedTimes.atEnd(end), position: 0, number: 0 }))
  const mark = (yield* ChangeCursor.open(scope, after, context)) ?? (yield* new Changes.UnknownMark())
  yield* Effect.catchTag(Restored.check(scope, mark, ends, context), "PlaceLost", ({ places }) =>
    Changes.lost(scope, { places, until: FeedTimes.lastRecordedAt(ends) }, context),
  )
  return mark.places
})

/** A start at places, with its number. */
export const startOf = (number: number, places: Places): WebhookStart => ({
  number,
  places: places.map(({ incarnation, number, position }) => [position, number, incarnation] as const),
})

/** The nearer of two places of each lane. */
export const earlier = (a: Places, b: Places): Places =>
  a.map((place, lane) => ({
    ...place,
    position: Math.min(place.position, b[lane]!.position),
    number: Math.min(place.number, b[lane]!.number),
  }))
