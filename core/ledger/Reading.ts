/**
 * Reading the ledger: the state, the decisions and the timeline of one person in one project (semantics, section 3).
 *
 * An answer must stay what it is (semantics, law 16). So a question first raises the answer horizon of everything it is
 * about, which also waits for changes in progress, and reads after that.
 *
 * The present is answered from the heads. Any other instant is answered by following the person's events page by page,
 * so that memory and the time until other requests are answered do not grow with the number of events.
 *
 * The file is longer than others because state, decisions and timeline share how a person is read.
 */
import { Clock, Effect } from "effect"
import type { ConsentEvent } from "../engine/ConsentEvent.ts"
import * as CatalogOf from "../model/Catalog.ts"
import type { ListedType, Organization, Project, ProjectTypes } from "../model/Catalog.ts"
import * as Decision from "../engine/Decision.ts"
import * as Instant from "../engine/Instant.ts"
import type { Status } from "../engine/Outcome.ts"
import type { Positions, SeenEvents, StoredEvent, StoreUnavailable } from "../ports/LedgerStore.ts"
import type * as Rules from "../engine/Rules.ts"
import * as StreamedDecision from "../engine/StreamedDecision.ts"
import * as Terms from "../engine/Terms.ts"
import * as PublishedRegions from "../model/PublishedRegions.ts"
import type { CountedRegion } from "../model/RegionFacts.ts"
import * as AskedPeople from "./AskedPeople.ts"
import * as AskedTypes from "./AskedTypes.ts"
import * as AskedRegion from "./AskedRegion.ts"
import type { LedgerContext } from "./LedgerContext.ts"
import * as PersonEvents from "./PersonEvents.ts"
import * as PositionsOf from "./Positions.ts"

/** The person of a question. */
export interface PersonReference {
  /** `undefined`: an unknown person, about which nothing is in force. */
  readonly concordId: string | undefined
  /**
   * The hash of an identifier, in place of `concordId`: the question is about the person it named as known at
   * `knownAt`.
   */
  readonly alias?: string
}

/** A question about one person. */
export interface PersonQuestion extends PersonReference {
  readonly organization: Organization
  readonly project: Project
  /** Left out: now. */
  readonly at?: Instant.Instant
  /** Left out: now. One that is ahead of the clock is read as now. */
  readonly knownAt?: Instant.Instant
  /** The types to decide, by their ids, a part of the listed ones; left out: all. */
  readonly consentTypes?: AskedTypes.AskedTypes
  /** Whose rules are laid over the types' own. */
  readonly region?: AskedRegion.AskedRegion
  /** Takes precedence over the types' own rules, and those of the region. */
  readonly ruleSet?: Rules.RuleSet
}

/** The person answered about, under the id that survives joining, and the answers. */
export interface PersonAnswer<Item> {
  /** `undefined`: an unknown person. */
  readonly concordId: string | undefined
  readonly items: ReadonlyArray<Item>
  /** What the answer has seen of the events, the identity of the person and the catalog. */
  readonly positions: Positions
  /** Asked again with it, the answer is the same. */
  readonly knownAt: Instant.Instant
  /** The last type of this page, where there are further ones. */
  readonly next?: string
  /** How many events were read of the person's past; 0 where the heads were enough. */
  readonly eventsRead: number
}

/** The person that a decision is about. */
export interface DecidedPerson {
  /** The id that survives joining; `undefined`: an unknown person. */
  readonly concordId: string | undefined
  /** Since when the identifier of the question names the person; left out where it was asked by an id. */
  readonly namedSince?: Instant.Instant
}

/** A decision about one type of the project. */
export interface TypeDecision {
  readonly type: ListedType
  readonly decision: Decision.Decision
  readonly person: DecidedPerson
  /** The id of the region that it was made under; left out: the types' own rules counted. */
  readonly region?: string
}

/** A decision in force, with the event that decides. */
export interface InForce extends TypeDecision {
  readonly event: StoredEvent
}

/** The decisions in force, and the first instant at which an answer changes without a new event. */
export interface State extends PersonAnswer<InForce> {
  readonly nextChangeAt?: Instant.Instant
}

/** The statuses of decisions in force. */
export const inForce: ReadonlySet<Status> = new Set(["given", "implied", "requested", "refused", "withdrawn"])

/** The terms of a type under the rules of a question. */
export const termsOf = (
  type: ListedType,
  { ruleSet = [] }: PersonQuestion,
  { knownAt, region }: Pick<Gathered, "knownAt" | "region">,
): Terms.Terms => {
  const all = region === undefined ? ruleSet : ruleSet.length === 0 ? region.ruleSet : [...region.ruleSet, ...ruleSet]
  return Terms.of(type, all, knownAt)
}

/** The `knownAt` of a question, but no later than `latest`; without one, `latest`. */
const knownUntil = ({ knownAt }: PersonQuestion, latest: Instant.Instant): Instant.Instant =>
  Math.min(knownAt ?? latest, latest)

/**
 * The instant that a question is answered as known at: its own, or the last one at which something was learnt of the
 * person, in its lane or of the project's consent types, if that is earlier. For a primary that instant is now, or
 * later than the clock if the clock was ahead or is set back; for a replica it is the last that it has read.
 */
const knownAtOf = (
  question: PersonQuestion,
  listed: Pick<ProjectTypes, "learnt">,
  { events, lastRecordedAt }: SeenEvents,
  learnt: Instant.Instant,
  { store }: LedgerContext,
): Instant.Instant => {
  const known = events.reduce((latest, head) => Math.max(latest, head.dateCreated), Math.max(learnt, listed.learnt))
  // A replica may have read a part only of what was recorded at the last instant of a lane.
  return knownUntil(question, store.isReplica === true ? known : Math.max(known, lastRecordedAt))
}

/**
 * An instant as of which the person was answered, so that nothing is recorded at or before it, even if the clock was
 * set back since.
 */
const answeredBefore = (
  { alias, knownAt, project }: PersonQuestion,
  survivor: string | undefined,
  { answerHorizon, store }: LedgerContext,
): Instant.Instant =>
  knownAt === undefined || store.isReplica === true
    ? Instant.min
    : Math.min(knownAt, answerHorizon.answeredAt(survivor ?? alias ?? project.id))

/**
 * The instant that a question is about. One that is left out is the clock's now; but a refusal counts at once, even if
 * it was dated by the clock of another server that is ahead of this one.
 */
const atOf = (
  { at }: PersonQuestion,
  heads: ReadonlyArray<ConsentEvent>,
  now: Instant.Instant,
  knownAt: Instant.Instant,
): Instant.Instant => {
  if (at !== undefined) return at
  const refusals = heads.filter((event) => event.consentState === "declined" && event.dateCreated <= knownAt)
  return refusals.reduce((latest, { consentDate }) => Math.max(latest, consentDate), now)
}

/**
 * Whether heads are enough to answer: if they are all known and no event is later than `at`, every other event is older
 * than one of them.
 */
export const sufficient = (heads: ReadonlyArray<StoredEvent>, at: Instant.Instant, knownAt: Instant.Instant): boolean =>
  heads.every((head) => head.consentDate <= at && head.dateCreated <= knownAt)

const byType = (events: ReadonlyArray<StoredEvent>): ReadonlyMap<string, ReadonlyArray<StoredEvent>> =>
  Map.groupBy(events, ({ consentType }) => consentType)

const unseen: SeenEvents = { events: [], positions: PositionsOf.none, lastRecordedAt: Instant.min }

/**
 * The consent types of a question's project, when the last change of them or of the regions was recorded, and the
 * position of the catalog.
 */
const listedOf = Effect.fnUntraced(function* ({ project }: PersonQuestion, { store }: LedgerContext) {
  const catalog = yield* store.catalog.current
  const listed = catalog.consentTypes.get(project.id)!
  const { publishedAt, revision } = PublishedRegions.current(catalog, project)
  const learnt = revision === 0 ? listed.learnt : Math.max(listed.learnt, publishedAt)
  return { catalog, listed, learnt, positions: PositionsOf.ofCatalog(catalog) }
})

/** What a question is answered from. */
export interface Gathered {
  readonly survivor: string | undefined
  readonly namedSince?: Instant.Instant
  /** The people whose events are followed where the heads are not enough. */
  readonly members: Effect.Effect<ReadonlyArray<string>, StoreUnavailable>
  readonly types: ReadonlyArray<ListedType>
  readonly next?: string
  readonly heads: ReadonlyMap<string, ReadonlyArray<StoredEvent>>
  readonly at: Instant.Instant
  readonly knownAt: Instant.Instant
  readonly positions: Positions
  /** The region whose rules count; left out: only the types' own do. */
  readonly region?: CountedRegion
  /** The person was erased, as known at `knownAt`: there are no heads and no members. */
  readonly isErased?: true
}

/** The heads of the people of a question, for joined people merged; `undefined` if their group has just changed. */
const headsOf = Effect.fnUntraced(function* (
  question: PersonQuestion,
  { isJoined, isUnchanged, learnt, members, survivor }: AskedPeople.AskedPeople,
  consentTypes: ReadonlyArray<string> | undefined,
  { store }: LedgerContext,
) {
  if (survivor === undefined) return unseen
  if (isJoined) {
    const merged = yield* store.events.joinedHeads(question.project, survivor, consentTypes)
    return (yield* isUnchanged) ? merged : undefined
  }
  const people = yield* members(knownUntil(question, learnt))
  // Nothing is recorded any more that the question could see, so that the people need not be read at one moment.
  let seen = unseen
  for (let first = 0; first < people.length; first += peoplePerTurn) {
    const part = people.slice(first, first + peoplePerTurn)
    const read = yield* store.events.heads(question.project, part, consentTypes)
    if (people.length <= peoplePerTurn) return read
    seen = {
      events: [...seen.events, ...read.events],
      positions: PositionsOf.merge(seen.positions, read.positions),
      lastRecordedAt: Math.max(seen.lastRecordedAt, read.lastRecordedAt),
    }
    yield* Effect.yieldNow
  }
  return seen
})

/** Gathers what a question is answered from, as known at `latest` at the latest; `now` is that of the clock. */
export const gatherAt = Effect.fnUntraced(function* (
  question: PersonQuestion,
  latest: Instant.Instant,
  now: Instant.Instant,
  context: LedgerContext,
): Effect.fn.Return<Gathered, StoreUnavailable> {
  const { answerHorizon } = context
  const { project } = question
  const until = knownUntil(question, latest)
  yield* answerHorizon.raise(project.id, until)
  const person = yield* AskedPeople.of(question, until, latest, context)
  const { learnt, namedSince, survivor } = person
  // Read after the project's horizon was raised, because no version can be published at or before the answer any more.
  const catalog = yield* listedOf(question, context)
  const listed = CatalogOf.typesKnownAt(catalog.listed, question.knownAt ?? Instant.max)
  const page = AskedTypes.of(question.consentTypes, listed)
  const isPart =
    question.consentTypes !== undefined && (page.next !== undefined || !AskedTypes.isFirstPage(question.consentTypes))
  const ids = isPart ? page.types.map(({ id }) => id) : undefined
  const heads = yield* headsOf(question, person, ids, context)
  // The group has changed meanwhile, which makes progress: the question is about another one now.
  if (heads === undefined) return yield* gatherAt(question, latest, now, context)
  const latestLearnt = Math.max(learnt, answeredBefore(question, survivor, context))
  const knownAt = knownAtOf(question, catalog, heads, latestLearnt, context)
  const positions = PositionsOf.merge(catalog.positions, person.positions, heads.positions)
  const at = atOf(question, heads.events, now, knownAt)
  const members = person.members(knownAt)
  const since = namedSince === undefined ? {} : { namedSince }
  const erased = person.isErased === true ? { isErased: true as const } : {}
  const region = yield* AskedRegion.of(question.region, project, catalog.catalog, person, knownAt)
  return {
    ...{ survivor, ...since, members, ...page, heads: byType(heads.events), at, knownAt, positions, ...erased },
    ...(region !== undefined && { region }),
  }
})

/**
 * Gathers what a question is answered from. The current state takes one indexed read of the heads.
 *
 * Where something is known that is later than the clock, everything is read once more as of that instant. Otherwise an
 * event that was recorded between two reads, no later than that instant, could be missing in the answer.
 */
export const gather = Effect.fnUntraced(function* (question: PersonQuestion, context: LedgerContext) {
  const now = yield* Clock.currentTimeMillis
  const first = yield* gatherAt(question, now, now, context)
  const { knownAt } = first
  if (knownAt <= now) return first
  return yield* gatherAt({ ...question, knownAt }, knownAt, now, context)
})

/** A decision as it is explained: of an erased person, that it was erased. */
export const decidedOf = (decision: Decision.Decision, { isErased }: Pick<Gathered, "isErased">): Decision.Decision =>
  isErased === true ? Decision.ofErased(decision) : decision

/**
 * The decision of each type that the person has answered and, unless `isAnswered`, of each listed one that it has not;
 * and how many events were read besides the heads.
 */
const decide = Effect.fnUntraced(function* (
  question: PersonQuestion,
  isAnswered: boolean,
  gathered: Gathered,
  context: LedgerContext,
) {
  const { at, heads, knownAt, members, types } = gathered
  const decided = new Map<string, Decision.Decision>()
  const streamed = new Map<string, StreamedDecision.StreamedDecision>()
  for (const type of types) {
    const ofType = heads.get(type.id) ?? []
    if (ofType.length === 0 && (isAnswered || type.isRemoved === true)) continue
    const terms = termsOf(type, question, gathered)
    if (sufficient(ofType, at, knownAt)) decided.set(type.id, decidedOf(Decision.decide(ofType, terms, at), gathered))
    else streamed.set(type.id, StreamedDecision.make(terms, at))
    if ((decided.size + streamed.size) % typesPerTurn === 0) yield* Effect.yieldNow
  }
  if (streamed.size === 0) return { decided, eventsRead: 0 }
  const open = new Map(streamed)
  const take = (event: ConsentEvent): boolean => {
    if (open.get(event.consentType)?.add(event) === false) open.delete(event.consentType)
    return open.size > 0
  }
  const eventsRead = yield* PersonEvents.forEach(question.project, yield* members, take, context)
  for (const [type, each] of streamed) decided.set(type, each.end())
  return { decided, eventsRead }
})

/** The person of the decisions of an answer. */
export const decidedPerson = ({ namedSince, survivor }: Gathered): DecidedPerson =>
  namedSince === undefined ? { concordId: survivor } : { concordId: survivor, namedSince }

/** The region of the decisions of an answer. */
export const regionOf = ({ region }: Pick<Gathered, "region">): Pick<TypeDecision, "region"> =>
  region === undefined ? {} : { region: region.id }

/** The members that answers have in common. */
export const answerOf = (
  { knownAt, next, positions, survivor }: Pick<Gathered, "knownAt" | "next" | "positions" | "survivor">,
  eventsRead: number,
) => ({
  concordId: survivor,
  positions,
  knownAt,
  eventsRead,
  ...(next !== undefined && { next }),
})

/** Decisions by the id of their type, in the order in which the types are listed. */
const ofTypes = (gathered: Gathered, decided: ReadonlyMap<string, Decision.Decision>): ReadonlyArray<TypeDecision> => {
  const person = decidedPerson(gathered)
  return gathered.types.flatMap((type): ReadonlyArray<TypeDecision> => {
    const decision = decided.get(type.id)
    return decision === undefined ? [] : [{ type, decision, person, ...regionOf(gathered) }]
  })
}

/** A decision for each type asked about, those without events too, in the order in which the types are listed. */
export const decisions = Effect.fnUntraced(function* (
  question: PersonQuestion,
  context: LedgerContext,
): Effect.fn.Return<PersonAnswer<TypeDecision>, StoreUnavailable> {
  const gathered = yield* gather(question, context)
  const { decided, eventsRead } = yield* decide(question, false, gathered, context)
  return { ...answerOf(gathered, eventsRead), items: ofTypes(gathered, decided) }
})

/** The events of ids, each with what is answered about it. Only those that are not among the heads are read. */
const storedOf = Effect.fnUntraced(function* (
  ids: ReadonlyArray<string>,
  { project }: PersonQuestion,
  gathered: ReadonlyArray<Pick<Gathered, "heads">>,
  { store }: LedgerContext,
) {
  const known = new Map<string, StoredEvent>()
  for (const { heads } of gathered)
    for (const ofType of heads.values()) for (const event of ofType) known.set(event.id, event)
  const missing = ids.filter((id) => !known.has(id))
  const read = missing.length === 0 ? [] : yield* store.events.byId(project, missing)
  for (const event of read) if (event !== undefined) known.set(event.id, event)
  return known
})

/** Of decisions of types, those in force, each with the event that decides, and the first instant of a change. */
export const stateOf = Effect.fnUntraced(function* (
  question: PersonQuestion,
  decided: ReadonlyArray<TypeDecision>,
  gathered: ReadonlyArray<Pick<Gathered, "heads">>,
  context: LedgerContext,
) {
  const current = decided.filter(({ decision }) => decision.event !== undefined && inForce.has(decision.status))
  const deciding = current.map(({ decision }) => decision.event!.id)
  const stored = yield* storedOf(deciding, question, gathered, context)
  const items = current.map((each): InForce => ({ ...each, event: stored.get(each.decision.event!.id)! }))
  const nextChangeAt = decided.reduce(
    (first, { decision }) => Math.min(first, decision.nextChangeAt ?? first),
    Infinity,
  )
  return { items, ...(nextChangeAt < Infinity && { nextChangeAt }) }
})

/** The decisions in force, each with the event that decides. */
export const state = Effect.fnUntraced(function* (
  question: PersonQuestion,
  context: LedgerContext,
): Effect.fn.Return<State, StoreUnavailable> {
  const gathered = yield* gather(question, context)
  const { decided, eventsRead } = yield* decide(question, true, gathered, context)
  return {
    ...answerOf(gathered, eventsRead),
    ...(yield* stateOf(question, ofTypes(gathered, decided), [gathered], context)),
  }
})

/**
 * Every decision that differs from the one before it, by instant and then in the order in which the types are listed.
 */
export const timeline = Effect.fnUntraced(function* (
  question: Omit<PersonQuestion, "at">,
  context: LedgerContext,
): Effect.fn.Return<PersonAnswer<TypeDecision>, StoreUnavailable> {
  const gathered = yield* gather(question, context)
  const { members, types } = gathered
  const events = new Map(types.map((type): [string, Array<ConsentEvent>] => [type.id, []]))
  const take = (event: ConsentEvent): boolean => {
    events.get(event.consentType)?.push(event)
    return true
  }
  const eventsRead = yield* PersonEvents.forEach(question.project, yield* members, take, context)
  const items: Array<TypeDecision> = []
  const person = decidedPerson(gathered)
  for (const type of types) {
    const terms = termsOf(type, question, gathered)
    const [, ...changes] = Decision.follow(events.get(type.id)!, terms, Instant.min)
    for (const decision of changes) items.push({ type, decision, person, ...regionOf(gathered) })
    yield* Effect.yieldNow
  }
  return { ...answerOf(gathered, eventsRead), items: items.toSorted((a, b) => a.decision.at - b.decision.at) }
})

/** Of how many joined people the heads are read before other requests may be answered. */
const peoplePerTurn = 100

/** How many types are decided before other requests may be answered. */
export const typesPerTurn = 256
