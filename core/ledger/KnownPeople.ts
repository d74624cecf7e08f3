/**
 * What a plan knows about people: the people that the identifiers of its items name, in the ledger and by the claims of
 * the items before (semantics, section 5).
 *
 * One read finds the people of all identifiers. Nothing else is read for an item whose identifiers name one person at
 * most, unless it gives that person an account.
 */
import { Effect } from "effect"
import * as Instant from "../engine/Instant.ts"
import type { Organization } from "../model/Catalog.ts"
import type { Alias, HeldAlias } from "../model/People.ts"
import * as Resolution from "../model/Resolution.ts"
import type { AliasState, StoreUnavailable } from "../ports/LedgerStore.ts"
import type { Counted } from "./Joins.ts"
import type { LedgerContext } from "./LedgerContext.ts"
import * as PeopleReader from "./PeopleReader.ts"

/** The identifiers of an item. */
export interface AskedItem extends Resolution.ItemIdentifiers {
  /** The `consentDate` that it is recorded with; `undefined` if it was given none, or if that is replaced. */
  readonly date: Instant.Instant | undefined
}

/** What is known about the people of a plan. */
export interface KnownPeople {
  /**
   * The people and claims of a plain item: it names at most one person and gives that person no account. Most items are
   * plain. Nothing has to be read for them, and their identifiers are not in conflict. `undefined` for any other item.
   */
  readonly resolvePlain: (item: AskedItem) => Resolution.Resolved | undefined
  /** Reads what items need, given the claims until now. */
  readonly prepare: (items: ReadonlyArray<AskedItem>) => Effect.Effect<void, StoreUnavailable>
  /** Resolves an item that is prepared. */
  readonly resolve: (item: AskedItem) => Resolution.Resolved | Resolution.Conflicting
  /** The people that an alias names. */
  readonly named: (alias: Alias) => ReadonlyArray<string>
  /**
   * The people that an alias named until a release or a rename after a date and no later than `until`; `undefined` if
   * there was none.
   */
  readonly formerly: (
    alias: Alias,
    date: Instant.Instant | undefined,
    until?: Instant.Instant,
  ) => ReadonlyArray<string> | undefined
  /** When an alias was released or renamed last: it is claimed no earlier. `Instant.min` if it never was. */
  readonly releasedAt: (alias: Alias) => Instant.Instant
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
  readonly seen: (concordId: string) => Counted["seen"]
  /** Whether an identifier was claimed or released while people were read: the plan must be made again. */
  readonly isMoved: () => boolean
}

const none: ReadonlyArray<never> = []

const hashesOf = ({ earlier, hash }: Alias): ReadonlyArray<string> =>
  earlier === undefined ? [hash] : [hash, ...earlier]

const distinctHashes = (items: ReadonlyArray<AskedItem>): ReadonlyArray<string> => {
  const hashes = new Set<string>()
  for (const { aliases } of items) {
    for (const { earlier, hash } of aliases) {
      hashes.add(hash)
      if (earlier !== undefined) for (const each of earlier) hashes.add(each)
    }
  }
  return [...hashes]
}

/** Reads what the identifiers of items name. */
export const make = Effect.fnUntraced(function* (
  items: ReadonlyArray<AskedItem>,
  organization: Organization,
  context: Pick<LedgerContext, "store">,
) {
  const states = yield* PeopleReader.readStates(organization, distinctHashes(items), context)
  /** By hash, what items before have claimed. */
  const claimed = new Map<string, HeldAlias>()
  const added = new Set<string>()
  let reader: PeopleReader.PeopleReader | undefined

  const personOf = (hash: string): string | undefined =>
    claimed.get(hash)?.concordId ?? states.get(hash)?.named?.concordId
  const named = (alias: Alias): ReadonlyArray<string> => {
    const own = personOf(alias.hash)
    if (alias.earlier === undefined) return own === undefined ? none : [own]
    return [...new Set(hashesOf(alias).flatMap((hash) => personOf(hash) ?? none))]
  }
  const releasedAfter = (alias: Alias, date: Instant.Instant | undefined): ReadonlyArray<string> =>
    date === undefined ? none : hashesOf(alias).filter((hash) => (states.get(hash)?.releasedAt ?? date) > date)

  const toComplete = (alias: Alias): string | undefined => {
    if (claimed.has(alias.hash)) return undefined
    const own = states.get(alias.hash)?.named
    if (own !== undefined) return own.kind === undefined ? own.concordId : undefined
    return alias.earlier === undefined ? undefined : named(alias)[0]
  }

  /** Answers as {@link Resolution.resolve} does, in one pass over the aliases. No alias has to be completed. */
  const resolvePlain = ({ aliases, concordId, date }: AskedItem): Resolution.Resolved | undefined => {
    let person = concordId
    let isNewAccount = false
    const free: Array<Alias> = []
    for (const alias of aliases) {
      const state: AliasState | undefined = states.get(alias.hash)
      if (alias.earlier !== undefined || (date !== undefined && (state?.releasedAt ?? date) > date)) return undefined
      const own = personOf(alias.hash)
      if (own === undefined) {
        isNewAccount ||= Resolution.isAccountKind(alias.kind)
        free.push(alias)
      } else if (own !== (person ?? own) || (state?.named !== undefined && state.named.kind === undefined)) {
        return undefined
      } else person = own
    }
    if (person !== undefined && isNewAccount) return undefined
    const named = person ?? Resolution.newPerson
    return { people: [named], claims: free.map((alias) => ({ alias, concordId: named })), leftOut: none }
  }

  const needsOf = ({ aliases, concordId, date }: AskedItem): PeopleReader.Needs => {
    const names = [...new Set([...(concordId === undefined ? none : [concordId]), ...aliases.flatMap(named)])]
    const read = names.filter((each) => !added.has(each))
    const isNewAccount = aliases.some((alias) => Resolution.isAccountKind(alias.kind) && named(alias).length === 0)
    const accounts = isNewAccount ? read : none
    return {
      counted: names.length > 1 ? read : none,
      held: accounts,
      seen: [...accounts, ...aliases.flatMap((alias) => toComplete(alias) ?? none).filter((each) => !added.has(each))],
      former: aliases.flatMap((alias) => releasedAfter(alias, date)),
    }
  }

  const formerly = (alias: Alias, date: Instant.Instant | undefined, until = Infinity) => {
    const rows = releasedAfter(alias, date).flatMap((hash) => reader?.former(hash) ?? none)
    const isMeant = ({ releasedAt = until }: HeldAlias) => releasedAt > date! && releasedAt <= until
    const people = new Set(rows.filter(isMeant).map(({ concordId }) => concordId))
    return people.size === 0 ? undefined : [...people]
  }

  const survivorOf = (concordId: string): string => reader?.survivorOf(concordId) ?? concordId

  const held = (concordId: string): ReadonlyArray<HeldAlias> => {
    const { aliases, members } = reader?.groupOf(concordId) ?? { aliases: none, members: [concordId] }
    const here = [...claimed.values()].filter((each) => members.includes(each.concordId))
    // An account that was given up is still one that the person had, also if an item before claims it for another one.
    return [...aliases.filter(({ hash, releasedAt }) => releasedAt !== undefined || !claimed.has(hash)), ...here]
  }

  const unread = (item: AskedItem): PeopleReader.Needs | undefined => {
    reader ??= PeopleReader.make(organization, states, context)
    const needs = reader.unread(needsOf(item))
    return Object.values(needs).every(({ length }) => length === 0) ? undefined : needs
  }

  return {
    resolvePlain,
    prepare: (asked) =>
      Effect.suspend((): Effect.Effect<void, StoreUnavailable> => {
        const needs = asked.flatMap((item) => (resolvePlain(item) === undefined ? (unread(item) ?? none) : none))
        return needs.length === 0 ? Effect.void : reader!.read(needs)
      }),
    resolve: (item) =>
      Resolution.resolve(item, {
        named,
        formerly: (alias) => formerly(alias, item.date),
        isSame: (one, other) => one === other || survivorOf(one) === survivorOf(other),
        held,
      }),
    named,
    formerly,
    releasedAt: ({ hash }) => states.get(hash)?.releasedAt ?? Instant.min,
    toComplete,
    claim: ({ hash, kind, project }, concordId) => {
      claimed.set(hash, { concordId, kind, hash, dateCreated: 0, ...(project !== undefined && { project }) })
    },
    add: (concordId) => added.add(concordId),
    seen: (concordId) => reader?.seen(concordId) ?? none,
    isMoved: () => reader?.isMoved() ?? false,
  } satisfies KnownPeople as KnownPeople
})
