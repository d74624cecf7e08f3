/**
 * The facts about the identity of a person: reading them, and undoing one by a further fact (semantics, section 5).
 */
import { Clock, Effect } from "effect"
import type { Organization } from "../model/Catalog.ts"
import type { Instant } from "../engine/Instant.ts"
import * as People from "../model/People.ts"
import type { IdentityChange, Positions, StoreUnavailable } from "../ports/LedgerStore.ts"
import type { AnswerPageQuery } from "../ledger/AnswerPages.ts"
import * as Cursor from "../ledger/Cursor.ts"
import * as Idempotency from "../ledger/Idempotency.ts"
import * as Joins from "../ledger/Joins.ts"
import type { LedgerContext } from "../ledger/LedgerContext.ts"
import * as PersonalFacts from "../ledger/PersonalFacts.ts"
import * as SessionCache from "../ledger/SessionCache.ts"
import * as Turns from "../ledger/Turns.ts"
import * as Grouping from "./Grouping.ts"

/** The most members, and the most facts, of a page. */
export const pageSize = 1000

/** An identifier that names a person, without its value. */
export interface NamedBy {
  /** `undefined`: it was claimed by an earlier version of Assent, which kept no kinds. */
  readonly kind: People.Alias["kind"] | undefined
  readonly since: Instant
  /** The id of the project in which it is unique; only for a `projectUserId`. */
  readonly project?: string
}

/** A page of the people joined with a person, and of the facts about them. */
export interface PersonPage extends People.Joined {
  /** What names the members of this page now. A browser's `contextId` is not among them. */
  readonly identifiers: ReadonlyArray<NamedBy>
  /** In the order recorded. */
  readonly facts: ReadonlyArray<People.Fact>
  /** Left out after the last page. */
  readonly nextCursor?: string
}

/** A page as it was read. */
export interface PersonFacts extends PersonPage {
  readonly _tag: "Found"
  readonly positions: Positions
}

/** The place where a page ended. All pages are as known at the same instant. */
interface Place {
  readonly knownAt: Instant
  /** The last member, and the last fact, of this page and those before it; members are in the order of their ids. */
  readonly member: string
  readonly fact: Pick<People.Fact, "dateCreated" | "id">
}

const purposeOf = (concordId: string, caller: string) => ["person", concordId, caller]

const isAfter = (fact: People.Fact, { dateCreated, id }: Place["fact"]): boolean =>
  fact.dateCreated > dateCreated || (fact.dateCreated === dateCreated && fact.id > id)

/**
 * The identifiers that name people now, in the order in which they were claimed, and of one instant by kind. Hashes in
 * `freed` are left out.
 */
const identifiersOf = Effect.fnUntraced(function* (
  organization: Organization,
  people: ReadonlyArray<string>,
  freed: ReadonlySet<string>,
  { store }: Pick<LedgerContext, "store">,
) {
  const held = (yield* store.people.aliasesOf(organization, people)).flat()
  const current = held.filter(({ hash, kind, releasedAt }) => {
    return releasedAt === undefined && kind !== "contextId" && !freed.has(hash)
  })
  const order = ({ kind }: People.HeldAlias): number => People.identifierKinds.findIndex((each) => each === kind)
  return current
    .toSorted((a, b) => a.dateCreated - b.dateCreated || order(a) - order(b))
    .map(({ dateCreated, kind, project }): NamedBy => ({
      kind,
      since: dateCreated,
      ...(project !== undefined && { project }),
    }))
})

/**
 * The page after a place. `facts` are all facts about a person, as known at the instant of the place. Hashes in `freed`
 * are about to be released.
 */
const pageOf = Effect.fnUntraced(function* (
  organization: Organization,
  { caller, concordId }: { readonly caller: string; readonly concordId: string },
  facts: ReadonlyArray<People.Fact>,
  place: Place | undefined,
  context: Pick<LedgerContext, "hasherOf" | "store">,
  freed: ReadonlySet<string> = new Set(),
) {
  const joined = People.joinedWith(facts, concordId, Infinity)
  const members = place === undefined ? joined.members : joined.members.filter((member) => member > place.member)
  const ordered = People.inOrder(facts)
  const rest = place === undefined ? ordered : ordered.filter((fact) => isAfter(fact, place.fact))
  const shown = members.slice(0, pageSize)
  const page = {
    survivor: joined.survivor,
    members: shown,
    identifiers: yield* identifiersOf(organization, shown, freed, context),
    facts: rest.slice(0, pageSize),
  } satisfies PersonPage
  if (members.length <= pageSize && rest.length <= pageSize) return page as PersonPage
  const { dateCreated, id } = page.facts.at(-1) ?? ordered.at(-1)!
  const next: Place = {
    knownAt: place?.knownAt ?? ordered.at(-1)!.dateCreated,
    member: page.members.at(-1) ?? joined.members.at(-1)!,
    fact: { dateCreated, id },
  }
  const nextCursor = yield* Cursor.seal(organization, purposeOf(concordId, caller), next, context)
  return { ...page, nextCursor } as PersonPage
})

/** The positions at which a person is answered about as it is now. */
export const positions = (organization: Organization, concordId: string, context: LedgerContext) =>
  Effect.map(Joins.counted(organization, concordId, context), ({ positions }) => positions)

/** A page of the identity of a person: the people it is joined with now, and every fact about them. */
export const of = Effect.fnUntraced(function* (
  organization: Organization,
  concordId: string,
  { caller, cursor }: AnswerPageQuery,
  context: LedgerContext,
): Effect.fn.Return<PersonFacts | { readonly _tag: "UnknownCursor" }, StoreUnavailable> {
  const purpose = purposeOf(concordId, caller)
  const place = cursor === undefined ? undefined : yield* Cursor.open<Place>(organization, purpose, cursor, context)
  if (cursor !== undefined && place === undefined) return { _tag: "UnknownCursor" }
  const read = yield* positions(organization, concordId, context)
  const facts = yield* Joins.facts(organization, concordId, context, place?.knownAt)
  const page = yield* pageOf(organization, { caller, concordId }, facts, place, context)
  const opened = yield* PersonalFacts.open(organization, page.facts, context)
  return { _tag: "Found", ...page, facts: opened.facts, positions: read }
})

/**
 * Whether a fact was undone: now, with the first page of the person as it is then; by an earlier request of the same
 * idempotency key, with its answer; by another request before; or not at all because the person has no such fact.
 */
export type UndoOutcome =
  | { readonly _tag: "Undone"; readonly person: PersonPage }
  | { readonly _tag: "UndoneBefore" }
  | { readonly _tag: "NoSuchJoin" }

/** A request to undo a fact, with its idempotency key, and how the answer is written. */
export interface Undoing {
  readonly concordId: string
  readonly factId: string
  readonly submitter: string
  readonly idempotency?: Idempotency.IdempotentRequest
  readonly answer: (person: PersonPage) => string
}

/**
 * The facts that are undone together with one: an identification also made the join of the same identity token, because
 * the guest was joined with the person that the identifier was given then. Both have the session as their submitter,
 * which ended with them.
 */
const undoneWith = (facts: ReadonlyArray<People.Fact>, fact: People.Fact): ReadonlyArray<People.Fact> => {
  if (fact.kind !== "identified") return [fact]
  const undone = new Set(facts.map(({ join }) => join))
  const isOfToken = ({ id, kind, submitter }: People.Fact) =>
    kind === "joined" && submitter === fact.submitter && !undone.has(id)
  return [fact, ...facts.filter(isOfToken)]
}

/**
 * The hashes that undone identifications gave to a person and that name it still. One that was released since may name
 * another person, and stays theirs. One that was renamed has another hash by now.
 */
const givenBy = Effect.fnUntraced(function* (
  organization: Organization,
  facts: ReadonlyArray<People.Fact>,
  undone: ReadonlyArray<People.Fact>,
  { store }: Pick<LedgerContext, "store">,
) {
  const given: Array<{ readonly hash: string; readonly member: string }> = []
  for (const { alias, dateCreated, kind, member } of undone) {
    if (alias !== undefined) given.push({ hash: alias, member })
    if (alias !== undefined || kind !== "identified") continue
    // The keys were away when it was recorded: what was claimed with it names the person since the same instant.
    const [held] = yield* store.people.aliasesOf(organization, [member])
    for (const each of held!) if (each.dateCreated === dateCreated) given.push({ hash: each.hash, member })
  }
  for (const each of given) {
    const next = facts.find(({ alias, kind, member }) => {
      return kind === "renamed" && alias === each.hash && member === each.member
    })
    const isNew = next !== undefined && given.every(({ hash }) => hash !== next.renamedTo)
    if (isNew) given.push({ hash: next.renamedTo!, member: each.member })
  }
  const hashes = given.map(({ hash }) => hash)
  const named = hashes.length === 0 ? [] : yield* store.people.byAlias(organization, hashes)
  return hashes.filter((_, index) => named[index]?.concordId === given[index]!.member)
})

/** A change that undoes facts, recorded at `now`. */
const changeOf = Effect.fnUntraced(function* (
  organization: Organization,
  counted: Joins.Counted,
  facts: ReadonlyArray<People.Fact>,
  undone: ReadonlyArray<People.Fact>,
  freed: ReadonlyArray<string>,
  submitter: string,
  context: LedgerContext,
) {
  const undoing: Array<Omit<People.Fact, "dateCreated">> = []
  for (const { id: join, member, survivor } of undone) {
    undoing.push({ id: yield* context.random.uuidV7(), kind: "undone", member, survivor, submitter, join })
  }
  const joined = undone.findIndex(({ kind }) => kind === "joined")
  const grouping =
    joined === -1
      ? undefined
      : yield* Grouping.separate(organization, counted, facts, { ...undoing[joined]!, dateCreated: 0 }, context)
  const sessionsOf = undone[0]!.survivor
  const at = yield* Clock.currentTimeMillis
  return (now: Instant): IdentityChange => ({
    organization,
    seen: counted.seen,
    claims: [],
    releases: freed.map((hash) => ({ hash, dateCreated: now })),
    facts: undoing.map((fact) => ({ ...fact, dateCreated: now })),
    ...(grouping !== undefined && { joining: Grouping.at(grouping, now) }),
    ends: { at, sessionsOf },
  })
})

/** One attempt at undoing a fact. */
const attempt = Effect.fnUntraced(function* (
  organization: Organization,
  { concordId, factId, idempotency, submitter }: Undoing,
  context: LedgerContext,
) {
  const { answerHorizon, sessionCache, store } = context
  const found = yield* Joins.facts(organization, concordId, context)
  const fact = found.find(({ id, kind }) => id === factId && (kind === "joined" || kind === "identified"))
  if (fact === undefined) return { _tag: "NoSuchJoin" } as UndoOutcome
  // The person is read before its facts are read again: of two requests that undo the same fact concurrently, one finds
  // the other's fact, or its revision is stale.
  const counted = yield* Joins.counted(organization, fact.member, context)
  if (counted.person.erasedAt !== undefined) return { _tag: "NoSuchJoin" } as UndoOutcome
  const stored = yield* Joins.facts(organization, fact.member, context)
  // The hashes of identifications and renames are needed. They cannot be left out, as other personal data can.
  const facts = yield* PersonalFacts.openKept(organization, stored, context)
  if (facts.some(({ join }) => join === factId)) return { _tag: "UndoneBefore" } as UndoOutcome
  const undone = undoneWith(facts, fact)
  // Read after the person: a later release of one of them raises its revision and makes the change stale.
  const freed = yield* givenBy(organization, facts, undone, context)
  const makeChange = yield* changeOf(organization, counted, facts, undone, freed, submitter, context)
  const subjects = [
    ...counted.seen.map(({ concordId }) => concordId),
    ...undone.flatMap(({ member, survivor }) => [member, survivor]),
    ...freed,
  ]
  // The undo must be later than the join, even if the clock was set back, because as known at the join the two are one.
  const earlier = [...undone, ...facts.filter(({ kind }) => kind === "renamed")]
  const now = Math.max(yield* Clock.currentTimeMillis, ...earlier.map(({ dateCreated }) => dateCreated + 1))
  const write = Effect.fnUntraced(function* (recordedAt: Instant) {
    const change = makeChange(recordedAt)
    const after = [...facts, ...change.facts]
    const asked = { caller: submitter, concordId }
    const person = yield* pageOf(organization, asked, after, undefined, context, new Set(freed))
    const kept = JSON.stringify({ ...person, facts: person.facts.map(PersonalFacts.withoutMembers) })
    const idempotencyRecord = yield* Idempotency.recordOf(idempotency, context, kept)
    return { person, kept: yield* store.people.change({ ...change, ...idempotencyRecord }) }
  })
  const { kept, person } = yield* answerHorizon.record(new Set(subjects), now, write)
  if (kept === "repeated") return Idempotency.keptBefore
  if (kept !== "kept") return "stale" as const
  SessionCache.remove(sessionCache, undefined, fact.survivor)
  return { _tag: "Undone", person } as UndoOutcome
})

/**
 * Undoes a join or an identification, by a fact of its own: both people have their own answers again, or the identifier
 * names no one any more. The survivor's sessions end, because one of them may be of the browser that was joined by
 * mistake.
 */
export const undo = Effect.fnUntraced(function* (
  organization: Organization,
  undoing: Undoing,
  context: LedgerContext,
): Effect.fn.Return<UndoOutcome | Idempotency.Repeat, StoreUnavailable> {
  const outcome = yield* Idempotency.once<UndoOutcome, StoreUnavailable, never>(
    organization,
    undoing.idempotency,
    context,
    Turns.inTurn(
      undoing.factId,
      "too many changes of the same person",
      attempt(organization, undoing, context),
      context,
    ),
  )
  if (outcome._tag !== "Repeated") return outcome
  const person: PersonPage = JSON.parse(outcome.answer)
  const facts = yield* PersonalFacts.openKept(organization, person.facts, context)
  return { ...outcome, answer: undoing.answer({ ...person, facts }) }
})
