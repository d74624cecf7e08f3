/**
 * The people of the store in memory: aliases, facts, profiles, and the identity tokens that were used.
 */
import { Effect } from "effect"
import * as Lane from "../../core/model/Lane.ts"
import type { Instant } from "../../core/engine/Instant.ts"
import type { Claim, Fact, Named } from "../../core/model/People.ts"
import type {
  CatalogStore,
  IdentityChange,
  Joining,
  Kept,
  PeopleStore,
  Person,
  Release,
} from "../../core/ports/LedgerStore.ts"
import * as PeopleLanes from "../../core/ports/PeopleLanes.ts"
import type { IdempotencyRecords } from "./IdempotencyRecords.ts"
import type { Sessions } from "./SessionStore.ts"

/** People, with the writes of appends. */
export interface People {
  readonly store: PeopleStore
  /** Whether an alias names no person yet, or the person it is claimed for. */
  readonly isFree: (organization: Lane.Owner, claim: Claim) => boolean
  readonly claim: (organization: Lane.Owner, claim: Claim) => void
  /** The people that are counted as a survivor now. */
  readonly membersOf: (organization: Lane.Owner, survivor: string) => ReadonlyArray<string>
  /** The person and all people joined with it now. */
  readonly groupOf: (organization: Lane.Owner, concordId: string) => ReadonlyArray<string>
}

/** A person with its facts, without the number of identity changes of its lane. */
interface Known extends Omit<Person, "position"> {
  readonly facts: ReadonlyArray<Fact>
}

/** An alias that was released: the person that it named, and when. */
interface FormerAlias extends Named {
  readonly releasedAt: Instant
}

const unchanged: Known = { revision: 0, isIdentified: false, survivor: undefined, learnt: undefined, facts: [] }
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
  const former = new Map<string, Array<FormerAlias>>()
  const get = (organization: Lane.Owner, hash: string) => aliases.get(keyOf(organization, hash))
  const isKnown = (named: Named, knownAt: Instant) => named.dateCreated <= knownAt
  return {
    get,
    getAsKnown: (organization: Lane.Owner, hash: string, knownAt: Instant): Named | undefined => {
      const released = former.get(keyOf(organization, hash)) ?? []
      const found = released.find((each) => isKnown(each, knownAt) && each.releasedAt > knownAt)
      if (found !== undefined) return { concordId: found.concordId, dateCreated: found.dateCreated }
      const now = get(organization, hash)
      return now !== undefined && isKnown(now, knownAt) ? now : undefined
    },
    isFree: (organization: Lane.Owner, { hash, concordId }: Claim): boolean =>
      (get(organization, hash)?.concordId ?? concordId) === concordId,
    claim: (organization: Lane.Owner, { kind, hash, concordId, dateCreated }: Claim): void => {
      if (get(organization, hash) === undefined) aliases.set(keyOf(organization, hash), { concordId, dateCreated })
      if (kind !== "contextId") persons.change(organization, concordId, { isIdentified: true })
    },
    releasedAt: (organization: Lane.Owner, hash: string): Instant | undefined => {
      const released = former.get(keyOf(organization, hash))?.map(({ releasedAt }) => releasedAt)
      return released && Math.max(...released)
    },
    release: (organization: Lane.Owner, { dateCreated, hash }: Release): void => {
      const before = get(organization, hash)
      if (before === undefined) return
      const key = keyOf(organization, hash)
      aliases.delete(key)
      if (dateCreated !== undefined) {
        former.set(key, [...(former.get(key) ?? []), { ...before, releasedAt: dateCreated }])
      }
      persons.change(organization, before.concordId, {})
    },
  }
}

/** No people yet. An identity change also opens and ends sessions and keeps an idempotency record. */
export const make = (sessions: Sessions, idempotency: IdempotencyRecords, catalog: CatalogStore): People => {
  const persons = makePersons()
  const aliases = makeAliases(persons)
  const ends = new Map<number, number>()
  const profiles = new Map<string, string>()
  /** The people that are counted as a survivor, by its key in its organization. */
  const members = new Map<string, ReadonlySet<string>>()
  const usedTokens = new Set<string>()
  const endOf = (lane: number): number => ends.get(lane) ?? 0

  const person = (organization: Lane.Owner, concordId: string): Person => {
    const { facts, ...known } = persons.get(organization, concordId)
    return { ...known, position: facts.length === 0 ? 0 : endOf(Lane.of(organization, concordId)) }
  }

  const membersOf = (organization: Lane.Owner, survivor: string) => [
    ...(members.get(keyOf(organization, survivor)) ?? []),
  ]

  const groupOf = (organization: Lane.Owner, concordId: string) => {
    const { survivor } = persons.get(organization, concordId)
    return survivor === undefined ? [concordId] : [concordId, ...membersOf(organization, survivor)]
  }

  const changeGroups = (organization: Lane.Owner, { dissolved, groups, learnt }: Joining): void => {
    for (const survivor of dissolved) members.delete(keyOf(organization, survivor))
    for (const group of groups) {
      const key = keyOf(organization, group.survivor)
      const all = new Set([...(members.get(key) ?? []), ...group.members])
      const survivor = group.members.length === 0 ? undefined : group.survivor
      if (survivor !== undefined) members.set(key, all)
      for (const member of group.members) persons.change(organization, member, { survivor })
      persons.change(organization, group.survivor, { survivor, learnt })
    }
  }

  const change = (change: IdentityChange, revision: number): Kept | "used" => {
    const { organization, seen, claims, releases, facts, identityToken, joining, session, idempotencyRecord } = change
    if (idempotency.has(organization, idempotencyRecord)) return "repeated"
    if (identityToken !== undefined && usedTokens.has(identityToken.hash)) return "used"
    const isStale = seen.some(({ concordId, revision }) => persons.get(organization, concordId).revision !== revision)
    const isMoved = joining !== undefined && joining.catalog !== revision
    if (isStale || isMoved || !claims.every((claim) => aliases.isFree(organization, claim))) return "stale"
    for (const release of releases) aliases.release(organization, release)
    for (const claim of claims) aliases.claim(organization, claim)
    for (const fact of facts) {
      for (const concordId of new Set([fact.member, fact.survivor])) {
        const known = persons.get(organization, concordId)
        persons.change(organization, concordId, { facts: [...known.facts, fact] })
      }
    }
    if (joining !== undefined) changeGroups(organization, joining)
    for (const lane of PeopleLanes.of(change)) ends.set(lane, endOf(lane) + 1)
    if (identityToken !== undefined) usedTokens.add(identityToken.hash)
    if (change.ends !== undefined) sessions.end(change.ends)
    if (session !== undefined) sessions.open(session)
    idempotency.keep(organization, idempotencyRecord)
    return "kept"
  }

  const store: PeopleStore = {
    byAlias: (organization, hashes, knownAt) =>
      Effect.sync(() =>
        hashes.map((hash) =>
          knownAt === undefined ? aliases.get(organization, hash) : aliases.getAsKnown(organization, hash, knownAt),
        ),
      ),
    lastRelease: (organization, hash) =>
      Effect.sync(() => ({
        releasedAt: aliases.releasedAt(organization, hash),
        position: endOf(Lane.of(organization, hash)),
      })),
    facts: (organization, places, limit) =>
      Effect.sync(() =>
        places.map(({ concordId, from }) => persons.get(organization, concordId).facts.slice(from, from + limit)),
      ),
    person: (organization, concordId) => Effect.sync(() => person(organization, concordId)),
    laneEnds: (lanes) => Effect.sync(() => new Map(lanes.map((lane) => [lane, endOf(lane)]))),
    change: (request) => Effect.map(catalog.current, ({ revision }) => change(request, revision)),
    profile: (organization, concordId) => Effect.sync(() => profiles.get(keyOf(organization, concordId))),
    keepProfile: (organization, concordId, profile, idempotencyRecord) =>
      Effect.sync((): Kept => {
        if (idempotency.has(organization, idempotencyRecord)) return "repeated"
        profiles.set(keyOf(organization, concordId), profile)
        idempotency.keep(organization, idempotencyRecord)
        return "kept"
      }),
  }
  return { store, isFree: aliases.isFree, claim: aliases.claim, membersOf, groupOf }
}
