/**
 * What a re-evaluation tells of one person: whether an answer is another one under the terms that are known now than
 * what was announced of it before.
 */
import type { ConsentEvent } from "../engine/ConsentEvent.ts"
import * as ConsentState from "../engine/ConsentState.ts"
import type { Heads } from "../engine/Heads.ts"
import * as Instants from "../engine/Instant.ts"
import type { Instant } from "../engine/Instant.ts"
import * as Lapse from "../engine/Lapse.ts"
import * as Outcome from "../engine/Outcome.ts"
import type { Terms } from "../engine/Terms.ts"
import type { PersonHeads } from "../ports/FeedStore.ts"
import * as Change from "./Change.ts"
import * as DecisionChange from "./DecisionChange.ts"
import type { Candidate } from "./DecisionStep.ts"
import type { FeedScope } from "./FeedScope.ts"
import * as Lapsing from "./Lapsing.ts"
import * as ReevaluationQueue from "./ReevaluationQueue.ts"
import type { QueuedReevaluation, ReevaluatedType } from "./ReevaluationQueue.ts"
import * as TypeTerms from "./TypeTerms.ts"

/** When the last of the heads was recorded. */
const lastRecorded = (heads: Heads): Instant =>
  ConsentState.all.reduce((last, state) => Math.max(last, heads[state]?.dateCreated ?? last), Instants.min)

/** The outcome right before an instant, as it was known then. All heads are earlier. */
const outcomeBefore = (heads: Heads, terms: TypeTerms.TypeTerms, at: Instant): Outcome.Outcome =>
  Outcome.decide(heads, terms.before(at), at - 1)

/**
 * The instants right before which what was announced of an answer is known: those of the re-evaluation or, if something
 * was recorded since one of them, when its event told it.
 */
const toldBefore = (heads: Heads, { before }: ReevaluatedType): ReadonlyArray<Instant> => {
  const recorded = lastRecorded(heads)
  const after = before.filter((at) => at > recorded)
  return after.length === before.length ? after : [recorded + 1, ...after]
}

/** An answer that is to be announced. */
interface Reevaluated extends Lapsing.Turn {
  readonly at: Instant
  readonly until: Instant | undefined
  /** The event that lapsed, where it is a lapse under terms that are not known any more. */
  readonly lapsed: ConsentEvent | undefined
}

/**
 * When answers may have turned, up to an instant, the latest first: with terms, or by a lapse under old or new ones.
 */
const turnsOf = (
  heads: Heads,
  terms: TypeTerms.TypeTerms,
  at: Instant,
  told: ReadonlyArray<Instant>,
): ReadonlyArray<Instant> => {
  const all = ConsentState.all.flatMap((state) => heads[state] ?? [])
  const [first = at] = told
  const known = [at, ...terms.resets.filter((reset) => reset > first)].map(terms.before)
  const lapses = [terms.now, ...known].flatMap((each) => all.map((head) => Lapse.expiresAt(head, each)))
  const asked = terms.now.reacceptances.map((each) => each.at)
  const instants = [at, ...told, ...[...lapses, ...asked].filter((each) => each !== undefined && each < at)]
  return [...new Set(instants as ReadonlyArray<Instant>)].toSorted((a, b) => b - a)
}

const lapsedAt = (heads: Heads, terms: Terms, at: Instant): ConsentEvent | undefined =>
  ConsentState.all
    .map((state) => heads[state])
    .find((head) => head !== undefined && Lapse.expiresAt(head, terms) === at)

/**
 * Whether the due scan that looks for a lapse now did so before, and under all terms since: then it tells of it. Under
 * others it may have come past the lapse, and told nothing.
 */
const isSameSource = (event: ConsentEvent, terms: TypeTerms.TypeTerms, at: Instant): boolean => {
  const now = Lapsing.sourceOf(event, terms.now)
  const known = [at, ...terms.resets.filter((reset) => reset > at)].map(terms.before)
  return known.every((each) => {
    const source = Lapsing.sourceOf(event, each)
    return source?.at === at && Lapsing.isSamePeriod(now?.period, source.period)
  })
}

/**
 * What is announced, as known at an instant; nothing if an event was recorded since, or the answer turned since.
 * Usually the answer turned with the terms. Where lapses were not told until then, it may have turned before, under
 * terms that are not known any more: then that is announced.
 */
const turnOf = (
  heads: Heads,
  terms: TypeTerms.TypeTerms,
  { cause, ...type }: ReevaluatedType & Pick<QueuedReevaluation, "cause">,
  knownAt: Instant,
): Reevaluated | undefined => {
  const at = Math.max(type.at, terms.reset)
  if (!Lapsing.areBefore(heads, type.at)) return undefined
  const to = Outcome.decide(heads, terms.now, at)
  // Where the terms have changed again, it is announced by the re-evaluation that follows.
  if (at > type.at && !Outcome.isSame(outcomeBefore(heads, terms, at), to)) return undefined
  const until = Lapsing.lastsUntil(heads, terms.now, at)
  const before = toldBefore(heads, type)
  const told = before.map((each) => outcomeBefore(heads, terms, each)).findLast((each) => !Outcome.isSame(each, to))
  if (told === undefined || (until !== undefined && until <= knownAt)) return undefined
  for (const turn of turnsOf(heads, terms, at, before)) {
    const isSo = Lapsing.areBefore(heads, turn) && Outcome.isSame(Outcome.decide(heads, terms.now, turn), to)
    if (!isSo || (turn < at && Lapsing.lastsUntil(heads, terms.now, turn) !== until)) break
    const byTime = Lapsing.byTime(heads, terms, turn)
    if (byTime !== undefined && (turn === at || isSameSource(byTime.event, terms, turn))) return undefined
    const isChange = turn === at || before.includes(turn)
    for (const known of [terms.before(turn), terms.now]) {
      const from = Outcome.decide(heads, known, turn - 1)
      if (Outcome.isSame(from, to)) continue
      // The re-evaluation of that version tells of it.
      if ((!isChange || cause === "rules") && terms.now.reacceptances.some((each) => each.at === turn)) return undefined
      const isByTerms = isChange && known !== terms.now
      return { from, to, at: turn, until, lapsed: isByTerms ? undefined : lapsedAt(heads, known, turn) }
    }
  }
  return { from: told, to, at, until, lapsed: undefined }
}

/**
 * The answers of a person that may have changed. Of joined people only the one is announced whose event decides, so
 * that they give one change.
 */
export const candidatesOf = (
  scope: FeedScope,
  job: QueuedReevaluation,
  { concordId, heads }: PersonHeads,
): ReadonlyArray<Candidate> => {
  return [...new Set(heads.map(({ consentType }) => consentType))].flatMap((consentType): ReadonlyArray<Candidate> => {
    const type = ReevaluationQueue.typeOf(job, consentType)
    if (type === undefined || !scope.types.byId.has(consentType)) return []
    const judge: Candidate["judge"] = (heads, knownAt, survivor, regions) => {
      const ofType = TypeTerms.under(scope, consentType, regions)!
      const turned = turnOf(heads, ofType, { ...type, cause: job.cause }, knownAt)
      if (turned === undefined) return undefined
      const { at, from, lapsed, to, until } = turned
      if (survivor !== undefined && to.event?.concordId !== concordId) return undefined
      const change = DecisionChange.toStore({
        concordId,
        ...(survivor !== undefined && { survivor }),
        consentType,
        cause: lapsed === undefined ? job.cause : Lapsing.causeOf(lapsed),
        reevaluation: job.id,
        from: Change.sideOf(from),
        to: Change.sideOf(to),
        at,
      })
      return { ...change, ...(until !== undefined && { until }) }
    }
    return [{ concordId, consentType, judge }]
  })
}
