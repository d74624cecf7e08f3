/**
 * The people that a question is about (semantics, sections 3 and 5).
 *
 * A question first raises the answer horizon of what it is about, which also waits for changes in progress, and reads
 * after that. The horizon of a joined person is that of its survivor, which every change of the group names, and of all
 * lanes of the project, one of which every append names. So a question costs the same for any number of joined people.
 */
import { Effect } from "effect"
import type { Organization, Project } from "../model/Catalog.ts"
import * as Instant from "../engine/Instant.ts"
import * as Lane from "../model/Lane.ts"
import * as People from "../model/People.ts"
import type { Positions, StoreUnavailable } from "../ports/LedgerStore.ts"
import * as AnswerHorizon from "./AnswerHorizon.ts"
import * as Joins from "./Joins.ts"
import type { LedgerContext } from "./LedgerContext.ts"
import * as PositionsOf from "./Positions.ts"

/** The members of a question that say which people it is about. */
export interface AskedPerson {
  readonly organization: Organization
  readonly project: Project
  /** `undefined`: an unknown person, about which nothing is in force. */
  readonly concordId: string | undefined
  /** The hash of an identifier, in place of `concordId`. */
  readonly alias?: string
  /** Left out: now. */
  readonly knownAt?: Instant.Instant
}

/** The people that a question is about. */
export interface AskedPeople {
  /** The person that is answered about; `undefined`: an unknown person. */
  readonly survivor: string | undefined
  /**
   * Whether the merged heads of the survivor are those of the people asked about. If not, it is one person, or the
   * people as known before the last change of their group: see {@link members}.
   */
  readonly isJoined: boolean
  /** The instant at which the last was learnt of the people: now, or later if a clock was ahead. */
  readonly learnt: Instant.Instant
  /** The positions at which the people were read. */
  readonly positions: Positions
  /** Since when the identifier of the question names the person; left out for a question by an id. */
  readonly namedSince?: Instant.Instant
  /**
   * Everyone that is counted as the survivor, as known at an instant. Reads nothing if they are one person now; or else
   * every fact about them.
   */
  readonly members: (knownAt: Instant.Instant) => Effect.Effect<ReadonlyArray<string>, StoreUnavailable>
  /**
   * Whether the group is the same as when it was read. Merged heads that are read before this are those of the group as
   * it was read; or else a member that joined in between could be among them.
   */
  readonly isUnchanged: Effect.Effect<boolean, StoreUnavailable>
  /**
   * Every fact about the people, and about everyone that they were ever joined with. Reads nothing of a person without
   * facts.
   */
  readonly facts: Effect.Effect<ReadonlyArray<People.Fact>, StoreUnavailable>
  /** The person was erased, as known at the instant of the question: none of its events is seen. */
  readonly isErased?: true
}

/** The `knownAt` of a question, but no later than `latest`; without one, `latest`. */
const knownUntil = ({ knownAt }: AskedPerson, latest: Instant.Instant): Instant.Instant =>
  Math.min(knownAt ?? latest, latest)

/**
 * The instant until which everything is known if nothing was learnt: now. A replica may lag, so it knows only what it
 * has read: without any fact or event, nothing.
 */
const knownWithoutFacts = (now: Instant.Instant, { store }: LedgerContext): Instant.Instant =>
  store.isReplica === true ? Instant.min : now

/**
 * The person of a question. An alias is read again after its horizon was raised, although `Resolving.find` may have
 * read it before, because from then on no claim of it can be recorded at or before `until`.
 */
const namedBy = Effect.fnUntraced(function* (
  question: AskedPerson,
  until: Instant.Instant,
  now: Instant.Instant,
  context: LedgerContext,
) {
  const { alias, concordId, knownAt, organization } = question
  const unnamed = { learnt: knownWithoutFacts(now, context), positions: PositionsOf.none }
  if (alias === undefined) return { ...unnamed, concordId }
  yield* context.answerHorizon.raise(alias, until)
  const [named] = yield* context.store.people.byAlias(organization, [alias], knownAt)
  if (named === undefined) {
    // An alias that names no one may have been released, a moment later than the clock. It is read after the alias, so
    // that a later answer reflects at least as much.
    const { position, releasedAt } = yield* context.store.people.lastRelease(organization, alias)
    const learnt = Math.max(unnamed.learnt, releasedAt ?? Instant.min)
    return { learnt, positions: new Map([[Lane.of(organization, alias), position]]), concordId: undefined }
  }
  const { dateCreated } = named
  return {
    ...unnamed,
    concordId: named.concordId,
    learnt: Math.max(unnamed.learnt, dateCreated),
    namedSince: dateCreated,
  }
})

/** Raises the horizon of all people of a project: appends name the lanes that they write to. */
const raiseLanes = (project: Project, knownAt: Instant.Instant, { answerHorizon }: LedgerContext) =>
  Effect.forEach(Lane.all(project), (lane) => answerHorizon.raise(AnswerHorizon.ofLane(lane), knownAt), {
    discard: true,
  })

/**
 * Raises the horizon of a person, of its survivor and, if it is joined, of the project's lanes; returns the survivor
 * as it was read after that. Both are repeated while the read finds another survivor or a later instant.
 */
const countedOnceRaised = Effect.fnUntraced(function* (
  question: AskedPerson,
  concordId: string,
  named: { readonly learnt: Instant.Instant },
  context: LedgerContext,
) {
  const { answerHorizon } = context
  const raised = new Map<string, Instant.Instant>()
  const raise = (id: string, knownAt: Instant.Instant) => {
    if ((raised.get(id) ?? -Infinity) >= knownAt) return Effect.void
    raised.set(id, knownAt)
    return answerHorizon.raise(id, knownAt)
  }
  let knownAt = knownUntil(question, named.learnt)
  yield* raise(concordId, knownAt)
  for (;;) {
    const counted = yield* Joins.counted(question.organization, concordId, context)
    // A fact that was acknowledged counts, even if it is a moment later than the clock.
    const { erasedAt = Instant.min } = counted.person
    const learnt = Math.max(named.learnt, counted.learnt ?? Instant.min, erasedAt)
    knownAt = knownUntil(question, learnt)
    const needed = counted.isJoined || counted.survivor !== concordId ? [concordId, counted.survivor] : [concordId]
    const isCurrent = needed.every((id) => (raised.get(id) ?? -Infinity) >= knownAt)
    if (counted.isJoined) yield* raiseLanes(question.project, knownAt, context)
    if (isCurrent) return { counted, learnt, knownAt }
    for (const id of needed) yield* raise(id, knownAt)
  }
})

const noFacts: AskedPeople["facts"] = Effect.succeed([])

/**
 * The people of a question. `until` is the instant that the question is answered as known at, if nothing was learnt
 * after `now`.
 */
export const of = Effect.fnUntraced(function* (
  question: AskedPerson,
  until: Instant.Instant,
  now: Instant.Instant,
  context: LedgerContext,
): Effect.fn.Return<AskedPeople, StoreUnavailable> {
  const { organization } = question
  const named = yield* namedBy(question, until, now, context)
  const { concordId } = named
  if (concordId === undefined) {
    const unknown = { survivor: undefined, isJoined: false, members: () => Effect.succeed([]) }
    return { ...named, ...unknown, isUnchanged: Effect.succeed(true), facts: noFacts }
  }
  const { counted, knownAt, learnt } = yield* countedOnceRaised(question, concordId, named, context)
  const since = "namedSince" in named ? { namedSince: named.namedSince } : {}
  const positions = PositionsOf.merge(named.positions, counted.positions)
  if (knownAt >= (counted.person.erasedAt ?? Infinity)) {
    const erased = {
      survivor: counted.survivor,
      isJoined: false,
      members: () => Effect.succeed([]),
      isErased: true,
    } as const
    return { ...erased, ...since, learnt, positions, isUnchanged: Effect.succeed(true), facts: noFacts }
  }
  const everJoined = counted.learnt
  if (everJoined === undefined) {
    const alone = { survivor: concordId, isJoined: false, members: () => Effect.succeed([concordId]) }
    const facts = counted.person.position === 0 ? noFacts : Joins.facts(organization, concordId, context)
    return { ...alone, ...since, learnt, positions, isUnchanged: Effect.succeed(true), facts }
  }
  const facts = yield* Effect.cached(Joins.facts(organization, concordId, context))
  const joinedAt = (knownAt: Instant.Instant): Effect.Effect<People.Joined, StoreUnavailable> =>
    knownAt >= everJoined && !counted.isJoined
      ? Effect.succeed({ survivor: concordId, members: [concordId] })
      : Effect.map(facts, (facts) => People.joinedWith(facts, concordId, knownAt))
  const isAsNow = knownAt >= everJoined
  const survivor = isAsNow ? counted.survivor : (yield* joinedAt(knownAt)).survivor
  if (!isAsNow) {
    yield* context.answerHorizon.raise(survivor, knownAt)
    yield* raiseLanes(question.project, knownAt, context)
  }
  const members = (knownAt: Instant.Instant) => Effect.map(joinedAt(knownAt), ({ members }) => members)
  const isUnchanged = Effect.map(
    Joins.counted(organization, counted.survivor, context),
    (still) => still.learnt === everJoined && still.survivor === counted.survivor,
  )
  const isJoined = isAsNow && counted.isJoined
  return { survivor, isJoined, ...since, learnt, positions, members, isUnchanged, facts }
})
