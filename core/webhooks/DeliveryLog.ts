/**
 * The tries of a webhook and its dead letters, in pages.
 */
import { Clock, Effect } from "effect"
import type { Instant } from "../engine/Instant.ts"
import * as Change from "../feed/Change.ts"
import * as Cursor from "../ledger/Cursor.ts"
import type { LedgerContext } from "../ledger/LedgerContext.ts"
import type { ProjectScope, Webhook } from "../model/Catalog.ts"
import { failures } from "../ports/Outbound.ts"
import type { StoreUnavailable } from "../ports/StoreUnavailable.ts"
import { type DeadLetter, type ItemKey, type LoggedTry, ofEvent } from "../ports/WebhookStore.ts"

/** How long a try is shown, in milliseconds: 30 days. */
const keptMillis = 30 * 24 * 60 * 60 * 1000

/** Which page is asked for. */
export interface LogQuery {
  readonly cursor?: string
  /** From 1. */
  readonly limit: number
}

/** A page, or the answer to a cursor that was not made for this list. */
export type LogPage<Item> =
  | { readonly _tag: "Listed"; readonly items: ReadonlyArray<Item>; readonly nextCursor?: string }
  | { readonly _tag: "UnknownCursor" }

/** Which tries are listed: those that were taken, those that failed, or those with this very outcome. */
export type OutcomeFilter = "taken" | "failed" | (string & {})

/** A dead letter, with the id of its change. */
export interface ToldDeadLetter extends Omit<DeadLetter, "lane" | "position" | "number"> {
  readonly change: string
}

const statuses = (from: number, to: number) => Array.from({ length: to - from }, (_, index) => String(from + index))
const taken = statuses(200, 300)
const failed = [...statuses(300, 600), ...failures]

const outcomesOf = (filter: OutcomeFilter | undefined): ReadonlyArray<string> | undefined => {
  if (filter === undefined) return undefined
  return filter === "taken" ? taken : filter === "failed" ? failed : [filter]
}

/** The page of one more item than asked for: whether there is another is known by it. */
const pageOf = Effect.fnUntraced(function* <Item, Place>(
  { organization }: ProjectScope,
  purpose: ReadonlyArray<unknown>,
  { cursor, limit }: LogQuery,
  read: (place: Place | undefined, limit: number) => Effect.Effect<ReadonlyArray<Item>, StoreUnavailable>,
  placeOf: (item: Item) => Place,
  context: LedgerContext,
): Effect.fn.Return<LogPage<Item>, StoreUnavailable> {
  const place = cursor === undefined ? undefined : yield* Cursor.open<Place>(organization, purpose, cursor, context)
  if (cursor !== undefined && place === undefined) return { _tag: "UnknownCursor" }
  const found = yield* read(place, limit + 1)
  const items = found.slice(0, limit)
  if (found.length <= limit) return { _tag: "Listed", items }
  const nextCursor = yield* Cursor.seal(organization, purpose, placeOf(items.at(-1)!), context)
  return { _tag: "Listed", items, nextCursor }
})

/** The tries of a webhook of the last 30 days, the latest first. */
export const tries = Effect.fnUntraced(function* (
  scope: ProjectScope,
  { id }: Webhook,
  outcome: OutcomeFilter | undefined,
  query: LogQuery,
  context: LedgerContext,
): Effect.fn.Return<LogPage<LoggedTry>, StoreUnavailable> {
  const since: Instant = (yield* Clock.currentTimeMillis) - keptMillis
  const read = (before: number | undefined, limit: number) =>
    Effect.map(context.store.webhooks.tries(scope.project, id, outcomesOf(outcome), before, limit), (all) =>
      all.filter(({ at }) => at >= since),
    )
  return yield* pageOf(scope, ["deliveries", id, outcome], query, read, ({ n }: LoggedTry) => n, context)
})

const toldOf =
  (project: ProjectScope["project"]) =>
  ({ lane, number, position, ...letter }: DeadLetter): ToldDeadLetter => ({
    ...letter,
    change: number === ofEvent ? Change.idOfEvent(project, lane, position) : Change.idOf(project, lane, { number }),
  })

/** The dead letters of a webhook, in the order of the feed. */
export const deadLetters = Effect.fnUntraced(function* (
  scope: ProjectScope,
  { id }: Webhook,
  query: LogQuery,
  context: LedgerContext,
): Effect.fn.Return<LogPage<ToldDeadLetter>, StoreUnavailable> {
  const read = (after: ItemKey | undefined, limit: number) =>
    context.store.webhooks.deadLetters(scope.project, id, after, limit)
  const keyOf = ({ lane, number, position }: DeadLetter): ItemKey => ({ lane, position, number })
  const page = yield* pageOf(scope, ["dead-letters", id], query, read, keyOf, context)
  return page._tag === "Listed" ? { ...page, items: page.items.map(toldOf(scope.project)) } : page
})
