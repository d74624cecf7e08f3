/**
 * A person that a change is about, with everyone that it is joined with, as a step of the feed compares them.
 */
import { Effect } from "effect"
import * as Instants from "../engine/Instant.ts"
import type { Instant } from "../engine/Instant.ts"
import type { Organization } from "../model/Catalog.ts"
import * as People from "../model/People.ts"
import * as Joins from "../ledger/Joins.ts"
import type { LedgerContext } from "../ledger/LedgerContext.ts"
import type { FeedStep } from "../ports/FeedStore.ts"

/** A person as it is joined now. */
export interface FeedPerson extends People.Joined {
  readonly isErased: boolean
  /** When the last change of its group, or its erasure, was recorded; `Instant.min` if there was none. */
  readonly learnt: Instant
  /** Every fact about the group, also what was undone; none of a person that is joined with no one. */
  readonly facts: ReadonlyArray<People.Fact>
  /** The revisions of all members. */
  readonly seen: FeedStep["seen"]
}

/**
 * Reads the person that an id is counted as now. The revision of the survivor is read first: a later change of the
 * group raises it, so that a step that was prepared with other members is stale.
 */
export const of = Effect.fnUntraced(function* (
  organization: Organization,
  concordId: string,
  context: Pick<LedgerContext, "store">,
) {
  const { store } = context
  const counted = yield* Joins.counted(organization, concordId, context)
  const { erasedAt } = counted.person
  const isErased = erasedAt !== undefined
  const learnt = Math.max(counted.learnt ?? Instants.min, erasedAt ?? Instants.min)
  if (!counted.isJoined)
    return { survivor: concordId, members: [concordId], isErased, learnt, facts: [], seen: counted.seen }
  const facts = yield* Joins.facts(organization, concordId, context)
  const { members } = People.joinedWith(facts, concordId, Infinity)
  const known = new Map(counted.seen.map(({ concordId, revision }) => [concordId, revision]))
  for (const member of members) {
    if (!known.has(member)) known.set(member, (yield* store.people.person(organization, member)).revision)
  }
  const seen = [...known].map(([concordId, revision]) => ({ concordId, revision }))
  return { survivor: counted.survivor, members, isErased, learnt, facts, seen } satisfies FeedPerson as FeedPerson
})
