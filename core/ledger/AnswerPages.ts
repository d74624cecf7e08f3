/**
 * The answer about a person in pages, each with a limit in bytes, because a project may have thousands of types.
 *
 * All pages are answered as known at the same instant. Only the types of a page are decided.
 */
import { Effect } from "effect"
import type { Instant } from "../engine/Instant.ts"
import type { StoreUnavailable } from "../ports/LedgerStore.ts"
import * as Cursor from "./Cursor.ts"
import type { LedgerContext } from "./LedgerContext.ts"
import * as PositionsOf from "./Positions.ts"
import type * as Reading from "./Reading.ts"
import * as SeveralPeople from "./SeveralPeople.ts"

/** The most characters of the items of a page; a page has at least one item. */
export const maxLength = 1024 * 1024

/** How many types are decided at a time. */
const typesAtATime = 250

/** How many it is after the events of the person's past were read, because they are read again each time. */
const typesOfPastAtATime = 500

/** Which page is asked for. */
export interface AnswerPageQuery {
  /** The id of the API key or session: a cursor is valid only for the caller that it was answered to. */
  readonly caller: string
  /** `nextCursor` of the page before. */
  readonly cursor?: string
}

/** One page of an answer. */
export interface AnswerPage extends Pick<Reading.State, "eventsRead" | "nextChangeAt" | "positions"> {
  readonly _tag: "Answered"
  /** As JSON, in the order in which the types are listed. */
  readonly items: ReadonlyArray<string>
  /** Left out after the last page. */
  readonly nextCursor?: string
}

/** A page, or the answer to a cursor that was not made for this question. */
export type AnswerPageOutcome = AnswerPage | { readonly _tag: "UnknownCursor" }

/** The place where a page ended. */
interface Place {
  /** The last type of the page. */
  readonly after: string
  readonly knownAt: Instant
}

/** A part of an answer: its items as JSON, each with the id of its type. */
interface Part extends Pick<Reading.State, "eventsRead" | "knownAt" | "next" | "nextChangeAt" | "positions"> {
  readonly items: ReadonlyArray<{ readonly type: string; readonly text: string }>
}

const pageOf = Effect.fnUntraced(function* (
  kind: "decisions" | "state",
  question: SeveralPeople.Question,
  { caller, cursor }: AnswerPageQuery,
  read: (question: SeveralPeople.Question) => Effect.Effect<Part, StoreUnavailable>,
  context: LedgerContext,
): Effect.fn.Return<AnswerPageOutcome, StoreUnavailable> {
  const { alias, at, concordId, further = [], organization, project, region } = question
  const others = further.map((reference) => reference.alias ?? reference.concordId)
  const purpose = [
    kind,
    project.id,
    caller,
    alias ?? concordId,
    at,
    question.knownAt,
    ...others,
    ...(region === undefined ? [] : [`region ${region}`]),
  ]
  const place = cursor === undefined ? undefined : yield* Cursor.open<Place>(organization, purpose, cursor, context)
  if (cursor !== undefined && place === undefined) return { _tag: "UnknownCursor" }
  const items: Array<string> = []
  let { after, knownAt } = { after: place?.after, knownAt: place?.knownAt ?? question.knownAt }
  let answered = { positions: PositionsOf.none, eventsRead: 0, nextChangeAt: Infinity }
  let length = 0
  let isFull = false
  let limit = typesAtATime
  for (let isLast = false; !isLast && !isFull;) {
    const consentTypes = { limit, ...(after !== undefined && { after }) }
    const part = yield* read({ ...question, ...(knownAt !== undefined && { knownAt }), consentTypes })
    knownAt = part.knownAt
    answered = {
      positions: PositionsOf.merge(answered.positions, part.positions),
      eventsRead: answered.eventsRead + part.eventsRead,
      nextChangeAt: Math.min(answered.nextChangeAt, part.nextChangeAt ?? Infinity),
    }
    for (const { text, type } of part.items) {
      isFull = items.length > 0 && length + text.length > maxLength
      if (isFull) break
      items.push(text)
      length += text.length
      after = type
    }
    isLast = part.next === undefined
    if (part.eventsRead > 0) limit = typesOfPastAtATime
    if (!isFull && !isLast) {
      after = part.next!
      yield* Effect.yieldNow
    }
  }
  const { nextChangeAt, ...rest } = answered
  const page = { _tag: "Answered", items, ...rest, ...(nextChangeAt < Infinity && { nextChangeAt }) } as const
  if (!isFull) return page
  return { ...page, nextCursor: yield* Cursor.seal(organization, purpose, { after, knownAt }, context) }
})

/** One page of the decisions about a person, each written by `write`. */
export const decisions = (
  question: SeveralPeople.Question,
  query: AnswerPageQuery,
  write: (item: Reading.TypeDecision) => string,
  context: LedgerContext,
): Effect.Effect<AnswerPageOutcome, StoreUnavailable> =>
  pageOf(
    "decisions",
    question,
    query,
    (part) =>
      Effect.map(SeveralPeople.decisions(part, context), ({ items, ...answered }) => ({
        ...answered,
        items: items.map((item) => ({ type: item.type.id, text: write(item) })),
      })),
    context,
  )

/** One page of the state of a person: the deciding events of the types whose answer is in force. */
export const state = (
  question: SeveralPeople.Question,
  query: AnswerPageQuery,
  context: LedgerContext,
): Effect.Effect<AnswerPageOutcome, StoreUnavailable> =>
  pageOf(
    "state",
    question,
    query,
    (part) =>
      Effect.map(SeveralPeople.state(part, context), ({ items, ...answered }) => ({
        ...answered,
        items: items.map(({ event, type }) => ({ type: type.id, text: event.body })),
      })),
    context,
  )
