/**
 * Erasures that are carried with an export, so that the ledger into which it is restored has them too: a person that
 * was erased stays erased, also where the export was made before the erasure and has personal data.
 */
import { Effect } from "effect"
import type { Instant } from "../engine/Instant.ts"
import type { Organization } from "../model/Catalog.ts"
import type { ErasureLogUnavailable, LoggedState } from "../ports/ErasureLog.ts"
import type { Erasure, StoreUnavailable } from "../ports/LedgerStore.ts"
import type { LedgerContext } from "../ledger/LedgerContext.ts"
import * as ErasureReplay from "../people/ErasureReplay.ts"

/** Every erasure of an organization, in the order recorded. */
export const list = (
  organization: Organization,
  context: LedgerContext,
): Effect.Effect<ReadonlyArray<Erasure>, StoreUnavailable> => ErasureReplay.erasuresOf(organization, context)

/** What was erased of the people of a restore. */
export interface Erased {
  /** The people of which everything was erased. */
  readonly whole: ReadonlySet<string>
  /** When identifiers were kept last: what was recorded since stays. */
  readonly held: ReadonlyMap<string, Instant>
}

const lastOf = ({ held, whole }: ErasureReplay.ErasedBefore): Erased => ({
  whole,
  held: new Map([...held].map(([person, made]) => [person, Math.max(...made.map(({ recordedAt }) => recordedAt))])),
})

/**
 * Makes the erasures of an organization again that the ledger lacks, before events of their people are restored.
 * Returns what is erased then. A dry run makes none, and returns the same.
 */
export const bring = Effect.fnUntraced(function* (
  organization: Organization,
  carried: ReadonlyArray<LoggedState>,
  context: LedgerContext,
): Effect.fn.Return<Erased, StoreUnavailable | ErasureLogUnavailable> {
  const own = carried.filter((erasure) => erasure.organization === organization.id)
  const kept = yield* ErasureReplay.erasuresOf(organization, context)
  const before = ErasureReplay.erasedBy(kept)
  const missing = ErasureReplay.lacking(own, kept)
  if (!context.isDryRun) {
    for (const each of missing) yield* ErasureReplay.eraseAgain(organization, each, before, context)
  }
  return lastOf(ErasureReplay.erasedBy([...kept, ...missing]))
})
