/**
 * Changing the catalog: a change is prepared against the catalog as it is, and written if nothing has changed since
 * (optimistic concurrency).
 *
 * Concurrent changes do not fail each other. A change whose catalog is stale is prepared again, and the ledger makes
 * one change at a time, so that concurrent ones do not retry each other endlessly. `prepare` decides whether a change
 * is refused because its entry has changed.
 */
import { Clock, Effect } from "effect"
import type { Catalog, Entries } from "../model/Catalog.ts"
import type { Instant } from "../engine/Instant.ts"
import type { Owner } from "../model/Lane.ts"
import { type CatalogChange, StoreUnavailable } from "../ports/LedgerStore.ts"
import type { LedgerContext } from "../ledger/LedgerContext.ts"
import * as Idempotency from "../ledger/Idempotency.ts"
import * as WorkingPlace from "../ledger/WorkingPlace.ts"

/**
 * How many times a change is prepared before it fails. Each time another change was written, so the ledger makes
 * progress.
 */
const maxAttempts = 1000

/** One thing wrong with a change. */
export interface CatalogFault {
  readonly field: string
  readonly code: string
  readonly detail: string
}

/** Why a change is not made: there is no such entry, a rule is broken, or another request has changed the entry. */
export type RefusedChange =
  | { readonly _tag: "NotFound" }
  | { readonly _tag: "Refused"; readonly faults: ReadonlyArray<CatalogFault> }
  | { readonly _tag: "Conflict"; readonly fault: CatalogFault; readonly version?: number }

/** A change that can be made: the entries and documents to write, and the value that the use case returns. */
export interface Prepared<Value> {
  readonly _tag: "Prepared"
  readonly entries: Partial<Entries>
  readonly documents?: Documents
  readonly privates?: Privates
  readonly value: Value
}

/** The documents that a change adds. */
export type Documents = CatalogChange["documents"]

/** What is personal of the entries that a change writes. */
export type Privates = NonNullable<CatalogChange["privates"]>

/** A change that can be made. */
export const prepared = <Value>(
  entries: Partial<Entries>,
  value: Value,
  documents: Documents = [],
): Prepared<Value> | RefusedChange => ({ _tag: "Prepared", entries, documents, value })

/** Refuses a change of an entry that does not exist. */
export const notFound: RefusedChange = { _tag: "NotFound" }

/** A change that was made now, or that the same request made before. */
export type Changed<Value> =
  | { readonly _tag: "Changed"; readonly value: Value }
  | { readonly _tag: "Repeated"; readonly answer: string }

/** The outcome of a change. */
export type CatalogOutcome<Value> = Changed<Value> | RefusedChange | Idempotency.KeyConflict

/** The idempotency of a request: its key, if it has one, and how its answer is written into the record. */
export interface Answering<Value> {
  readonly idempotency?: Idempotency.IdempotentRequest
  readonly answer: (value: Value) => string
}

/** The owner of a change, and the questions that it affects. */
export interface ChangeOptions<Value> extends Partial<Answering<Value>> {
  /** Keeps the idempotency record. */
  readonly owner: Owner
  /** The project whose answers the change may change. */
  readonly projectId?: string
}

/** Refuses a change for one fault. */
export const refused = (field: string, code: string, detail: string): RefusedChange =>
  refusedFor([{ field, code, detail }])

/** Refuses a change for all its faults, at least one. */
export const refusedFor = (faults: ReadonlyArray<CatalogFault>): RefusedChange => ({ _tag: "Refused", faults })

/** Refuses a change because another request has changed the entry, or made one like it. */
export const conflict = (field: string, code: string, detail: string, version?: number): RefusedChange => ({
  _tag: "Conflict",
  fault: { field, code, detail },
  ...(version !== undefined && { version }),
})

/**
 * Makes a change. `prepare` is called with the catalog when the request comes, and again if the catalog has changed
 * when the lock is acquired; `now` is the `dateUpdated` of the entries it changes.
 */
export const change = Effect.fnUntraced(function* <Value>(
  options: ChangeOptions<Value>,
  prepare: (catalog: Catalog, now: Instant) => Effect.Effect<Prepared<Value> | RefusedChange, StoreUnavailable>,
  context: LedgerContext,
): Effect.fn.Return<CatalogOutcome<Value>, StoreUnavailable> {
  const { answerHorizon, catalogLock, store } = context
  const { answer, idempotency, owner, projectId } = options
  const ids = new Set(projectId === undefined ? [] : [projectId])

  const prepareNow = Effect.fnUntraced(function* (earliest: Instant) {
    const catalog = yield* store.catalog.current
    // Even if the clock was set back, what is published at once is published after what was published before it.
    const learnt = catalog.consentTypes.get(projectId ?? "")?.learnt ?? earliest
    const published = catalog.publications.get(projectId ?? "")?.at(-1)?.dateCreated ?? earliest
    const now = Math.max(earliest, learnt, published, yield* Clock.currentTimeMillis)
    return { now, revision: catalog.revision, prepared: yield* prepare(catalog, now) }
  })

  const write = Effect.fnUntraced(function* (first: Effect.Success<ReturnType<typeof prepareNow>>) {
    let latest = first
    const attempt = Effect.fnUntraced(function* (earliest: Instant) {
      const isCurrent = earliest === first.now && (yield* store.catalog.current).revision === first.revision
      if (!isCurrent) latest = yield* prepareNow(earliest)
      const { prepared, revision } = latest
      if (prepared._tag !== "Prepared") return prepared as CatalogOutcome<Value>
      const { documents = [], entries, privates = [], value } = prepared
      // A revision without an entry would look like a damaged catalog.
      if (Object.values(entries).every((all) => all.length === 0))
        return { _tag: "Changed", value } as CatalogOutcome<Value>
      const idempotencyRecord = yield* Idempotency.recordOf(idempotency, context, answer?.(value) ?? "")
      const kept = yield* store.catalog.change({
        revision,
        entries,
        documents,
        ...(privates.length > 0 && { privates }),
        owner,
        ...idempotencyRecord,
      })
      return kept === "kept" ? ({ _tag: "Changed", value } as CatalogOutcome<Value>) : kept
    })
    for (let attempts = 0; attempts < maxAttempts; attempts++) {
      const outcome = yield* answerHorizon.record(ids, latest.now, attempt)
      if (outcome === "repeated") return Idempotency.keptBefore
      if (outcome !== "stale") return outcome
    }
    return yield* new StoreUnavailable({ reason: "too many changes at the same time" })
  })

  const carryOut = Effect.gen(function* () {
    const first = yield* prepareNow(-Infinity)
    if (first.prepared._tag !== "Prepared") return first.prepared as CatalogOutcome<Value>
    return yield* WorkingPlace.withLock(catalogLock, write(first))
  })
  return yield* Idempotency.once<CatalogOutcome<Value>, StoreUnavailable, never>(owner, idempotency, context, carryOut)
})
