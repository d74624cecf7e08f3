/**
 * Asking the ledger: the state, the decisions and the timeline of one person in one project (semantics, section 3).
 */
import { Clock, Effect } from "effect"
import type { ListedType, Organization, Project, ProjectTypes } from "../model/Catalog.ts"
import * as Decision from "../engine/Decision.ts"
import * as Instant from "../engine/Instant.ts"
import * as Lane from "../model/Lane.ts"
import type { Status } from "../engine/Outcome.ts"
import type { Positions, SeenEvents, StoredEvent, StoreUnavailable } from "../ports/LedgerStore.ts"
import * as Rules from "../engine/Rules.ts"
import * as Terms from "../engine/Terms.ts"
import * as Joins from "./Joins.ts"
import type { LedgerContext } from "./LedgerContext.ts"
import * as PositionsOf from "./Positions.ts"

/** A question about one person. */
export interface PersonQuestion {
  readonly organization: Organization
  readonly project: Project
  /** `undefined`: a person nobody knows, of whom nothing is in force. */
  readonly concordId: string | undefined
  /** The hash of an identifier, in place of `concordId`: about whom it named, as known at `knownAt`. */
  readonly alias?: string
  /** Left out: now. */
  readonly at?: Instant.Instant
  /** Left out: now. */
  readonly knownAt?: Instant.Instant
  /** Laid over the types' own rules. */
  readonly ruleSet?: Rules.RuleSet
}

/** The person answered about, under the id that survives joining, and the answers. */
export interface PersonAnswer<Answer> {
  /** `undefined`: a person nobody knows. */
  readonly concordId: string | undefined
  readonly items: ReadonlyArray<Answer>
  /** How far the answer has seen: events, who the person is, and what is set up. */
  readonly positions: Positions
}

/** One decision for each type of the project, in the order the types are listed. */
export interface TypeDecision {
  readonly type: ListedType
  readonly decision: Decision.Decision
}

/** A decision in force, with the event that decides. */
export interface InForce extends TypeDecision {
  readonly event: StoredEvent
}

const inForce: ReadonlySet<Status> = new Set(["given", "implied", "requested", "refused", "withdrawn"])

const termsOf = (type: ListedType, question: PersonQuestion, knownAt: Instant.Instant): Terms.Terms =>
  Terms.make(type, Rules.inForce(type.rules, type, question.ruleSet), knownAt)

/** Until when a question knows that nothing else is known: a replica may be behind, and has only heard of what it holds. */
const heardUntil = (now: Instant.Instant, { store }: LedgerContext): Instant.Instant =>
  store.isReplica === true ? Instant.min : now

/**
 * The instants of a question: what is left out is now, and no earlier than anything the heads say is recorded, or when
 * the last was learnt of the project's consent types, or of who the person is. A replica answers as known at the last that
 * it has heard of, whatever is asked.
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
  const { knownAt = known } = question
  return {
    at: question.at ?? heads.reduce((latest, { consentDate }) => Math.max(latest, consentDate), happened),
    knownAt: store.isReplica === true ? Math.min(knownAt, known) : knownAt,
  }
}

/** Heads answer a question that sees all of them: every other event is older than one of them. */
const sufficient = (heads: ReadonlyArray<StoredEvent>, at: Instant.Instant, knownAt: Instant.Instant): boolean =>
  heads.every((head) => head.consentDate <= at && head.dateCreated <= knownAt)

const byType = (events: ReadonlyArray<StoredEvent>): ReadonlyMap<string, ReadonlyArray<StoredEvent>> =>
  Map.groupBy(events, ({ consentType }) => consentType)

/** Whom a question names. Whom an identifier names later is after `knownAt`. */
const namedBy = Effect.fnUntraced(function* (question: PersonQuestion, now: Instant.Instant, context: LedgerContext) {
  const { alias, concordId, knownAt, organization } = question
  const nobody = { learnt: heardUntil(now, context), positions: PositionsOf.none }
  if (alias === undefined) return { ...nobody, concordId }
  yield* context.answerHorizon.reach(alias, Math.min(knownAt ?? now, now))
  const [named] = yield* context.store.people.byAlias(organization, [alias])
  if (named === undefined) {
    // It may have named somebody before. Read behind the alias, so that a later answer is of no less.
    const positions = yield* context.store.people.laneEnds([Lane.of(organization, alias)])
    return { ...nobody, concordId: undefined, positions }
  }
  if (knownAt !== undefined && named.dateCreated > knownAt) return { ...nobody, concordId: undefined }
  return { ...nobody, concordId: named.concordId, learnt: Math.max(nobody.learnt, named.dateCreated) }
})

/**
 * The people asked about: one, or those who are joined with it. What is recorded about them later is after `knownAt`, so
 * who they are is read again until nobody new is among them.
 */
const peopleOf = Effect.fnUntraced(function* (question: PersonQuestion, now: Instant.Instant, context: LedgerContext) {
  const { organization } = question
  const named = yield* namedBy(question, now, context)
  const { concordId } = named
  if (concordId === undefined) return { ...named, survivor: undefined, members: [] }
  // What was acknowledged counts, also where it is a moment ahead of the clock.
  const known = yield* Joins.facts(organization, concordId, context)
  const learnt = Joins.learnt(known.facts, named.learnt)
  const knownAt = Math.min(question.knownAt ?? learnt, learnt)
  const reached = new Set<string>()
  let joined: Joins.JoinedPeople = { survivor: concordId, members: [concordId], positions: known.positions }
  while (joined.members.some((member) => !reached.has(member))) {
    for (const member of joined.members) {
      if (!reached.has(member)) yield* context.answerHorizon.reach(member, knownAt)
      reached.add(member)
    }
    joined = yield* Joins.of(organization, concordId, knownAt, context)
  }
  return { ...joined, learnt }
})

const unseen: SeenEvents = { events: [], positions: PositionsOf.none }

/**
 * The consent types as they are when nothing can be recorded any more behind the answer; of those that were deleted, the ones
 * that the person has answered all the same: a refusal that was taken is told.
 */
const typesOf = (listed: ProjectTypes, events: ReadonlyArray<StoredEvent>): ReadonlyArray<ListedType> => {
  const answered = new Set(events.map(({ consentType }) => consentType))
  const isAnswered = ({ id, isRemoved }: ListedType) => isRemoved === true && answered.has(id)
  const removed = [...listed.byId.values()].filter(isAnswered)
  return removed.length === 0 ? listed.all : [...listed.all, ...removed]
}

/** The consent types of a question's project, and how far what is set up was seen. */
const setUp = Effect.fnUntraced(function* ({ project }: PersonQuestion, { store }: LedgerContext) {
  const catalog = yield* store.catalog.current
  return { listed: catalog.consentTypes.get(project.id)!, positions: PositionsOf.ofCatalog(catalog) }
})

/** The events a question needs, and its instants, by a clock that shows `now`. */
const gatherAt = Effect.fnUntraced(function* (question: PersonQuestion, now: Instant.Instant, context: LedgerContext) {
  const { answerHorizon, store } = context
  const { project } = question
  const until = Math.min(question.knownAt ?? now, now)
  yield* answerHorizon.reach(project.id, until)
  const who = yield* peopleOf(question, now, context)
  const { learnt, members, survivor } = who
  const what = yield* setUp(question, context)
  const heads = members.length === 0 ? unseen : yield* store.events.heads(project, members)
  const { at, knownAt } = instantsOf(question, what.listed, heads.events, now, learnt, context)
  const { events, positions: ends } = sufficient(heads.events, at, knownAt)
    ? heads
    : yield* store.events.ofPeople(project, members)
  const positions = PositionsOf.merge(what.positions, who.positions, ends)
  return { survivor, events, positions, types: typesOf(what.listed, events), at, knownAt }
})

/**
 * Reads once more where something is known ahead of the clock, as of then: what was recorded between two reads, and at no
 * later instant, would otherwise come to stand behind the answer.
 */
const settled = Effect.fnUntraced(function* <A extends { readonly knownAt: Instant.Instant }>(
  question: PersonQuestion,
  read: (question: PersonQuestion, now: Instant.Instant) => Effect.Effect<A, StoreUnavailable>,
) {
  const now = yield* Clock.currentTimeMillis
  const first = yield* read(question, now)
  const { knownAt } = first
  if (question.knownAt !== undefined || knownAt <= now) return first
  return yield* read({ ...question, at: question.at ?? knownAt, knownAt }, knownAt)
})

/** The events a question needs, and its instants. The current state is one indexed read of the heads. */
const gather = (question: PersonQuestion, context: LedgerContext) =>
  settled(question, (question, now) => gatherAt(question, now, context))

/** A decision for every type of the project, `unknown` ones too. */
export const decisions = Effect.fnUntraced(function* (question: PersonQuestion, context: LedgerContext) {
  const { at, events, knownAt, positions, survivor, types } = yield* gather(question, context)
  const grouped = byType(events)
  const items = types.map((type): TypeDecision => {
    const terms = termsOf(type, question, knownAt)
    return { type, decision: Decision.decide(grouped.get(type.id) ?? [], terms, at) }
  })
  return { concordId: survivor, items, positions } satisfies PersonAnswer<TypeDecision> as PersonAnswer<TypeDecision>
})

/** The decisions in force, and the first instant at which any answer changes by itself. */
export interface State extends PersonAnswer<InForce> {
  readonly nextChangeAt?: Instant.Instant
}

/** The consent state: the decisions in force, each with the event that decides. */
export const state = Effect.fnUntraced(function* (question: PersonQuestion, context: LedgerContext) {
  const { at, events, knownAt, positions, survivor, types } = yield* gather(question, context)
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
  return { concordId: survivor, items, positions, ...next } satisfies State
})

const timelineAt = Effect.fnUntraced(function* (
  question: PersonQuestion,
  now: Instant.Instant,
  context: LedgerContext,
) {
  const { answerHorizon, store } = context
  const { project } = question
  yield* answerHorizon.reach(project.id, Math.min(question.knownAt ?? now, now))
  const who = yield* peopleOf(question, now, context)
  const { learnt, members, survivor } = who
  const what = yield* setUp(question, context)
  const { events, positions: ends } = members.length === 0 ? unseen : yield* store.events.ofPeople(project, members)
  const { knownAt } = instantsOf(question, what.listed, events, now, learnt, context)
  const positions = PositionsOf.merge(what.positions, who.positions, ends)
  return { survivor, events, positions, types: typesOf(what.listed, events), knownAt }
})

/** Every decision that differs from the one before it, by instant and then in the order the types are listed. */
export const timeline = Effect.fnUntraced(function* (question: Omit<PersonQuestion, "at">, context: LedgerContext) {
  const read = (question: PersonQuestion, now: Instant.Instant) => timelineAt(question, now, context)
  const { events, knownAt, positions, survivor, types } = yield* settled(question, read)
  const grouped = byType(events)
  const items = types
    .flatMap((type): ReadonlyArray<TypeDecision> => {
      const [, ...changes] = Decision.follow(grouped.get(type.id) ?? [], termsOf(type, question, knownAt), Instant.min)
      return changes.map((decision) => ({ type, decision }))
    })
    .toSorted((a, b) => a.decision.at - b.decision.at)
  return { concordId: survivor, items, positions } satisfies PersonAnswer<TypeDecision> as PersonAnswer<TypeDecision>
})
