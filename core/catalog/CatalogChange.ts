/**
 * Changing what is set up: a change is prepared against the catalog as it is, and kept if nothing has changed since.
 *
 * Changes do not disturb each other: they are prepared again, and each has its turn, so that many at a time are no storm.
 * Whether one may be made that was prepared against another state of its entry is for `prepare` to say.
 */
import { Clock, Effect } from "effect"
import type { Catalog, Entries } from "../model/Catalog.ts"
import type { Instant } from "../engine/Instant.ts"
import type { Owner } from "../model/Lane.ts"
import { type CatalogChange, StoreUnavailable } from "../ports/LedgerStore.ts"
import type { LedgerContext } from "../ledger/LedgerContext.ts"
import * as Idempotency from "../ledger/Idempotency.ts"

/** How often a change is prepared anew. Each time another one was kept, or a question answered, so none waits for ever. */
const maxAttempts = 1000

/** One thing wrong with a change. */
export interface CatalogFault {
  readonly field: string
  readonly code: string
  readonly detail: string
}

/** Why a change is not made: there is no such entry, a rule is broken, or it was changed by somebody else. */
export type Refusal =
  | { readonly _tag: "NotFound" }
  | { readonly _tag: "Refused"; readonly faults: ReadonlyArray<CatalogFault> }
  | { readonly _tag: "Conflict"; readonly fault: CatalogFault; readonly version?: number }

/** A change that can be made: the entries it writes, and what it comes to. */
export interface Prepared<Value> {
  readonly _tag: "Prepared"
  readonly entries: Partial<Entries>
  readonly documents?: CatalogChange["documents"]
  readonly value: Value
}

/** A change that was made, or that the same request made before. */
export type Changed<Value> =
  | { readonly _tag: "Changed"; readonly value: Value }
  | { readonly _tag: "Repeated"; readonly answer: string }

/** What a change comes to. */
export type CatalogOutcome<Value> = Changed<Value> | Refusal | Exclude<Idempotency.Repeat, { _tag: "Repeated" }>

/** Whose change it is, and what it changes for those who ask. */
export interface Setting<Value> {
  /** Who keeps the receipt. */
  readonly owner: Owner
  /** The project whose answers the change may change. */
  readonly projectId?: string
  readonly idempotency?: Idempotency.IdempotentRequest
  /** How the change is answered, to be answered so again. */
  readonly answer?: (value: Value) => string
}

/** Refuses a change for one fault. */
export const refused = (field: string, code: string, detail: string): Refusal => refusedFor([{ field, code, detail }])

/** Refuses a change for all its faults, at least one. */
export const refusedFor = (faults: ReadonlyArray<CatalogFault>): Refusal => ({ _tag: "Refused", faults })

/** Says that somebody else has changed the entry, or made one like it. */
export const conflict = (field: string, code: string, detail: string, version?: number): Refusal => ({
  _tag: "Conflict",
  fault: { field, code, detail },
  ...(version !== undefined && { version }),
})

/**
 * Makes a change. `prepare` is called with the catalog as the request comes, and again in its turn, if something else was
 * changed meanwhile; `now` is the `dateUpdated` of what it changes.
 */
export const change = Effect.fnUntraced(function* <Value>(
  setting: Setting<Value>,
  prepare: (catalog: Catalog, now: Instant) => Effect.Effect<Prepared<Value> | Refusal, StoreUnavailable>,
  context: LedgerContext,
) {
  const { answerHorizon, store, turn } = context
  const { answer, idempotency, owner, projectId } = setting
  const ids = new Set(projectId === undefined ? [] : [projectId])

  const prepareNow = Effect.fnUntraced(function* (earliest: Instant) {
    const catalog = yield* store.catalog.current
    // Also where the clock was set back: what is published at once is published after what was before.
    const learnt = catalog.consentTypes.get(projectId ?? "")?.learnt ?? earliest
    const now = Math.max(earliest, learnt, yield* Clock.currentTimeMillis)
    return { now, revision: catalog.revision, prepared: yield* prepare(catalog, now) }
  })

  const keep = Effect.fnUntraced(function* (first: Effect.Success<ReturnType<typeof prepareNow>>) {
    let latest = first
    for (let attempts = 0; attempts < maxAttempts; attempts++) {
      const isCurrent = attempts === 0 && (yield* store.catalog.current).revision === first.revision
      if (!isCurrent) latest = yield* prepareNow(latest.now)
      const { now, prepared, revision } = latest
      if (prepared._tag !== "Prepared") return prepared as CatalogOutcome<Value>
      const { documents = [], entries, value } = prepared
      const idempotencyRecord = yield* Idempotency.recordOf(idempotency, context, answer?.(value) ?? "")
      const change = { revision, entries, documents, owner, ...idempotencyRecord }
      const kept = yield* answerHorizon.record(ids, now, store.catalog.change(change))
      if (kept === "kept") return { _tag: "Changed", value } as CatalogOutcome<Value>
      if (kept === "repeated") return Idempotency.keptBefore
      if (kept !== "stale") latest = { ...latest, now: kept.answeredAt + 1 }
    }
    return yield* new StoreUnavailable({ reason: "too many changes at the same time" })
  })

  const carryOut = Effect.gen(function* () {
    const first = yield* prepareNow(-Infinity)
    return first.prepared._tag === "Prepared"
      ? yield* turn.withPermit(keep(first))
      : (first.prepared as CatalogOutcome<Value>)
  })
  return yield* Idempotency.once<CatalogOutcome<Value>, StoreUnavailable, never>(owner, idempotency, context, carryOut)
})
