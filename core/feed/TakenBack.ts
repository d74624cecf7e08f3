/**
 * What a re-evaluation takes back: answers that were announced at or after the change of terms, by a server that did
 * not know of it yet.
 *
 * A change of the catalog has the instant of the server that makes it. Another server may have announced answers at
 * that instant, or later, before the change was on the disk. So each of these announcements is compared with what is
 * answered now. There are few: those that were written between the instant of the change and the tick that found it.
 */
import { Effect } from "effect"
import * as ConsentState from "../engine/ConsentState.ts"
import type { Instant } from "../engine/Instant.ts"
import * as Outcome from "../engine/Outcome.ts"
import type { LedgerContext } from "../ledger/LedgerContext.ts"
import type { StoreUnavailable } from "../ports/StoreUnavailable.ts"
import * as Change from "./Change.ts"
import * as DecisionChange from "./DecisionChange.ts"
import type { Candidate } from "./DecisionStep.ts"
import type { FeedScope } from "./FeedScope.ts"
import * as Lapsing from "./Lapsing.ts"
import * as ReevaluationQueue from "./ReevaluationQueue.ts"
import type { QueuedReevaluation } from "./ReevaluationQueue.ts"
import * as TypeTerms from "./TypeTerms.ts"

/** An answer that was announced. */
interface Announced {
  readonly concordId: string
  readonly consentType: string
  readonly recordedAt: Instant
  readonly to: Change.AnswerSide
}

/** How many changes are read at a time. */
const readChanges = 1000

/** The last announcement in a range about each person and type. */
const readAnnounced = Effect.fnUntraced(function* (
  { project }: FeedScope,
  { consentTypes }: QueuedReevaluation,
  { from, lane, position, to }: ReevaluationQueue.AnnouncedRange,
  { store }: LedgerContext,
) {
  const last = new Map<string, Announced>()
  const filter = { events: false, types: ["decision.changed"], consentTypes }
  for (let next = from; next < to;) {
    const part = { from: { lane, position, number: next }, to: { lane, position, number: to } }
    const [read] = yield* store.feed.read(project, [part], filter, readChanges)
    for (const item of read!.items) {
      if (item._tag !== "Change") continue
      const { concordId, consentType, to } = JSON.parse(item.body) as Announced
      last.set(`${concordId} ${consentType}`, { concordId, consentType, recordedAt: item.recordedAt, to })
    }
    next = read!.next.number
    yield* Effect.yieldNow
  }
  return [...last.values()]
})

const isSame = (one: Change.AnswerSide, other: Change.AnswerSide): boolean =>
  one.status === other.status &&
  one.permitted === other.permitted &&
  one.askAgain === other.askAgain &&
  one.event === other.event

const candidateOf = (
  scope: FeedScope,
  { cause, id: reevaluation }: QueuedReevaluation,
  termsAt: Instant,
  { concordId, consentType, recordedAt, to: from }: Announced,
): Candidate => {
  const judge: Candidate["judge"] = (heads, knownAt, survivor, regions) => {
    const terms = TypeTerms.under(scope, consentType, regions)!
    const all = ConsentState.all.flatMap((state) => heads[state] ?? [])
    // What was recorded since told the answer itself.
    if (all.some(({ dateCreated }) => dateCreated > recordedAt)) return undefined
    const at = all.reduce((latest, { consentDate }) => Math.max(latest, consentDate), termsAt)
    const to = Change.sideOf(Outcome.decide(heads, terms.now, at))
    const until = Lapsing.lastsUntil(heads, terms.now, at)
    // A due scan tells of what has turned since, or the re-evaluation of a version.
    if (isSame(from, to) || (until !== undefined && until <= knownAt)) return undefined
    const named = { concordId, ...(survivor !== undefined && { survivor }), consentType }
    const change = DecisionChange.toStore({ ...named, cause, reevaluation, from, to, at })
    return { ...change, ...(until !== undefined && { until }) }
  }
  return { concordId, consentType, judge }
}

/** Candidates of a re-evaluation, and the announcements in a lane that are to be taken back: one of each answer. */
export const add = Effect.fnUntraced(function* (
  candidates: ReadonlyArray<Candidate>,
  scope: FeedScope,
  job: QueuedReevaluation,
  lane: number,
  context: LedgerContext,
): Effect.fn.Return<ReadonlyArray<Candidate>, StoreUnavailable> {
  const range = job.announced?.find((each) => each.lane === lane)
  if (range === undefined) return candidates
  const announced = yield* readAnnounced(scope, job, range, context)
  const all = new Map(candidates.map((each) => [`${each.concordId} ${each.consentType}`, each]))
  for (const each of announced) {
    const type = ReevaluationQueue.typeOf(job, each.consentType)
    if (type === undefined || !scope.types.byId.has(each.consentType)) continue
    const key = `${each.concordId} ${each.consentType}`
    const [known, more] = [all.get(key), candidateOf(scope, job, type.at, each)]
    all.set(key, { ...more, judge: (...given) => known?.judge(...given) ?? more.judge(...given) })
  }
  return [...all.values()]
})
