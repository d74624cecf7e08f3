/**
 * Asking the ledger: the state, the decisions and the timeline of one person in one project (semantics, section 3).
 */
import { Clock, Effect } from "effect"
import type { ListedType, Project, ProjectTypes } from "../Catalog.ts"
import * as Decision from "../Decision.ts"
import * as Instant from "../Instant.ts"
import type { Status } from "../Outcome.ts"
import type { Horizon } from "./Horizon.ts"
import type { LedgerStore, StoredEvent } from "../ports/LedgerStore.ts"
import * as Rules from "../Rules.ts"
import * as Terms from "../Terms.ts"

/** What reading needs of the ledger it is part of. */
export interface Means {
  readonly store: LedgerStore["Service"]
  readonly horizon: Horizon
}

/** A question about one person. */
export interface Question {
  readonly project: Project
  readonly types: ProjectTypes
  /** `undefined`: a person nobody knows, of whom nothing is in force. */
  readonly concordId: string | undefined
  /** Left out: now. */
  readonly at?: Instant.Instant
  /** Left out: now. */
  readonly knownAt?: Instant.Instant
  /** Laid over the types' own rules. */
  readonly ruleSet?: Rules.RuleSet
}

/** One decision for each type of the project, in the order the types are listed. */
export interface Answered {
  readonly type: ListedType
  readonly decision: Decision.Decision
}

/** A decision in force, with the event that decides. */
export interface InForce extends Answered {
  readonly event: StoredEvent
}

const inForce: ReadonlySet<Status> = new Set(["given", "implied", "requested", "refused", "withdrawn"])

const termsOf = (type: ListedType, question: Question, knownAt: Instant.Instant): Terms.Terms =>
  Terms.make(type, Rules.inForce(type.rules, type, question.ruleSet), knownAt)

/** The instants of a question: what is left out is now, and no earlier than anything the heads say is recorded. */
const instantsOf = (question: Question, heads: ReadonlyArray<StoredEvent>, now: Instant.Instant) => ({
  at: question.at ?? heads.reduce((latest, { consentDate }) => Math.max(latest, consentDate), now),
  knownAt: question.knownAt ?? heads.reduce((latest, { dateCreated }) => Math.max(latest, dateCreated), now),
})

/** Heads answer a question that sees all of them: every other event is older than one of them. */
const sufficient = (heads: ReadonlyArray<StoredEvent>, at: Instant.Instant, knownAt: Instant.Instant): boolean =>
  heads.every((head) => head.consentDate <= at && head.dateCreated <= knownAt)

const byType = (events: ReadonlyArray<StoredEvent>): ReadonlyMap<string, ReadonlyArray<StoredEvent>> =>
  Map.groupBy(events, ({ consentType }) => consentType)

/** The events a question needs, and its instants. The current state is one indexed read of the heads. */
const gather = Effect.fnUntraced(function* (question: Question, { horizon, store }: Means) {
  const now = yield* Clock.currentTimeMillis
  const { concordId, project } = question
  if (concordId === undefined) return { events: [], ...instantsOf(question, [], now) }
  yield* horizon.reach(concordId, Math.min(question.knownAt ?? now, now))
  const heads = yield* store.heads(project, concordId)
  const { at, knownAt } = instantsOf(question, heads, now)
  if (question.knownAt === undefined && knownAt > now) yield* horizon.reach(concordId, knownAt)
  if (sufficient(heads, at, knownAt)) return { events: heads, at, knownAt }
  return { events: yield* store.events(project, concordId), at, knownAt }
})

/** A decision for every type of the project, `unknown` ones too. */
export const decisions = Effect.fnUntraced(function* (question: Question, means: Means) {
  const { events, at, knownAt } = yield* gather(question, means)
  const grouped = byType(events)
  return question.types.all.map((type): Answered => {
    const terms = termsOf(type, question, knownAt)
    return { type, decision: Decision.decide(grouped.get(type.id) ?? [], terms, at) }
  })
})

/** The consent state: the decisions in force, each with the event that decides. */
export const state = Effect.fnUntraced(function* (question: Question, means: Means) {
  const { events, at, knownAt } = yield* gather(question, means)
  const grouped = byType(events)
  return question.types.all.flatMap((type): ReadonlyArray<InForce> => {
    const ofType = grouped.get(type.id)
    if (ofType === undefined) return []
    const decision = Decision.decide(ofType, termsOf(type, question, knownAt), at)
    const event = ofType.find(({ id }) => id === decision.event?.id)
    return event !== undefined && inForce.has(decision.status) ? [{ type, decision, event }] : []
  })
})

/** Every decision that differs from the one before it, by instant and then in the order the types are listed. */
export const timeline = Effect.fnUntraced(function* (question: Omit<Question, "at">, { horizon, store }: Means) {
  const now = yield* Clock.currentTimeMillis
  const { concordId, project } = question
  if (concordId !== undefined) yield* horizon.reach(concordId, Math.min(question.knownAt ?? now, now))
  const events = concordId === undefined ? [] : yield* store.events(project, concordId)
  const { knownAt } = instantsOf(question, events, now)
  if (concordId !== undefined && question.knownAt === undefined && knownAt > now) {
    yield* horizon.reach(concordId, knownAt)
  }
  const grouped = byType(events)
  return question.types.all
    .flatMap((type): ReadonlyArray<Answered> => {
      const [, ...changes] = Decision.follow(grouped.get(type.id) ?? [], termsOf(type, question, knownAt), Instant.min)
      return changes.map((decision) => ({ type, decision }))
    })
    .toSorted((a, b) => a.decision.at - b.decision.at)
})
