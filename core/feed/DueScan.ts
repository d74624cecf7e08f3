/**
 * Tells of the answers that time changes: those that lapse, and those that will after a lead time.
 *
 * A scan looks at one lane of a project for one source of lapses: a period after `consentDate`, or `expirationDate`. It
 * reads the heads that lapse since it came there, by index, and tells of those that change an answer (`Lapsing.ts`).
 * Its place moves in the step that tells of them, so each is announced once, whatever fails and however many servers
 * scan. A source in which nothing can lapse for a while is not read again until then, unless something is recorded in
 * its lane.
 */
import { Effect } from "effect"
import * as Instants from "../engine/Instant.ts"
import type { Instant } from "../engine/Instant.ts"
import type { LedgerContext } from "../ledger/LedgerContext.ts"
import * as Lane from "../model/Lane.ts"
import type { LaneEnd } from "../ports/FeedStore.ts"
import type { StoreUnavailable } from "../ports/StoreUnavailable.ts"
import * as Attempts from "./Attempts.ts"
import * as DecisionStep from "./DecisionStep.ts"
import * as DueLook from "./DueLook.ts"
import * as DueMemory from "./DueMemory.ts"
import * as DueState from "./DueState.ts"
import * as FeedPeriods from "./FeedPeriods.ts"
import type { FeedPeriod } from "./FeedPeriods.ts"
import * as FeedPlaces from "./FeedPlaces.ts"
import * as FeedProgress from "./FeedProgress.ts"
import type { FeedScope } from "./FeedScope.ts"

/** How many heads one step looks at, at most. */
const stepSize = 256

/** After how long a place moves, even if nothing was to be announced. */
const movedAfter = 600_000

/** How many heads are looked at again rather than that the place is moved past them. */
const lookedAtAgain = 64

/** One source in one lane, as a step sees it. */
interface Scan {
  readonly scope: FeedScope
  readonly end: LaneEnd
  readonly source: FeedPeriod
  /** The place as it is stored. */
  readonly before: string
  readonly state: DueState.DueState
  readonly now: Instant
}

const placeOf = ({ before, end, source }: Scan, after: DueState.DueState) => ({
  lane: end.lane,
  name: source.name,
  before,
  after: DueState.write(after),
})

/** Whether the scan has come elsewhere, or the catalog is another one: then it is not as this step knows it. */
const hasMoved = Effect.fnUntraced(function* ({ before, end, scope, source }: Scan, context: LedgerContext) {
  const places = yield* FeedPlaces.of(scope.project, context)
  const { revision } = yield* context.store.catalog.current
  return revision !== scope.revision || places.get(FeedPlaces.keyOf(end.lane, source.name)) !== before
})

const attemptOf = Effect.fnUntraced(function* (scan: Scan, { limit, slack }: Attempts.Attempt, context: LedgerContext) {
  const { now, state } = scan
  const look = yield* DueLook.look(scan, limit, context)
  const { candidates, isDone, looked, next } = look
  const isSoon = looked < lookedAtAgain && now - state.now < movedAfter
  // A lead time of months may lead to the same instant for a day: then the scan is where it was.
  const isThere = DueState.write(next) === scan.before
  if (candidates.length === 0 && isDone && (isSoon || isThere)) return { look, outcome: undefined }
  const step = { candidates, place: () => placeOf(scan, next), now, slack }
  return { look, outcome: yield* DecisionStep.run(scan.scope, step, context) }
})

/** Passes over one event that no step could be written of: it is tried again whenever there is nothing else to do. */
const leave = Effect.fnUntraced(function* (scan: Scan, look: DueLook.DueLook, context: LedgerContext) {
  const { left = [] } = look.next
  const position = look.candidates[0]?.position
  if (position === undefined || look.isLeft || left.length >= DueState.mostLeft) return FeedProgress.idle
  const place = placeOf(scan, { ...look.next, left: [...left, position] })
  const { written } = yield* DecisionStep.moveOnly(scan.scope, place, scan.now, context)
  return { changes: 0, hasMore: written._tag === "Written", isStale: written._tag === "Stale" }
})

/**
 * Tells of what is due in a lane until `now`, as far as one step does. `end` is the end of the lane, read before. Asks
 * to be called again while there is more.
 */
export const step = Effect.fnUntraced(function* (
  scope: FeedScope,
  end: LaneEnd,
  source: FeedPeriod,
  now: Instant,
  context: LedgerContext,
): Effect.fn.Return<FeedProgress.FeedProgress, StoreUnavailable> {
  const { project } = scope
  const before = (yield* FeedPlaces.of(project, context)).get(FeedPlaces.keyOf(end.lane, source.name))
  // Where the catalog has changed meanwhile, `CatalogFeed` makes and removes places.
  if (before === undefined) return FeedProgress.idle
  const memory = DueMemory.of(context, project, end.lane, source.name)
  if (memory.isQuiet(before, end, scope.revision, now)) return FeedProgress.idle
  const scan: Scan = { scope, end, source, before, state: DueState.read(before), now }
  let last: DueLook.DueLook | undefined
  for (const attempt of Attempts.of(stepSize)) {
    const lane = Lane.range(project)[0] + end.lane
    const { look, outcome } = yield* Attempts.run(attempt, lane, attemptOf(scan, attempt, context), context)
    if (outcome === undefined || outcome.written._tag === "Written") {
      if (look.isDone && !look.isLeft) memory.noteDone(now)
      if (outcome === undefined)
        memory.noteQuiet({ before, position: end.position, revision: scope.revision, until: look.quietUntil })
      return { changes: outcome?.changes ?? 0, hasMore: outcome !== undefined, isStale: false }
    }
    if (yield* hasMoved(scan, context)) return { changes: 0, hasMore: true, isStale: true }
    last = look
  }
  return yield* leave(scan, last!, context)
})

/** Whether the scan of a period in a lane looks for what lapses at an instant no more, unless it is recorded yet. */
export const hasPassed = (
  places: FeedPlaces.FeedPlaces,
  lane: number,
  period: FeedPeriod["period"],
  at: Instant,
): boolean => {
  const state = places.get(FeedPlaces.keyOf(lane, FeedPeriods.nameOf(period, undefined)))
  if (state === undefined) return true
  const { from, range } = DueState.read(state)
  return at < (range?.to ?? from)
}

/**
 * The instant until which everything that lapsed in a project was announced, as far as this process knows: of the lanes
 * that another one scans, what was stored last. What has lapsed since is looked at again when terms change.
 */
export const toldUntil = Effect.fnUntraced(function* ({ project }: FeedScope, now: Instant, context: LedgerContext) {
  let told = now
  for (const [key, state] of yield* FeedPlaces.of(project, context)) {
    const [lane, name] = FeedPlaces.parse(key)
    if (!FeedPeriods.isNameOf(name) || FeedPeriods.isLead(name)) continue
    const { doneAt } = DueMemory.of(context, project, lane, name)
    told = Math.min(told, Math.max(DueState.read(state).from - 1, doneAt() ?? Instants.min))
  }
  return told
})
