/**
 * Places of a feed by when their items were recorded.
 */
import { Effect } from "effect"
import type { Instant } from "../engine/Instant.ts"
import type { LedgerContext } from "../ledger/LedgerContext.ts"
import type { ProjectScope } from "../model/Catalog.ts"
import type { LaneEnd, LaneFilter } from "../ports/FeedStore.ts"
import type { StoreUnavailable } from "../ports/StoreUnavailable.ts"
import type { FeedPlace } from "./ChangeCursor.ts"
import * as FeedReader from "./FeedReader.ts"

type Context = Pick<LedgerContext, "store">

/** The place after everything in a lane. */
export const atEnd = ({ incarnation, lane, number, position }: LaneEnd): FeedPlace => ({
  lane,
  incarnation,
  position,
  number,
})

/** An instant after which nothing of the lanes is recorded so far. */
export const lastRecordedAt = (ends: ReadonlyArray<LaneEnd>): Instant =>
  ends.reduce((latest, end) => Math.max(latest, end.lastRecordedAt), 0)

/** The sequences of a lane, in each of which `recordedAt` never goes back. */
const sequences: ReadonlyArray<readonly [keyof Pick<LaneEnd, "number" | "position">, LaneFilter]> = [
  ["position", { types: [] }],
  ["number", { events: false }],
]

/** The lanes whose last stored change was recorded at `since` or later. One statement. */
const lanesChangedSince = Effect.fnUntraced(function* (
  { project }: Pick<ProjectScope, "project">,
  since: Instant,
  ends: ReadonlyArray<LaneEnd>,
  { store }: Context,
) {
  const some = ends.filter(({ lastRecordedAt, number }) => number > 0 && lastRecordedAt > since)
  if (some.length === 0) return []
  const parts = some.map((end) => ({ from: { ...end, number: end.number - 1 }, to: end }))
  const read = yield* store.feed.read(project, parts, { events: false }, 1)
  return some.filter((_, index) => read[index]!.items.some((item) => FeedReader.recordedAtOf(item) >= since))
})

/** The stored changes that were recorded at an instant or later, of each lane that has some. */
export const changesSince = Effect.fnUntraced(function* (
  scope: Pick<ProjectScope, "project">,
  since: Instant,
  ends: ReadonlyArray<LaneEnd>,
  context: Context,
) {
  return yield* Effect.forEach(yield* lanesChangedSince(scope, since, ends, context), (end) =>
    Effect.map(firstSince(scope, end, sequences[1]!, since, context), (from) => ({
      lane: end.lane,
      position: end.position,
      from,
      to: end.number,
    })),
  )
})

/** The first number of a sequence of a lane whose item was recorded at `since` or later; that of the end for none. */
const firstSince = Effect.fnUntraced(function* (
  { project }: Pick<ProjectScope, "project">,
  end: LaneEnd,
  [member, filter]: (typeof sequences)[number],
  since: Instant,
  { store }: Context,
) {
  let [from, to] = [0, end[member]]
  while (from < to) {
    const middle = Math.floor((from + to) / 2)
    const part = { from: { ...end, [member]: middle }, to: { ...end, [member]: middle + 1 } }
    const [read] = yield* store.feed.read(project, [part], filter, 1)
    const item = read!.items[0]
    if (item !== undefined && FeedReader.recordedAtOf(item) < since) from = middle + 1
    else to = middle
  }
  return from
})

/** The places before everything that was recorded at an instant or later. Reads some 20 items of each lane. */
export const placesSince = Effect.fnUntraced(function* (
  scope: Pick<ProjectScope, "project">,
  since: Instant,
  ends: ReadonlyArray<LaneEnd>,
  context: Context,
): Effect.fn.Return<ReadonlyArray<FeedPlace>, StoreUnavailable> {
  return yield* Effect.forEach(ends, (end) =>
    Effect.gen(function* () {
      const found = yield* Effect.forEach(sequences, (each) => firstSince(scope, end, each, since, context))
      return { ...atEnd(end), position: found[0]!, number: found[1]! }
    }),
  )
})
