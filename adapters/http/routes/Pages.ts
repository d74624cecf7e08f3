/**
 * Reads and answers requests for a page of a list.
 */
import { Effect } from "effect"
import type { ListOutcome, PageQuery } from "../../../core/ledger/Paging.ts"
import * as PositionsOf from "../../../core/ledger/Positions.ts"
import * as Answer from "../server/Answer.ts"
import * as Positions from "../server/Positions.ts"

const bothGiven = new Answer.HttpProblem({
  status: 400,
  detail: "send offset or cursor, not both",
  errors: [{ parameter: "cursor", code: "invalid", detail: "goes without offset" }],
})

/** The answer to a cursor that is not known. */
export const unknownCursor = new Answer.HttpProblem({
  status: 400,
  detail: "the cursor is not known: send nextCursor of a page of the same list, with the same filter and credential",
  errors: [{ parameter: "cursor", code: "unknown_cursor", detail: "is not a cursor of this list" }],
})

/** Fails with 400 if a query has both `offset` and `cursor`. */
export const check = (query: PageQuery): Effect.Effect<void, Answer.HttpProblem> =>
  query.cursor !== undefined && query.offset !== undefined ? bothGiven : Effect.void

/** Answers a page of items, which `write` writes as JSON. */
export const answerAll = Effect.fnUntraced(function* <Item, E, R>(
  outcome: ListOutcome<Item>,
  write: (items: ReadonlyArray<Item>) => Effect.Effect<ReadonlyArray<string>, E, R>,
) {
  if (outcome._tag === "UnknownCursor") return yield* unknownCursor
  const { nextCursor, offset, positions = PositionsOf.none, total } = outcome
  const items = yield* write(outcome.items)
  const next = nextCursor === undefined ? "" : `,"nextCursor":${JSON.stringify(nextCursor)}`
  return Answer.json(
    `{"offset":${offset},"count":${items.length},"total":${total},"items":[${items.join(",")}]${next}}`,
    200,
    Positions.headers(positions),
  )
})

/** Answers a page of items, each written as JSON by `write`. */
export const answer = <Item>(outcome: ListOutcome<Item>, write: (item: Item) => string) =>
  answerAll(outcome, (items) => Effect.succeed(items.map(write)))

/** The size of an item that is written by `write`, in bytes. */
export const bytesOf =
  <Item>(write: (item: Item) => string) =>
  (item: Item): number =>
    Buffer.byteLength(write(item))
