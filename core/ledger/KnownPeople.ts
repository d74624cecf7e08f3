/**
 * What a plan knows about people: the people that the identifiers of its items name, in the ledger and by the claims of
 * the items before (semantics, section 5).
 *
 * One read finds the people of all identifiers. More is read only for items that need it: the survivors of people where
 * an item names several, the aliases of a person that may get an account, and the people that a released identifier
 * named before.
 */
import { Effect } from "effect"
import type { Instant } from "../engine/Instant.ts"
import type { Organization } from "../model/Catalog.ts"
import { type Alias, type HeldAlias, joinedWith } from "../model/People.ts"
import * as Resolution from "../model/Resolution.ts"
import type { AliasState, StoreUnavailable } from "../ports/LedgerStore.ts"
import * as Joins from "./Joins.ts"
import type { LedgerContext } from "./LedgerContext.ts"

/** The identifiers of an item. */
export interface AskedItem extends Resolution.ItemIdentifiers {
  /** The `consentDate` that it is recorded with; `undefined` if it was given none, or if that is replaced. */
  readonly date: Instant | undefined
}

/** A person and its survivor, with the revisions that were read. */
export type Seen = Joins.Counted["seen"]

/** What is known about the people of a plan. */
export interface KnownPeople {
  /** Whether nothing has to be read to resolve an item, given the claims until now. */
  readonly isPrepared: (item: AskedItem) => boolean
  /** Reads what items need. Reads nothing for items that name one person and give it no account. */
  readonly prepare: (items: ReadonlyArray<AskedItem>) => Effect.Effect<void, StoreUnavailable>
  /** Resolves an item that is prepared. */
  readonly resolve: (item: AskedItem) => Resolution.Resolved | Resolution.Conflicting
  /** The people that an alias names. */
  readonly named: (alias: Alias) => ReadonlyArray<string>
  /**
   * The people that an alias named until a release after a date and no later than `until`; `undefined` if there was
   * none.
   */
  readonly formerly: (alias: Alias, date: Instant | undefined, until?: Instant) => ReadonlyArray<string> | undefined
  /**
   * The person for which a recorded item claims an alias that names it already: the kind of the alias is not known, or
   * it was found by the hash of an earlier normalization.
   */
  readonly toComplete: (alias: Alias) => string | undefined
  /** Claims an alias for the items that follow. */
  readonly claim: (alias: Alias, concordId: string) => void
  /** Adds a person that the plan makes. */
  readonly add: (concordId: string) => void
  /** The revisions that were read of a person and its survivor; none for a person that the plan makes. */
  readonly seen: (concordId: string) => Seen
  /** Whether an identifier was claimed or released while people were read: the plan must be made again. */
  readonly isMoved: () => boolean
}

/** A group of joined people, or a person alone, and the aliases that name or named someone of it. */
interface Group {
  readonly members: ReadonlyArray<string>
  readonly aliases: ReadonlyArray<HeldAlias>
}

/** What an item needs to be known beyond what its identifiers name. */
interface Needs {
  /** The people whose survivors are needed. */
  readonly counted: ReadonlyArray<string>
  /** The people whose aliases are needed. */
  readonly held: ReadonlyArray<string>
  /** The people whose revisions are needed: they get an account, or an alias of theirs is completed. */
  readonly seen: ReadonlyArray<string>
  /** The hashes whose releases are needed. */
  readonly former: ReadonlyArray<string>
}

const hashesOf = ({ earlier, hash }: Alias): ReadonlyArray<string> =>
  earlier === undefined ? [hash] : [hash, ...earlier]

const distinct = <A>(values: ReadonlyArray<A>): ReadonlyArray<A> => (values.length < 2 ? values : [...new Set(values)])

/** How many people are read concurrently. */
const concurrency = 16

const nothing: AliasState = { named: undefined, releasedAt: undefined }

const isRead = ({ counted, former, held, seen }: Needs): boolean =>
  counted.length === 0 && seen.length === 0 && held.length === 0 && former.length === 0

type Store = Pick<LedgerContext, "store">

/** The states of hashes, read in one statement. */
const readStates = Effect.fnUntraced(function* (
  organization: Organization,
  hashes: ReadonlyArray<string>,
  { store }: Store,
) {
  const states = hashes.length === 0 ? [] : yield* store.people.aliasStates(organization, hashes)
  return new Map(hashes.map((hash, index) => [hash, states[index]!]))
})

/** The groups of survivors. An alias of unknown kind is no identifier of a person that was never identified. */
const readGroups = Effect.fnUntraced(function* (
  organization: Organization,
  survivors: ReadonlyArray<Joins.Counted>,
  context: Store,
) {
  const { people } = context.store
  const groups = yield* Effect.forEach(survivors, ({ isJoined, survivor }) =>
    isJoined
      ? Effect.map(
          Joins.facts(organization, survivor, context),
          (facts) => joinedWith(facts, survivor, Infinity).members,
        )
      : Effect.succeed([survivor]),
  )
  const members = groups.flat()
  const aliases = members.length === 0 ? [] : yield* people.aliasesOf(organization, members)
  const ofMember = new Map<string, ReadonlyArray<HeldAlias>>()
  for (const [index, member] of members.entries()) {
    const all = aliases[index]!
    const isKnown = all.every(({ kind }) => kind !== undefined)
    const isIdentified = isKnown || (yield* people.person(organization, member)).isIdentified
    ofMember.set(member, isIdentified ? all : all.filter(({ kind }) => kind !== undefined))
  }
  return groups.map((group): Group => ({ members: group, aliases: group.flatMap((each) => ofMember.get(each)!) }))
})

/** Reads what the identifiers of items name. */
export const make = Effect.fnUntraced(function* (
  items: ReadonlyArray<AskedItem>,
  organization: Organization,
  context: Store,
) {
  const { people } = context.store
  const hashes = distinct(items.flatMap(({ aliases }) => aliases.flatMap(hashesOf)))
  const states = yield* readStates(organization, hashes, context)
  /** By hash, the person for which an item before has claimed it. */
  const claimed = new Map<string, string>()
  /** By person, the aliases that items before have claimed for it. */
  const claimedFor = new Map<string, ReadonlyArray<HeldAlias>>()
  const added = new Set<string>()
  const counted = new Map<string, Joins.Counted>()
  /** The people whose revisions were read before the states of the identifiers were found unchanged. */
  const checked = new Set<string>()
  const groups = new Map<string, Group>()
  const former = new Map<string, ReadonlyArray<HeldAlias>>()
  let isMoved = false

  const stateOf = (hash: string): AliasState => states.get(hash) ?? nothing
  const personOf = (hash: string): string | undefined => claimed.get(hash) ?? stateOf(hash).named?.concordId
  const named = (alias: Alias): ReadonlyArray<string> =>
    distinct(hashesOf(alias).flatMap((hash) => personOf(hash) ?? []))
  const survivorOf = (concordId: string): string => counted.get(concordId)?.survivor ?? concordId
  const releasedAfter = (alias: Alias, date: Instant | undefined): ReadonlyArray<string> =>
    date === undefined ? [] : hashesOf(alias).filter((hash) => (stateOf(hash).releasedAt ?? date) > date)

  const formerly = (alias: Alias, date: Instant | undefined, until = Infinity) => {
    const rows = releasedAfter(alias, date).flatMap((hash) => former.get(hash) ?? [])
    if (rows.length === 0) return undefined
    const isMeant = ({ isRenamed, releasedAt = until }: HeldAlias) =>
      isRenamed !== true && releasedAt > date! && releasedAt <= until
    const people = rows.filter(isMeant).map(({ concordId }) => concordId)
    return people.length === 0 ? undefined : distinct(people)
  }

  const held = (concordId: string): ReadonlyArray<HeldAlias> => {
    const { aliases, members } = groups.get(survivorOf(concordId)) ?? { aliases: [], members: [concordId] }
    const others = aliases.filter(({ hash }) => !claimed.has(hash))
    return [...others, ...members.flatMap((member) => claimedFor.get(member) ?? [])]
  }

  const toComplete = (alias: Alias): string | undefined => {
    if (claimed.has(alias.hash)) return undefined
    const own = stateOf(alias.hash).named
    if (own === undefined) return named(alias)[0]
    return own.kind === undefined ? own.concordId : undefined
  }

  const isCounted = (concordId: string): boolean => counted.has(concordId) || added.has(concordId)

  /** What an item needs that is not read yet. */
  const needsOf = ({ aliases, concordId, date }: AskedItem): Needs => {
    const names = distinct([...(concordId === undefined ? [] : [concordId]), ...aliases.flatMap(named)])
    const hasFreeAccount = aliases.some((alias) => Resolution.isAccountKind(alias.kind) && named(alias).length === 0)
    const accounts = hasFreeAccount ? names : []
    const seen = [...accounts, ...aliases.flatMap((alias) => toComplete(alias) ?? [])]
    return {
      counted: names.length > 1 ? names.filter((each) => !isCounted(each)) : [],
      held: accounts.filter((each) => !added.has(each) && !groups.has(survivorOf(each))),
      seen: seen.filter((each) => !added.has(each) && !checked.has(each)),
      former: aliases.flatMap((alias) => releasedAfter(alias, date)).filter((hash) => !former.has(hash)),
    }
  }

  /** Reads the revisions and survivors of people that are not read yet. */
  const count = Effect.fnUntraced(function* (concordIds: ReadonlyArray<string>) {
    const unread = distinct(concordIds).filter((each) => !isCounted(each))
    const found = yield* Effect.forEach(unread, (each) => Joins.counted(organization, each, context), { concurrency })
    for (const [index, each] of found.entries()) counted.set(unread[index]!, each)
  })

  /** Reads the states again after revisions: a release before them is noticed here, and one after them raises them. */
  const check = Effect.fnUntraced(function* (concordIds: ReadonlyArray<string>) {
    if (concordIds.length === 0) return
    const again = yield* readStates(organization, hashes, context)
    isMoved ||= hashes.some((hash) => again.get(hash)!.named?.concordId !== stateOf(hash).named?.concordId)
    for (const each of concordIds) checked.add(each)
  })

  const hold = Effect.fnUntraced(function* (concordIds: ReadonlyArray<string>) {
    const ofSurvivor = new Map(
      concordIds.map((each) => {
        const person = counted.get(each)!
        return [person.survivor, person] as const
      }),
    )
    const found = yield* readGroups(organization, [...ofSurvivor.values()], context)
    for (const [index, survivor] of [...ofSurvivor.keys()].entries()) groups.set(survivor, found[index]!)
  })

  const prepare = Effect.fnUntraced(function* (asked: ReadonlyArray<AskedItem>) {
    const needs = asked.map(needsOf)
    if (needs.every(isRead)) return
    const seen = needs.flatMap((each) => each.seen)
    yield* count([...seen, ...needs.flatMap((each) => each.counted)])
    yield* check(seen)
    yield* hold(needs.flatMap((each) => each.held))
    const released = distinct(needs.flatMap((each) => each.former))
    const rows = released.length === 0 ? [] : yield* people.formerly(organization, released)
    for (const [index, hash] of released.entries()) former.set(hash, rows[index]!)
  })

  return {
    // All items are prepared at first; a claim may change what an item needs.
    isPrepared: (item) => claimed.size === 0 || isRead(needsOf(item)),
    prepare,
    resolve: (item) =>
      Resolution.resolve(item, {
        named,
        formerly: (alias) => formerly(alias, item.date),
        isSame: (one, other) => survivorOf(one) === survivorOf(other),
        held,
      }),
    named,
    formerly,
    toComplete,
    claim: (alias, concordId) => {
      claimed.set(alias.hash, concordId)
      const { hash, kind, project } = alias
      const own = { concordId, kind, hash, dateCreated: 0, ...(project !== undefined && { project }) }
      claimedFor.set(concordId, [...(claimedFor.get(concordId) ?? []), own])
    },
    add: (concordId) => added.add(concordId),
    seen: (concordId) => counted.get(concordId)?.seen ?? [],
    isMoved: () => isMoved,
  } satisfies KnownPeople as KnownPeople
})
