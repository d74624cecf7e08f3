/**
 * Goes through a project's people once, because the terms of its types changed, and tells of each answer that changed
 * with them.
 *
 * Answers have new terms at once, because they are computed; the feed follows in steps. A step looks at some people of
 * one lane, and its place moves with what it tells of them. One re-evaluation runs at a time: changes of terms
 * meanwhile make one further. It ends when every lane is through.
 */
import { Effect } from "effect"
import type { Instant } from "../engine/Instant.ts"
import type { LedgerContext } from "../ledger/LedgerContext.ts"
import * as Lane from "../model/Lane.ts"
import type { FeedStep, LaneEnd, NewChange } from "../ports/FeedStore.ts"
import type { StoreUnavailable } from "../ports/StoreUnavailable.ts"
import * as AnswerHorizon from "../ledger/AnswerHorizon.ts"
import * as Attempts from "./Attempts.ts"
import * as DecisionStep from "./DecisionStep.ts"
import * as DueScan from "./DueScan.ts"
import * as FeedPlaces from "./FeedPlaces.ts"
import * as FeedProgress from "./FeedProgress.ts"
import type { FeedScope } from "./FeedScope.ts"
import * as FeedTimes from "./FeedTimes.ts"
import * as Reevaluated from "./Reevaluated.ts"
import * as ReevaluationQueue from "./ReevaluationQueue.ts"
import type { QueuedReevaluation } from "./ReevaluationQueue.ts"
import * as TakenBack from "./TakenBack.ts"

/** How many people one step looks at, at most. */
const stepSize = 500

/** The change that tells that a re-evaluation has begun: in lane 0. */
export const begun = ({ at, cause, consentTypes, id }: QueuedReevaluation): NewChange => {
  const body = JSON.stringify({ reevaluation: id, consentTypes, cause })
  return { lane: ReevaluationQueue.lane, at, type: "reevaluation.begun", body }
}

/**
 * Begins re-evaluations of types whose terms changed, in the order of their instants, or adds it to the ones that
 * follow the one under way. Nothing is written: the caller writes the changes and places in its own step, which tells
 * that the terms changed.
 */
export const begin = Effect.fnUntraced(function* (
  scope: FeedScope,
  changed: ReadonlyArray<Omit<QueuedReevaluation, "announced" | "before" | "id">>,
  ends: ReadonlyArray<LaneEnd>,
  now: Instant,
  context: LedgerContext,
): Effect.fn.Return<Pick<FeedStep, "changes" | "places">, StoreUnavailable> {
  const places = yield* FeedPlaces.of(scope.project, context)
  const told = yield* DueScan.toldUntil(scope, now, context)
  const before = ReevaluationQueue.of(places)
  let queue = before
  for (const [index, each] of changed.entries()) {
    // Another server may have announced answers meanwhile that did not know of it.
    const announced = yield* FeedTimes.changesSince(scope, each.at, ends, context)
    const added = { ...each, id: yield* context.random.uuidV7(), ...(announced.length > 0 && { announced }) }
    // What lapsed before and was not told is looked for once: with the last change of a type.
    const later = new Set(changed.slice(index + 1).flatMap(({ consentTypes }) => consentTypes))
    const toldOf = (id: string) => (later.has(id) ? undefined : told)
    queue = ReevaluationQueue.add(queue, added, toldOf, Math.min(before.length, 1))
  }
  const changes = before.length === 0 && queue.length > 0 ? [begun(queue[0]!)] : []
  return { changes, places: [ReevaluationQueue.moveTo(queue, places)] }
})

/**
 * How far a re-evaluation has come in a lane. Its place stays when it has ended, and the next one goes on from it: a
 * server that still works on an ended one would otherwise find no place, as at its beginning, and tell all of it again.
 */
interface LaneProgress {
  /** The re-evaluation. */
  readonly id: string
  /** The last person that was looked at; left out: none, or all. */
  readonly after?: string
  readonly isDone: boolean
  /** How many people were looked at. */
  readonly people: number
  /** How many answers changed. */
  readonly changed: number
}

/** The name of its place in each lane. */
const placeName = `${ReevaluationQueue.name} of lane`

/** How far a re-evaluation has come, as the place of the lane says. */
const progressOf = ({ id }: QueuedReevaluation, state: string | undefined): LaneProgress => {
  const last = state === undefined ? undefined : (JSON.parse(state) as LaneProgress)
  return last?.id === id ? last : { id, isDone: false, people: 0, changed: 0 }
}

/** Whether a re-evaluation that has looked at no one yet tells what terms of a type change at an instant. */
export const isAhead = (places: FeedPlaces.FeedPlaces, consentType: string, at: Instant): boolean =>
  ReevaluationQueue.of(places).some((job) => {
    const isOf = ReevaluationQueue.typeOf(job, consentType)?.before.includes(at) === true
    const hasBegun = [...places].some(
      ([key, state]) => FeedPlaces.parse(key)[1] === placeName && progressOf(job, state).people > 0,
    )
    return isOf && !hasBegun
  })

/** The change that tells that a re-evaluation has ended, and the one that the next one has begun. */
const ended = (
  { cause, consentTypes, id }: QueuedReevaluation,
  lanes: ReadonlyArray<LaneProgress>,
  next: QueuedReevaluation | undefined,
  now: Instant,
): ReadonlyArray<NewChange> => {
  const sum = (count: "changed" | "people") => lanes.reduce((total, each) => total + each[count], 0)
  const body = { reevaluation: id, consentTypes, cause, people: sum("people"), changed: sum("changed") }
  const end = { lane: ReevaluationQueue.lane, at: now, type: "reevaluation.ended", body: JSON.stringify(body) }
  return next === undefined ? [end] : [end, begun(next)]
}

/** Ends the re-evaluation once every lane is through, and begins the next. */
const end = Effect.fnUntraced(function* (
  scope: FeedScope,
  job: QueuedReevaluation,
  now: Instant,
  context: LedgerContext,
) {
  const { organization, project, revision } = scope
  // Other servers may have been through their lanes meanwhile.
  FeedPlaces.forget(project, context)
  const places = yield* FeedPlaces.of(project, context)
  const lanes = Array.from({ length: project.lanes }, (_, lane) =>
    progressOf(job, places.get(FeedPlaces.keyOf(lane, placeName))),
  )
  const [running, ...rest] = ReevaluationQueue.of(places)
  if (running?.id !== job.id || !lanes.every(({ isDone }) => isDone)) return FeedProgress.idle
  const step: FeedStep = {
    organization,
    project,
    catalog: revision,
    seen: [],
    lanes: [{ lane: ReevaluationQueue.lane, position: 0 }],
    recordedAt: now,
    changes: ended(job, lanes, rest[0], now),
    places: [ReevaluationQueue.moveTo(rest, places)],
  }
  return FeedProgress.of(step, yield* FeedPlaces.write(step, context))
})

/** One attempt to look at the next people of a lane. */
const attemptOf = Effect.fnUntraced(function* (
  scope: FeedScope,
  job: QueuedReevaluation,
  lane: number,
  { before, now }: { readonly before: string | undefined; readonly now: Instant },
  { limit, slack }: Attempts.Attempt,
  context: LedgerContext,
) {
  const { answerHorizon, store } = context
  const { after, changed, people } = progressOf(job, before)
  // What is being recorded under the terms before is read, too.
  if (after === undefined) yield* answerHorizon.raise(AnswerHorizon.ofLane(Lane.range(scope.project)[0] + lane), now)
  const page = yield* store.feed.people(scope.project, lane, job.consentTypes, after, limit)
  const isDone = page.length < limit
  const next = isDone ? {} : { after: page.at(-1)!.concordId }
  const place = (told: number) => ({
    lane,
    name: placeName,
    before,
    after: JSON.stringify({ id: job.id, ...next, isDone, people: people + page.length, changed: changed + told }),
  })
  const found = page.flatMap((person) => Reevaluated.candidatesOf(scope, job, person))
  const candidates = after === undefined ? yield* TakenBack.add(found, scope, job, lane, context) : found
  return { people: page.length, outcome: yield* DecisionStep.run(scope, { candidates, place, now, slack }, context) }
})

/** What a step did, and how many people it looked at. */
export interface ReevaluationProgress extends FeedProgress.FeedProgress {
  readonly people: number
}

/**
 * Looks at the next people of a lane, at most 500, and tells of the answers that changed. In lane 0 it also ends the
 * re-evaluation once all lanes are through, and begins the next one: there, changes of the catalog are announced first.
 */
export const step = Effect.fnUntraced(function* (
  scope: FeedScope,
  { lane }: Pick<LaneEnd, "lane">,
  now: Instant,
  context: LedgerContext,
): Effect.fn.Return<ReevaluationProgress, StoreUnavailable> {
  const { project } = scope
  const places = yield* FeedPlaces.of(project, context)
  const [job] = ReevaluationQueue.of(places)
  if (job === undefined) return { ...FeedProgress.idle, people: 0 }
  const key = FeedPlaces.keyOf(lane, placeName)
  const before = places.get(key)
  if (progressOf(job, before).isDone) {
    const isEnd = lane === ReevaluationQueue.lane
    return { ...(isEnd ? yield* end(scope, job, now, context) : FeedProgress.idle), people: 0 }
  }
  for (const attempt of Attempts.of(stepSize)) {
    const trying = attemptOf(scope, job, lane, { before, now }, attempt, context)
    const { outcome, people } = yield* Attempts.run(attempt, Lane.range(project)[0] + lane, trying, context)
    if (outcome.written._tag === "Written") return { changes: outcome.changes, hasMore: true, isStale: false, people }
    const { revision } = yield* context.store.catalog.current
    const isMoved = (yield* FeedPlaces.of(project, context)).get(key) !== before
    if (isMoved || revision !== scope.revision) break
  }
  return { changes: 0, hasMore: true, isStale: true, people: 0 }
})
