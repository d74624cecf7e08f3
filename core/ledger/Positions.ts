/**
 * Version vectors, as callers carry them from one answer to the next: a server that lags behind waits until it has seen
 * no less than the answer before.
 */
import { Effect, Schedule } from "effect"
import type { Catalog, Organization, Project } from "../model/Catalog.ts"
import * as Lane from "../model/Lane.ts"
import type { Positions, StoredEvent, StoreUnavailable } from "../ports/LedgerStore.ts"
import type { LedgerContext } from "./LedgerContext.ts"

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

/** A lagging store is read every 25 milliseconds for up to two seconds. */
const pollSchedule = Schedule.spaced(25).pipe(Schedule.upTo({ duration: 2_000 }))

/** The positions of the store now. Reads no lanes of an owner of which no position is asked for. */
const seenOf = Effect.fnUntraced(function* (
  { organization, project }: LaneOwners,
  asked: Positions,
  store: LedgerContext["store"],
) {
  const askedOf = (owner: Lane.Owner) => Lane.all(owner).filter((lane) => asked.has(lane))
  const lanes = askedOf(organization)
  const people = lanes.length === 0 ? none : yield* store.people.laneEnds(lanes)
  const isOfEvents = project !== undefined && askedOf(project).length > 0
  const events = isOfEvents ? ofLanes(project, yield* store.events.laneEnds(project)) : none
  return merge(ofCatalog(yield* store.catalog.current), people, events)
})

/**
 * Whether the store has reached positions; waits up to two seconds for it. `Foreign`: a position is of a lane of
 * another project or organization. For a request without a project, positions of lanes of projects are ignored.
 */
export const reached = Effect.fnUntraced(function* (
  owners: LaneOwners,
  asked: Positions,
  { store }: Pick<LedgerContext, "store">,
): Effect.fn.Return<"Reached" | "Behind" | "Foreign", StoreUnavailable> {
  const isBehind = Effect.map(seenOf(owners, asked, store), (seen) =>
    [...asked].some(([key, position]) => (seen.get(key) ?? Infinity) < position),
  )
  const { organization, project } = owners
  const lanes = new Set<number | string>([
    "configuration",
    ...[organization, ...(project ? [project] : [])].flatMap(Lane.all),
  ])
  if (project !== undefined && [...asked.keys()].some((key) => !lanes.has(key))) return "Foreign"
  return (yield* Effect.repeat(isBehind, { schedule: pollSchedule, while: (isBehind) => isBehind }))
    ? "Behind"
    : "Reached"
})
