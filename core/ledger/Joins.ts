/**
 * Who a person was joined with, read from the store (semantics, section 5).
 */
import { Effect } from "effect"
import type { Organization } from "../model/Catalog.ts"
import * as Instant from "../engine/Instant.ts"
import * as Lane from "../model/Lane.ts"
import * as People from "../model/People.ts"
import type { Positions } from "../ports/LedgerStore.ts"
import type { LedgerContext } from "./LedgerContext.ts"
import * as PositionsOf from "./Positions.ts"

/** Every fact that names a person, or anybody ever joined with it; and how far the lanes of those people were seen. */
export const facts = Effect.fnUntraced(function* (
  organization: Organization,
  concordId: string,
  { store }: Pick<LedgerContext, "store">,
) {
  const facts = new Map<string, People.Fact>()
  const people = new Set([concordId])
  let positions = PositionsOf.none
  for (const concordId of people) {
    const person = yield* store.people.person(organization, concordId)
    for (const fact of person.facts) {
      facts.set(fact.id, fact)
      people.add(fact.member).add(fact.survivor)
    }
    // Of whom no fact is known, none can be missed.
    if (person.facts.length === 0) continue
    positions = PositionsOf.merge(positions, new Map([[Lane.of(organization, concordId), person.position]]))
  }
  return { facts: facts as ReadonlyMap<string, People.Fact>, positions }
})

/** When the last of the facts was learnt; `now`, if that is later. A fact may be a moment ahead of the clock. */
export const learnt = (facts: ReadonlyMap<string, People.Fact>, now: Instant.Instant): Instant.Instant =>
  Math.max(now, ...[...facts.values()].map(({ dateCreated }) => dateCreated))

/** Everybody who is one, and how far the facts were seen that tell. */
export interface JoinedPeople extends People.Joined {
  readonly positions: Positions
}

/** Who a person was joined with, as known at `knownAt`. */
export const of = Effect.fnUntraced(function* (
  organization: Organization,
  concordId: string,
  knownAt: Instant.Instant,
  context: Pick<LedgerContext, "store">,
) {
  const known = yield* facts(organization, concordId, context)
  const joined = People.joinedWith(known.facts.values(), concordId, knownAt)
  return { ...joined, positions: known.positions } satisfies JoinedPeople
})

/** Who a person is joined with now, by everything that is recorded. */
export const current = Effect.fnUntraced(function* (
  organization: Organization,
  concordId: string,
  context: Pick<LedgerContext, "store">,
) {
  const known = yield* facts(organization, concordId, context)
  const joined = People.joinedWith(known.facts.values(), concordId, learnt(known.facts, Instant.min))
  return { ...joined, positions: known.positions } satisfies JoinedPeople
})
