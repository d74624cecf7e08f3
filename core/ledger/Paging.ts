/**
 * Pages of a list: which one is asked for, and what it holds.
 */
import type { Positions } from "../ports/LedgerStore.ts"

/** Which page is asked for. */
export interface PageQuery {
  /** From 0; left out: from the beginning, or from the cursor. */
  readonly offset?: number
  readonly cursor?: string
  readonly limit?: number
}

/** One page. */
export interface PageOf<Item> {
  /** How many items came before it. */
  readonly offset: number
  /** How many match in all. */
  readonly total: number
  readonly items: ReadonlyArray<Item>
  /** For the next page; left out after the last, and where pages are asked for by `offset`. */
  readonly nextCursor?: string
  /** Of events: how far their lanes were looked through. */
  readonly positions?: Positions
}

/** A page, or a cursor that is none. */
export type ListOutcome<Item> = (PageOf<Item> & { readonly _tag: "Listed" }) | { readonly _tag: "UnknownCursor" }
