/**
 * The people that a step of the feed may tell of: as they are joined now, with their merged heads, read so that what is
 * decided from them is what is answered.
 *
 * As for a question, the answer horizons are raised first: nothing about these people is recorded at or before the
 * instant of the step any more. The ends of the lanes are read before the heads, so that the store notices what was
 * recorded in between.
 */
import { Effect } from "effect"
import type { ConsentEvent } from "../engine/ConsentEvent.ts"
import * as Heads from "../engine/Heads.ts"
import * as Instants from "../engine/Instant.ts"
import type { Instant } from "../engine/Instant.ts"
import * as Joins from "../ledger/Joins.ts"
import type { LedgerContext } from "../ledger/LedgerContext.ts"
import * as Lane from "../model/Lane.ts"
import * as People from "../model/People.ts"
import * as RegionFacts from "../model/RegionFacts.ts"
import type { RegionHistory } from "../model/RegionFacts.ts"
import type { Project } from "../model/Catalog.ts"
import type { LaneEnd } from "../ports/FeedStore.ts"
import * as FeedScopes from "./FeedScope.ts"
import type { FeedScope } from "./FeedScope.ts"

/** People that are counted as one. */
export interface DueGroup extends Pick<Joins.Counted, "isJoined" | "seen" | "survivor"> {
  readonly isErased: boolean
  /** The merged heads of each of the consent types that were asked for. */
  readonly heads: ReadonlyMap<string, Heads.Heads>
  /** The regions that they were in. */
  readonly regions: RegionHistory
}

/** People as they were read. */
export interface DueGroups {
  /** By each of the ids that were asked for. */
  readonly byPerson: ReadonlyMap<string, DueGroup>
  /** The ends of all lanes of the project, read before the heads. */
  readonly ends: ReadonlyArray<LaneEnd>
  /** Later than, or at, everything that was read, and no earlier than the clock. */
  readonly knownAt: Instant
  /** Nothing about these people is recorded by this process at or before this instant any more. */
  readonly raisedTo: Instant
}

/** The lane of a person, from 0 in the project. */
export const laneOf = (project: Project, concordId: string): number =>
  Lane.of(project, concordId) - Lane.range(project)[0]

const raise = (ids: Iterable<string>, knownAt: Instant, { answerHorizon }: LedgerContext) =>
  Effect.forEach(ids, (id) => answerHorizon.raise(id, knownAt), { discard: true })

/** How many people or groups are read at the same time. */
const readsAtOnce = 16

const foldByType = (events: ReadonlyArray<ConsentEvent>): ReadonlyMap<string, Heads.Heads> =>
  new Map([...Map.groupBy(events, ({ consentType }) => consentType)].map(([type, of]) => [type, Heads.fold(of)]))

/** The heads of people that are joined with no one, and of each group. */
const readHeads = Effect.fnUntraced(function* (
  { project }: FeedScope,
  people: ReadonlyMap<string, Joins.Counted>,
  consentTypes: ReadonlyArray<string>,
  { store }: LedgerContext,
) {
  const alone = [...people].flatMap(([concordId, { isJoined }]) => (isJoined ? [] : [concordId]))
  const survivors = new Set([...people.values()].flatMap(({ isJoined, survivor }) => (isJoined ? [survivor] : [])))
  const { events } = alone.length === 0 ? { events: [] } : yield* store.events.heads(project, alone, [...consentTypes])
  const ofAlone = Map.groupBy(events, ({ concordId }) => concordId)
  const ofJoined = new Map(
    yield* Effect.forEach(
      survivors,
      (survivor) =>
        Effect.map(
          store.events.joinedHeads(project, survivor, consentTypes),
          ({ events }) => [survivor, events] as const,
        ),
      { concurrency: readsAtOnce },
    ),
  )
  return new Map(
    [...people].map(([concordId, { isJoined, survivor }]) => {
      const events: ReadonlyArray<ConsentEvent> = (isJoined ? ofJoined.get(survivor) : ofAlone.get(concordId)) ?? []
      return [concordId, foldByType(events)] as const
    }),
  )
})

/** The regions that a person was in, with everyone that it is joined with. Reads nothing of people without facts. */
const regionsOf = Effect.fnUntraced(function* (
  scope: FeedScope,
  concordId: string,
  { isJoined, person }: Joins.Counted,
  context: LedgerContext,
) {
  if (scope.publications.length === 0 || (person.position === 0 && !isJoined)) return RegionFacts.nowhere
  const facts = yield* Joins.facts(scope.organization, concordId, context)
  return FeedScopes.historyOf(scope, facts, People.joinedWith(facts, concordId, Infinity).members)
})

/**
 * Reads people and their heads of some consent types. `slack` is how much later than read now the step may be recorded,
 * in milliseconds: in a lane that others write to all the time, its last instant moves on until the step is written.
 */
export const read = Effect.fnUntraced(function* (
  scope: FeedScope,
  concordIds: ReadonlyArray<string>,
  consentTypes: ReadonlyArray<string>,
  { now, slack }: { readonly now: Instant; readonly slack: number },
  context: LedgerContext,
) {
  const { organization, project } = scope
  const { store } = context
  const ids = new Set(concordIds)
  const earliest = Math.max(now, FeedScopes.learntOf(scope))
  yield* raise([project.id, ...ids], earliest + slack, context)
  const counted = yield* Effect.forEach(
    ids,
    (id) => Effect.map(Joins.counted(organization, id, context), (person) => [id, person] as const),
    { concurrency: readsAtOnce },
  )
  const people = new Map(counted)
  const ends = yield* store.feed.ends(project)
  const lanes = new Set(counted.map(([id]) => laneOf(project, id)))
  // The members of a group may be in any lane.
  const isAnyJoined = counted.some(([, { isJoined }]) => isJoined)
  const last = ends.filter(({ lane }) => isAnyJoined || lanes.has(lane)).map((end) => end.lastRecordedAt)
  const learnt = counted.map(([, { learnt = Instants.min }]) => learnt)
  const knownAt = [...last, ...learnt].reduce((latest, each) => Math.max(latest, each), earliest)
  const raisedTo = knownAt + slack
  const survivors = counted.flatMap(([, { isJoined, survivor }]) => (isJoined ? [survivor] : []))
  yield* raise(raisedTo > earliest + slack ? [project.id, ...ids, ...survivors] : survivors, raisedTo, context)
  const heads = yield* readHeads(scope, people, consentTypes, context)
  const regions = yield* Effect.forEach(counted, ([id, person]) => regionsOf(scope, id, person, context), {
    concurrency: readsAtOnce,
  })
  const byPerson = new Map(
    counted.map(([id, { isJoined, person, seen, survivor }], index): [string, DueGroup] => {
      const isErased = person.erasedAt !== undefined
      return [id, { isJoined, seen, survivor, isErased, heads: heads.get(id)!, regions: regions[index]! }]
    }),
  )
  return { byPerson, ends, knownAt, raisedTo } satisfies DueGroups as DueGroups
})
