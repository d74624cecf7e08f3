/**
 * How far an answer has seen its lanes, as callers carry it from one answer to the next: what was recorded, or answered
 * about, is not unknown again to a server that is behind.
 */
import { Effect, Schedule } from "effect"
import type { Project } from "../Catalog.ts"
import * as Lane from "../Lane.ts"
import type { Positions, StoredEvent } from "../ports/LedgerStore.ts"
import type { Means } from "./Means.ts"

/** Of nothing. */
export const none: Positions = new Map()

/** The further of two, lane by lane. */
export const merge = (one: Positions, other: Positions): Positions => {
  const merged = new Map(one)
  for (const [lane, position] of other) merged.set(lane, Math.max(position, merged.get(lane) ?? 0))
  return merged
}

/** Of a project's lanes, given in their order; only of those that people live in, where people are given. */
export const ofLanes = (project: Project, ends: ReadonlyArray<number>, people?: ReadonlyArray<string>): Positions => {
  const needed = people && new Set(people.map((person) => Lane.of(project, person)))
  const all = Lane.all(project).map((lane, index) => [lane, ends[index]!] as const)
  return new Map(all.filter(([lane]) => needed?.has(lane) ?? true))
}

/** Behind everything that a project has recorded. */
export const ends = (project: Project, { store }: Pick<Means, "store">) =>
  Effect.map(store.laneEnds(project), (ends) => ofLanes(project, ends))

/** Right behind recorded events, or further; `appended` is what the store said of them. */
export const behind = Effect.fnUntraced(function* (
  project: Project,
  events: ReadonlyArray<StoredEvent>,
  appended: Positions,
  { store }: Pick<Means, "store">,
) {
  const people = events.map(({ concordId }) => concordId)
  const lanes = new Set(people.map((person) => Lane.of(project, person)))
  if ([...lanes].every((lane) => appended.has(lane))) {
    return new Map([...lanes].map((lane) => [lane, appended.get(lane)!])) as Positions
  }
  return ofLanes(project, yield* store.laneEnds(project), people)
})

/** How long a store may take to come as far as is asked: looked at every 25 milliseconds, for two seconds. */
const patience = Schedule.spaced(25).pipe(Schedule.upTo({ duration: 2_000 }))

/**
 * Whether the store has come as far as positions of a project say; waits for it a while. `Foreign`: one of them is of no
 * lane of the project.
 */
export const reached = Effect.fnUntraced(function* (
  project: Project,
  asked: Positions,
  { store }: Pick<Means, "store">,
) {
  const lanes = new Set(Lane.all(project))
  if ([...asked.keys()].some((lane) => !lanes.has(lane))) return "Foreign" as const
  const isBehind = Effect.map(store.laneEnds(project), (ends) => {
    const seen = ofLanes(project, ends)
    return [...asked].some(([lane, position]) => seen.get(lane)! < position)
  })
  return (yield* Effect.repeat(isBehind, { schedule: patience, while: (isBehind) => isBehind })) ? "Behind" : "Reached"
})
