/**
 * The reads of the change feed of the store in memory: items of lanes, heads by their dates, and people of lanes.
 */
import { Effect } from "effect"
import * as Lane from "../../core/model/Lane.ts"
import type {
  DuePage,
  DueQuery,
  FeedStore,
  LaneFilter,
  LaneItem,
  LaneItems,
  LanePart,
  StoredChange,
  StoredEvent,
} from "../../core/ports/LedgerStore.ts"
import * as EventStore from "./EventStore.ts"

/** The most items of a lane that one read looks at. */
const lookedAt = 10_000

const isOneOf = (values: ReadonlyArray<string> | undefined, value: string | undefined): boolean =>
  values === undefined || (value !== undefined && values.includes(value))

const passes = ({ consentTypes, events = true, people, types }: LaneFilter, item: LaneItem): boolean =>
  item._tag === "Event"
    ? events && isOneOf(people, item.event.concordId) && isOneOf(consentTypes, item.event.consentType)
    : isOneOf(types, item.type) && isOneOf(people, item.concordId) && isOneOf(consentTypes, item.consentType)

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

/** No changes yet. A change's number is its index in its lane. */
export const makeChanges = () => {
  const lanes = new Map<number, Array<StoredChange>>()
  return {
    of: (lane: number): ReadonlyArray<StoredChange> => lanes.get(lane) ?? [],
    add: (lane: number, change: Omit<StoredChange, "number">): void => {
      const changes = lanes.get(lane) ?? []
      lanes.set(lane, changes)
      changes.push({ ...change, number: changes.length })
    },
  }
}

/** The stored changes. */
export type Changes = ReturnType<typeof makeChanges>

/** The reads of the feed that look at events and changes. */
export const make = (events: EventStore.Events, changes: Changes) => {
  const read = (project: Lane.Owner, { from, to }: LanePart, filter: LaneFilter, limit: number): LaneItems => {
    const ofLane = events.laneOf(project, from.lane)
    const stored = changes.of(Lane.range(project)[0] + from.lane)
    const items: Array<LaneItem> = []
    let { number, position } = from
    for (let looked = 0; looked < lookedAt && items.length < limit; looked += 1) {
      const change = number < to.number ? stored[number] : undefined
      if (change !== undefined && change.beforePosition <= position) {
        if (passes(filter, { _tag: "Change", ...change })) items.push({ _tag: "Change", ...change })
        number += 1
      } else if (position < to.position) {
        const item = { _tag: "Event", position, event: ofLane[position]! } as const
        if (passes(filter, item)) items.push(item)
        position += 1
      } else break
    }
    return { items, next: { lane: from.lane, position, number } }
  }

  const isHead = (project: Lane.Owner, event: StoredEvent): boolean =>
    EventStore.headsOf([event.consentType])(events.of(project, event.concordId)).includes(event)

  const due = (project: Lane.Owner, { after, by, from, lane, limit, to }: DueQuery): DuePage => {
    const found = events
      .laneOf(project, lane)
      .flatMap((event, position) => {
        const date = event[by]
        return date !== undefined && date >= from && date < to ? [{ date, position, event }] : []
      })
      .filter(
        ({ date, position }) =>
          after === undefined || date > after.date || (date === after.date && position > after.position),
      )
      .toSorted((a, b) => a.date - b.date || a.position - b.position)
      .slice(0, limit)
    const last = found.length < limit ? undefined : found.at(-1)
    return {
      heads: found.flatMap(({ event, position }) => (isHead(project, event) ? [{ position, event }] : [])),
      ...(last !== undefined && { next: { date: last.date, position: last.position } }),
    }
  }

  const people: FeedStore["people"] = (project, lane, consentTypes, after = "", limit) =>
    Effect.sync(() =>
      [...Map.groupBy(events.laneOf(project, lane), ({ concordId }) => concordId)]
        .toSorted(([a], [b]) => compare(a, b))
        .filter(([concordId]) => concordId > after)
        .map(([concordId, ofPerson]) => ({ concordId, heads: EventStore.headsOf(consentTypes)(ofPerson) }))
        .filter(({ heads }) => heads.length > 0)
        .slice(0, limit),
    )
  return { read, due, people }
}
