/** The heads of the people that an identity change is about: each by itself, now and right before an instant. */
import { Effect } from "effect"
import type { ConsentEvent } from "../engine/ConsentEvent.ts"
import * as Heads from "../engine/Heads.ts"
import type { Instant } from "../engine/Instant.ts"
import type { LedgerContext } from "../ledger/LedgerContext.ts"
import * as PersonEvents from "../ledger/PersonEvents.ts"
import type { StoreUnavailable } from "../ports/StoreUnavailable.ts"
import type { FeedScope } from "./FeedScope.ts"

/** The heads of people, by their ids. A person without an event is not in it. */
export type HeadsOf = ReadonlyMap<string, ReadonlyArray<ConsentEvent>>

/** How many people's heads are read at a time. */
const readPeople = 500

/** The heads of each person, by itself. */
export const read = Effect.fnUntraced(function* (
  { project }: FeedScope,
  people: ReadonlyArray<string>,
  { store }: LedgerContext,
) {
  const heads = new Map<string, Array<ConsentEvent>>()
  for (let first = 0; first < people.length; first += readPeople) {
    const { events } = yield* store.events.heads(project, people.slice(first, first + readPeople))
    for (const event of events) {
      const known = heads.get(event.concordId)
      if (known === undefined) heads.set(event.concordId, [event])
      else known.push(event)
    }
    yield* Effect.yieldNow
  }
  return heads as HeadsOf
})

type ByType = Map<string, Heads.Heads>

const add = (heads: ByType, event: ConsentEvent): void => {
  heads.set(event.consentType, Heads.add(heads.get(event.consentType) ?? Heads.empty, event))
}

const listOf = (heads: ByType): ReadonlyArray<ConsentEvent> =>
  [...heads.values()].flatMap((each) => Object.values(each).filter((head) => head !== undefined))

/** The heads of people right before an instant. */
export interface PastHeads {
  /** With what was recorded since, and is dated before the instant. */
  readonly asKnownNow: HeadsOf
  readonly asKnownThen: HeadsOf
}

/** The heads right before an instant: where something was recorded since, all events are read. */
export const before = Effect.fnUntraced(function* (
  { project }: FeedScope,
  people: ReadonlyArray<string>,
  heads: HeadsOf,
  at: Instant,
  context: LedgerContext,
): Effect.fn.Return<PastHeads, StoreUnavailable> {
  const later = people.filter((person) => (heads.get(person) ?? []).some(({ dateCreated }) => dateCreated >= at))
  if (later.length === 0) return { asKnownNow: heads, asKnownThen: heads }
  const past = new Map(later.map((person) => [person, { now: new Map() as ByType, past: new Map() as ByType }]))
  const take = (event: ConsentEvent): boolean => {
    const { now, past: known } = past.get(event.concordId)!
    if (event.consentDate < at) add(now, event)
    if (event.consentDate < at && event.dateCreated < at) add(known, event)
    return true
  }
  yield* PersonEvents.forEach(project, later, take, context)
  const listed = (known: "now" | "past"): HeadsOf =>
    new Map([...heads, ...[...past].map(([person, each]) => [person, listOf(each[known])] as const)])
  return { asKnownNow: listed("now"), asKnownThen: listed("past") }
})
