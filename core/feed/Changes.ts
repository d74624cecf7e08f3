/**
 * Reads the change feed of a project by marks: a page, which may wait until there is something, or a stream.
 */
import { Clock, Data, Effect, Option, Schedule, Stream } from "effect"
import * as Exchange from "../formats/Exchange.ts"
import type { LedgerContext } from "../ledger/LedgerContext.ts"
import * as PositionsOf from "../ledger/Positions.ts"
import * as Reading from "../ledger/Reading.ts"
import * as WorkingPlace from "../ledger/WorkingPlace.ts"
import type { ProjectScope } from "../model/Catalog.ts"
import * as Lane from "../model/Lane.ts"
import type { LaneEnd, LaneFilter } from "../ports/FeedStore.ts"
import { type Positions, StoreUnavailable } from "../ports/LedgerStore.ts"
import * as Change from "./Change.ts"
import * as ChangeCursor from "./ChangeCursor.ts"
import * as FeedReader from "./FeedReader.ts"
import * as FeedTimes from "./FeedTimes.ts"
import * as Restored from "./Restored.ts"
import type { Seen } from "../ledger/FeedWaiting.ts"

/** Which changes are read. A member that is left out lets all pass. */
export interface ChangeQuery {
  /** A mark; `start`, the default: before everything; `now`: after everything. */
  readonly after?: string
  /** The most changes of a page, from 1. Default {@link defaultLimit}. */
  readonly limit?: number
  /** Types such as `decision.changed`, or all that begin alike, such as `decision.*`. */
  readonly types?: ReadonlyArray<string>
  /** Ids of consent types. A change that is about none is left out. */
  readonly consentTypes?: ReadonlyArray<string>
  /** Ids of stored people. A change that is about none is left out. */
  readonly people?: ReadonlyArray<string>
  /** The lanes whose index leaves this rest, for readers side by side: `rest` from 0, `of` at most the lanes. */
  readonly part?: { readonly rest: number; readonly of: number }
  /** Adds to changes about a person and a type the decision as it was answered when they were recorded. */
  readonly includesDecision?: boolean
  /** How many changes have no mark of their own between two that have one. Default: only the page has one. */
  readonly markEvery?: number
}

/** A change as JSON. */
export interface WrittenChange {
  readonly id: string
  readonly type: string
  readonly json: string
  /** The place right after it. */
  readonly mark?: string
}

/** Changes, and the place after them. */
export interface ChangeBatch {
  readonly items: ReadonlyArray<WrittenChange>
  /** The place after the items, and after what was filtered out. */
  readonly mark: string
  /** Nothing more was there. */
  readonly isCurrent: boolean
  readonly positions: Positions
}

/** The text is no mark of this project. */
export class UnknownMark extends Data.TaggedError("UnknownMark") {
  override get message(): string {
    return "the mark is not known: send one that this project answered, start or now"
  }
}

/** The ledger has lost what is before the mark: it was restored from an earlier backup. */
export class MarkLost extends Data.TaggedError("MarkLost")<{
  /** Where to go on. */
  readonly mark: string
}> {
  override get message(): string {
    return "the ledger has lost what is before the mark, because it was restored from an earlier backup"
  }
}

/** Why changes cannot be read. */
export type ReadFault = StoreUnavailable | UnknownMark | MarkLost

/** How many changes a page has by default. */
export const defaultLimit = 100

/** How long a page is waited for that would have no changes. */
export interface Patience {
  /** 0: not at all. */
  readonly millis: number
  /** Ends the wait early. */
  readonly orUntil?: Effect.Effect<void>
}

/** How many changes of a stream are read at a time. */
const streamLimit = 1000

/** How long a mark is waited for that a replica has not reached: every 25 milliseconds for two seconds. */
const untilReached = Schedule.spaced(25).pipe(Schedule.upTo({ duration: 2_000 }))

const filterOf = ({ consentTypes, people, types }: ChangeQuery): LaneFilter => {
  const named = types?.flatMap(Change.typesOf)
  return {
    ...(named !== undefined && {
      events: named.includes("consent.recorded"),
      types: named.filter((type) => type !== "consent.recorded"),
    }),
    ...(people !== undefined && { people }),
    ...(consentTypes !== undefined && { consentTypes }),
  }
}

/** A reader of the changes of a project. */
interface Reader {
  readonly scope: ProjectScope
  readonly query: ChangeQuery
  readonly filter: LaneFilter
  /** Whether a lane is read; the place in another lane stays. */
  readonly reads: (lane: number) => boolean
  /** Whether a lane that is read can hold something that passes. */
  readonly mayHold: (lane: number) => boolean
}

const readerOf = (scope: ProjectScope, query: ChangeQuery): Reader => {
  const { part, people } = query
  const [first] = Lane.range(scope.project)
  const lanes = people && new Set(people.map((person) => Lane.of(scope.project, person) - first))
  return {
    scope,
    query,
    filter: filterOf(query),
    reads: (lane) => part === undefined || lane % part.of === part.rest,
    mayHold: (lane) => lanes?.has(lane) ?? true,
  }
}

/** What was read of a feed: changes, and the mark from which the next reading begins. */
interface Step {
  readonly batch: ChangeBatch
  readonly mark: ChangeCursor.Mark
  readonly seen: Seen
}

/** Everything in a lane has the same incarnation as its end. */
const atStart = ({ incarnation, lane }: LaneEnd): ChangeCursor.FeedPlace => ({
  lane,
  incarnation,
  position: 0,
  number: 0,
})

const seenNow = Effect.fnUntraced(function* (
  { project }: ProjectScope,
  { feedSignal, store }: LedgerContext,
): Effect.fn.Return<Seen, StoreUnavailable> {
  const version = feedSignal.version(project.number)
  return { version, ends: yield* store.feed.ends(project) }
})

/** The decision about the person and type of a change, as it was answered when the change was recorded. */
const decisionOf = Effect.fnUntraced(function* (
  { organization, project }: ProjectScope,
  { item }: FeedReader.FeedItem,
  context: LedgerContext,
) {
  const { concordId, consentType } = item._tag === "Event" ? item.event : item
  if (concordId === undefined || consentType === undefined) return undefined
  const at = FeedReader.recordedAtOf(item)
  const question = { organization, project, concordId, at, knownAt: at, consentTypes: [consentType] }
  const { items } = yield* Reading.decisions(question, context)
  const [decided] = items
  return decided && Exchange.decisionToText(decided.person.concordId, decided.type, decided.decision, decided.region)
})

const write = ({ project }: ProjectScope, { item, lane }: FeedReader.FeedItem): WrittenChange =>
  item._tag === "Event"
    ? {
        id: Change.idOfEvent(project, lane, item.position),
        type: "consent.recorded",
        json: Change.write(project, lane, item),
      }
    : { id: Change.idOf(project, lane, item), type: item.type, json: Change.write(project, lane, item) }

/** How many decisions are made at the same time. */
const decisionsAtATime = 8

/** Writes a change of a feed of a project as JSON, with the decision that it is about. */
export const withDecision = Effect.fnUntraced(function* (
  scope: ProjectScope,
  item: FeedReader.FeedItem,
  context: LedgerContext,
): Effect.fn.Return<WrittenChange, StoreUnavailable> {
  const written = write(scope, item)
  const decision = yield* decisionOf(scope, item, context)
  return decision === undefined ? written : { ...written, json: `${written.json.slice(0, -1)},"decision":${decision}}` }
})

/** The changes with marks on each one whose turn it is, given the places before them. */
const marked = Effect.fnUntraced(function* (
  { query: { markEvery }, scope }: Reader,
  { places, until }: ChangeCursor.Mark,
  items: ReadonlyArray<FeedReader.FeedItem>,
  written: ReadonlyArray<WrittenChange>,
  context: LedgerContext,
) {
  if (markEvery === undefined || items.length < markEvery) return written
  const now = [...places]
  const all = [...written]
  for (const [index, { lane, next }] of items.entries()) {
    now[lane] = next
    if (index % markEvery === markEvery - 1) {
      all[index] = { ...all[index]!, mark: yield* ChangeCursor.seal(scope, { places: now, until }, context) }
    }
  }
  return all
})

/** Reads changes after places, up to what was seen. */
const readUpTo = Effect.fnUntraced(function* (
  reader: Reader,
  before: ChangeCursor.Mark,
  seen: Seen,
  limit: number,
  context: LedgerContext,
): Effect.fn.Return<Step, StoreUnavailable | FeedReader.PlaceLost> {
  const { mayHold, query, reads, scope } = reader
  const { project } = scope
  const { places } = before
  yield* FeedReader.check(places, seen.ends)
  const asked = places.filter(({ lane }) => reads(lane) && mayHold(lane))
  const part = yield* FeedReader.upTo(project, asked, seen.ends, reader.filter, limit, context)
  const read = new Map(part.places.map((place) => [place.lane, place]))
  const after = places.map((place) =>
    reads(place.lane) ? (read.get(place.lane) ?? FeedTimes.atEnd(seen.ends[place.lane]!)) : place,
  )
  const written =
    query.includesDecision === true
      ? yield* Effect.forEach(part.items, (item) => withDecision(scope, item, context), {
          concurrency: decisionsAtATime,
        })
      : part.items.map((item) => write(scope, item))
  const now = FeedTimes.lastRecordedAt(seen.ends)
  const mark = FeedReader.isSamePlace(places, after) ? before : { places: after, until: now }
  const batch = {
    items: yield* marked(reader, { places, until: now }, part.items, written, context),
    mark: yield* ChangeCursor.seal(scope, mark, context),
    isCurrent: part.isCurrent,
    positions: PositionsOf.ofLanes(
      project,
      seen.ends.map(({ position }) => position),
    ),
  }
  return { batch, mark, seen }
})

/** Fails with the mark to go on from. */
export const lost = (
  scope: ProjectScope,
  goOn: ChangeCursor.Mark,
  context: LedgerContext,
): Effect.Effect<never, MarkLost | StoreUnavailable> =>
  Effect.flatMap(ChangeCursor.seal(scope, goOn, context), (mark) => Effect.fail(new MarkLost({ mark })))

/** Reads changes after a mark, which was `given` or is of the step before. A replica is waited for. */
const read = Effect.fnUntraced(function* (
  reader: Reader,
  mark: ChangeCursor.Mark,
  isGiven: boolean,
  limit: number,
  context: LedgerContext,
): Effect.fn.Return<Step, StoreUnavailable | MarkLost> {
  const { scope } = reader
  const reached = Effect.gen(function* () {
    const seen = yield* seenNow(scope, context)
    yield* FeedReader.check(mark.places, seen.ends)
    return seen
  })
  const behind = () => new StoreUnavailable({ reason: "this replica does not know yet what the mark names" })
  const seen =
    context.store.isReplica === true
      ? yield* Effect.catchTag(reached, "PlaceLost", () =>
          Effect.catchTag(WorkingPlace.without(Effect.retry(reached, untilReached)), "PlaceLost", behind),
        )
      : yield* seenNow(scope, context)
  const reading = Effect.gen(function* () {
    if (isGiven) yield* Restored.check(scope, mark, seen.ends, context)
    return yield* readUpTo(reader, mark, seen, limit, context)
  })
  return yield* Effect.catchTag(reading, "PlaceLost", ({ places }) =>
    lost(scope, { places, until: FeedTimes.lastRecordedAt(seen.ends) }, context),
  )
})

/** The mark that a query begins at. */
const markOf = Effect.fnUntraced(function* (
  { query: { after = "start" }, scope }: Reader,
  context: LedgerContext,
): Effect.fn.Return<ChangeCursor.Mark, StoreUnavailable | UnknownMark> {
  if (after === "start") return { places: (yield* context.store.feed.ends(scope.project)).map(atStart), until: 0 }
  return (yield* ChangeCursor.open(scope, after, context)) ?? (yield* new UnknownMark())
})

/** The place after everything, with no change. */
const endOf = Effect.fnUntraced(function* (reader: Reader, context: LedgerContext) {
  const seen = yield* seenNow(reader.scope, context)
  const mark = { places: seen.ends.map(FeedTimes.atEnd), until: FeedTimes.lastRecordedAt(seen.ends) }
  return yield* Effect.catchTag(readUpTo(reader, mark, seen, 1, context), "PlaceLost", Effect.die)
})

const begin = (reader: Reader, limit: number, context: LedgerContext): Effect.Effect<Step, ReadFault> =>
  reader.query.after === "now"
    ? endOf(reader, context)
    : Effect.flatMap(markOf(reader, context), (mark) => read(reader, mark, true, limit, context))

/**
 * Waits for the next changes of a reader that has read everything, in the time that is left. Gives up the place of the
 * request meanwhile. Returns what was read last if there are none in time.
 */
const awaitNext = Effect.fnUntraced(function* (
  reader: Reader,
  first: Step,
  { millis, orUntil = Effect.never }: Patience,
  limit: number,
  context: LedgerContext,
): Effect.fn.Return<Step, StoreUnavailable | MarkLost> {
  const until = (yield* Clock.currentTimeMillis) + millis
  let step = first
  while (step.batch.items.length === 0 && step.batch.isCurrent) {
    const left = until - (yield* Clock.currentTimeMillis)
    if (left <= 0) return step
    const waiting = Effect.as(context.feedWaiting.wait(reader.scope.project, step.seen, context), true)
    const isOver = Effect.as(Effect.raceFirst(Effect.sleep(left), orUntil), false)
    if (!(yield* WorkingPlace.without(Effect.raceFirst(waiting, isOver)))) return step
    step = yield* read(reader, step.mark, false, limit, context)
  }
  return step
})

/**
 * A page of the changes of a project. If there are none yet, waits for some. `after: "now"` is answered at once, with a
 * mark and nothing else.
 */
export const page = Effect.fnUntraced(function* (
  scope: ProjectScope,
  query: ChangeQuery,
  patience: Patience,
  context: LedgerContext,
): Effect.fn.Return<ChangeBatch, ReadFault> {
  const reader = readerOf(scope, query)
  const limit = query.limit ?? defaultLimit
  const first = yield* begin(reader, limit, context)
  if (patience.millis === 0 || query.after === "now") return first.batch
  return (yield* awaitNext(reader, first, patience, limit, context)).batch
})

/**
 * The changes of a project as they come: all that are there, and then, if it follows, each as soon as it is recorded.
 * A batch without items tells of a mark alone: the first, and one after changes that were all filtered out.
 */
export const follow = (
  scope: ProjectScope,
  query: ChangeQuery,
  isFollowing: boolean,
  context: LedgerContext,
): Stream.Stream<ChangeBatch, ReadFault> => {
  const reader = readerOf(scope, query)
  const limit = query.limit ?? (query.includesDecision === true ? Change.maxLimitWithDecisions : streamLimit)
  const nextOf = Effect.fnUntraced(function* (before: Step | undefined) {
    if (before === undefined) return yield* begin(reader, limit, context)
    if (before.batch.isCurrent) {
      yield* WorkingPlace.without(context.feedWaiting.wait(scope.project, before.seen, context))
    }
    return yield* read(reader, before.mark, false, limit, context)
  })
  return Stream.paginate(undefined as Step | undefined, (before) =>
    Effect.map(nextOf(before), (step) => {
      const isNew = before === undefined || step.batch.items.length > 0 || step.batch.mark !== before.batch.mark
      const isLast = step.batch.isCurrent && !isFollowing
      return [isNew ? [step.batch] : [], isLast ? Option.none() : Option.some(step)] as const
    }),
  )
}
