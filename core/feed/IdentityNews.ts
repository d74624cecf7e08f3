/** What an identity change says: whose answers it may have changed, as the facts up to it have it. */
import { Effect } from "effect"
import * as Instants from "../engine/Instant.ts"
import type { Instant } from "../engine/Instant.ts"
import * as Joins from "../ledger/Joins.ts"
import type { LedgerContext } from "../ledger/LedgerContext.ts"
import * as People from "../model/People.ts"
import type { NotedIdentityChange } from "../ports/FeedStore.ts"
import type { StoreUnavailable } from "../ports/StoreUnavailable.ts"
import type { FeedScope } from "./FeedScope.ts"

/** People whose answer changed together, and those that it is announced of. */
export interface IdentityPart {
  readonly cause: "joined" | "undone" | "erased" | "region"
  /** Those that the answer right before is of. */
  readonly before: ReadonlyArray<string>
  /** When the last change of them before was recorded: a join or an undoing. */
  readonly beforeSince: Instant
  /** Those that the change is announced of, under one id where they are still one. */
  readonly of: People.Joined
}

/** What one identity change says. */
export interface IdentityNews {
  readonly noted: NotedIdentityChange
  /** Everyone that it is about. */
  readonly people: ReadonlyArray<string>
  readonly parts: ReadonlyArray<IdentityPart>
}

/** When the last join or undoing of people was recorded. */
const lastOf = (facts: ReadonlyArray<People.Fact>, members: ReadonlyArray<string>): Instant => {
  const people = new Set(members)
  return facts
    .filter(({ member, survivor }) => member !== survivor && (people.has(member) || people.has(survivor)))
    .reduce((last, { dateCreated }) => Math.max(last, dateCreated), Instants.min)
}

const isBefore = (fact: People.Fact, { id, recordedAt }: NotedIdentityChange): boolean =>
  fact.dateCreated < recordedAt || (fact.dateCreated === recordedAt && fact.id < id)

const erasedOf = Effect.fnUntraced(function* (
  { organization }: FeedScope,
  noted: NotedIdentityChange,
  context: LedgerContext,
): Effect.fn.Return<IdentityNews, StoreUnavailable> {
  const erasure = yield* context.store.personal.erasure(organization, noted.member)
  const members = erasure?.members ?? [noted.member]
  const facts = yield* Joins.facts(organization, noted.member, context, noted.recordedAt)
  const { survivor } = People.joinedWith(facts, noted.member, noted.recordedAt)
  const of = { survivor, members }
  const beforeSince = lastOf(facts, members)
  return { noted, people: members, parts: [{ cause: "erased", before: members, beforeSince, of }] }
})

/** Whose answers another region changes: those of everyone that is one with the person. Nothing in other projects. */
const regionOf = Effect.fnUntraced(function* (
  { organization, project }: FeedScope,
  noted: NotedIdentityChange,
  context: LedgerContext,
): Effect.fn.Return<IdentityNews, StoreUnavailable> {
  const facts = yield* Joins.facts(organization, noted.member, context, noted.recordedAt)
  const isOther = facts.every(({ id, region }) => id !== noted.id || region?.project !== project.id)
  if (isOther) return { noted, people: [], parts: [] }
  const of = People.joinedWith(facts, noted.member, noted.recordedAt)
  const { members } = of
  const part: IdentityPart = { cause: "region", before: members, beforeSince: lastOf(facts, members), of }
  return { noted, people: members, parts: [part] }
})

/** What an identity change is about, as the facts up to it say. */
export const of = Effect.fnUntraced(function* (
  scope: FeedScope,
  noted: NotedIdentityChange,
  context: LedgerContext,
): Effect.fn.Return<IdentityNews, StoreUnavailable> {
  const { id, kind, member, recordedAt, survivor } = noted
  if (kind === "erased") return yield* erasedOf(scope, noted, context)
  if (kind === "region") return yield* regionOf(scope, noted, context)
  const facts = yield* Joins.facts(scope.organization, member, context, recordedAt)
  const before = facts.filter((fact) => isBefore(fact, noted))
  const groupOf = (known: ReadonlyArray<People.Fact>, person: string) => People.joinedWith(known, person, Infinity)
  // An identification that is undone parts no one: the join that it was recorded with is undone by a fact of its own.
  if (kind === "identified" || member === survivor) {
    return { noted, people: groupOf(before, member).members, parts: [] }
  }
  const after = [...before, ...facts.filter((fact) => fact.id === id)]
  const isJoin = kind === "joined"
  const parts = [member, survivor].map((person): IdentityPart => {
    const own = groupOf(isJoin ? before : after, person)
    const { members } = groupOf(isJoin ? after : before, person)
    const known = isJoin ? own.members : members
    return { cause: kind, before: known, beforeSince: lastOf(before, known), of: own }
  })
  return { noted, people: [...new Set(parts.flatMap((part) => part.before))], parts }
})
