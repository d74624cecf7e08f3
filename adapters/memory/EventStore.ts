/**
 * The log of every lane, kept in memory: an event's position is its index.
 */
import type { Instant } from "../../core/engine/Instant.ts"
import * as Lane from "../../core/model/Lane.ts"
import type {
  EventFilter,
  EventPage,
  PageRequest,
  PagePlace,
  Positions,
  StoredEvent,
} from "../../core/ports/LedgerStore.ts"

interface Placed {
  readonly event: StoredEvent
  readonly lane: number
  readonly position: number
}

const isOneOf = <A>(values: ReadonlyArray<A> | undefined, value: A): boolean =>
  values === undefined || values.includes(value)

const isThe = (wanted: string | undefined, value: string | undefined): boolean =>
  wanted === undefined || wanted === value

const passes = (event: StoredEvent, filter: EventFilter): boolean =>
  event.consentDate >= filter.startDate &&
  event.consentDate < filter.endDate &&
  isOneOf(filter.people, event.concordId) &&
  isOneOf(filter.consentTypes, event.consentType) &&
  isOneOf(filter.consentStates, event.consentState) &&
  isOneOf(filter.consentActions, event.consentAction) &&
  isThe(filter.submitter, event.submitter) &&
  isThe(filter.session, event.session) &&
  isThe(filter.domain, event.domain) &&
  isThe(filter.geography, event.geography)

/** An empty log. */
export const make = () => {
  const lanes = new Map<number, Array<StoredEvent>>()
  const lastRecordedAt = new Map<number, Instant>()
  const people = new Map<string, Array<StoredEvent>>()
  const byExternalId = new Map<string, StoredEvent>()
  const externalKey = (project: Lane.Owner, hash: string) => `${project.number} ${hash}`
  const personKey = (project: Lane.Owner, concordId: string) => `${project.number} ${concordId}`

  const laneOf = (project: Lane.Owner, lane: number): ReadonlyArray<StoredEvent> =>
    lanes.get(project.number * Lane.maxCount + lane) ?? []

  const all = (project: Lane.Owner, bounds: ReadonlyArray<number>): ReadonlyArray<Placed> =>
    bounds.flatMap((bound, lane) =>
      laneOf(project, lane)
        .slice(0, bound)
        .map((event, position) => ({ event, lane, position })),
    )

  const list = (project: Lane.Owner, filter: EventFilter, { sort, order, limit, from }: PageRequest): EventPage => {
    const place: PagePlace | undefined = typeof from === "number" ? undefined : from
    const bounds = place?.bounds ?? Array.from({ length: project.lanes }, (_, lane) => laneOf(project, lane).length)
    const direction = order === "asc" ? 1 : -1
    const compare = (a: readonly [number, number, number], b: readonly [number, number, number]): number =>
      direction * (a[0] - b[0] || a[1] - b[1] || a[2] - b[2])
    const keyOf = ({ event, lane, position }: Placed) => [event[sort], lane, position] as const
    const matching = all(project, bounds)
      .filter(({ event }) => passes(event, filter))
      .toSorted((a, b) => compare(keyOf(a), keyOf(b)))
    const left = place === undefined ? matching : matching.filter((each) => compare(keyOf(each), place.last) > 0)
    const start = typeof from === "number" ? from : 0
    const page = left.slice(start, start + limit)
    const offset = (place?.offset ?? start) + page.length
    const total = matching.length
    const events = page.map(({ event }) => event)
    const last = page.at(-1)
    if (last === undefined || offset >= total) return { total, events, bounds }
    return { total, events, bounds, next: { bounds, total, offset, last: keyOf(last) } }
  }

  return {
    list,
    /** The latest `dateCreated` of the lanes in which one of the events would go back; `undefined`, where none would. */
    goesBackTo: (project: Lane.Owner, events: ReadonlyArray<StoredEvent>): Instant | undefined => {
      const last = events.flatMap(({ concordId, dateCreated }) => {
        const at = lastRecordedAt.get(Lane.of(project, concordId))
        return at !== undefined && at > dateCreated ? [at] : []
      })
      return last.length === 0 ? undefined : Math.max(...last)
    },
    /** Whether an external id of the events is there already. */
    hasAny: (project: Lane.Owner, events: ReadonlyArray<StoredEvent>): boolean =>
      events.some(({ externalId }) => externalId !== undefined && byExternalId.has(externalKey(project, externalId))),
    append: (project: Lane.Owner, events: ReadonlyArray<StoredEvent>): void => {
      for (const event of events) {
        const lane = Lane.of(project, event.concordId)
        const person = personKey(project, event.concordId)
        lastRecordedAt.set(lane, event.dateCreated)
        lanes.set(lane, lanes.get(lane) ?? [])
        lanes.get(lane)!.push(event)
        people.set(person, people.get(person) ?? [])
        people.get(person)!.push(event)
        if (event.externalId !== undefined) byExternalId.set(externalKey(project, event.externalId), event)
      }
    },
    of: (project: Lane.Owner, concordId: string): ReadonlyArray<StoredEvent> =>
      people.get(personKey(project, concordId)) ?? [],
    /** How far the lanes of people go. */
    positions: (project: Lane.Owner, people: ReadonlyArray<string>): Positions =>
      new Map(people.map((person) => Lane.of(project, person)).map((lane) => [lane, lanes.get(lane)?.length ?? 0])),
    byId: (project: Lane.Owner, ids: ReadonlyArray<string>): ReadonlyArray<StoredEvent | undefined> => {
      const wanted = new Set(ids)
      const lanes = Array.from({ length: project.lanes }, (_, lane) => laneOf(project, lane))
      const found = lanes.flatMap((events) =>
        events.filter(({ id }) => wanted.has(id)).map((event) => [event.id, event] as const),
      )
      const byId = new Map(found)
      return ids.map((id) => byId.get(id))
    },
    laneEnds: (project: Lane.Owner): ReadonlyArray<number> =>
      Array.from({ length: project.lanes }, (_, lane) => laneOf(project, lane).length),
    lane: (project: Lane.Owner, lane: number, from: number, limit: number): ReadonlyArray<StoredEvent> =>
      laneOf(project, lane).slice(from, from + limit),
    byExternalId: (project: Lane.Owner, hash: string) => byExternalId.get(externalKey(project, hash)),
    isUsed: (project: Lane.Owner, consentType: string): boolean =>
      Array.from({ length: project.lanes }, (_, lane) => laneOf(project, lane)).some((events) =>
        events.some((event) => event.consentType === consentType),
      ),
  }
}
