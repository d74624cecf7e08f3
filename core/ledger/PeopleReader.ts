/**
 * Reads people for a plan: only those of items that name several people, give one an account, or name a released
 * identifier (semantics, section 5).
 */
import { Effect } from "effect"
import type { Organization } from "../model/Catalog.ts"
import { type HeldAlias, joinedWith } from "../model/People.ts"
import type { AliasState } from "../ports/LedgerStore.ts"
import * as Joins from "./Joins.ts"
import type { LedgerContext } from "./LedgerContext.ts"

/** What items need to be known beyond what their identifiers name. */
export interface Needs {
  /** The people whose survivors are needed. */
  readonly counted: ReadonlyArray<string>
  /** The people whose aliases are needed. */
  readonly held: ReadonlyArray<string>
  /** The people whose revisions are needed: they get an account, or an alias of theirs is completed. */
  readonly seen: ReadonlyArray<string>
  /** The hashes whose releases are needed. */
  readonly former: ReadonlyArray<string>
}

/** A group of joined people, or a person alone, and the aliases that name or named someone of it. */
interface Group {
  readonly members: ReadonlyArray<string>
  readonly aliases: ReadonlyArray<HeldAlias>
}

type Store = Pick<LedgerContext, "store">

/** The states of hashes, read in one statement. */
export const readStates = Effect.fnUntraced(function* (
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

/** How many people are read concurrently. */
const concurrency = 16

const distinct = (values: ReadonlyArray<string>): ReadonlyArray<string> => [...new Set(values)]

/** A reader that has read nothing but the states of the hashes of a plan. */
export const make = (organization: Organization, states: ReadonlyMap<string, AliasState>, context: Store) => {
  const { people } = context.store
  const counted = new Map<string, Joins.Counted>()
  /** The people whose revisions were read before the states were found unchanged. */
  const checked = new Set<string>()
  const groups = new Map<string, Group>()
  const former = new Map<string, ReadonlyArray<HeldAlias>>()
  let isMoved = false

  const survivorOf = (concordId: string): string => counted.get(concordId)?.survivor ?? concordId

  const count = Effect.fnUntraced(function* (concordIds: ReadonlyArray<string>) {
    const unread = distinct(concordIds).filter((each) => !counted.has(each))
    const found = yield* Effect.forEach(unread, (each) => Joins.counted(organization, each, context), { concurrency })
    for (const [index, each] of found.entries()) counted.set(unread[index]!, each)
  })

  /** Reads the states again after revisions: a release before them is noticed here, and one after them raises them. */
  const check = Effect.fnUntraced(function* (concordIds: ReadonlyArray<string>) {
    if (concordIds.length === 0) return
    for (const [hash, { named }] of yield* readStates(organization, [...states.keys()], context)) {
      if (named?.concordId !== states.get(hash)!.named?.concordId) isMoved = true
    }
    for (const each of concordIds) checked.add(each)
  })

  const hold = Effect.fnUntraced(function* (concordIds: ReadonlyArray<string>) {
    const survivors = new Map(concordIds.map((each) => [survivorOf(each), counted.get(each)!]))
    const found = yield* readGroups(organization, [...survivors.values()], context)
    for (const [index, survivor] of [...survivors.keys()].entries()) groups.set(survivor, found[index]!)
  })

  return {
    /** Reads what is needed. */
    read: Effect.fnUntraced(function* (needs: ReadonlyArray<Needs>) {
      const seen = needs.flatMap((each) => each.seen)
      yield* count([...seen, ...needs.flatMap((each) => each.counted)])
      yield* check(seen)
      yield* hold(needs.flatMap((each) => each.held))
      const released = distinct(needs.flatMap((each) => each.former))
      const rows = released.length === 0 ? [] : yield* people.formerly(organization, released)
      for (const [index, hash] of released.entries()) former.set(hash, rows[index]!)
    }),
    /** What is not read yet of what is needed. */
    unread: (needs: Needs): Needs => ({
      counted: needs.counted.filter((each) => !counted.has(each)),
      held: needs.held.filter((each) => !groups.has(survivorOf(each))),
      seen: needs.seen.filter((each) => !checked.has(each)),
      former: needs.former.filter((hash) => !former.has(hash)),
    }),
    survivorOf,
    groupOf: (concordId: string): Group | undefined => groups.get(survivorOf(concordId)),
    /** What a hash named until it was released. */
    former: (hash: string): ReadonlyArray<HeldAlias> => former.get(hash) ?? [],
    /** The revisions that were read of a person and its survivor. */
    seen: (concordId: string): Joins.Counted["seen"] => counted.get(concordId)?.seen ?? [],
    isMoved: () => isMoved,
  }
}

/** A reader of the people of a plan. */
export type PeopleReader = ReturnType<typeof make>
