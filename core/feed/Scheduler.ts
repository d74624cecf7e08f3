/**
 * The scheduler: writes into the change feeds what happens without an event. It tells of what time brings, of changed
 * types, of joins and erasures, and works off re-evaluations.
 *
 * Everything that it writes is written together with its place, so a scheduler that is late, doubled or killed writes
 * the same changes once. A tick is deterministic for a clock and a store: {@link run} only repeats it.
 */
import { Clock, Effect } from "effect"
import * as Instant from "../engine/Instant.ts"
import type { LedgerContext } from "../ledger/LedgerContext.ts"
import * as Lane from "../model/Lane.ts"
import type { LaneEnd } from "../ports/FeedStore.ts"
import type { Positions } from "../ports/Positions.ts"
import type { StoreUnavailable } from "../ports/StoreUnavailable.ts"
import * as CatalogFeed from "./CatalogFeed.ts"
import * as DueMemory from "./DueMemory.ts"
import * as DueScan from "./DueScan.ts"
import * as FeedPlaces from "./FeedPlaces.ts"
import * as FeedPeriods from "./FeedPeriods.ts"
import * as FeedProgress from "./FeedProgress.ts"
import * as FeedScope from "./FeedScope.ts"
import * as IdentityFeed from "./IdentityFeed.ts"
import * as ProjectWatch from "./ProjectWatch.ts"
import * as Reevaluation from "./Reevaluation.ts"
import * as ReevaluationQueue from "./ReevaluationQueue.ts"

/** How a tick is made. */
export interface TickOptions {
  /** How many people re-evaluations may decide in it; left out: all. */
  readonly people?: number
  /**
   * For how many milliseconds the ends of lanes need not be read again. Left out: 0, so that everything is found that
   * is due, also where another process has recorded it.
   */
  readonly trustedMillis?: number
}

/** What a tick did. */
export interface SchedulerReport {
  /** How many changes were written. */
  readonly changes: number
  /** How many people re-evaluations decided. */
  readonly people: number
  /** Whether a re-evaluation is not done. */
  readonly isReevaluating: boolean
  /** Whether something that is due was left to the next tick, because others wrote at the same time. */
  readonly hasMore: boolean
  /** The first instant at which something is known to be due again. */
  readonly nextAt: Instant.Instant
}

/** How many people a step of a re-evaluation decides at most. */
export const peopleAtOnce = 500

/** A tick in progress. */
interface Tick {
  readonly options: TickOptions
  readonly now: Instant.Instant
  changes: number
  people: number
  isReevaluating: boolean
  hasMore: boolean
}

/** How often a source is asked again in one tick where its steps are stale, because others write at the same time. */
const maxStale = 5

/** Repeats a step until nothing more is due. A step that stays stale is left to the next tick. */
const untilDone = Effect.fnUntraced(function* (
  tick: Tick,
  step: Effect.Effect<FeedProgress.FeedProgress, StoreUnavailable>,
) {
  for (let stale = 0; stale < maxStale;) {
    const { changes, hasMore, isStale } = yield* step
    tick.changes += changes
    if (!hasMore) return true
    if (isStale) stale += 1
    yield* Effect.yieldNow
  }
  tick.hasMore = true
  return false
})

/** Announces catalog changes, and returns the scope for everything else, because the catalog may change meanwhile. */
const tellCatalog = Effect.fnUntraced(function* (
  tick: Tick,
  scope: FeedScope.FeedScope,
  watch: ProjectWatch.ProjectWatch,
  context: LedgerContext,
) {
  if (!ProjectWatch.isCatalogDue(watch, scope, tick.now)) return scope
  let current = scope
  const step = Effect.gen(function* () {
    current = FeedScope.of(yield* context.store.catalog.current, scope.project.id)
    const progress = yield* CatalogFeed.step(current, tick.now, context)
    if (!progress.hasMore) {
      watch.types = current.types
      watch.project = current.project
      watch.publications = current.publications.length
      watch.catalogAt = progress.nextAt
      // New terms have new due scans.
      watch.lanes.clear()
    }
    return progress
  })
  yield* untilDone(tick, step)
  return current
})

/** Announces the identity changes of lanes of the organization that have more than were announced. */
const tellIdentity = Effect.fnUntraced(function* (
  tick: Tick,
  scope: FeedScope.FeedScope,
  watch: ProjectWatch.ProjectWatch,
  ends: Positions,
  context: LedgerContext,
) {
  const [first] = Lane.range(scope.organization)
  for (let lane = 0; lane < scope.organization.lanes; lane++) {
    const end = ends.get(first + lane) ?? 0
    if (end <= (watch.identity.get(lane) ?? -1)) continue
    // What this tick and the last one looked for may have been recorded together with these identity changes.
    const since = { now: tick.now, toldUntil: watch.doneAt[0] }
    const isDone = yield* untilDone(tick, IdentityFeed.step(scope, lane, since, context))
    if (isDone) watch.identity.set(lane, end)
  }
})

/** Works off the re-evaluations of a project, one lane after the other; the first lane ends each of them. */
const reevaluate = Effect.fnUntraced(function* (tick: Tick, scope: FeedScope.FeedScope, context: LedgerContext) {
  const { people: most = Infinity } = tick.options
  const { project } = scope
  const lanes = [...Array.from({ length: project.lanes }, (_, lane) => project.lanes - 1 - lane)]
  const isUnderWay = Effect.map(
    FeedPlaces.of(project, context),
    (places) => ReevaluationQueue.stateOf(places) !== undefined,
  )
  while (yield* isUnderWay) {
    let isStale = false
    const before = tick.people + tick.changes
    for (const lane of lanes) {
      const step = Effect.gen(function* () {
        if (tick.people >= most) return FeedProgress.idle
        const progress = yield* Reevaluation.step(scope, { lane }, tick.now, context)
        tick.people += progress.people
        return progress
      })
      isStale ||= !(yield* untilDone(tick, step))
    }
    if (isStale || tick.people >= most || tick.people + tick.changes === before) break
  }
  tick.isReevaluating ||= yield* isUnderWay
})

/** Looks for what is due in one lane, and when there is something again. */
const scanLane = Effect.fnUntraced(function* (
  tick: Tick,
  scope: FeedScope.FeedScope,
  end: LaneEnd,
  periods: ReadonlyArray<FeedPeriods.FeedPeriod>,
  context: LedgerContext,
) {
  let nextAt = Instant.max
  for (const period of periods) {
    const isDone = yield* untilDone(tick, DueScan.step(scope, end, period, tick.now, context))
    const { quietUntil } = DueMemory.of(context, scope.project, end.lane, period.name)
    nextAt = Math.min(nextAt, isDone ? (quietUntil() ?? tick.now) : tick.now)
  }
  return nextAt
})

/** Looks for what is due in the lanes in which something can be. */
const scan = Effect.fnUntraced(function* (
  tick: Tick,
  scope: FeedScope.FeedScope,
  watch: ProjectWatch.ProjectWatch,
  context: LedgerContext,
) {
  const { now, options } = tick
  const { trustedMillis = 0 } = options
  const isSoon = watch.soonest <= now
  const isRead = isSoon || now >= watch.endsAt + trustedMillis || now < watch.endsAt
  if (isSoon) watch.soonest = Instant.max
  if (isRead) {
    watch.ends = yield* context.store.feed.ends(scope.project)
    watch.endsAt = now
  }
  const periods = FeedPeriods.of(scope.types.byId.values(), FeedScope.ruleSetsOf(scope), scope.project.leads)
  for (const end of watch.ends) {
    const { lane, position } = end
    const known = watch.lanes.get(lane)
    if (known !== undefined && known.position === position && now < known.nextAt && now >= known.lookedAt) continue
    const nextAt = yield* scanLane(tick, scope, end, periods, context)
    watch.lanes.set(lane, { position, lookedAt: now, nextAt })
    yield* Effect.yieldNow
  }
})

/** The most lanes in one question. */
const lanesAtOnce = 4096

/** The number of identity changes in every lane of every organization. */
const identityEnds = Effect.fnUntraced(function* (scopes: ReadonlyArray<FeedScope.FeedScope>, context: LedgerContext) {
  const organizations = new Map(scopes.map(({ organization }) => [organization.id, organization]))
  const lanes = [...organizations.values()].flatMap(Lane.all)
  const ends = new Map<number, number>()
  for (let first = 0; first < lanes.length; first += lanesAtOnce) {
    const read = yield* context.store.people.laneEnds(lanes.slice(first, first + lanesAtOnce))
    for (const [lane, end] of read) ends.set(lane as number, end)
  }
  return ends as Positions
})

/** One pass over everything that is due now in all projects. A replica does nothing. */
export const tick = Effect.fnUntraced(function* (
  options: TickOptions,
  context: LedgerContext,
): Effect.fn.Return<SchedulerReport, StoreUnavailable> {
  const now = yield* Clock.currentTimeMillis
  const made: Tick = { options, now, changes: 0, people: 0, isReevaluating: false, hasMore: false }
  if (context.store.isReplica === true) return { ...made, nextAt: Instant.max }
  const scopes = FeedScope.all(yield* context.store.catalog.current)
  const ends = yield* identityEnds(scopes, context)
  const watches = ProjectWatch.all(context)
  for (const each of scopes) {
    const watch = ProjectWatch.of(each, watches)
    const scope = yield* tellCatalog(made, each, watch, context)
    yield* tellIdentity(made, scope, watch, ends, context)
    yield* scan(made, scope, watch, context)
    yield* reevaluate(made, scope, context)
    if (!made.hasMore && !made.isReevaluating) watch.doneAt = [watch.doneAt[1], now]
  }
  const { changes, hasMore, isReevaluating, people } = made
  return { changes, people, isReevaluating, hasMore, nextAt: ProjectWatch.nextAt(watches) }
})
