/**
 * The people joined with a person, read from the store (semantics, section 5).
 *
 * The survivor that a person is counted as now is kept with the person, so that it costs the same for any number of
 * joins. The facts are read only where all members are needed, or the people as known before the last change of their
 * group.
 */
import { Effect } from "effect"
import type { Organization } from "../model/Catalog.ts"
import * as Instant from "../engine/Instant.ts"
import * as Lane from "../model/Lane.ts"
import * as People from "../model/People.ts"
import { type Person, type Positions, StoreUnavailable } from "../ports/LedgerStore.ts"
import { maxAttempts, type LedgerContext } from "./LedgerContext.ts"
import * as PositionsOf from "./Positions.ts"

type Store = Pick<LedgerContext, "store">

/** A person that was read, and the person that it is counted as now. */
export interface Counted {
  readonly person: Person
  /** The person itself, if it is counted as no other one. */
  readonly survivor: string
  /** Whether other people are counted as the survivor. */
  readonly isJoined: boolean
  /** When the last change of the group was recorded; `undefined` if there was none. */
  readonly learnt: Instant.Instant | undefined
  /** The positions of the lanes of the person and of its survivor. */
  readonly positions: Positions
  /** The revisions that were read: of the person and of its survivor. */
  readonly seen: ReadonlyArray<{ readonly concordId: string; readonly revision: number }>
}

/** A person without facts needs no position, because there is no fact that a server that lags could lack. */
const positionOf = (organization: Organization, concordId: string, { position }: Person): Positions =>
  position === 0 ? PositionsOf.none : new Map([[Lane.of(organization, concordId), position]])

/**
 * The person that a person is counted as now. Takes one read, or two where the person is counted as another one. They
 * are repeated if the group has changed between the two; it fails if that does not end, because the rows of the two
 * contradict each other.
 */
export const counted = Effect.fnUntraced(function* (organization: Organization, concordId: string, { store }: Store) {
  for (let attempts = 0; attempts < maxAttempts; attempts++) {
    const person = yield* store.people.person(organization, concordId)
    const { revision, survivor = concordId } = person
    const seen = [{ concordId, revision }]
    const positions = positionOf(organization, concordId, person)
    if (survivor === concordId) {
      const isJoined = person.survivor !== undefined
      return { person, survivor, isJoined, learnt: person.learnt, positions, seen } satisfies Counted as Counted
    }
    const root = yield* store.people.person(organization, survivor)
    if (root.survivor !== survivor) continue
    return {
      person,
      survivor,
      isJoined: true,
      learnt: root.learnt,
      positions: PositionsOf.merge(positions, positionOf(organization, survivor, root)),
      seen: [...seen, { concordId: survivor, revision: root.revision }],
    } satisfies Counted as Counted
  }
  return yield* new StoreUnavailable({
    reason: "the survivor of a person is counted as another one: run assent verify",
  })
})

/** Every fact that names a person, or a person ever joined with it: one read for all people that one read finds. */
export const facts = Effect.fnUntraced(function* (organization: Organization, concordId: string, { store }: Store) {
  const facts = new Map<string, People.Fact>()
  const people = new Set([concordId])
  let found = [concordId]
  while (found.length > 0) {
    const known = people.size
    for (const fact of yield* store.people.facts(organization, found)) {
      facts.set(fact.id, fact)
      people.add(fact.member).add(fact.survivor)
    }
    found = [...people].slice(known)
  }
  return [...facts.values()]
})

/** The people joined with a person, and the positions at which that was read. */
export interface JoinedPeople extends People.Joined {
  readonly positions: Positions
}

/** The people joined with a person now. The facts are read only if it is joined. */
export const current = Effect.fnUntraced(function* (organization: Organization, concordId: string, context: Store) {
  const { isJoined, positions } = yield* counted(organization, concordId, context)
  const known = isJoined ? yield* facts(organization, concordId, context) : []
  return { ...People.joinedWith(known, concordId, Infinity), positions } satisfies JoinedPeople
})
