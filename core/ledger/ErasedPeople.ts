/**
 * The people of a batch that were erased: the `concordId` of each names no one any more, so that an item with it alone
 * is recorded for a new person (semantics, section 8).
 */
import { Effect } from "effect"
import type { Batch } from "./Batch.ts"
import type { LedgerContext } from "./LedgerContext.ts"

/** How many people are read concurrently. */
const concurrency = 16

/** The ids of items that are those of erased people, in lower case. */
export const among = Effect.fnUntraced(function* (
  { items, organization }: Pick<Batch, "items" | "organization">,
  { store }: Pick<LedgerContext, "store">,
) {
  const ids = [...new Set(items.flatMap(({ person: { concordId } }) => concordId?.toLowerCase() ?? []))]
  const found = yield* Effect.forEach(ids, (id) => store.people.person(organization, id), { concurrency })
  return new Set(ids.filter((_, index) => found[index]!.erasedAt !== undefined))
})
