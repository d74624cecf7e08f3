/**
 * Questions about everyone that several identifiers name: of each consent type, the decision that permits least
 * (semantics, section 5).
 *
 * All people are answered as of the same two instants, so that the question asked again with the instants of its answer
 * gets the same answer. An identifier that names no one does not count, unless none of them names anyone.
 */
import { Clock, Effect } from "effect"
import type { ConsentEvent } from "../engine/ConsentEvent.ts"
import * as LeastDecision from "../engine/LeastDecision.ts"
import type { ListedType } from "../model/Catalog.ts"
import type { StoreUnavailable } from "../ports/LedgerStore.ts"
import * as ComposedEvents from "./ComposedEvents.ts"
import type { LedgerContext } from "./LedgerContext.ts"
import * as PersonEvents from "./PersonEvents.ts"
import * as PositionsOf from "./Positions.ts"
import * as Reading from "./Reading.ts"

/** A question about one person, or about everyone that several references name. */
export interface Question extends Reading.PersonQuestion {
  /** The references besides the first one. Left out, or empty: the question is about one person. */
  readonly further?: ReadonlyArray<Reading.PersonReference>
}

/** Gathers what is needed of each reference, at the same two instants; the types are those of the first one. */
const gatherEach = Effect.fnUntraced(function* (
  { further = [], ...first }: Question,
  context: LedgerContext,
): Effect.fn.Return<ReadonlyArray<Reading.Gathered>, StoreUnavailable> {
  const { alias: _, ...common } = first
  const now = yield* Clock.currentTimeMillis
  const gather = (asked: Partial<Reading.PersonQuestion>, latest: number) =>
    Effect.gen(function* () {
      const one = yield* Reading.gatherAt({ ...first, ...asked }, latest, now, context)
      // The catalog may change between two reads, and then the same page would be of other types.
      const consentTypes = one.types.map(({ id }) => id)
      const others = further.map((reference) =>
        Reading.gatherAt({ ...common, ...asked, ...reference, consentTypes }, latest, now, context),
      )
      return [one, ...(yield* Effect.all(others))]
    })
  const read = yield* gather({}, now)
  const at = Math.max(...read.map((each) => each.at))
  const knownAt = Math.max(...read.map((each) => each.knownAt))
  if (knownAt <= now && read.every((each) => each.at === at && each.knownAt === knownAt)) return read
  return yield* gather({ at, knownAt }, Math.max(now, knownAt))
})

/** The people, each once; of several identifiers that name one, the latest `namedSince` counts. */
const distinct = (gathered: ReadonlyArray<Reading.Gathered>): ReadonlyArray<Reading.Gathered> => {
  const people = new Map<string | undefined, Reading.Gathered>()
  for (const each of gathered) {
    const before = people.get(each.survivor)
    const isLater = (each.namedSince ?? -Infinity) > (before?.namedSince ?? -Infinity)
    if (before === undefined || isLater) people.set(each.survivor, each)
  }
  if (people.size > 1) people.delete(undefined)
  return [...people.values()]
}

/** Reads the events of the people in order, and adds those of each type to its decision until it is made. */
const addEvents = Effect.fnUntraced(function* (
  { project }: Question,
  people: ReadonlyArray<Reading.Gathered>,
  making: ReadonlyMap<string, LeastDecision.Making>,
  context: LedgerContext,
) {
  if (making.size === 0) return 0
  const indexes = new Map<string, number>()
  for (const [index, each] of people.entries()) for (const id of yield* each.members) indexes.set(id, index)
  const open = new Map(making)
  const take = (event: ConsentEvent): boolean => {
    const isDecided = open.get(event.consentType)?.add(indexes.get(event.concordId)!, event) === false
    if (isDecided) open.delete(event.consentType)
    return open.size > 0
  }
  return yield* PersonEvents.forEach(project, [...indexes.keys()], take, context)
})

/** What was decided of several people, and what it was decided from. */
interface Decided {
  readonly people: ReadonlyArray<Reading.Gathered>
  readonly items: ReadonlyArray<Reading.TypeDecision>
  readonly answer: ReturnType<typeof Reading.answerOf>
}

/** Decides each type that one of the people has answered and, unless `isAnswered`, each listed one. */
const decide = Effect.fnUntraced(function* (
  question: Question,
  isAnswered: boolean,
  context: LedgerContext,
): Effect.fn.Return<Decided, StoreUnavailable> {
  const gathered = yield* gatherEach(question, context)
  const people = distinct(gathered)
  const { at, knownAt, next, types } = gathered[0]!
  const all: Array<readonly [ListedType, LeastDecision.Making]> = []
  const streamed = new Map<string, LeastDecision.Making>()
  for (const [count, type] of types.entries()) {
    if (count % Reading.typesPerTurn === Reading.typesPerTurn - 1) yield* Effect.yieldNow
    const heads = people.map((each) => each.heads.get(type.id) ?? [])
    if ((isAnswered || type.isRemoved === true) && heads.every(({ length }) => length === 0)) continue
    const terms = people.map((each) => Reading.termsOf(type, question, each))
    const making = LeastDecision.make(terms, at)
    all.push([type, making])
    if (!heads.every((each) => Reading.sufficient(each, at, knownAt))) streamed.set(type.id, making)
    else for (const [person, each] of heads.entries()) for (const event of each) making.add(person, event)
  }
  const eventsRead = yield* addEvents(question, people, streamed, context)
  const persons = people.map(Reading.decidedPerson)
  const items = all.map(([type, making]): Reading.TypeDecision => {
    const { decision, person } = making.end()
    const decided = people[person]!
    return {
      ...{ type, decision: Reading.decidedOf(decision, decided), person: persons[person]! },
      ...Reading.regionOf(decided),
    }
  })
  const positions = gathered.reduce((sum, each) => PositionsOf.merge(sum, each.positions), PositionsOf.none)
  const { survivor } = people[0]!
  const answer = Reading.answerOf({ survivor, knownAt, positions, ...(next !== undefined && { next }) }, eventsRead)
  return { people, items, answer }
})

const isAboutOne = ({ further = [] }: Question): boolean => further.length === 0

/** A decision for each type asked about: see `Reading.decisions`. */
export const decisions = (
  question: Question,
  context: LedgerContext,
): Effect.Effect<Reading.PersonAnswer<Reading.TypeDecision>, StoreUnavailable> =>
  isAboutOne(question)
    ? Reading.decisions(question, context)
    : Effect.map(decide(question, false, context), ({ answer, items }) => ({ ...answer, items }))

const stateOfSeveral = Effect.fnUntraced(function* (question: Question, context: LedgerContext) {
  const { answer, items, people } = yield* decide(question, true, context)
  return { ...answer, ...(yield* Reading.stateOf(question, items, people, context)) }
})

/** The decisions in force, each with the event that decides as it is answered: see `Reading.state`. */
export const state = Effect.fnUntraced(function* (
  question: Question,
  context: LedgerContext,
): Effect.fn.Return<Reading.State, StoreUnavailable> {
  const answered = yield* isAboutOne(question) ? Reading.state(question, context) : stateOfSeveral(question, context)
  const stored = answered.items.map(({ event }) => event)
  const events = yield* ComposedEvents.of(question.organization, stored, context)
  if (events === stored) return answered
  return { ...answered, items: answered.items.map((item, index) => ({ ...item, event: events[index]! })) }
})
