/**
 * Pages of a list: which one is asked for, and what it holds. Without runtime imports, because the description of the
 * HTTP API uses the limits.
 */
import type { Positions } from "../ports/LedgerStore.ts"

/** The most items of a page. */
export const maxLimit = 1000

/** The number of items of a page whose `limit` is left out. */
export const defaultLimit = 100

/** The bytes of items after which a page of the catalog ends; one item may be longer. */
export const maxPageBytes = 1024 * 1024

/** Which page is asked for. */
export interface PageQuery {
  /** From 0; left out: from the beginning, or from the cursor. */
  readonly offset?: number
  readonly cursor?: string
  /** 1 to {@link maxLimit}; left out: {@link defaultLimit}. */
  readonly limit?: number
}

/** One page. */
export interface PageOf<Item> {
  /** The number of items before it. */
  readonly offset: number
  /** The number of items that match in all. */
  readonly total: number
  readonly items: ReadonlyArray<Item>
  /**
   * For the next page. Left out after the last one, and where pages are asked for by `offset`, unless the page ends
   * before its `limit` because its items are long.
   */
  readonly nextCursor?: string
  /** On a page of events: the positions up to which their lanes were searched. */
  readonly positions?: Positions
}

/** A page, or the answer to a cursor that was not made for this list. */
export type ListOutcome<Item> = (PageOf<Item> & { readonly _tag: "Listed" }) | { readonly _tag: "UnknownCursor" }
