/**
 * The people of the store in memory: aliases, facts, and the identity tokens that were used.
 */
import { Effect } from "effect"
import * as Lane from "../../core/model/Lane.ts"
import type { Instant } from "../../core/engine/Instant.ts"
import type { Claim, Fact, HeldAlias, Named } from "../../core/model/People.ts"
import type {
  AliasState,
  Append,
  CatalogStore,
  Destroyed,
  IdentityChange,
  Joining,
  Kept,
  PeopleStore,
  Person,
  Release,
} from "../../core/ports/LedgerStore.ts"
import * as PeopleLanes from "../../core/ports/PeopleLanes.ts"
import type { IdempotencyRecords } from "./IdempotencyRecords.ts"
import type { NotedChanges } from "./NotedChanges.ts"
import type { PersonalData } from "./PersonalStore.ts"
import type { Sessions } from "./SessionStore.ts"

/** People, with the writes of appends. */
export interface People {
  readonly store: PeopleStore
  /**
   * Whether the people of an append have the revisions that it was prepared against and are not erased, and its aliases
   * and the keys of its people are free.
   */
  readonly isAsSeen: (append: Append) => boolean
  /** Keeps the claims, facts and personal data of an append, and raises the revisions of its people. */
  readonly keep: (append: Append) => void
  /** The people that are counted as a survivor now. */
  readonly membersOf: (organization: Lane.Owner, survivor: string) => ReadonlyArray<string>
  /** The person and all people joined with it now. */
  readonly groupOf: (organization: Lane.Owner, concordId: string) => ReadonlyArray<string>
  /** Whether people have the revisions that a write was prepared against. */
  readonly areSeen: (organization: Lane.Owner, seen: IdentityChange["seen"]) => boolean
  /** The number that the next identity change of a lane gets. */
  readonly endOf: (lane: number) => number
  /** Counts an identity change in lanes. */
  readonly count: (lanes: ReadonlyArray<number>) => void
  /** Deletes the aliases and the used identity tokens of people, raises their revisions, and counts what it deleted. */
  readonly erase: (
    organization: Lane.Owner,
    people: ReadonlyArray<string>,
  ) => Pick<Destroyed, "aliases" | "formerAliases" | "identityTokens">
  /** Raises the revisions of people, and deletes nothing of what names them. */
  readonly raise: People["erase"]
}

/** A person with its facts, without the number of identity changes of its lane. */
interface Known extends Omit<Person, "erasedAt" | "position"> {
  readonly facts: ReadonlyArray<Fact>
  /** The aliases that were ever claimed for the person, without those of a browser's `contextId`. */
  readonly hashes: ReadonlyArray<string>
}

const unchanged: Known = {
  revision: 0,
  isIdentified: false,
  survivor: undefined,
  learnt: undefined,
  facts: [],
  hashes: [],
}
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

const heldBy = ({ concordId, dateCreated, hash, kind, project }: Claim): HeldAlias => ({
  concordId,
  kind,
  ...(project !== undefined && { project }),
  hash,
  dateCreated,
})

const namedOf = ({ concordId, dateCreated, kind }: HeldAlias): Named => ({ concordId, kind, dateCreated })

/** Orders former aliases of one hash. */
const byRelease = (a: HeldAlias, b: HeldAlias): number => a.releasedAt! - b.releasedAt! || a.dateCreated - b.dateCreated

/** Orders aliases by their claims, those of one instant by their hash, and those of one hash by their release. */
const byClaim = (a: HeldAlias, b: HeldAlias): number => {
  if (a.dateCreated !== b.dateCreated) return a.dateCreated - b.dateCreated
  if (a.hash !== b.hash) return a.hash < b.hash ? -1 : 1
  return (a.releasedAt ?? Infinity) - (b.releasedAt ?? Infinity)
}

const makeAliases = (persons: Persons) => {
  const aliases = new Map<string, HeldAlias>()
  const former = new Map<string, ReadonlyArray<HeldAlias>>()
  const get = (organization: Lane.Owner, hash: string) => aliases.get(keyOf(organization, hash))
  const formerly = (organization: Lane.Owner, hash: string) => former.get(keyOf(organization, hash)) ?? []
  const isKnown = ({ dateCreated }: HeldAlias, knownAt: Instant) => dateCreated <= knownAt
  const named = (organization: Lane.Owner, hash: string, knownAt: Instant | undefined): Named | undefined => {
    const found =
      knownAt === undefined
        ? undefined
        : formerly(organization, hash).find((each) => isKnown(each, knownAt) && each.releasedAt! > knownAt)
    const held = found ?? get(organization, hash)
    return held !== undefined && isKnown(held, knownAt ?? Infinity) ? namedOf(held) : undefined
  }
  const lastRelease = (organization: Lane.Owner, hash: string): Instant | undefined => {
    const released = formerly(organization, hash)
    return released.length === 0 ? undefined : Math.max(...released.map((each) => each.releasedAt!))
  }
  return {
    named,
    formerly,
    state: (organization: Lane.Owner, hash: string): AliasState => ({
      named: named(organization, hash, undefined),
      releasedAt: lastRelease(organization, hash),
    }),
    lastRelease,
    of: (organization: Lane.Owner, concordId: string): ReadonlyArray<HeldAlias> =>
      persons
        .get(organization, concordId)
        .hashes.flatMap((hash) => [get(organization, hash), ...formerly(organization, hash)])
        .filter((each) => each?.concordId === concordId)
        .map((each) => each!)
        .toSorted(byClaim),
    contextsOf: (organization: Lane.Owner, concordId: string): ReadonlyArray<HeldAlias> =>
      [...aliases]
        .filter(([key, held]) => held.concordId === concordId && key === keyOf(organization, held.hash))
        .map(([, held]) => held)
        .filter(({ kind }) => kind === "contextId")
        .toSorted(byClaim),
    isFree: (organization: Lane.Owner, { concordId, hash, releasedAt = Infinity }: Claim): boolean => {
      const held = get(organization, hash)
      return held === undefined
        ? (lastRelease(organization, hash) ?? releasedAt) <= releasedAt
        : held.concordId === concordId
    },
    claim: (organization: Lane.Owner, claim: Claim): void => {
      const { concordId, hash, kind } = claim
      if (get(organization, hash) === undefined) aliases.set(keyOf(organization, hash), heldBy(claim))
      if (kind === "contextId") return
      const { hashes } = persons.get(organization, concordId)
      const all = hashes.includes(hash) ? hashes : [...hashes, hash]
      persons.change(organization, concordId, { isIdentified: true, hashes: all })
    },
    release: (organization: Lane.Owner, { dateCreated, hash, isRenamed }: Release): void => {
      const before = get(organization, hash)
      if (before === undefined) return
      const key = keyOf(organization, hash)
      aliases.delete(key)
      if (dateCreated !== undefined) {
        const released = { ...before, releasedAt: dateCreated, ...(isRenamed === true && { isRenamed }) }
        former.set(key, [...(former.get(key) ?? []), released])
      }
      persons.change(organization, before.concordId, {})
    },
    erase: (organization: Lane.Owner, people: ReadonlyArray<string>) => {
      const isOf = (key: string, { concordId }: HeldAlias): boolean =>
        Math.floor(Number.parseInt(key, 10) / Lane.maxCount) === organization.number && people.includes(concordId)
      const erased = [...aliases].filter(([key, held]) => isOf(key, held))
      for (const [key] of erased) aliases.delete(key)
      let formerAliases = 0
      for (const [key, all] of [...former]) {
        const left = all.filter((held) => !isOf(key, held))
        formerAliases += all.length - left.length
        former.set(key, left)
      }
      return { aliases: erased.length, formerAliases }
    },
  }
}

/** No people yet. An identity change also opens and ends sessions and keeps an idempotency record. */
export const make = (
  sessions: Sessions,
  idempotency: IdempotencyRecords,
  catalog: CatalogStore,
  personal: PersonalData,
  noted: NotedChanges,
): People => {
  const persons = makePersons()
  const aliases = makeAliases(persons)
  const ends = new Map<number, number>()
  /** The people that are counted as a survivor, by its key in its organization. */
  const members = new Map<string, ReadonlySet<string>>()
  /** The person that each used token proved, by the hash of the token. */
  const usedTokens = new Map<string, string>()
  const endOf = (lane: number): number => ends.get(lane) ?? 0

  const person = (organization: Lane.Owner, concordId: string): Person => {
    const { facts, hashes: _, ...known } = persons.get(organization, concordId)
    const erasedAt = personal.erasedAt(organization, concordId)
    const isCounted = facts.length > 0 || erasedAt !== undefined
    return { ...known, erasedAt, position: isCounted ? endOf(Lane.of(organization, concordId)) : 0 }
  }

  const isAnyErased = (organization: Lane.Owner, concordIds: ReadonlyArray<string>): boolean =>
    concordIds.some((concordId) => personal.erasedAt(organization, concordId) !== undefined)

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

  const areSeen = (organization: Lane.Owner, seen: IdentityChange["seen"]): boolean =>
    seen.every(({ concordId, revision }) => persons.get(organization, concordId).revision === revision)

  const recordFact = (organization: Lane.Owner, fact: Fact): void => {
    for (const concordId of new Set([fact.member, fact.survivor])) {
      const known = persons.get(organization, concordId)
      persons.change(organization, concordId, { facts: [...known.facts, fact] })
    }
  }

  const count = (lanes: ReadonlyArray<number>): void => {
    for (const lane of lanes) ends.set(lane, endOf(lane) + 1)
  }

  const change = (change: IdentityChange, revision: number): Kept | "used" => {
    const { organization, seen, claims, releases, facts, identityToken, joining, session, idempotencyRecord } = change
    if (idempotency.has(organization, idempotencyRecord)) return "repeated"
    if (identityToken !== undefined && usedTokens.has(identityToken.hash)) return "used"
    const isMoved = joining !== undefined && joining.catalog !== revision
    const released = new Set(releases.map(({ hash }) => hash))
    const isFree = (claim: Claim) => released.has(claim.hash) || aliases.isFree(organization, claim)
    const people = [...seen, ...claims, ...(session === undefined ? [] : [session])].map(({ concordId }) => concordId)
    const isErased = isAnyErased(organization, [
      ...people,
      ...facts.flatMap(({ member, survivor }) => [member, survivor]),
    ])
    const { personal: written } = change
    const isTaken =
      !claims.every(isFree) || personal.isKeyGone(organization, written) || !personal.areFree(organization, written)
    if (!areSeen(organization, seen) || isMoved || isErased || isTaken) return "stale"
    personal.keep(organization, change.personal)
    for (const release of releases) aliases.release(organization, release)
    for (const claim of claims) aliases.claim(organization, claim)
    for (const fact of facts) recordFact(organization, fact)
    noted.noteFacts(organization, facts, endOf)
    if (joining !== undefined) changeGroups(organization, joining)
    count(PeopleLanes.of(change))
    if (identityToken !== undefined) usedTokens.set(identityToken.hash, identityToken.concordId)
    if (change.ends !== undefined) sessions.end(change.ends)
    if (session !== undefined) sessions.open(session)
    idempotency.keep(organization, idempotencyRecord)
    return "kept"
  }

  const store: PeopleStore = {
    byAlias: (organization, hashes, knownAt) =>
      Effect.sync(() => hashes.map((hash) => aliases.named(organization, hash, knownAt))),
    aliasStates: (organization, hashes) => Effect.sync(() => hashes.map((hash) => aliases.state(organization, hash))),
    formerly: (organization, hashes) =>
      Effect.sync(() => hashes.map((hash) => aliases.formerly(organization, hash).toSorted(byRelease))),
    aliasesOf: (organization, people) => Effect.sync(() => people.map((person) => aliases.of(organization, person))),
    contextsOf: (organization, people) =>
      Effect.sync(() => people.map((person) => aliases.contextsOf(organization, person))),
    lastRelease: (organization, hash) =>
      Effect.sync(() => ({
        releasedAt: aliases.lastRelease(organization, hash),
        position: endOf(Lane.of(organization, hash)),
      })),
    facts: (organization, places, limit) =>
      Effect.sync(() =>
        places.map(({ concordId, from }) => persons.get(organization, concordId).facts.slice(from, from + limit)),
      ),
    person: (organization, concordId) => Effect.sync(() => person(organization, concordId)),
    laneEnds: (lanes) => Effect.sync(() => new Map(lanes.map((lane) => [lane, endOf(lane)]))),
    change: (request) => Effect.map(catalog.current, ({ revision }) => change(request, revision)),
    keepProfile: (organization, concordId, kept, idempotencyRecord) =>
      Effect.sync((): Kept => {
        if (idempotency.has(organization, idempotencyRecord)) return "repeated"
        const isGone = isAnyErased(organization, [concordId]) || personal.isKeyGone(organization, kept)
        if (isGone || !personal.areFree(organization, kept)) return "stale"
        personal.keep(organization, kept)
        idempotency.keep(organization, idempotencyRecord)
        return "kept"
      }),
  }
  const isAsSeen = ({ claims, events, facts = [], organization, seen = [], ...append }: Append): boolean =>
    areSeen(organization, seen) &&
    claims.every((claim) => aliases.isFree(organization, claim)) &&
    !isAnyErased(
      organization,
      [
        ...[...events, ...claims].map(({ concordId }) => concordId),
        ...facts.flatMap(({ member, survivor }) => [member, survivor]),
      ].filter((concordId) => append.ofErased?.has(concordId) !== true),
    ) &&
    !personal.isKeyGone(organization, append.personal) &&
    personal.areFree(organization, append.personal)

  const keep = (append: Append): void => {
    const { claims, facts = [], organization, seen = [] } = append
    personal.keep(organization, append.personal)
    for (const claim of claims) aliases.claim(organization, claim)
    for (const { concordId } of seen) persons.change(organization, concordId, {})
    for (const fact of facts) recordFact(organization, fact)
    noted.noteFacts(organization, facts, endOf)
    count(PeopleLanes.ofAppends([append]))
  }

  const erase = (organization: Lane.Owner, concordIds: ReadonlyArray<string>) => {
    for (const concordId of concordIds) persons.change(organization, concordId, { hashes: [] })
    const tokens = [...usedTokens].filter(([, concordId]) => concordIds.includes(concordId))
    for (const [hash] of tokens) usedTokens.delete(hash)
    return { ...aliases.erase(organization, concordIds), identityTokens: tokens.length }
  }

  const raise: People["raise"] = (organization, concordIds) => {
    for (const concordId of concordIds) persons.change(organization, concordId, {})
    return { aliases: 0, formerAliases: 0, identityTokens: 0 }
  }

  return { store, isAsSeen, keep, membersOf, groupOf, areSeen, endOf, count, erase, raise }
}
