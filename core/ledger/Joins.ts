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
import { type FactPlace, type Person, type Positions, StoreUnavailable } from "../ports/LedgerStore.ts"
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

/** Whether two people are one person now, or are joined. Reads no facts. */
export const areOne = Effect.fnUntraced(function* (
  organization: Organization,
  one: string,
  other: string,
  context: Store,
) {
  if (one === other) return true
  const first = yield* counted(organization, one, context)
  const second = yield* counted(organization, other, context)
  return first.survivor === second.survivor
})

/** The most facts that one read returns. */
export const readMaxFacts = 1024

/** The least size of a page of the facts of one person: most guests have one or two. */
const pageMinFacts = 8

/** The most people in one read. */
const readMaxPeople = readMaxFacts / pageMinFacts

/**
 * Every fact, recorded at or before `knownAt`, that names a person, or a person that was joined with it until then:
 * page by page, with other requests answered between long ones.
 */
export const facts = Effect.fnUntraced(function* (
  organization: Organization,
  concordId: string,
  { store }: Store,
  knownAt: Instant.Instant = Infinity,
) {
  const facts = new Map<string, People.Fact>()
  const people = new Set<string>()
  let unread: Array<FactPlace> = []
  const find = (person: string): void => {
    if (people.has(person)) return
    people.add(person)
    unread.push({ concordId: person, from: 0 })
  }
  find(concordId)
  let readInTurn = 0
  while (unread.length > 0) {
    const places = unread.slice(0, readMaxPeople)
    unread = unread.slice(readMaxPeople)
    const limit = Math.floor(readMaxFacts / places.length)
    const pages = yield* store.people.facts(organization, places, limit)
    for (const [index, page] of pages.entries()) {
      for (const fact of page) {
        if (fact.dateCreated > knownAt) continue
        facts.set(fact.id, fact)
        find(fact.member)
        find(fact.survivor)
      }
      const { concordId, from } = places[index]!
      if (page.length === limit) unread.push({ concordId, from: from + limit })
    }
    readInTurn += pages.reduce((sum, page) => sum + page.length, 0)
    if (unread.length > 0 && readInTurn >= readMaxFacts / 4) {
      yield* Effect.yieldNow
      readInTurn = 0
    }
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
