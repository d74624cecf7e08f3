/**
 * Reading the ledger: the state, the decisions and the timeline of one person in one project (semantics, section 3).
 *
 * An answer must stay what it is (semantics, law 8). So a question first raises the answer horizon of everything it is
 * about, which also waits for changes in progress, and reads after that.
 */
import { Clock, Effect } from "effect"
import type { ListedType, Organization, Project, ProjectTypes } from "../model/Catalog.ts"
import * as Decision from "../engine/Decision.ts"
import * as Instant from "../engine/Instant.ts"
import * as Lane from "../model/Lane.ts"
import type { Status } from "../engine/Outcome.ts"
import type { Positions, SeenEvents, StoredEvent, StoreUnavailable } from "../ports/LedgerStore.ts"
import type * as Rules from "../engine/Rules.ts"
import * as Terms from "../engine/Terms.ts"
import * as Joins from "./Joins.ts"
import type { LedgerContext } from "./LedgerContext.ts"
import * as PositionsOf from "./Positions.ts"

/** A question about one person. */
export interface PersonQuestion {
  readonly organization: Organization
  readonly project: Project
  /** `undefined`: an unknown person, about which nothing is in force. */
  readonly concordId: string | undefined
  /**
   * The hash of an identifier, in place of `concordId`: the question is about the person it named as known at
   * `knownAt`.
   */
  readonly alias?: string
  /** Left out: now. */
  readonly at?: Instant.Instant
  /** Left out: now. */
  readonly knownAt?: Instant.Instant
  /** Takes precedence over the types' own rules. */
  readonly ruleSet?: Rules.RuleSet
}

/** The person answered about, under the id that survives joining, and the answers. */
export interface PersonAnswer<Item> {
  /** `undefined`: an unknown person. */
  readonly concordId: string | undefined
  readonly items: ReadonlyArray<Item>
  /** What the answer has seen of the events, the identity of the person and the catalog. */
  readonly positions: Positions
}

/** A decision about one type of the project. */
export interface TypeDecision {
  readonly type: ListedType
  readonly decision: Decision.Decision
}

/** A decision in force, with the event that decides. */
export interface InForce extends TypeDecision {
  readonly event: StoredEvent
}

/** The decisions in force, and the first instant at which an answer changes without a new event. */
export interface State extends PersonAnswer<InForce> {
  readonly nextChangeAt?: Instant.Instant
}

const inForce: ReadonlySet<Status> = new Set(["given", "implied", "requested", "refused", "withdrawn"])

const termsOf = (type: ListedType, question: PersonQuestion, knownAt: Instant.Instant): Terms.Terms =>
  Terms.of(type, question.ruleSet ?? [], knownAt)

/** The `knownAt` of a question, but no later than `latest`; without one, `latest`. */
const knownUntil = ({ knownAt }: PersonQuestion, latest: Instant.Instant): Instant.Instant =>
  Math.min(knownAt ?? latest, latest)

/**
 * The instant until which everything is known if nothing was learnt: now. A replica may lag, so it knows only what it
 * has read: without any fact or event, nothing.
 */
const knownWithoutFacts = (now: Instant.Instant, { store }: LedgerContext): Instant.Instant =>
  store.isReplica === true ? Instant.min : now

/**
 * The instants of a question. One that is left out is now, but no earlier than the latest of the heads and no earlier
 * than the last that was learnt of the project's consent types or of the person's identity. A replica answers as known
 * at the last that it has read, even if a later `knownAt` is asked for.
 */
const instantsOf = (
  question: PersonQuestion,
  listed: ProjectTypes,
  heads: ReadonlyArray<StoredEvent>,
  now: Instant.Instant,
  learnt: Instant.Instant,
  { store }: LedgerContext,
) => {
  const happened = Math.max(now, listed.learnt)
  const known = heads.reduce((latest, head) => Math.max(latest, head.dateCreated), Math.max(learnt, listed.learnt))
  return {
    at: question.at ?? heads.reduce((latest, { consentDate }) => Math.max(latest, consentDate), happened),
    knownAt: store.isReplica === true ? knownUntil(question, known) : (question.knownAt ?? known),
  }
}

/**
 * Whether heads are enough to answer: if the question sees all of them, every other event is older than one of them.
 */
const sufficient = (heads: ReadonlyArray<StoredEvent>, at: Instant.Instant, knownAt: Instant.Instant): boolean =>
  heads.every((head) => head.consentDate <= at && head.dateCreated <= knownAt)

const byType = (events: ReadonlyArray<StoredEvent>): ReadonlyMap<string, ReadonlyArray<StoredEvent>> =>
  Map.groupBy(events, ({ consentType }) => consentType)

/**
 * The person of a question. An alias is read again after its horizon was raised, although `Resolving.find` may have
 * read it before, because from then on no claim of it can be recorded at or before `until`.
 */
const namedBy = Effect.fnUntraced(function* (
  question: PersonQuestion,
  until: Instant.Instant,
  now: Instant.Instant,
  context: LedgerContext,
) {
  const { alias, concordId, knownAt, organization } = question
  const unnamed = { learnt: knownWithoutFacts(now, context), positions: PositionsOf.none }
  if (alias === undefined) return { ...unnamed, concordId }
  yield* context.answerHorizon.raise(alias, until)
  const [named] = yield* context.store.people.byAlias(organization, [alias])
  if (named === undefined) {
    // An alias that names no one may have been released. The positions are read after the alias, so that a later answer
    // reflects at least as much.
    const positions = yield* context.store.people.laneEnds([Lane.of(organization, alias)])
    return { ...unnamed, concordId: undefined, positions }
  }
  if (knownAt !== undefined && named.dateCreated > knownAt) return { ...unnamed, concordId: undefined }
  return { ...unnamed, concordId: named.concordId, learnt: Math.max(unnamed.learnt, named.dateCreated) }
})

/**
 * The people asked about: one person, or all people joined with it.
 *
 * The facts are read twice. The first read finds the instant that the question is answered as known at. Then the
 * horizon of every member is raised to it, which waits for changes in progress: only a read after that sees every join
 * up to that instant. It may find further members, so both steps are repeated until there are no new ones.
 */
const peopleOf = Effect.fnUntraced(function* (
  question: PersonQuestion,
  until: Instant.Instant,
  now: Instant.Instant,
  context: LedgerContext,
) {
  const { organization } = question
  const named = yield* namedBy(question, until, now, context)
  const { concordId } = named
  if (concordId === undefined) return { ...named, survivor: undefined, members: [] }
  // A fact that was acknowledged counts, even if it is a moment later than the clock.
  const known = yield* Joins.facts(organization, concordId, context)
  const learnt = Joins.learnt(known.facts, named.learnt)
  const knownAt = knownUntil(question, learnt)
  const raised = new Set<string>()
  let joined: Joins.JoinedPeople = { survivor: concordId, members: [concordId], positions: known.positions }
  while (joined.members.some((member) => !raised.has(member))) {
    for (const member of joined.members) {
      if (!raised.has(member)) yield* context.answerHorizon.raise(member, knownAt)
      raised.add(member)
    }
    joined = yield* Joins.of(organization, concordId, knownAt, context)
  }
  return { ...joined, learnt }
})

const unseen: SeenEvents = { events: [], positions: PositionsOf.none }

/**
 * The listed consent types, and those deleted ones that the person has answered: a recorded refusal is always answered.
 */
const typesOf = (listed: ProjectTypes, events: ReadonlyArray<StoredEvent>): ReadonlyArray<ListedType> => {
  const answered = new Set(events.map(({ consentType }) => consentType))
  const isAnswered = ({ id, isRemoved }: ListedType) => isRemoved === true && answered.has(id)
  const removed = [...listed.byId.values()].filter(isAnswered)
  return removed.length === 0 ? listed.all : [...listed.all, ...removed]
}

/** The consent types of a question's project, and the position of the catalog. */
const listedOf = Effect.fnUntraced(function* ({ project }: PersonQuestion, { store }: LedgerContext) {
  const catalog = yield* store.catalog.current
  return { listed: catalog.consentTypes.get(project.id)!, positions: PositionsOf.ofCatalog(catalog) }
})

/** Which events of the people a question needs: only the latest ones where these are enough, or all of them. */
type Needed = "heads" | "all"

/** The events that a question needs, and its instants, at the instant `now` of the clock. */
const gatherAt = Effect.fnUntraced(function* (
  question: PersonQuestion,
  needed: Needed,
  now: Instant.Instant,
  context: LedgerContext,
) {
  const { answerHorizon, store } = context
  const { project } = question
  const until = knownUntil(question, now)
  yield* answerHorizon.raise(project.id, until)
  const person = yield* peopleOf(question, until, now, context)
  const { learnt, members, survivor } = person
  // Read after the project's horizon was raised, because no version can be published at or before the answer any more.
  const catalog = yield* listedOf(question, context)
  const read = needed === "heads" ? store.events.heads : store.events.ofPeople
  const first = members.length === 0 ? unseen : yield* read(project, members)
  const { at, knownAt } = instantsOf(question, catalog.listed, first.events, now, learnt, context)
  const isEnough = needed === "all" || sufficient(first.events, at, knownAt)
  const { events, positions: ends } = isEnough ? first : yield* store.events.ofPeople(project, members)
  const positions = PositionsOf.merge(catalog.positions, person.positions, ends)
  return { survivor, events, positions, types: typesOf(catalog.listed, events), at, knownAt }
})

/**
 * The events that a question needs, and its instants. The current state takes one indexed read of the heads.
 *
 * Where something is known that is later than the clock, everything is read once more as of that instant. Otherwise an
 * event that was recorded between two reads, no later than that instant, could be missing in the answer.
 */
const gather = Effect.fnUntraced(function* (question: PersonQuestion, needed: Needed, context: LedgerContext) {
  const now = yield* Clock.currentTimeMillis
  const first = yield* gatherAt(question, needed, now, context)
  const { knownAt } = first
  if (question.knownAt !== undefined || knownAt <= now) return first
  return yield* gatherAt({ ...question, at: question.at ?? knownAt, knownAt }, needed, knownAt, context)
})

/** The decisions in force, each with the event that decides. */
export const state = Effect.fnUntraced(function* (
  question: PersonQuestion,
  context: LedgerContext,
): Effect.fn.Return<State, StoreUnavailable> {
  const { at, events, knownAt, positions, survivor, types } = yield* gather(question, "heads", context)
  const grouped = byType(events)
  let nextChangeAt = Infinity
  const items = types.flatMap((type): ReadonlyArray<InForce> => {
    const ofType = grouped.get(type.id)
    if (ofType === undefined) return []
    const decision = Decision.decide(ofType, termsOf(type, question, knownAt), at)
    nextChangeAt = Math.min(nextChangeAt, decision.nextChangeAt ?? Infinity)
    const event = ofType.find(({ id }) => id === decision.event?.id)
    return event !== undefined && inForce.has(decision.status) ? [{ type, decision, event }] : []
  })
  const next = nextChangeAt === Infinity ? {} : { nextChangeAt }
  return { concordId: survivor, items, positions, ...next }
})

/** A decision for every type of the project, those without events too, in the order in which the types are listed. */
export const decisions = Effect.fnUntraced(function* (
  question: PersonQuestion,
  context: LedgerContext,
): Effect.fn.Return<PersonAnswer<TypeDecision>, StoreUnavailable> {
  const { at, events, knownAt, positions, survivor, types } = yield* gather(question, "heads", context)
  const grouped = byType(events)
  const items = types.map((type): TypeDecision => {
    const terms = termsOf(type, question, knownAt)
    return { type, decision: Decision.decide(grouped.get(type.id) ?? [], terms, at) }
  })
  return { concordId: survivor, items, positions }
})

/**
 * Every decision that differs from the one before it, by instant and then in the order in which the types are listed.
 */
export const timeline = Effect.fnUntraced(function* (
  question: Omit<PersonQuestion, "at">,
  context: LedgerContext,
): Effect.fn.Return<PersonAnswer<TypeDecision>, StoreUnavailable> {
  const { events, knownAt, positions, survivor, types } = yield* gather(question, "all", context)
  const grouped = byType(events)
  const items = types
    .flatMap((type): ReadonlyArray<TypeDecision> => {
      const [, ...changes] = Decision.follow(grouped.get(type.id) ?? [], termsOf(type, question, knownAt), Instant.min)
      return changes.map((decision) => ({ type, decision }))
    })
    .toSorted((a, b) => a.decision.at - b.decision.at)
  return { concordId: survivor, items, positions }
})
