/**
 * The change feed of the store in memory: stored changes, how far the scheduler has come, and leases.
 */
import { Effect } from "effect"
import type { Instant } from "../../core/engine/Instant.ts"
import * as Lane from "../../core/model/Lane.ts"
import type { CatalogStore, FeedStep, FeedStore, FeedWritten, LaneEnd } from "../../core/ports/LedgerStore.ts"
import type * as EventStore from "./EventStore.ts"
import * as FeedReads from "./FeedReads.ts"
import type { NotedChanges } from "./NotedChanges.ts"
import type { People } from "./PeopleStore.ts"

/** The other parts of the store that the feed reads and raises. */
export interface FeedParts {
  readonly events: EventStore.Events
  readonly people: People
  readonly noted: NotedChanges
  readonly catalog: CatalogStore
}

const keyOf = (lane: number, name: string): string => `${lane} ${name}`
const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

const makePlaces = () => {
  const states = new Map<string, { readonly lane: number; readonly name: string; readonly state: string }>()
  return {
    get: (lane: number, name: string): string | undefined => states.get(keyOf(lane, name))?.state,
    set: (lane: number, name: string, state: string | undefined): void => {
      if (state === undefined) states.delete(keyOf(lane, name))
      else states.set(keyOf(lane, name), { lane, name, state })
    },
    of: (project: Lane.Owner) => {
      const [first, last] = Lane.range(project)
      return [...states.values()]
        .filter(({ lane }) => lane >= first && lane <= last)
        .map((place) => ({ ...place, lane: place.lane - first }))
        .toSorted((a, b) => a.lane - b.lane || compare(a.name, b.name))
    },
  }
}

const makeLeases = () => {
  const leases = new Map<string, { readonly holder: string; readonly until: Instant }>()
  return (lane: number, name: string, holder: string, now: Instant, until: Instant): Instant | undefined => {
    const held = leases.get(keyOf(lane, name))
    if (held !== undefined && held.holder !== holder && held.until > now) return held.until
    leases.set(keyOf(lane, name), { holder, until })
    return undefined
  }
}

/** No changes yet. */
export const make = (parts: FeedParts): FeedStore => {
  const { catalog, events, noted, people } = parts
  const changes = FeedReads.makeChanges()
  const places = makePlaces()
  const lease = makeLeases()
  const reads = FeedReads.make(events, changes)

  const endOf = (project: Lane.Owner, lane: number): LaneEnd => ({
    lane,
    position: events.laneOf(project, lane).length,
    number: changes.of(Lane.range(project)[0] + lane).length,
    incarnation: 1,
    lastRecordedAt: events.lastOf([Lane.range(project)[0] + lane]),
  })

  const isStale = (step: FeedStep, recordedAt: Instant, revision: number): boolean => {
    const seen = new Set(step.seen.map(({ concordId }) => concordId))
    const [first] = Lane.range(step.project)
    return (
      (step.catalog !== undefined && step.catalog !== revision) ||
      !people.areSeen(step.organization, step.seen) ||
      step.places.some(({ before, lane, name }) => places.get(first + lane, name) !== before) ||
      step.changes.some(({ until }) => until !== undefined && recordedAt >= until) ||
      step.lanes.some(({ lane, position }) => {
        const ofLane = events.laneOf(step.project, lane)
        return position > ofLane.length || ofLane.slice(position).some(({ concordId }) => seen.has(concordId))
      })
    )
  }

  const write = (step: FeedStep, revision: number): FeedWritten => {
    const { project } = step
    const [first] = Lane.range(project)
    const lanes = step.lanes.map(({ lane }) => first + lane)
    const recordedAt = Math.max(step.recordedAt, events.lastOf(lanes))
    if (isStale(step, recordedAt, revision)) return { _tag: "Stale" }
    for (const { lane, until: _, ...change } of step.changes) {
      changes.add(first + lane, { ...change, recordedAt, beforePosition: events.laneOf(project, lane).length })
    }
    if (step.changes.length > 0) events.raise(lanes, recordedAt + 1)
    for (const { after, lane, name } of step.places) places.set(first + lane, name, after)
    const changed = [...new Set(step.changes.map(({ lane }) => lane))].toSorted((a, b) => a - b)
    const placeOf = (lane: number) => {
      const { number, position } = endOf(project, lane)
      return { lane, position, number }
    }
    return { _tag: "Written", recordedAt, ends: changed.map(placeOf) }
  }

  return {
    ends: (project) => Effect.sync(() => Array.from({ length: project.lanes }, (_, lane) => endOf(project, lane))),
    read: (project, of, filter, limit) => Effect.sync(() => of.map((part) => reads.read(project, part, filter, limit))),
    due: (project, query) => Effect.sync(() => reads.due(project, query)),
    people: reads.people,
    identityChanges: (organization, lane, from, limit) =>
      Effect.sync(() => noted.read(organization, lane, from, limit)),
    places: (project) => Effect.sync(() => places.of(project)),
    write: (step) => Effect.map(catalog.current, ({ revision }) => write(step, revision)),
    lease: ({ lane, owner }, name, holder, now, until) =>
      Effect.sync(() => lease(Lane.range(owner)[0] + lane, name, holder, now, until)),
  }
}
