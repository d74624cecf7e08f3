/**
 * Brings a store and the log of erasures together, before the store serves.
 *
 * An erasure that the log has and the store lacks is made again, because the store was restored from a backup, or a
 * crash came before the transaction. One that the store has is finished, if a crash came after the transaction. An
 * erasure that was made without a log is written into it.
 *
 * One that is kept was answered, so that it is made again at its instant. One that only began was not.
 */
import { Clock, Effect, Option } from "effect"
import type { LedgerContext } from "../ledger/LedgerContext.ts"
import { maxAttempts } from "../ledger/LedgerContext.ts"
import type { Organization } from "../model/Catalog.ts"
import type { ErasureLog, ErasureLogUnavailable, LoggedState } from "../ports/ErasureLog.ts"
import { type Erasure, StoreUnavailable } from "../ports/LedgerStore.ts"
import * as Erasing from "./Erasing.ts"

/** How many erasures were made again and logged. */
export interface Replayed {
  /** Of the log, made again in the store. */
  readonly erased: number
  /** Of the store, written into the log. */
  readonly logged: number
  /** Whether nothing is left in the files of the store. */
  readonly isScrubbed: boolean
}

/** How many erasures are read at once. */
const pageSize = 1000

/** Every erasure of an organization. */
export const erasuresOf = Effect.fnUntraced(function* (
  organization: Organization,
  { store }: Pick<LedgerContext, "store">,
) {
  const all: Array<Erasure> = []
  for (;;) {
    const page = yield* store.personal.erasures(organization, all.at(-1), pageSize)
    all.push(...page)
    if (page.length < pageSize) return all
    yield* Effect.yieldNow
  }
})

/** What is erased of people: everything, or all but identifiers, by which erasures and when. */
export interface ErasedBefore {
  readonly whole: ReadonlySet<string>
  readonly held: ReadonlyMap<string, ReadonlyArray<Pick<Erasure, "id" | "recordedAt">>>
}

/** What erasures erase of their people. */
export const erasedBy = (
  erasures: ReadonlyArray<Pick<Erasure, "id" | "members" | "recordedAt" | "scope">>,
): ErasedBefore => {
  const whole = new Set<string>()
  const held = new Map<string, Array<Pick<Erasure, "id" | "recordedAt">>>()
  for (const { id, members, recordedAt, scope } of erasures) {
    for (const member of members) {
      if (scope === undefined) whole.add(member)
      else held.set(member, [...(held.get(member) ?? []), { id, recordedAt }])
    }
  }
  return { whole, held }
}

/**
 * The members of an erasure of the log for which it is to be made again. An erasure of everything leaves nothing to any
 * other one. One that keeps identifiers and only began gives way to a later one: what was recorded since stays.
 */
const membersLeft = (
  { id, isKept, members, recordedAt, scope }: LoggedState,
  { held, whole }: ErasedBefore,
): ReadonlyArray<string> =>
  members.filter((member) => {
    if (whole.has(member)) return false
    if (scope === undefined) return true
    const made = held.get(member) ?? []
    return !made.some((each) => each.id === id || (!isKept && each.recordedAt >= recordedAt))
  })

/**
 * The erasures of a log that the store has not made for all of their people, in the order in which they are made again:
 * first those that are kept, by their instants. One that only began may have people of one that is kept, because
 * another server was first.
 */
export const lacking = (
  logged: ReadonlyArray<LoggedState>,
  kept: ReadonlyArray<Erasure>,
): ReadonlyArray<LoggedState> => {
  const before = erasedBy(kept)
  const then = erasedBy([...kept, ...logged.filter(({ isKept }) => isKept)])
  return logged
    .filter((each) => membersLeft(each, each.isKept ? before : then).length > 0)
    .toSorted((a, b) => Number(b.isKept) - Number(a.isKept) || (a.isKept ? a.recordedAt - b.recordedAt : 0))
}

/** Whether another server has made an erasure of the log for a person meanwhile. */
const isHeldBy = (
  organization: Organization,
  concordId: string,
  { id }: LoggedState,
  { store }: Pick<LedgerContext, "store">,
) => Effect.map(store.personal.heldErasures(organization, concordId), (made) => made.some((each) => each.id === id))

/** Makes an erasure of the log again, for its members that are not erased. Joins of a restored backup add no others. */
export const eraseAgain = Effect.fnUntraced(function* (
  organization: Organization,
  logged: LoggedState,
  erasedBefore: ErasedBefore,
  context: LedgerContext,
): Effect.fn.Return<void, StoreUnavailable | ErasureLogUnavailable> {
  const { people } = context.store
  for (let attempts = 0; attempts < maxAttempts; attempts++) {
    const members: Array<string> = []
    const seen: Array<{ readonly concordId: string; readonly revision: number }> = []
    let learnt = -Infinity
    for (const concordId of membersLeft(logged, erasedBefore)) {
      const person = yield* people.person(organization, concordId)
      // Another server has erased it meanwhile, or an erasure of the log before this one.
      if (person.erasedAt !== undefined) continue
      if (attempts > 0 && (yield* isHeldBy(organization, concordId, logged, context))) continue
      members.push(concordId)
      seen.push({ concordId, revision: person.revision })
      learnt = Math.max(learnt, person.learnt ?? learnt)
    }
    if (members.length === 0) return
    const { id, isKept, reason, recordedAt, scope, submitter } = logged
    // One that was answered keeps its instant. Otherwise others may have answered about the person since.
    const earliest = isKept ? recordedAt : Math.max(recordedAt, learnt + 1, yield* Clock.currentTimeMillis)
    const planned = { id, members, seen, learnt, reason, submitter, earliest, isExact: isKept, logged: logged.members }
    const scoped = { ...planned, ...(scope !== undefined && { scope }) }
    const kept = yield* Erasing.write(organization, scoped, undefined, context)
    if (kept !== "stale") return
    yield* Effect.yieldNow
  }
  return yield* new StoreUnavailable({ reason: "a logged erasure cannot be made: too many changes of the same person" })
})

/** Makes the erasures of the log that the store of an organization lacks, and logs those that the log lacks. */
const ofOrganization = Effect.fnUntraced(function* (
  organization: Organization,
  logged: ReadonlyArray<LoggedState>,
  log: ErasureLog["Service"],
  context: LedgerContext,
) {
  const kept = yield* erasuresOf(organization, context)
  const erased = erasedBy(kept)
  const missing = lacking(logged, kept)
  for (const each of missing) yield* eraseAgain(organization, each, erased, context)
  const known = new Map(logged.map((each) => [each.id, each]))
  for (const each of kept) {
    const entry = known.get(each.id)
    if (entry?.isKept !== true) yield* Erasing.logKept(organization, each, log, entry?.recordedAt)
  }
  return { erased: missing.length, logged: kept.filter(({ id }) => !known.has(id)).length }
})

/** The erasures of a log whose rows may still be in the files of the store. */
const unfinished = (log: ErasureLog["Service"]) =>
  Effect.map(log.all, (all) => all.filter(({ isDone, isKept }) => isKept && !isDone))

/**
 * Scrubs the files of the store, and writes into the log, if there is one, that the erasures are done which were kept
 * before. Returns whether nothing is left in the files.
 */
export const scrub = Effect.fnUntraced(function* ({
  erasureLog,
  store,
}: Pick<LedgerContext, "erasureLog" | "store">): Effect.fn.Return<boolean, StoreUnavailable | ErasureLogUnavailable> {
  if (Option.isNone(erasureLog)) return yield* store.personal.scrub
  const before = yield* unfinished(erasureLog.value)
  const isScrubbed = yield* store.personal.scrub
  if (isScrubbed) for (const { id } of before) yield* erasureLog.value.finish(id)
  return isScrubbed
})

/** Brings the store and its log together; does nothing without a log, and on a replica, which follows its primary. */
export const replay = Effect.fnUntraced(function* (
  context: LedgerContext,
): Effect.fn.Return<Option.Option<Replayed>, StoreUnavailable | ErasureLogUnavailable> {
  const { erasureLog, store } = context
  if (Option.isNone(erasureLog) || store.isReplica === true) return Option.none()
  const log = erasureLog.value
  const all = Map.groupBy(yield* log.all, ({ organization }) => organization)
  let [erased, logged] = [0, 0]
  for (const organization of (yield* store.catalog.current).organizations.values()) {
    const done = yield* ofOrganization(organization, all.get(organization.id) ?? [], log, context)
    erased += done.erased
    logged += done.logged
  }
  const isScrubbed = (yield* unfinished(log)).length === 0 || (yield* scrub(context))
  return Option.some({ erased, logged, isScrubbed })
})
