/**
 * Items that need not be recorded, because an event with their external id is recorded already or comes earlier in
 * their batch.
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
  /** For each item of the batch, the event that is recorded already. */
  readonly recorded: ReadonlyArray<StoredEvent | undefined>
  /** The hashes of the external ids, by the index of the item. */
  readonly hashes: ReadonlyMap<number, string>
  /** For each hash, the index of the first item with it. */
  readonly firsts: ReadonlyMap<string, number>
}

/** Finds the items of a batch that have to be recorded. */
export const deduplicate = Effect.fnUntraced(function* (
  { items, project }: Batch,
  { digest, store }: Pick<LedgerContext, "digest" | "store">,
) {
  const hashes = new Map<number, string>()
  for (const [item, { externalId }] of items.entries()) {
    if (externalId !== undefined) hashes.set(item, yield* Sha256.hex(digest, externalId))
  }
  const distinct = [...new Set(hashes.values())]
  const events = distinct.length === 0 ? [] : yield* store.events.byExternalId(project, distinct)
  const known = new Map(distinct.map((hash, index) => [hash, events[index]]))
  const recorded = items.map((_, item) => known.get(hashes.get(item) ?? ""))
  const firsts = new Map([...hashes].toReversed().map(([item, hash]) => [hash, item]))
  const isNew = (item: number) => recorded[item] === undefined && (firsts.get(hashes.get(item) ?? "") ?? item) === item
  const unrecorded = items.map((draft, item) => ({ draft, item })).filter(({ item }) => isNew(item))
  return { unrecorded, recorded, hashes, firsts } satisfies Deduplicated
})
