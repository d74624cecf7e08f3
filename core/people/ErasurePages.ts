/**
 * The list of the erasures of an organization, in the order in which they were recorded.
 */
import { Effect } from "effect"
import * as Cursor from "../ledger/Cursor.ts"
import type { LedgerContext } from "../ledger/LedgerContext.ts"
import * as Paging from "../ledger/Paging.ts"
import type { Organization } from "../model/Catalog.ts"
import type { Erasure, StoreUnavailable } from "../ports/LedgerStore.ts"

/** Which page is asked for, and by which caller: a cursor is good for that caller alone. */
export interface ErasureQuery extends Pick<Paging.PageQuery, "cursor" | "limit"> {
  readonly caller: string
}

/** A page of erasures. */
export interface ErasurePage {
  readonly _tag: "Listed"
  readonly items: ReadonlyArray<Erasure>
  /** Left out after the last page. */
  readonly nextCursor?: string
}

/** The place where a page ended. */
type Place = Pick<Erasure, "id" | "recordedAt">

/** One page. */
export const page = Effect.fnUntraced(function* (
  organization: Organization,
  { caller, cursor, limit = Paging.defaultLimit }: ErasureQuery,
  context: LedgerContext,
): Effect.fn.Return<ErasurePage | { readonly _tag: "UnknownCursor" }, StoreUnavailable> {
  const purpose = ["erasures", caller]
  const place = cursor === undefined ? undefined : yield* Cursor.open<Place>(organization, purpose, cursor, context)
  if (cursor !== undefined && place === undefined) return { _tag: "UnknownCursor" }
  const read = yield* context.store.personal.erasures(organization, place, limit + 1)
  const items = read.slice(0, limit)
  if (read.length <= limit) return { _tag: "Listed", items }
  const { id, recordedAt } = items.at(-1)!
  const nextCursor = yield* Cursor.seal(organization, purpose, { id, recordedAt } satisfies Place, context)
  return { _tag: "Listed", items, nextCursor }
})
