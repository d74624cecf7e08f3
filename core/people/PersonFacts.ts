/**
 * The facts about the identity of a person: reading them, and undoing one by a further fact (semantics, section 5).
 */
import { Clock, Effect } from "effect"
import type { Organization } from "../model/Catalog.ts"
import * as People from "../model/People.ts"
import { StoreUnavailable } from "../ports/LedgerStore.ts"
import * as Joins from "../ledger/Joins.ts"
import { maxAttempts, type LedgerContext } from "../ledger/LedgerContext.ts"
import * as SessionCache from "../ledger/SessionCache.ts"

/** The people joined with a person, and the facts about them. */
export interface PersonFacts extends Joins.JoinedPeople {
  /** In the order recorded. */
  readonly facts: ReadonlyArray<People.Fact>
}

/** The identity of a person now: the people it is joined with, and every fact about them. */
export const of = Effect.fnUntraced(function* (
  organization: Organization,
  concordId: string,
  context: LedgerContext,
): Effect.fn.Return<PersonFacts, StoreUnavailable> {
  const known = yield* Joins.facts(organization, concordId, context)
  const facts = [...known.facts.values()]
  const now = Joins.learnt(known.facts, yield* Clock.currentTimeMillis)
  const inOrder = facts.toSorted((a, b) => a.dateCreated - b.dateCreated || (a.id < b.id ? -1 : 1))
  const joined = People.joinedWith(facts, concordId, now)
  return { ...joined, facts: inOrder, positions: known.positions }
})

/** Whether a fact was undone: now, before, or not at all because the person has no such fact. */
export interface UndoOutcome {
  readonly _tag: "Undone" | "UndoneBefore" | "NoSuchJoin"
}

/**
 * Undoes a join or an identification, by a fact of its own: both people have their own answers again, or the identifier
 * names no one any more. The survivor's sessions end, because one of them may be of the browser that was joined by
 * mistake.
 */
export const undo = Effect.fnUntraced(function* (
  organization: Organization,
  concordId: string,
  joinId: string,
  submitter: string,
  context: LedgerContext,
): Effect.fn.Return<UndoOutcome, StoreUnavailable> {
  const { answerHorizon, random, sessionCache, store } = context
  let now = yield* Clock.currentTimeMillis
  for (let attempts = 0; attempts < maxAttempts; attempts++) {
    const { facts } = yield* of(organization, concordId, context)
    const join = facts.find(({ id, kind }) => id === joinId && kind !== "undone")
    if (join === undefined) return { _tag: "NoSuchJoin" }
    const { member, survivor } = join
    // One read has the facts and the revision: of two requests that undo the join concurrently, one finds the other's
    // fact, or its revision is stale.
    const { facts: known, revision } = yield* store.people.person(organization, member)
    if (known.some((fact) => fact.join === joinId)) return { _tag: "UndoneBefore" }
    // The undo must be later than the join, even if the clock was set back, because as known at the join the two are
    // one.
    now = Math.max(now, join.dateCreated + 1)
    const undone = { id: yield* random.uuidV7(), kind: "undone", member, survivor, submitter, join: joinId } as const
    const seen = [{ concordId: member, revision }]
    const releases = join.alias === undefined ? [] : [join.alias]
    const ends = { at: yield* Clock.currentTimeMillis, sessionsOf: survivor }
    const outcome = yield* answerHorizon.record(new Set([member, survivor, ...releases]), now, (dateCreated) =>
      store.people.change({ organization, seen, claims: [], releases, facts: [{ ...undone, dateCreated }], ends }),
    )
    if (outcome === "kept") {
      SessionCache.remove(sessionCache, undefined, survivor)
      return { _tag: "Undone" }
    }
    now = Math.max(now, yield* Clock.currentTimeMillis)
  }
  return yield* new StoreUnavailable({ reason: "too many changes of the same person" })
})
