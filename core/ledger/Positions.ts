/**
 * How far an answer has seen, as callers carry it from one answer to the next: what was recorded, or answered about, is not
 * unknown again to a server that is behind.
 */
import { Effect, Schedule } from "effect"
import type { Catalog, Organization, Project } from "../model/Catalog.ts"
import * as Lane from "../model/Lane.ts"
import type { Positions, StoredEvent } from "../ports/LedgerStore.ts"
import type { LedgerContext } from "./LedgerContext.ts"

/** Of nothing. */
export const none: Positions = new Map()

/** The further of several, each by itself. */
export const merge = (...all: ReadonlyArray<Positions>): Positions => {
  const merged = new Map<number | "configuration", number>()
  for (const positions of all) {
    for (const [key, position] of positions) merged.set(key, Math.max(position, merged.get(key) ?? 0))
  }
  return merged
}

/** Of what is set up. */
export const ofCatalog = ({ revision }: Catalog): Positions => new Map([["configuration", revision]])

/** Of a project's lanes, given in their order; only of those that people live in, where people are given. */
export const ofLanes = (project: Project, ends: ReadonlyArray<number>, people?: ReadonlyArray<string>): Positions => {
  const needed = people && new Set(people.map((person) => Lane.of(project, person)))
  const all = Lane.all(project).map((lane, index) => [lane, ends[index]!] as const)
  return new Map(all.filter(([lane]) => needed?.has(lane) ?? true))
}

/** Behind everything that a project has recorded, and that is set up. */
export const ends = Effect.fnUntraced(function* (project: Project, { store }: Pick<LedgerContext, "store">) {
  return merge(ofCatalog(yield* store.catalog.current), ofLanes(project, yield* store.events.laneEnds(project)))
})

/** Right behind recorded events, or further; `appended` is what the store said of them. */
export const behind = Effect.fnUntraced(function* (
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

/** Whose lanes are looked at: an organization, and one of its projects where something is asked of one. */
export interface LaneOwners {
  readonly organization: Organization
  readonly project?: Project
}

/** How long a store may take to come as far as is asked: looked at every 25 milliseconds, for two seconds. */
const patience = Schedule.spaced(25).pipe(Schedule.upTo({ duration: 2_000 }))

/** How far a store is now, as far as it is asked: nothing is read that nobody asks about. */
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
 * Whether the store has come as far as positions say; waits for it a while. `Foreign`: one of them is of a lane of another
 * project or organization; where nothing is asked of a project, lanes of projects are passed over.
 */
export const reached = Effect.fnUntraced(function* (
  of: LaneOwners,
  asked: Positions,
  { store }: Pick<LedgerContext, "store">,
) {
  const isBehind = Effect.map(seenOf(of, asked, store), (seen) =>
    [...asked].some(([key, position]) => (seen.get(key) ?? Infinity) < position),
  )
  const { organization, project } = of
  const lanes = new Set<number | string>([
    "configuration",
    ...[organization, ...(project ? [project] : [])].flatMap(Lane.all),
  ])
  if (project !== undefined && [...asked.keys()].some((key) => !lanes.has(key))) return "Foreign" as const
  return (yield* Effect.repeat(isBehind, { schedule: patience, while: (isBehind) => isBehind })) ? "Behind" : "Reached"
})
