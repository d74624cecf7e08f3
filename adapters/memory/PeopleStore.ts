/**
 * The people of the store in memory: aliases, facts, profiles, and the identity tokens that were used.
 */
import { Effect } from "effect"
import * as Lane from "../../core/model/Lane.ts"
import type { Claim, Named } from "../../core/model/People.ts"
import type { IdentityChange, Kept, PeopleStore, Person } from "../../core/ports/LedgerStore.ts"
import * as PeopleLanes from "../../core/ports/PeopleLanes.ts"
import type { IdempotencyRecords } from "./IdempotencyRecords.ts"
import type { Sessions } from "./SessionStore.ts"

/** People, with the writes of appends. */
export interface People {
  readonly store: PeopleStore
  /** Whether an alias names no person yet, or the person it is claimed for. */
  readonly isFree: (organization: Lane.Owner, claim: Claim) => boolean
  readonly claim: (organization: Lane.Owner, claim: Claim) => void
}

/** A person without the number of identity changes of its lane. */
type Known = Omit<Person, "position">

const unchanged: Known = { revision: 0, isIdentified: false, facts: [] }
const keyOf = (owner: Lane.Owner, id: string): string => `${Lane.of(owner, id)} ${id}`

const makePersons = () => {
  const persons = new Map<string, Known>()
  const get = (organization: Lane.Owner, concordId: string): Known =>
    persons.get(keyOf(organization, concordId)) ?? unchanged
  return {
    get,
    /** Changes a person and raises its revision. */
    change: (organization: Lane.Owner, concordId: string, change: Partial<Known>): void => {
      const before = get(organization, concordId)
      persons.set(keyOf(organization, concordId), { ...before, ...change, revision: before.revision + 1 })
    },
  }
}

type Persons = ReturnType<typeof makePersons>

const makeAliases = (persons: Persons) => {
  const aliases = new Map<string, Named>()
  const get = (organization: Lane.Owner, hash: string) => aliases.get(keyOf(organization, hash))
  return {
    get,
    isFree: (organization: Lane.Owner, { hash, concordId }: Claim): boolean =>
      (get(organization, hash)?.concordId ?? concordId) === concordId,
    claim: (organization: Lane.Owner, { kind, hash, concordId, dateCreated }: Claim): void => {
      if (get(organization, hash) === undefined) aliases.set(keyOf(organization, hash), { concordId, dateCreated })
      if (kind !== "contextId") persons.change(organization, concordId, { isIdentified: true })
    },
    release: (organization: Lane.Owner, hash: string): void => {
      const before = get(organization, hash)
      if (before === undefined) return
      aliases.delete(keyOf(organization, hash))
      persons.change(organization, before.concordId, {})
    },
  }
}

/** No people yet. An identity change also opens and ends sessions and keeps an idempotency record. */
export const make = (sessions: Sessions, idempotency: IdempotencyRecords): People => {
  const persons = makePersons()
  const aliases = makeAliases(persons)
  const ends = new Map<number, number>()
  const profiles = new Map<string, string>()
  const usedTokens = new Set<string>()
  const endOf = (lane: number): number => ends.get(lane) ?? 0

  const person = (organization: Lane.Owner, concordId: string): Person => {
    const known = persons.get(organization, concordId)
    return { ...known, position: known.facts.length === 0 ? 0 : endOf(Lane.of(organization, concordId)) }
  }

  const change = (change: IdentityChange): Kept | "used" => {
    const { organization, seen, claims, releases, facts, identityToken, session, idempotencyRecord } = change
    if (idempotency.has(organization, idempotencyRecord)) return "repeated"
    if (identityToken !== undefined && usedTokens.has(identityToken.hash)) return "used"
    const isStale = seen.some(({ concordId, revision }) => persons.get(organization, concordId).revision !== revision)
    if (isStale || !claims.every((claim) => aliases.isFree(organization, claim))) return "stale"
    for (const hash of releases) aliases.release(organization, hash)
    for (const claim of claims) aliases.claim(organization, claim)
    for (const fact of facts) {
      for (const concordId of new Set([fact.member, fact.survivor])) {
        const known = persons.get(organization, concordId)
        persons.change(organization, concordId, { facts: [...known.facts, fact] })
      }
    }
    for (const lane of PeopleLanes.of(change)) ends.set(lane, endOf(lane) + 1)
    if (identityToken !== undefined) usedTokens.add(identityToken.hash)
    if (change.ends !== undefined) sessions.end(change.ends)
    if (session !== undefined) sessions.open(session)
    idempotency.keep(organization, idempotencyRecord)
    return "kept"
  }

  const store: PeopleStore = {
    byAlias: (organization, hashes) => Effect.sync(() => hashes.map((hash) => aliases.get(organization, hash))),
    person: (organization, concordId) => Effect.sync(() => person(organization, concordId)),
    laneEnds: (lanes) => Effect.sync(() => new Map(lanes.map((lane) => [lane, endOf(lane)]))),
    change: (request) => Effect.sync(() => change(request)),
    profile: (organization, concordId) => Effect.sync(() => profiles.get(keyOf(organization, concordId))),
    keepProfile: (organization, concordId, profile, idempotencyRecord) =>
      Effect.sync((): Kept => {
        if (idempotency.has(organization, idempotencyRecord)) return "repeated"
        profiles.set(keyOf(organization, concordId), profile)
        idempotency.keep(organization, idempotencyRecord)
        return "kept"
      }),
  }
  return { store, isFree: aliases.isFree, claim: aliases.claim }
}
