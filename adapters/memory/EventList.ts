/**
 * Lists the events of a project: filters and sorts all of them for every page.
 */
import type { EventFilter, EventPage, PageRequest, StoredEvent } from "../../core/ports/LedgerStore.ts"

interface Placed {
  readonly event: StoredEvent
  readonly lane: number
  readonly position: number
}

type Key = readonly [date: number, lane: number, position: number]

const isOneOf = <A>(values: ReadonlyArray<A> | undefined, value: A): boolean =>
  values === undefined || values.includes(value)

const isThe = (wanted: string | undefined, value: string | undefined): boolean =>
  wanted === undefined || wanted === value

const matches = (event: StoredEvent, filter: EventFilter): boolean =>
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

/** One page of the events of a project, which are given by lane; an event's position is its index in the lane. */
export const list = (
  lanes: ReadonlyArray<ReadonlyArray<StoredEvent>>,
  filter: EventFilter,
  { sort, order, limit, from }: PageRequest,
): EventPage => {
  const place = typeof from === "number" ? undefined : from
  const skipped = typeof from === "number" ? from : 0
  const bounds = place?.bounds ?? lanes.map(({ length }) => length)
  const direction = order === "asc" ? 1 : -1
  const compare = (a: Key, b: Key): number => direction * (a[0] - b[0] || a[1] - b[1] || a[2] - b[2])
  const keyOf = ({ event, lane, position }: Placed): Key => [event[sort], lane, position]
  const matching = bounds
    .flatMap((bound, lane) =>
      (lanes[lane] ?? []).slice(0, bound).map((event, position): Placed => ({ event, lane, position })),
    )
    .filter(({ event }) => matches(event, filter))
    .toSorted((a, b) => compare(keyOf(a), keyOf(b)))
  const left = place === undefined ? matching : matching.filter((each) => compare(keyOf(each), place.last) > 0)
  const page = left.slice(skipped, skipped + limit)
  const offset = (place?.offset ?? skipped) + page.length
  const total = matching.length
  const events = page.map(({ event }) => event)
  const last = page.at(-1)
  if (last === undefined || offset >= total) return { total, events, bounds }
  return { total, events, bounds, next: { bounds, total, offset, last: keyOf(last) } }
}
