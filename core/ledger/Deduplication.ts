/**
 * Items that need not be recorded: an event with their external id is recorded already or comes earlier in their batch,
 * or the batch names them as settled.
 */
import { Effect } from "effect"
import type { StoredEvent } from "../ports/LedgerStore.ts"
import type { Batch, NumberedItem } from "./Batch.ts"
import type { LedgerContext } from "./LedgerContext.ts"
import * as Sha256 from "./Sha256.ts"

/** A batch without its duplicates. */
export interface Deduplicated {
  /** The items to record, in the order of the batch. */
  readonly unrecorded: ReadonlyArray<NumberedItem>
  /** For each item of the batch, the event that is recorded already, or that decides already. */
  readonly recorded: ReadonlyArray<StoredEvent | undefined>
  /** The hashes of the external ids, by the index of the item. */
  readonly hashes: ReadonlyMap<number, string>
  /** The index of the earlier item whose event answers an item too. */
  readonly firstOf: (item: number) => number | undefined
}

/** Finds the items of a batch that have to be recorded. */
export const deduplicate = Effect.fnUntraced(function* (
  { items, project, settled }: Batch,
  { digest, store }: Pick<LedgerContext, "digest" | "store">,
) {
  const hashes = new Map<number, string>()
  for (const [item, { externalId }] of items.entries()) {
    if (externalId !== undefined) hashes.set(item, yield* Sha256.hex(digest, externalId))
  }
  const distinct = [...new Set(hashes.values())]
  const events = distinct.length === 0 ? [] : yield* store.events.byExternalId(project, distinct)
  const known = new Map(distinct.map((hash, index) => [hash, events[index]]))
  const recorded = items.map((_, item) => {
    const settledBy = settled?.get(item)
    return known.get(hashes.get(item) ?? "") ?? (typeof settledBy === "object" ? settledBy : undefined)
  })
  const firsts = new Map([...hashes].toReversed().map(([item, hash]) => [hash, item]))
  const firstOf = (item: number): number | undefined => {
    const settledBy = settled?.get(item)
    return typeof settledBy === "number" ? settledBy : firsts.get(hashes.get(item) ?? "")
  }
  const isNew = (item: number) => recorded[item] === undefined && (firstOf(item) ?? item) === item
  const unrecorded = items.map((draft, item) => ({ draft, item })).filter(({ item }) => isNew(item))
  return { unrecorded, recorded, hashes, firstOf } satisfies Deduplicated
})
