/** What a due scan reads in one step: the events that may be announced, and where the scan is after them. */
import { Effect } from "effect"
import type { ConsentEvent } from "../engine/ConsentEvent.ts"
import * as Instants from "../engine/Instant.ts"
import type { Instant } from "../engine/Instant.ts"
import * as Period from "../engine/Period.ts"
import type { Terms } from "../engine/Terms.ts"
import type { LedgerContext } from "../ledger/LedgerContext.ts"
import type { LaneEnd, PlacedEvent } from "../ports/FeedStore.ts"
import * as Change from "./Change.ts"
import * as DecisionChange from "./DecisionChange.ts"
import type { Candidate } from "./DecisionStep.ts"
import type { DueState } from "./DueState.ts"
import type { FeedPeriod } from "./FeedPeriods.ts"
import type { FeedScope } from "./FeedScope.ts"
import * as Lapsing from "./Lapsing.ts"
import * as TypeTerms from "./TypeTerms.ts"

/** Where a scan looks. */
export interface DueView {
  readonly scope: FeedScope
  readonly end: LaneEnd
  readonly source: FeedPeriod
  readonly state: DueState
  readonly now: Instant
}

/** An event that may be announced. */
export interface DueCandidate extends Candidate {
  readonly position: number
}

/** What a scan found. */
export interface DueLook {
  readonly candidates: ReadonlyArray<DueCandidate>
  /** Where the scan is once they are announced. */
  readonly next: DueState
  /** Whether nothing else is due now. */
  readonly isDone: boolean
  /** How many heads were read, at least. */
  readonly looked: number
  /** Nothing is due before this instant, if nothing is recorded in the lane; left out: not known. */
  readonly quietUntil?: Instant
  /** Whether the candidates are those that were left. */
  readonly isLeft?: true
}

/** How far ahead a source is looked at that has nothing due. */
const lookAhead = 600_000

/** The last lapse that is announced at an instant. */
const lastOf = ({ lead }: FeedPeriod, now: Instant): Instant => (lead === undefined ? now : Period.add(now, lead))

/** When a lapse is announced: at it, or at the first instant that is a lead time before it, or less. */
const dueAt = ({ lead }: FeedPeriod, at: Instant): Instant =>
  lead === undefined ? at : (Period.windows(lead, at, Instants.max + 1)[0]?.from ?? at)

/** When an event lapses by the source under terms, if that is what makes it lapse. */
const lapseUnder = ({ source }: DueView, event: ConsentEvent, terms: Terms): Instant | undefined => {
  const lapse = Lapsing.sourceOf(event, terms)
  return lapse !== undefined && Lapsing.isSamePeriod(lapse.period, source.period) ? lapse.at : undefined
}

/**
 * When an event lapses by the source, if that may make it lapse: under the type's own terms, or in a region. It is the
 * same instant under all of them.
 */
const lapseOf = (view: DueView, event: ConsentEvent): Instant | undefined => {
  for (const terms of TypeTerms.anyOf(view.scope, event.consentType)) {
    const at = lapseUnder(view, event, terms)
    if (at !== undefined) return at
  }
  return undefined
}

const candidateOf = (view: DueView, { event, position }: PlacedEvent, at: Instant): DueCandidate => {
  const { concordId, consentType } = event
  const { lead } = view.source
  const due = dueAt(view.source, at)
  const judge: Candidate["judge"] = (heads, knownAt, survivor, regions) => {
    const terms = TypeTerms.under(view.scope, consentType, regions)!
    if (lapseUnder(view, event, terms.now) !== at) return undefined
    const lapsed =
      lead === undefined
        ? Lapsing.lapsed(event, heads, terms, at, knownAt)
        : Lapsing.foreseen(event, heads, terms, { at, dueAt: due }, knownAt)
    if (lapsed === undefined) return undefined
    const { cause, from, to, until } = lapsed
    const change = {
      concordId,
      ...(survivor !== undefined && { survivor }),
      consentType,
      cause,
      from: Change.sideOf(from),
      to: Change.sideOf(to),
      at: due,
    }
    const stored =
      lead === undefined
        ? DecisionChange.toStore(change)
        : DecisionChange.dueToStore({ ...change, lead, changesAt: at })
    return { ...stored, ...(until !== undefined && { until }) }
  }
  return { concordId, consentType, position, judge }
}

/** The first instant at which an event may lapse whose date is not before this one: months put days out of order. */
const earliestAfter = ({ period }: FeedPeriod, date: Instant): Instant => {
  if (period === undefined) return date
  return Period.add(date, period) - (period.months === 0 ? 0 : 86_400_000)
}

/** The candidates among events that lapse in [`from`, `to`), recorded before that was announced. */
const candidatesOf = (
  view: DueView,
  events: ReadonlyArray<PlacedEvent>,
  { from, to }: Period.InstantRange,
): ReadonlyArray<DueCandidate> =>
  events.flatMap((placed) => {
    const at = lapseOf(view, placed.event)
    if (at === undefined || at < from || at >= to || placed.event.dateCreated >= dueAt(view.source, at)) return []
    return [candidateOf(view, placed, at)]
  })

/** Heads that lapse in a range, and the last that was looked at if there are more. */
const readRange = Effect.fnUntraced(function* (
  { end, scope, source }: DueView,
  { from, to }: Period.InstantRange,
  given: { readonly date: Instant; readonly position: number } | undefined,
  limit: number,
  { store }: LedgerContext,
) {
  const { period } = source
  if (from >= to) return { heads: [], after: undefined }
  const windows = period === undefined ? [{ from, to }] : Period.windows(period, from, to)
  const by = period === undefined ? "expirationDate" : "consentDate"
  const heads: Array<PlacedEvent> = []
  for (const window of windows) {
    if (given !== undefined && given.date >= window.to) continue
    const after = given !== undefined && given.date >= window.from ? { after: given } : {}
    const page = yield* store.feed.due(scope.project, {
      lane: end.lane,
      by,
      ...window,
      ...after,
      limit: limit - heads.length,
    })
    heads.push(...page.heads)
    if (page.next !== undefined) return { heads, after: page.next }
    if (heads.length >= limit) return { heads, after: { date: window.to - 1, position: Number.MAX_SAFE_INTEGER } }
  }
  return { heads, after: undefined }
})

/** Events that were recorded behind the scan, although they are dated before it. */
const readLate = Effect.fnUntraced(function* ({ end, scope, state }: DueView, limit: number, { store }: LedgerContext) {
  if (state.range !== undefined || end.position <= state.position) return []
  const read = (count: number) => store.events.lane(scope.project, end.lane, state.position, count)
  const isLate = ({ dateCreated }: ConsentEvent) => dateCreated < state.now
  const [first] = yield* read(1)
  if (first === undefined || !isLate(first)) return []
  const events = yield* read(Math.min(limit, end.position - state.position))
  const count = events.findIndex((event) => !isLate(event))
  return (count < 0 ? events : events.slice(0, count)).map((event, index) => ({
    event,
    position: state.position + index,
  }))
})

/** Events that were left, to try them again. */
const readLeft = Effect.fnUntraced(function* (view: DueView, look: DueLook, limit: number, { store }: LedgerContext) {
  const { end, now, scope, state } = view
  const { left = [] } = state
  // Each time another one comes first, because one that never succeeds must not keep the others back.
  const first = Math.floor(now / 1000) % left.length
  const all = [...left.slice(first), ...left.slice(0, first)]
  const [some, rest] = [all.slice(0, limit), all.slice(limit)]
  const events = yield* Effect.forEach(some, (position) =>
    Effect.map(store.events.lane(scope.project, end.lane, position, 1), ([event]) => ({ event: event!, position })),
  )
  const candidates = candidatesOf(view, events, { from: Instants.min, to: Instants.max + 1 })
  return {
    ...look,
    candidates,
    next: { ...look.next, left: rest },
    isLeft: true,
    looked: left.length,
  } satisfies DueLook
})

/** Reads what is due next in a lane: at most `limit` heads. */
export const look = Effect.fnUntraced(function* (view: DueView, limit: number, context: LedgerContext) {
  const { end, now, source, state } = view
  const late = yield* readLate(view, limit, context)
  const ofLate = candidatesOf(view, late, { from: Instants.min, to: state.from })
  if (late.length === limit) {
    const next = { ...state, position: state.position + limit }
    return { candidates: ofLate, next, isDone: false, looked: limit } satisfies DueLook as DueLook
  }
  const range = state.range ?? { to: lastOf(source, now) + 1, now, after: undefined }
  const position = state.range === undefined ? end.position : state.position
  const isAhead = state.range === undefined && range.to > state.from
  // What has lapsed already is not told ahead.
  const from = source.lead === undefined ? state.from : Math.max(state.from, now + 1)
  const ahead = { from, to: lastOf(source, now + lookAhead) + 1 }
  const room = limit - late.length
  const far = isAhead ? yield* readRange(view, ahead, undefined, room, context) : undefined
  const near = { from, to: range.to }
  // Where more lapses soon than one step looks at, it was all read that lapses before an instant.
  const readTo = far?.after === undefined ? ahead.to : earliestAfter(source, far.after.date)
  const isFar = far !== undefined && readTo >= near.to
  const { after, heads } = isFar
    ? { ...far, after: undefined }
    : yield* readRange(view, near, range.after, room, context)
  const ofScan = candidatesOf(view, heads, near).filter((each) => each.position < position)
  const candidates = [...ofLate, ...ofScan]
  const left = state.left === undefined ? {} : { left: state.left }
  if (after !== undefined) {
    const next = { from: state.from, now: state.now, position, range: { to: range.to, now: range.now, after }, ...left }
    return { candidates, next, isDone: false, looked: limit } satisfies DueLook as DueLook
  }
  const hasPassed = range.to > state.from
  const moved = hasPassed ? { from: range.to, now: range.now } : { from: state.from, now: state.now }
  const lapses = heads.map((head) => lapseOf(view, head.event))
  const looked = lapses.filter((at) => at === undefined || at < near.to).length
  const found: DueLook = { candidates, next: { ...moved, position, ...left }, isDone: true, looked }
  if (candidates.length > 0) return found
  if (state.left !== undefined) return yield* readLeft(view, found, limit, context)
  if (!isFar) return found
  const coming = [readTo, ...lapses.filter((at) => at !== undefined && at >= near.to)] as ReadonlyArray<Instant>
  const quietUntil = coming.reduce((first, at) => Math.min(first, dueAt(source, at)), now + lookAhead)
  return { ...found, quietUntil }
})
