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

/** Answers a page of items, each written as JSON by `write`. */
export const answer = Effect.fnUntraced(function* <Item, E, R>(
  outcome: ListOutcome<Item>,
  write: (item: Item) => Effect.Effect<string, E, R>,
) {
  if (outcome._tag === "UnknownCursor") return yield* unknownCursor
  const { nextCursor, offset, positions = PositionsOf.none, total } = outcome
  const items = yield* Effect.forEach(outcome.items, write)
  const next = nextCursor === undefined ? "" : `,"nextCursor":${JSON.stringify(nextCursor)}`
  return Answer.json(
    `{"offset":${offset},"count":${items.length},"total":${total},"items":[${items.join(",")}]${next}}`,
    200,
    Positions.headers(positions),
  )
})
