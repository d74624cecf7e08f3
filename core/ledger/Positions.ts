/**
 * Version vectors, as callers carry them from one answer to the next: a server that lags behind waits until it has seen
 * no less than the answer before.
 */
import { Effect, Schedule } from "effect"
import type { Catalog, Organization, Project } from "../model/Catalog.ts"
import * as Lane from "../model/Lane.ts"
import type { Positions, StoredEvent, StoreUnavailable } from "../ports/LedgerStore.ts"
import type { LedgerContext } from "./LedgerContext.ts"
import * as WorkingPlace from "./WorkingPlace.ts"

/** The positions of an answer that has seen nothing. */
export const none: Positions = new Map()

/** For each lane and the catalog, the latest of several positions. */
export const merge = (...all: ReadonlyArray<Positions>): Positions => {
  const merged = new Map<number | "configuration", number>()
  for (const positions of all) {
    for (const [key, position] of positions) merged.set(key, Math.max(position, merged.get(key) ?? 0))
  }
  return merged
}

/** The position of the catalog: its revision. */
export const ofCatalog = ({ revision }: Catalog): Positions => new Map([["configuration", revision]])

/** The positions of a project's lanes, given in their order; with `people`, only of the lanes that they live in. */
export const ofLanes = (project: Project, ends: ReadonlyArray<number>, people?: ReadonlyArray<string>): Positions => {
  const needed = people && new Set(people.map((person) => Lane.of(project, person)))
  const all = Lane.all(project).map((lane, index) => [lane, ends[index]!] as const)
  return new Map(all.filter(([lane]) => needed?.has(lane) ?? true))
}

/** The positions after everything that is recorded in a project, and of the catalog. */
export const ends = Effect.fnUntraced(function* (
  project: Project,
  { store }: Pick<LedgerContext, "store">,
): Effect.fn.Return<Positions, StoreUnavailable> {
  return merge(ofCatalog(yield* store.catalog.current), ofLanes(project, yield* store.events.laneEnds(project)))
})

/**
 * Positions after recorded events, for the lanes of their people. `appended` is what the store returned when it
 * recorded them; the lanes are read again where it lacks one.
 */
export const after = Effect.fnUntraced(function* (
  project: Project,
  events: ReadonlyArray<StoredEvent>,
  appended: Positions,
  { store }: Pick<LedgerContext, "store">,
) {
  const people = events.map(({ concordId }) => concordId)
  const lanes = new Set(people.map((person) => Lane.of(project, person)))
  if ([...lanes].every((lane) => appended.has(lane))) {
    return new Map([...lanes].map((lane) => [lane, appended.get(lane)!])) as Positions
  }
  return ofLanes(project, yield* store.events.laneEnds(project), people)
})

/** The owners of the lanes that a request may name: an organization, and the project of a request in one. */
export interface LaneOwners {
  readonly organization: Organization
  readonly project?: Project
}

/** A replica that lags is read every 25 milliseconds for up to two seconds, once for all requests that wait. */
const pollMillis = 25
const pollSchedule = Schedule.spaced(pollMillis).pipe(Schedule.upTo({ duration: 2_000 }))

/** The positions of the store now, of the lanes of events and people of their owners that `isAsked` names. */
const seenOf = Effect.fnUntraced(function* (
  { organization, project }: LaneOwners,
  isAsked: (lane: number) => boolean,
  store: LedgerContext["store"],
) {
  const lanes = Lane.all(organization).filter(isAsked)
  const people = lanes.length === 0 ? none : yield* store.people.laneEnds(lanes)
  const isOfEvents = project !== undefined && Lane.all(project).some(isAsked)
  const events = isOfEvents ? ofLanes(project, yield* store.events.laneEnds(project)) : none
  return merge(ofCatalog(yield* store.catalog.current), people, events)
})

/** All positions of the owners, read at most once in {@link pollMillis}, however many requests wait for them. */
const sharedSeenOf = Effect.fnUntraced(function* (
  owners: LaneOwners,
  { sharedPositions, store }: Pick<LedgerContext, "sharedPositions" | "store">,
) {
  const { id } = owners.project ?? owners.organization
  const known = sharedPositions.get(id)
  if (known !== undefined) return yield* known
  // A request that is interrupted must not interrupt the reading of the others.
  const reading = Effect.uninterruptible(seenOf(owners, () => true, store))
  const shared = yield* Effect.cachedWithTTL(reading, pollMillis)
  sharedPositions.set(id, shared)
  return yield* shared
})

/** Whether the store has reached positions: at once, after waiting, or not in time. */
export type Reached = "Reached" | "ReachedLater" | "Behind" | "Foreign"

/**
 * Whether the store has reached positions. A replica is waited for up to two seconds. Any other store has what was
 * recorded, so positions that it lacks were never given, and waiting would be of no use. `Foreign`: a position is of a
 * lane of another project or organization. For a request without a project, positions of lanes of projects are ignored.
 */
export const reached = Effect.fnUntraced(function* (
  owners: LaneOwners,
  asked: Positions,
  context: Pick<LedgerContext, "sharedPositions" | "store">,
): Effect.fn.Return<Reached, StoreUnavailable> {
  const { store } = context
  const { organization, project } = owners
  const lanes = new Set<number | string>([
    "configuration",
    ...[organization, ...(project ? [project] : [])].flatMap(Lane.all),
  ])
  if (project !== undefined && [...asked.keys()].some((key) => !lanes.has(key))) return "Foreign"
  const isBehind = (seen: Positions): boolean =>
    [...asked].some(([key, position]) => (seen.get(key) ?? Infinity) < position)
  if (!isBehind(yield* seenOf(owners, (lane) => asked.has(lane), store))) return "Reached"
  if (store.isReplica !== true) return "Behind"
  const polled = Effect.map(Effect.delay(sharedSeenOf(owners, context), pollMillis), isBehind)
  const wait = Effect.repeat(polled, { schedule: pollSchedule, while: (isBehind) => isBehind })
  return (yield* WorkingPlace.without(wait)) ? "Behind" : "ReachedLater"
})
