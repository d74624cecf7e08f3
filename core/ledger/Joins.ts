/**
 * Who a person was joined with, read from the store (semantics, section 5).
 */
import { Effect } from "effect"
import type { Organization } from "../Catalog.ts"
import * as Instant from "../Instant.ts"
import * as People from "../People.ts"
import type { Means } from "./Means.ts"

/** Every fact that names a person, or anybody ever joined with it. */
export const facts = Effect.fnUntraced(function* (
  organization: Organization,
  concordId: string,
  { store }: Pick<Means, "store">,
) {
  const found = new Map<string, People.Fact>()
  const people = new Set([concordId])
  for (const person of people) {
    for (const fact of (yield* store.person(organization, person)).facts) {
      found.set(fact.id, fact)
      people.add(fact.member).add(fact.survivor)
    }
  }
  return found
})

/** When the last of the facts was learnt; `now`, if that is later. A fact may be a moment ahead of the clock. */
export const learnt = (facts: ReadonlyMap<string, People.Fact>, now: Instant.Instant): Instant.Instant =>
  Math.max(now, ...[...facts.values()].map(({ dateCreated }) => dateCreated))

/** Who a person was joined with, as known at `knownAt`. */
export const of = Effect.fnUntraced(function* (
  organization: Organization,
  concordId: string,
  knownAt: Instant.Instant,
  means: Pick<Means, "store">,
) {
  return People.joinedWith((yield* facts(organization, concordId, means)).values(), concordId, knownAt)
})

/** Who a person is joined with now, by everything that is recorded. */
export const current = Effect.fnUntraced(function* (
  organization: Organization,
  concordId: string,
  means: Pick<Means, "store">,
) {
  const known = yield* facts(organization, concordId, means)
  return People.joinedWith(known.values(), concordId, learnt(known, Instant.min))
})
