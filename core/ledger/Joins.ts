/**
 * The people joined with a person, read from the store (semantics, section 5).
 */
import { Effect } from "effect"
import type { Organization } from "../model/Catalog.ts"
import * as Instant from "../engine/Instant.ts"
import * as Lane from "../model/Lane.ts"
import * as People from "../model/People.ts"
import type { Positions } from "../ports/LedgerStore.ts"
import type { LedgerContext } from "./LedgerContext.ts"
import * as PositionsOf from "./Positions.ts"

/** Every fact that names a person, or a person ever joined with it; and the positions of those people's lanes. */
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
    // A person without facts needs no position, because there is no fact that a server that lags could lack.
    if (person.facts.length === 0) continue
    positions = PositionsOf.merge(positions, new Map([[Lane.of(organization, concordId), person.position]]))
  }
  return { facts: facts as ReadonlyMap<string, People.Fact>, positions }
})

/**
 * The instant at which the last of the facts was learnt, or `now` if that is later. A fact may be a moment later than
 * the clock.
 */
export const learnt = (facts: ReadonlyMap<string, People.Fact>, now: Instant.Instant): Instant.Instant =>
  Math.max(now, ...[...facts.values()].map(({ dateCreated }) => dateCreated))

/** The people joined with a person, and the positions at which the facts about them were read. */
export interface JoinedPeople extends People.Joined {
  readonly positions: Positions
}

/** The people joined with a person, as known at `knownAt`. */
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

/** The people joined with a person now, by every fact that is recorded. */
export const current = Effect.fnUntraced(function* (
  organization: Organization,
  concordId: string,
  context: Pick<LedgerContext, "store">,
) {
  const known = yield* facts(organization, concordId, context)
  const joined = People.joinedWith(known.facts.values(), concordId, learnt(known.facts, Instant.min))
  return { ...joined, positions: known.positions } satisfies JoinedPeople
})
