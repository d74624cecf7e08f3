/**
 * Erasing a person (semantics, section 8): what names it, and its personal data, are destroyed for everyone that is
 * joined with it now. Events, and the facts that two random ids were joined, stay. With the scope `held`, what names it
 * stays as well.
 *
 * The order is: a line in the log of erasures, one transaction in the store, the caches of this process, a line that
 * the erasure is kept, the files of the store, and a last line. A crash in between is finished at the next start, by
 * the log.
 *
 * The file is longer than others because the order of these steps is its one idea, and each step is short.
 */
import { Clock, Effect, Metric, Option, Struct } from "effect"
import type { Instant } from "../engine/Instant.ts"
import * as Idempotency from "../ledger/Idempotency.ts"
import * as Joins from "../ledger/Joins.ts"
import type { LedgerContext } from "../ledger/LedgerContext.ts"
import * as PersonKeys from "../ledger/PersonKeys.ts"
import * as SessionCache from "../ledger/SessionCache.ts"
import * as Turns from "../ledger/Turns.ts"
import type { Organization } from "../model/Catalog.ts"
import * as Lane from "../model/Lane.ts"
import * as People from "../model/People.ts"
import * as ErasureNotice from "./ErasureNotice.ts"
import type { ErasureLog, ErasureLogUnavailable, LoggedErasure } from "../ports/ErasureLog.ts"
import type {
  Erasure,
  ErasureChange,
  ErasureReason,
  HeldScope,
  Positions,
  StoreUnavailable,
} from "../ports/LedgerStore.ts"

/** An erasure that keeps identifiers and joins: the one with this id is made once. */
export interface HeldErasing {
  readonly id: string
  readonly scope: HeldScope
}

/** A request to erase a person. */
export interface Erasing {
  readonly concordId: string
  /** The id of the API key, or of the organization. */
  readonly submitter: string
  readonly reason: ErasureReason
  /** Left out: everything is erased. */
  readonly held?: HeldErasing
  readonly idempotency?: Idempotency.IdempotentRequest
}

/** An erasure, made now or before. */
export interface ErasedPerson {
  readonly _tag: "Erased"
  readonly erasure: Erasure
  /** Whether the deleted rows are gone from the files of the store. */
  readonly isScrubbed: boolean
  /** Whether a log of erasures says that it is kept, so that a restored backup is erased again at the same instant. */
  readonly isLogged: boolean
  /** What is not promised, one sentence each. */
  readonly notPromised: ReadonlyArray<string>
  /** From when on no backup shows personal data of the person; left out while the keys cannot be reached. */
  readonly unreadableInBackupsFrom?: Instant
  /** Positions at which the person is erased. */
  readonly positions: Positions
  readonly isRepeated?: true
}

/** Nothing is known of the person, and nothing was erased. */
export interface NeverKnown {
  readonly _tag: "NeverKnown"
}

/** The log of erasures cannot be written, and nothing was erased. */
export interface LogUnavailable {
  readonly _tag: "LogUnavailable"
  readonly reason: string
}

/** The people that are erased together, and the revisions at which they were read. */
interface Together extends Pick<ErasureChange, "members" | "seen"> {
  /** When their group changed last. */
  readonly learnt: Instant
}

/** How many people are read concurrently. */
const concurrency = 16

/**
 * Everyone that is one with a person. Its revision and that of its survivor are read before the facts, because a join
 * or an undoing after that raises one of them and makes the erasure stale.
 */
export const together = Effect.fnUntraced(function* (
  organization: Organization,
  { isJoined, learnt, person, seen, survivor }: Joins.Counted,
  concordId: string,
  context: Pick<LedgerContext, "store">,
) {
  const { people } = context.store
  const known = isJoined ? yield* Joins.facts(organization, concordId, context) : []
  const { members } = People.joinedWith(known, concordId, Infinity)
  const read = new Map(seen.map((each) => [each.concordId, each.revision]))
  const others = members.filter((member) => !read.has(member))
  const found = yield* Effect.forEach(others, (member) => people.person(organization, member), { concurrency })
  for (const [index, { revision }] of found.entries()) read.set(others[index]!, revision)
  return {
    members: members.toSorted(),
    seen: [...new Set([...members, survivor])].map((each) => ({ concordId: each, revision: read.get(each)! })),
    learnt: Math.max(learnt ?? -Infinity, person.learnt ?? -Infinity),
  } satisfies Together as Together
})

/** The organization's projects, and the revision of the catalog that lists them. */
export const projectsOf = Effect.fnUntraced(function* (
  organization: Organization,
  { store }: Pick<LedgerContext, "store">,
) {
  const { projects, revision } = yield* store.catalog.current
  return { projects: [...projects.values()].filter((each) => each.organization === organization.id), catalog: revision }
})

/** Whether anything is known of a person: what names it, its facts, personal data, sessions, events or requests. */
export const isKnown = Effect.fnUntraced(function* (
  organization: Organization,
  { person: { position, revision }, isJoined }: Joins.Counted,
  concordId: string,
  { store }: Pick<LedgerContext, "store">,
) {
  if (revision > 0 || isJoined) return true
  const [aliases] = yield* store.people.aliasesOf(organization, [concordId])
  const [contexts] = yield* store.people.contextsOf(organization, [concordId])
  if (aliases!.length + contexts!.length > 0) return true
  const [key] = yield* store.personal.keys(organization, [concordId])
  if (key !== undefined) return true
  const facts = position === 0 ? [] : yield* store.people.facts(organization, [{ concordId, from: 0 }], 1)
  if (facts.some(({ length }) => length > 0)) return true
  const { projects } = yield* projectsOf(organization, { store })
  const [session] = yield* store.sessions.ofPerson(concordId, undefined, 1)
  if (projects.some(({ id }) => id === session?.project)) return true
  for (const project of projects) {
    const { events } = yield* store.events.heads(project, [concordId])
    if (events.length > 0) return true
  }
  const page = { sort: "requestDate", order: "asc", limit: 1, from: 0 } as const
  return (yield* store.compliance.list(projects, { people: [concordId] }, page)).total > 0
})

/** Counts the erasures that this process records, with their reason. People that are joined are erased as one. */
export const erasures = Metric.counter("assent_erasures_total", {
  description: "Erasures of people that were recorded, by their reason.",
  incremental: true,
})

/** Drops what this process remembers of people. Other processes forget it within a minute. */
const forget = (
  organization: Organization,
  members: ReadonlyArray<string>,
  context: Pick<LedgerContext, "openedTexts" | "personKeys" | "sessionCache">,
): void => {
  SessionCache.removeOf(context.sessionCache, new Set(members))
  PersonKeys.forget(organization, members, context)
  context.openedTexts.forget(new Set(members))
}

/** The positions at which people are erased. */
const positionsOf = (
  organization: Organization,
  members: ReadonlyArray<string>,
  { store }: Pick<LedgerContext, "store">,
): Effect.Effect<Positions, StoreUnavailable> =>
  store.people.laneEnds([...new Set(members.map((member) => Lane.of(organization, member)))].toSorted((a, b) => a - b))

/** An erasure as the log has it. */
const asLogged = (organization: Organization, erasure: Erasure): LoggedErasure => ({
  ...Struct.omit(erasure, ["destroyed"]),
  organization: organization.id,
})

/**
 * Writes into a log that an erasure is kept by the store, and the erasure itself where the log lacks it, or has it
 * begun at another instant.
 */
export const logKept = Effect.fnUntraced(function* (
  organization: Organization,
  erasure: Erasure,
  log: ErasureLog["Service"],
  begunAt: Instant = erasure.recordedAt,
) {
  if (begunAt === erasure.recordedAt && (yield* log.keep(erasure.id))) return
  yield* log.begin(asLogged(organization, erasure))
  yield* log.keep(erasure.id)
})

/** An erasure that the store keeps, and whether a log says so. */
interface Kept {
  readonly erasure: Erasure
  readonly isLogged: boolean
}

/** Writes that an erasure is kept into the log, if there is one. If that fails, the erasure is made all the same. */
const keep = Effect.fnUntraced(function* (
  organization: Organization,
  erasure: Erasure,
  { erasureLog }: Pick<LedgerContext, "erasureLog">,
) {
  if (Option.isNone(erasureLog)) return { erasure, isLogged: false } satisfies Kept as Kept
  const isLogged = yield* logKept(organization, erasure, erasureLog.value).pipe(
    Effect.as(true),
    Effect.catchTag("ErasureLogUnavailable", ({ reason }) =>
      Effect.as(Effect.logWarning("an erasure is made, and the log of erasures does not say so", { reason }), false),
    ),
  )
  return { erasure, isLogged } satisfies Kept as Kept
})

/** Writes that an erasure begins into the log, if there is one. */
const begin = (erasure: LoggedErasure, { erasureLog }: LedgerContext) =>
  Option.match(erasureLog, { onNone: () => Effect.void, onSome: (log) => log.begin(erasure) })

/**
 * Scrubs the files of the store, and writes that erasures are done into the log. If it cannot be done now, the next
 * start does it: the erasures themselves are kept. Returns whether nothing of their people is left in the files.
 */
export const finishAll = Effect.fnUntraced(function* (
  ids: ReadonlyArray<string>,
  { erasureLog, store }: Pick<LedgerContext, "erasureLog" | "store">,
) {
  const isScrubbed = yield* Effect.orElseSucceed(store.personal.scrub, () => false)
  if (!isScrubbed || Option.isNone(erasureLog)) return isScrubbed
  for (const id of ids) yield* Effect.ignore(erasureLog.value.finish(id))
  return isScrubbed
})

/** The people of an erasure, what it is recorded with, and the earliest instant of it. */
export interface Planned extends Together, Pick<ErasureChange, "id" | "reason" | "scope" | "submitter"> {
  readonly earliest: Instant
  /** Whether it is recorded at `earliest` even if something was recorded later: it was answered with that instant. */
  readonly isExact?: boolean
  /** The members in the log, where it has more: some of them were erased before. */
  readonly logged?: ReadonlyArray<string>
}

/**
 * Records an erasure: the line in the log, the transaction, and the line that it is kept. Questions about its people
 * wait meanwhile, so that no answer is given that it is not later than, and no answer "erased" before the log keeps its
 * instant.
 */
export const write = Effect.fnUntraced(function* (
  organization: Organization,
  { earliest, id, isExact, logged = [], members, reason, scope, seen, submitter }: Planned,
  idempotency: Idempotency.IdempotentRequest | undefined,
  context: LedgerContext,
) {
  const { answerHorizon, store } = context
  const { catalog, projects } = yield* projectsOf(organization, context)
  const lanesOf = projects.map(({ lanes, number }) => ({ lanes, number }))
  // Later than everything that is known of the people, whatever clock it was recorded by.
  const last = isExact === true ? earliest : (yield* store.events.lastRecordedAt(lanesOf)) + 1
  const subjects = new Set([...members, ...seen.map(({ concordId }) => concordId)])
  return yield* answerHorizon.record(subjects, Math.max(earliest, last), (recordedAt) =>
    Effect.gen(function* () {
      const all = [...new Set([...members, ...logged])].toSorted()
      const own = { id, recordedAt, submitter, reason, ...(scope !== undefined && { scope }) }
      yield* begin({ ...own, organization: organization.id, members: all }, context)
      const kept = yield* store.personal.erase({
        ...own,
        organization,
        projects: lanesOf,
        catalog,
        members,
        seen,
        ...(yield* Idempotency.recordOf(idempotency, context, JSON.stringify(members[0]))),
      })
      if (typeof kept !== "object") return kept
      forget(organization, members, context)
      yield* Metric.update(Metric.withAttributes(erasures, { reason }), 1)
      return yield* keep(organization, kept, context)
    }),
  )
})

/**
 * Writes into the log that an erasure with an id has the people of another one, which was made first. Otherwise the log
 * would go on naming others that were joined with them when this one began.
 */
const giveWay = Effect.fnUntraced(function* (
  organization: Organization,
  id: string,
  erasure: Erasure,
  { erasureLog }: LedgerContext,
) {
  if (Option.isNone(erasureLog)) return
  const log = erasureLog.value
  const same = { ...asLogged(organization, erasure), id }
  yield* Effect.ignore(Effect.andThen(log.begin(same), log.finish(id)))
})

/** The erasure that was made before: of everything, or the one of an id. */
const madeBefore = Effect.fnUntraced(function* (
  organization: Organization,
  { concordId, held }: Erasing,
  { person }: Joins.Counted,
  { store }: Pick<LedgerContext, "store">,
) {
  if (person.erasedAt !== undefined) return yield* store.personal.erasure(organization, concordId)
  if (held === undefined) return undefined
  return (yield* store.personal.heldErasures(organization, concordId)).find(({ id }) => id === held.id)
})

/** The outcome of one attempt: an erasure made now or before, or nothing. */
type Attempted = Kept | NeverKnown | "repeated" | "stale"

/** One attempt at erasing a person, recorded with an id. `begun` has the id if an attempt before is in the log. */
const attempt = Effect.fnUntraced(function* (
  organization: Organization,
  erasing: Erasing,
  id: string,
  begun: Set<string>,
  context: LedgerContext,
) {
  const { concordId, held, idempotency, reason, submitter } = erasing
  const counted = yield* Joins.counted(organization, concordId, context)
  const before = yield* madeBefore(organization, erasing, counted, context)
  if (before !== undefined) {
    if (before.id !== id && begun.has(id)) yield* giveWay(organization, id, before, context)
    return yield* keep(organization, before, context)
  }
  if (!(yield* isKnown(organization, counted, concordId, context))) return { _tag: "NeverKnown" } as NeverKnown
  const people = yield* together(organization, counted, concordId, context)
  const earliest = Math.max(yield* Clock.currentTimeMillis, people.learnt + 1)
  begun.add(id)
  const own = { id, reason, submitter, ...(held !== undefined && { scope: held.scope }) }
  return yield* write(organization, { ...people, ...own, earliest }, idempotency, context)
})

/** Answers with an erasure that is kept, and finishes it. */
const erased = Effect.fnUntraced(function* (
  organization: Organization,
  { erasure, isLogged }: Kept,
  context: LedgerContext,
) {
  const hasLog = Option.isSome(context.erasureLog)
  const isScrubbed = yield* finishAll([erasure.id], context)
  const unreadableInBackupsFrom = yield* ErasureNotice.unreadableInBackupsFrom(erasure.recordedAt, context)
  return {
    _tag: "Erased",
    erasure,
    isScrubbed,
    isLogged,
    notPromised: ErasureNotice.notPromised({ hasLog, isLogged, isScrubbed }),
    ...(unreadableInBackupsFrom !== undefined && { unreadableInBackupsFrom }),
    positions: yield* positionsOf(organization, erasure.members, context),
  } satisfies ErasedPerson as ErasedPerson
})

/**
 * Records the erasure of a person, or finds an earlier one. It is not finished: see {@link finishAll}. From the line in
 * the log on, only a crash keeps it from being recorded.
 */
export const record = Effect.fnUntraced(
  function* (organization: Organization, erasing: Erasing, context: LedgerContext) {
    const id = erasing.held?.id ?? (yield* context.random.uuidV7())
    const begun = new Set<string>()
    const turn: Effect.Effect<Exclude<Attempted, "stale">, StoreUnavailable | ErasureLogUnavailable> = Turns.inTurn(
      erasing.concordId,
      "too many changes of the same person",
      attempt(organization, erasing, id, begun, context),
      context,
    )
    const outcome = yield* turn
    return outcome === "repeated" ? Idempotency.keptBefore : outcome
  },
  Effect.catchTag("ErasureLogUnavailable", ({ reason }) =>
    Effect.succeed<LogUnavailable>({ _tag: "LogUnavailable", reason }),
  ),
)

/** Erases a person, without looking for an earlier request of the same idempotency key. */
export const carryOut = Effect.fnUntraced(function* (
  organization: Organization,
  erasing: Erasing,
  context: LedgerContext,
) {
  const outcome = yield* record(organization, erasing, context)
  return "_tag" in outcome ? outcome : yield* erased(organization, outcome, context)
}, Effect.uninterruptible)

/** The answer to an earlier request of the same idempotency key. */
export const repeated = Effect.fnUntraced(function* (
  organization: Organization,
  answer: string,
  context: LedgerContext,
) {
  const erasure = (yield* context.store.personal.erasure(organization, JSON.parse(answer) as string))!
  const kept = yield* keep(organization, erasure, context)
  return { ...(yield* erased(organization, kept, context)), isRepeated: true } satisfies ErasedPerson as ErasedPerson
})

/**
 * Erases a person and everyone joined with it. A person that was erased before is answered as then, and its deleted
 * rows are removed from the files of the store if that can be done now.
 */
export const erase = Effect.fnUntraced(function* (
  organization: Organization,
  erasing: Erasing,
  context: LedgerContext,
): Effect.fn.Return<ErasedPerson | NeverKnown | LogUnavailable | Idempotency.KeyConflict, StoreUnavailable> {
  const outcome = yield* Idempotency.once<ErasedPerson | NeverKnown | LogUnavailable, StoreUnavailable, never>(
    organization,
    erasing.idempotency,
    context,
    carryOut(organization, erasing, context),
  )
  return outcome._tag === "Repeated" ? yield* repeated(organization, outcome.answer, context) : outcome
})

/** The erasure of a person; nothing if it was not erased. */
export const erasureOf = Effect.fnUntraced(function* (
  organization: Organization,
  concordId: string,
  context: LedgerContext,
) {
  const erasure = yield* context.store.personal.erasure(organization, concordId)
  if (erasure === undefined) return Option.none<{ readonly erasure: Erasure; readonly positions: Positions }>()
  return Option.some({ erasure, positions: yield* positionsOf(organization, erasure.members, context) })
})
