/**
 * Renaming accounts: a `userId` is replaced by another one for the same person, by a fact each, so that moving accounts
 * to another platform is no conflict for each of them (semantics, section 5).
 *
 * All accounts of a request change at one instant, all or none, so that ids may be exchanged within it.
 */
import { Clock, Effect } from "effect"
import * as Instant from "../engine/Instant.ts"
import type { Organization } from "../model/Catalog.ts"
import * as Lane from "../model/Lane.ts"
import * as People from "../model/People.ts"
import type { IdentityChange, Positions, StoreUnavailable } from "../ports/LedgerStore.ts"
import * as Idempotency from "../ledger/Idempotency.ts"
import * as Identifiers from "../ledger/Identifiers.ts"
import type { LedgerContext } from "../ledger/LedgerContext.ts"
import * as PersonalFacts from "../ledger/PersonalFacts.ts"
import * as Turns from "../ledger/Turns.ts"

/** An account, and the `userId` that it has from now on. */
export interface AccountName {
  readonly userId: string
  readonly newUserId: string
}

/** A request to rename 1 to 1000 accounts, and how the answer is written into the idempotency record. */
export interface Renaming {
  readonly items: ReadonlyArray<AccountName>
  /** The id of the API key, or of the organization. */
  readonly submitter: string
  readonly idempotency?: Idempotency.IdempotentRequest
  readonly answer: (renamed: ReadonlyArray<RenamedAccount>) => string
}

/** An account that has its new name. */
export interface RenamedAccount {
  readonly concordId: string
  readonly renamedAt: Instant.Instant
  /** Whether the same rename was recorded before; nothing is recorded again. */
  readonly isRepeated: boolean
}

/** The reason why an item is not renamed. */
export interface RenameViolation {
  readonly item: number
  readonly field: keyof AccountName
  readonly code: "identifier_conflict" | "identifier_not_valid" | "identifier_repeated" | "identifier_unknown"
  readonly detail: string
}

/** The accounts in the order of the items, and positions at which they are renamed; or everything that is wrong. */
export type RenameOutcome =
  | { readonly _tag: "Renamed"; readonly accounts: ReadonlyArray<RenamedAccount>; readonly positions: Positions }
  | { readonly _tag: "Refused"; readonly violations: ReadonlyArray<RenameViolation> }

/** An item with the aliases of both ids. */
interface HashedItem {
  readonly item: number
  readonly from: People.Alias
  readonly to: People.Alias
}

const userIdAlias = Effect.fnUntraced(function* (
  organization: Organization,
  userId: string,
  { hasherOf }: LedgerContext,
) {
  const normalized = Identifiers.normalize({ userId })
  if ("faults" in normalized) return normalized.faults[0]!.detail
  const hasher = yield* hasherOf(organization)
  const [alias] = yield* hasher.aliases(normalized.identifiers, { id: "" }, { userId })
  return alias!
})

/** The items whose ids can be read, and what is wrong with the items themselves. */
interface Hashed {
  readonly hashed: ReadonlyArray<HashedItem>
  readonly violations: ReadonlyArray<RenameViolation>
}

/** Reads and hashes the ids of the items. */
const hash = Effect.fnUntraced(function* (
  organization: Organization,
  items: ReadonlyArray<AccountName>,
  context: LedgerContext,
) {
  const violations: Array<RenameViolation> = []
  const hashed: Array<HashedItem> = []
  const seen = { userId: new Set<string>(), newUserId: new Set<string>() }
  for (const [item, { newUserId, userId }] of items.entries()) {
    const aliases = {
      userId: yield* userIdAlias(organization, userId, context),
      newUserId: yield* userIdAlias(organization, newUserId, context),
    }
    for (const field of ["userId", "newUserId"] as const) {
      const alias = aliases[field]
      if (typeof alias === "string") {
        violations.push({ item, field, code: "identifier_not_valid", detail: alias })
        continue
      }
      if (seen[field].has(alias.hash)) {
        violations.push({ item, field, code: "identifier_repeated", detail: "an item before it has this id already" })
      }
      seen[field].add(alias.hash)
    }
    const { newUserId: to, userId: from } = aliases
    if (typeof from === "string" || typeof to === "string") continue
    if (from.hash === to.hash) {
      violations.push({ item, field: "newUserId", code: "identifier_repeated", detail: "is the same id as userId" })
    }
    hashed.push({ item, from, to })
  }
  return { hashed, violations }
})

/** An item that is carried out, and its person. */
interface Planned extends HashedItem {
  readonly concordId: string
  /**
   * The first instant at which it can be renamed: later than the claims of the ids, because as known at a claim the old
   * id names the person, and no earlier than the last release of the new one.
   */
  readonly earliest: Instant.Instant
  /** As in {@link People.Claim}; `undefined` if the new id is released by the same request. */
  readonly releasedAt: Instant.Instant | undefined
}

/** What is in the way of renaming accounts, and the items that were renamed before. */
export interface RenameReview {
  readonly before: ReadonlyMap<number, RenamedAccount>
  readonly violations: ReadonlyArray<RenameViolation>
}

/** What is done for each item, and what is in the way of others. */
interface Plan extends RenameReview {
  readonly planned: ReadonlyArray<Planned>
}

/** What the ids name now, and what the old ones named before. */
interface Known {
  readonly named: (hash: string) => People.Named | undefined
  readonly releasedAt: (hash: string) => Instant.Instant | undefined
  readonly formerly: (hash: string) => ReadonlyArray<People.HeldAlias>
}

const unknown = "names no one, so there is no account to rename"
const severalPeople = "names several people in the spellings of an earlier version: release it from one of them first"
const otherPerson = "names another person already: nothing is merged; release it there first if it is not theirs"

/** The person that every hash of an alias names; `several` if they name different ones. */
const personOf = (alias: People.Alias, named: Known["named"]): People.Named | "several" | undefined => {
  const all = People.hashesOf(alias).flatMap((each) => named(each) ?? [])
  return all.some(({ concordId }) => concordId !== all[0]!.concordId) ? "several" : all[0]
}

/**
 * The accounts of the items that were renamed before: the old id was renamed last and names no one since, and the new
 * one still names that person. Where another of these items gave the old id to its account at the same instant, that is
 * no other use of it: a chain of renames is known again, and ids that are exchanged twice are exchanged back.
 */
const renamedBefore = (items: ReadonlyArray<HashedItem>, { formerly, named }: Known) => {
  const before = new Map<number, RenamedAccount>()
  const bySource = new Map(items.map((each) => [each.from.hash, each]))
  /** When items that were renamed before have given an id to their accounts. */
  const given = new Map<string, Instant.Instant>()
  const add = ({ from, item, to }: HashedItem): boolean => {
    const released = People.hashesOf(from).flatMap((each) => formerly(each).at(-1) ?? [])
    const { concordId, isRenamed, releasedAt } = released.toSorted((a, b) => a.releasedAt! - b.releasedAt!).at(-1) ?? {}
    if (isRenamed !== true || releasedAt === undefined || named(to.hash)?.concordId !== concordId) return false
    if (personOf(from, named) !== undefined && given.get(from.hash) !== releasedAt) return false
    before.set(item, { concordId: concordId!, renamedAt: releasedAt, isRepeated: true })
    given.set(to.hash, releasedAt)
    return true
  }
  for (const each of items) {
    // What the item has given away may be the old id of another one.
    let next: HashedItem | undefined = each
    while (next !== undefined && !before.has(next.item) && add(next)) next = bySource.get(next.to.hash)
  }
  return before
}

const plan = (items: ReadonlyArray<HashedItem>, known: Known): Plan => {
  const violations: Array<RenameViolation> = []
  const planned: Array<Planned> = []
  const before = renamedBefore(items, known)
  const open = items.filter(({ item }) => !before.has(item))
  // An id that one item gives up is free for another one.
  const freed = new Set(open.flatMap(({ from }) => People.hashesOf(from)))
  for (const each of open) {
    const { from, item, to } = each
    const person = personOf(from, known.named)
    const target = personOf(to, (hash) => (freed.has(hash) ? undefined : known.named(hash)))
    const refuse = (field: keyof AccountName, code: RenameViolation["code"], detail: string) =>
      void violations.push({ item, field, code, detail })
    if (person === undefined) refuse("userId", "identifier_unknown", unknown)
    else if (person === "several") refuse("userId", "identifier_conflict", severalPeople)
    else if (target === "several" || (target !== undefined && target.concordId !== person.concordId)) {
      refuse("newUserId", "identifier_conflict", otherPerson)
    } else {
      const claimedAt = Math.max(person.dateCreated, target?.dateCreated ?? Instant.min)
      const earliest = Math.max(claimedAt + 1, known.releasedAt(to.hash) ?? Instant.min)
      const releasedAt = freed.has(to.hash) ? undefined : (known.releasedAt(to.hash) ?? Instant.min)
      planned.push({ ...each, concordId: person.concordId, earliest, releasedAt })
    }
  }
  return { planned, before, violations }
}

/** How many people are read at the same time. */
const peopleAtATime = 8

/** Reads what the ids name, plans, and reads the revisions of the people; `stale` if an id has changed meanwhile. */
const read = Effect.fnUntraced(function* (
  organization: Organization,
  items: ReadonlyArray<HashedItem>,
  { store: { people } }: LedgerContext,
) {
  const hashes = [...new Set(items.flatMap(({ from, to }) => [...People.hashesOf(from), ...People.hashesOf(to)]))]
  const states = yield* people.aliasStates(organization, hashes)
  const byHash = new Map(hashes.map((each, index) => [each, states[index]!.named]))
  const releasedAt = new Map(hashes.map((each, index) => [each, states[index]!.releasedAt]))
  // An item that was renamed before has an old id that was released, and a new one that names a person.
  const isTaken = ({ to }: HashedItem) => byHash.get(to.hash) !== undefined
  const released = items.filter(isTaken).flatMap(({ from }) => People.hashesOf(from))
  const taken = [...new Set(released.filter((each) => releasedAt.get(each) !== undefined))]
  const formerly = taken.length === 0 ? [] : yield* people.formerly(organization, taken)
  const formerlyByHash = new Map(taken.map((each, index) => [each, formerly[index]!]))
  const planned = plan(items, {
    named: (each) => byHash.get(each),
    releasedAt: (each) => releasedAt.get(each),
    formerly: (each) => formerlyByHash.get(each) ?? [],
  })
  const concordIds = [...new Set(planned.planned.map(({ concordId }) => concordId))]
  const seen = yield* Effect.forEach(
    concordIds,
    (concordId) => Effect.map(people.person(organization, concordId), ({ revision }) => ({ concordId, revision })),
    { concurrency: peopleAtATime },
  )
  // Read again after the revisions: a change before that read is seen here, and a later one raises a revision.
  const still = yield* people.byAlias(organization, hashes)
  const isStale = still.some((each, index) => each?.concordId !== states[index]!.named?.concordId)
  return isStale ? ("stale" as const) : { ...planned, seen, byHash }
})

/** The accounts in the order of the items. */
const accountsOf = ({ before, planned }: Plan, renamedAt: Instant.Instant): ReadonlyArray<RenamedAccount> => {
  const accounts: Array<RenamedAccount> = []
  for (const [item, account] of before) accounts[item] = account
  for (const { concordId, item } of planned) accounts[item] = { concordId, renamedAt, isRepeated: false }
  return accounts
}

/** One attempt at renaming the accounts. */
const attempt = Effect.fnUntraced(function* (
  organization: Organization,
  { answer, idempotency, submitter }: Renaming,
  { hashed, violations: own }: Hashed,
  context: LedgerContext,
) {
  const { answerHorizon, random, store } = context
  const planned = yield* read(organization, hashed, context)
  if (planned === "stale") return planned
  const violations = [...own, ...planned.violations].toSorted((a, b) => a.item - b.item)
  if (violations.length > 0) return { _tag: "Refused", violations } as const
  const releases = planned.planned.flatMap(({ concordId, from }) =>
    People.hashesOf(from).filter((each) => planned.byHash.get(each)?.concordId === concordId),
  )
  const facts: Array<Omit<People.Fact, "dateCreated">> = []
  for (const { concordId: member, from, to } of planned.planned) {
    const id = yield* random.uuidV7()
    const about = { member, survivor: member, submitter, alias: from.hash, renamedTo: to.hash }
    facts.push({ id, kind: "renamed", ...about, identifier: { kind: "userId" } })
  }
  const committed = yield* PersonalFacts.commit(organization, facts, [], context)
  const write = Effect.fnUntraced(function* (now: Instant.Instant) {
    const accounts = accountsOf(planned, now)
    const change: IdentityChange = {
      organization,
      seen: planned.seen,
      claims: planned.planned.map(({ concordId, releasedAt, to }) =>
        Identifiers.claimOf(to, concordId, now, releasedAt),
      ),
      releases: releases.map((each) => ({ hash: each, dateCreated: now, isRenamed: true })),
      facts: committed.facts.map((fact) => ({ ...fact, dateCreated: now })),
      ...(committed.personal !== undefined && { personal: committed.personal }),
      ...(yield* Idempotency.recordOf(idempotency, context, answer(accounts))),
    }
    return { accounts, kept: yield* store.people.change(change) }
  })
  const ids = planned.planned.flatMap(({ concordId, from, to }) => [concordId, ...People.hashesOf(from), to.hash])
  const now = Math.max(yield* Clock.currentTimeMillis, ...planned.planned.map(({ earliest }) => earliest))
  const { accounts, kept } = yield* answerHorizon.record(new Set(ids), now, write)
  if (kept === "repeated") return Idempotency.keptBefore
  return kept === "kept" ? ({ _tag: "Kept", accounts } as const) : ("stale" as const)
})

/** Everything that is in the way of renaming accounts. Changes nothing. */
export const review = Effect.fnUntraced(function* (
  organization: Organization,
  items: ReadonlyArray<AccountName>,
  context: LedgerContext,
): Effect.fn.Return<RenameReview, StoreUnavailable> {
  const { hashed, violations } = yield* hash(organization, items, context)
  const planned = yield* read(organization, hashed, context)
  if (planned === "stale") return yield* review(organization, items, context)
  return { before: planned.before, violations: [...violations, ...planned.violations] }
})

/** Renames accounts, all of them or none. */
export const rename = Effect.fnUntraced(function* (
  organization: Organization,
  renaming: Renaming,
  context: LedgerContext,
): Effect.fn.Return<RenameOutcome | Idempotency.KeyConflict | Idempotency.RepeatedAt, StoreUnavailable> {
  const hashed = yield* hash(organization, renaming.items, context)
  const turn = Turns.inTurn(
    `rename ${organization.id}`,
    "too many changes of the same accounts",
    attempt(organization, renaming, hashed, context),
    context,
  )
  const outcome = yield* Idempotency.once(organization, renaming.idempotency, context, turn)
  if (outcome._tag !== "Kept" && outcome._tag !== "Repeated") return outcome
  const keys = outcome._tag === "Kept" ? outcome.accounts.map(({ concordId }) => concordId) : []
  const lanes = [...keys, ...hashed.hashed.flatMap(({ from }) => People.hashesOf(from))].map((key) =>
    Lane.of(organization, key),
  )
  const positions = yield* context.store.people.laneEnds([...new Set(lanes)])
  return outcome._tag === "Kept"
    ? { _tag: "Renamed", accounts: outcome.accounts, positions }
    : { ...outcome, positions }
})
