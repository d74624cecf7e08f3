/**
 * The answers that an identity change changed, as they are announced: what was answered of people before it, and what
 * is answered of them now.
 *
 * More than one identity change may come between two ticks, and answers lapse and terms change meanwhile. So the answer
 * now is compared with each one that the people may have been told of before, and not only with the one right before
 * the change: in doubt it is announced once more, because a change too many does no harm, and a refusal that is missing
 * does.
 */
import type { ConsentEvent } from "../engine/ConsentEvent.ts"
import * as ConsentState from "../engine/ConsentState.ts"
import * as Heads from "../engine/Heads.ts"
import type { Instant } from "../engine/Instant.ts"
import * as Lapse from "../engine/Lapse.ts"
import * as Outcome from "../engine/Outcome.ts"
import * as Terms from "../engine/Terms.ts"
import * as Timeline from "../engine/Timeline.ts"
import type { ListedType } from "../model/Catalog.ts"
import * as People from "../model/People.ts"
import type { NewChange } from "../ports/FeedStore.ts"
import * as RegionFacts from "../model/RegionFacts.ts"
import * as Change from "./Change.ts"
import * as DecisionChange from "./DecisionChange.ts"
import * as DueGroups from "./DueGroups.ts"
import * as DueScan from "./DueScan.ts"
import type { FeedPerson } from "./FeedPerson.ts"
import type { FeedPlaces } from "./FeedPlaces.ts"
import * as FeedScopes from "./FeedScope.ts"
import type { FeedScope } from "./FeedScope.ts"
import type { HeadsOf, PastHeads } from "./IdentityHeads.ts"
import type { IdentityPart } from "./IdentityNews.ts"
import * as Lapsing from "./Lapsing.ts"
import * as Reevaluation from "./Reevaluation.ts"
import * as TypeTerms from "./TypeTerms.ts"

/** What answers are compared with. */
export interface IdentityView {
  readonly scope: FeedScope
  readonly places: FeedPlaces
  /** When the identity change was recorded. */
  readonly at: Instant
  /** The `recordedAt` that the changes will get. */
  readonly knownAt: Instant
  /** The first instant at which something may have been answered that was not announced. */
  readonly since: Instant
  /** When the last event or change was recorded in the project, or the identity change, if that was later. */
  readonly recordedUntil: Instant
  readonly heads: HeadsOf
  readonly past: PastHeads
  /** Every fact about the people, where the project has published regions; otherwise none. */
  readonly facts: ReadonlyArray<People.Fact>
}

/**
 * What may have been announced of people that were one before: what was answered right before the change, and every
 * other answer since {@link IdentityView.since}, the last event and the last change of these people. It includes the
 * time after the change, because a server whose clock is ahead may have announced that without knowing of it.
 */
const formerOf = (
  heads: Heads.Heads,
  terms: TypeTerms.TypeTerms,
  { beforeSince }: IdentityPart,
  { at, recordedUntil, since }: IdentityView,
): ReadonlyArray<Outcome.Outcome> => {
  const all = ConsentState.all.flatMap((state) => heads[state] ?? [])
  const first = all.reduce((last, { dateCreated }) => Math.max(last, dateCreated), Math.max(since, beforeSince))
  const known = [terms.now, terms.before(at), terms.before(first + 1)]
  const lapses = known.flatMap((each) => all.flatMap((head) => Lapse.of(head, each)?.at ?? []))
  const asked = terms.now.reacceptances.map((each) => each.at)
  const turns = [...lapses, ...asked, terms.reset, terms.since].flatMap((turn) => [turn, turn - 1])
  const instants = [first, recordedUntil, ...turns].filter((each) => each >= first && each <= recordedUntil)
  return [at - 1, ...instants.toSorted((a, b) => b - a)].map((each) =>
    Outcome.decide(heads, terms.before(each + 1), each),
  )
}

/** The answer now, since when it is so, and when it ends; `at` is the change if it has been so ever since. */
const presentOf = (events: ReadonlyArray<ConsentEvent>, terms: Terms.Terms, { at, knownAt }: IdentityView) => {
  let moment = Timeline.start(events, terms, at)
  let next = Timeline.next(moment, terms)
  for (; next !== undefined && next.at <= knownAt; next = Timeline.next(moment, terms)) moment = next
  return { ...moment, until: next?.at }
}

/** Whether a due scan or a re-evaluation will announce what people are answered since an instant. */
const isToldElsewhere = (
  { knownAt, places, scope }: IdentityView,
  terms: TypeTerms.TypeTerms,
  type: ListedType,
  events: ReadonlyArray<ConsentEvent>,
  { at, heads, outcome }: Timeline.Moment,
): boolean => {
  const lapse = Lapsing.byTime(heads, terms, at)
  if (lapse !== undefined) {
    const { event } = lapse
    const lane = DueGroups.laneOf(scope.project, event.concordId)
    const { period } = Lapsing.sourceOf(event, terms.now)!
    const isTold = Lapsing.lapsed(event, Heads.fold(events), terms, at, knownAt) !== undefined
    return isTold && !DueScan.hasPassed(places, lane, period, at)
  }
  const isByTerms = !Outcome.isSame(Outcome.decide(heads, terms.before(at), at - 1), outcome)
  return isByTerms && Reevaluation.isAhead(places, type.id, at)
}

/** The id under which people are announced: the survivor, or one of them that the project has events of. */
const storedId = (members: ReadonlyArray<string>, survivor: string, heads: HeadsOf): string => {
  if (members.includes(survivor) && heads.has(survivor)) return survivor
  return members.find((member) => heads.has(member)) ?? (members.includes(survivor) ? survivor : members[0]!)
}

/** People of a part that are one person now, with everyone else of that person: they are announced together. */
export interface Announced {
  readonly part: IdentityPart
  readonly members: ReadonlyArray<string>
  readonly person: FeedPerson
}

/** The id under which they are announced. */
export const idOf = ({ members, part }: Pick<Announced, "members" | "part">, heads: HeadsOf): string =>
  storedId(members, part.of.survivor, heads)

/** Whether an event told of all of them: they were one with its person when it was recorded. */
const isToldBy = ({ concordId, dateCreated }: ConsentEvent, { members, person }: Announced): boolean => {
  const then = new Set(People.joinedWith(person.facts, concordId, dateCreated - 1).members)
  return members.every((member) => then.has(member))
}

const changeOf = (view: IdentityView, type: ListedType, announced: Announced): Omit<NewChange, "lane"> | undefined => {
  const { at, heads, knownAt, past, scope } = view
  const { part, person } = announced
  const ofType = (people: ReadonlyArray<string>, of: HeadsOf) =>
    people.flatMap((each) => (of.get(each) ?? []).filter(({ consentType }) => consentType === type.id))
  const events = person.isErased ? [] : ofType(person.members, heads)
  const regions = FeedScopes.historyOf(scope, view.facts, person.members)
  const ruleSet = RegionFacts.ruleSetAt(regions, scope.publications, knownAt)
  const present = presentOf(events, Terms.of(type, ruleSet, knownAt), view)
  // What an event told of all of them, and is so still, is not announced again. One that is recorded together with
  // another region tells the answer there.
  const last = Math.max(part.cause === "region" ? at : at + 1, present.at)
  if (events.some((event) => event.dateCreated >= last && isToldBy(event, announced))) return undefined
  const formerRegions = FeedScopes.historyOf(scope, view.facts, part.before)
  const former = TypeTerms.under(scope, type.id, formerRegions)!
  const terms = TypeTerms.under(scope, type.id, regions)!
  const from = [past.asKnownNow, past.asKnownThen]
    .flatMap((each) => formerOf(Heads.fold(ofType(part.before, each)), former, part, view))
    .find((outcome) => !Outcome.isSame(outcome, present.outcome))
  if (from === undefined || isToldElsewhere(view, terms, type, events, present)) return undefined
  const change = DecisionChange.toStore({
    concordId: idOf(announced, heads),
    ...(person.members.length > 1 && { survivor: person.survivor }),
    consentType: type.id,
    cause: part.cause,
    from: Change.sideOf(from),
    to: Change.sideOf(present.outcome),
    at: present.at,
  })
  return { ...change, ...(present.until !== undefined && { until: present.until }) }
}

/** What is announced of people: one change for each type of which they are answered something else. */
export const changesOf = (view: IdentityView, announced: Announced): ReadonlyArray<Omit<NewChange, "lane">> => {
  const people = [...announced.part.before, ...announced.person.members]
  const answered = new Set(people.flatMap((each) => (view.heads.get(each) ?? []).map(({ consentType }) => consentType)))
  const types = [...view.scope.types.byId.values()].filter(({ id }) => answered.has(id))
  return types.flatMap((type) => changeOf(view, type, announced) ?? [])
}
