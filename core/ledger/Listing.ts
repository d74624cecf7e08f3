/**
 * Lists of events and of entries of the catalog, page by page.
 *
 * A page begins at an `offset`, or by a cursor where the page before ended. With cursors, pages of events neither skip
 * nor repeat an event, even if events are recorded between two pages; a page of entries begins after the last entry of
 * the page before.
 */
import { Clock, Effect } from "effect"
import type { Entry, Organization, Project, ProjectScope } from "../model/Catalog.ts"
import type { ConsentAction, ConsentState } from "../engine/ConsentState.ts"
import * as Instant from "../engine/Instant.ts"
import type {
  EventFilter,
  EventOrder,
  PagePlace,
  PageRequest,
  Positions,
  StoredEvent,
  StoreUnavailable,
} from "../ports/LedgerStore.ts"
import * as ComposedEvents from "./ComposedEvents.ts"
import * as Cursor from "./Cursor.ts"
import * as Joins from "./Joins.ts"
import type { LedgerContext } from "./LedgerContext.ts"
import { defaultLimit, type ListOutcome, maxPageBytes, type PageQuery } from "./Paging.ts"
import * as PositionsOf from "./Positions.ts"
import * as VisitTally from "./VisitTally.ts"

/** Which events are asked for: those that match every member. A member that is left out matches all events. */
export interface EventQuery extends PageQuery, Partial<EventOrder> {
  /** The first `consentDate`. */
  readonly startDate?: Instant.Instant
  /** The first `consentDate` that is not listed any more. */
  readonly endDate?: Instant.Instant
  readonly category?: string
  readonly subcategory?: string
  readonly label?: string
  readonly consentState?: ReadonlyArray<ConsentState>
  readonly consentAction?: ReadonlyArray<ConsentAction>
  readonly submitter?: string
  readonly sessionId?: string
  readonly domain?: string
  readonly geography?: string
  /** The person, and everyone it is joined with. */
  readonly concordId?: string
}

/** The types that a query names by members of their triple; `undefined` if it names none. */
const typesOf = (
  { types }: ProjectScope,
  { category, subcategory, label }: EventQuery,
): ReadonlyArray<string> | undefined =>
  category === undefined && subcategory === undefined && label === undefined
    ? undefined
    : [...types.byId.values()]
        .filter(
          (type) =>
            (category ?? type.category) === type.category &&
            (subcategory ?? type.subcategory) === type.subcategory &&
            (label ?? type.label) === type.label,
        )
        .map(({ id }) => id)

/** The event of an id in a project, as it is answered; `undefined` if it has none. */
export const event = Effect.fnUntraced(function* (
  project: Project,
  id: string,
  context: LedgerContext,
): Effect.fn.Return<StoredEvent | undefined, StoreUnavailable> {
  const [found] = yield* context.store.events.byId(project, [id])
  if (found === undefined) return undefined
  VisitTally.noteRead(context.visitTally, project, 1, yield* Clock.currentTimeMillis)
  const { organizations } = yield* context.store.catalog.current
  const [composed] = yield* ComposedEvents.of(organizations.get(project.organization)!, [found], context)
  return composed
})

/**
 * The place where a page of events ended, and the people of the list, joined as they were when its first page was read.
 */
interface EventPlace {
  readonly place: PagePlace
  readonly people?: ReadonlyArray<string>
}

/** The people of a list, and the positions at which the facts about them were read. */
interface ListedPeople {
  /** `undefined`: all people. */
  readonly people?: ReadonlyArray<string>
  readonly positions: Positions
}

const peopleOf = Effect.fnUntraced(function* (
  { organization }: ProjectScope,
  { concordId }: EventQuery,
  context: LedgerContext,
) {
  if (concordId === undefined) return { positions: PositionsOf.none } as ListedPeople
  const { members, positions } = yield* Joins.current(organization, concordId, context)
  return { people: members, positions } as ListedPeople
})

const filterOf = (scope: ProjectScope, query: EventQuery, people: ReadonlyArray<string> | undefined): EventFilter => {
  const { consentAction, consentState, domain, geography, sessionId, submitter } = query
  const consentTypes = typesOf(scope, query)
  return {
    startDate: query.startDate ?? Instant.min,
    // The latest instant itself is listed too: `endDate` is exclusive.
    endDate: query.endDate ?? Instant.max + 1,
    ...(people !== undefined && { people }),
    ...(consentTypes !== undefined && { consentTypes }),
    ...(consentState !== undefined && { consentStates: consentState }),
    ...(consentAction !== undefined && { consentActions: consentAction }),
    ...(submitter !== undefined && { submitter }),
    ...(sessionId !== undefined && { session: sessionId }),
    ...(domain !== undefined && { domain }),
    ...(geography !== undefined && { geography }),
  }
}

/**
 * One page of a project's events as they are answered, by default the newest first. Its cursors are valid only for the
 * same `caller`.
 */
export const events = Effect.fnUntraced(function* (
  scope: ProjectScope,
  caller: string,
  query: EventQuery,
  context: LedgerContext,
): Effect.fn.Return<ListOutcome<StoredEvent>, StoreUnavailable> {
  const { organization, project } = scope
  const { cursor, limit = defaultLimit, offset, order = "desc", sort = "consentDate", ...filter } = query
  const purpose = ["events", project.id, caller, sort, order, filter]
  const before =
    cursor === undefined ? undefined : yield* Cursor.open<EventPlace>(organization, purpose, cursor, context)
  if (cursor !== undefined && before === undefined) return { _tag: "UnknownCursor" }
  // A caller that follows a cursor has the positions of the page before.
  const listedPeople: ListedPeople =
    before === undefined ? yield* peopleOf(scope, query, context) : { ...before, positions: PositionsOf.none }
  const { people } = listedPeople
  const page: PageRequest = { sort, order, limit, from: before?.place ?? offset ?? 0 }
  const { bounds, events, next, total } = yield* context.store.events.list(
    project,
    filterOf(scope, query, people),
    page,
  )
  VisitTally.noteRead(context.visitTally, project, events.length, yield* Clock.currentTimeMillis)
  const positions = PositionsOf.merge(listedPeople.positions, PositionsOf.ofLanes(project, bounds, people))
  const listed = {
    _tag: "Listed",
    offset: before?.place.offset ?? offset ?? 0,
    total,
    items: yield* ComposedEvents.of(organization, events, context),
    positions,
  } as const
  if (next === undefined || offset !== undefined) return listed
  const place: EventPlace = { place: next, ...(people !== undefined && { people }) }
  const nextCursor = yield* Cursor.seal(organization, purpose, place, context)
  return { ...listed, nextCursor }
})

/** Which page of entries is asked for, and in which order. */
export interface EntryQuery extends PageQuery {
  readonly sort?: "dateCreated" | "dateUpdated" | "name" | "status"
  readonly order?: "asc" | "desc"
}

/** The place where a page of entries ended. */
interface EntryPlace {
  readonly offset: number
  readonly last: readonly [key: number | string, id: string]
}

const compare = (a: EntryPlace["last"], b: EntryPlace["last"]): number => {
  const isBefore = a[0] === b[0] ? a[1] < b[1] : a[0] < b[0]
  return a[0] === b[0] && a[1] === b[1] ? 0 : isBefore ? -1 : 1
}

/** The first items, at least one, that have at most {@link maxPageBytes} together. */
const fitting = <Item>(items: ReadonlyArray<Item>, bytesOf: (item: Item) => number): ReadonlyArray<Item> => {
  let bytes = 0
  const end = items.findIndex((item, index) => (bytes += bytesOf(item)) > maxPageBytes && index > 0)
  return end === -1 ? items : items.slice(0, end)
}

/**
 * One page of entries of the catalog, by default in the order in which they were created; entries with the same key by
 * id. The cursors are valid only for the same `purpose`, which names the list and the caller. `bytesOf` is the size of
 * an item in the answer.
 */
export const entries = Effect.fnUntraced(function* <
  Item extends Entry & { readonly name: string; readonly status?: string },
>(
  organization: Organization,
  purpose: Cursor.Purpose,
  all: ReadonlyArray<Item>,
  query: EntryQuery,
  bytesOf: (item: Item) => number,
  context: Pick<LedgerContext, "hasherOf">,
): Effect.fn.Return<ListOutcome<Item>, StoreUnavailable> {
  const { cursor, limit = defaultLimit, offset, order = "asc", sort = "dateCreated" } = query
  const bound = [purpose, sort, order]
  const place = cursor === undefined ? undefined : yield* Cursor.open<EntryPlace>(organization, bound, cursor, context)
  if (cursor !== undefined && place === undefined) return { _tag: "UnknownCursor" }
  const direction = order === "asc" ? 1 : -1
  const keyOf = (item: Item) => [item[sort] ?? "", item.id] as const
  const left = all
    .toSorted((a, b) => direction * compare(keyOf(a), keyOf(b)))
    .filter((item) => place === undefined || direction * compare(keyOf(item), place.last) > 0)
  const start = offset ?? 0
  const wanted = left.slice(start, start + limit)
  const items = fitting(wanted, bytesOf)
  const before = place?.offset ?? start
  const listed = { _tag: "Listed", offset: before, total: all.length, items } as const
  const last = items.at(-1)
  const isWhole = items.length === wanted.length && (offset !== undefined || items.length === left.length)
  if (last === undefined || isWhole) return listed
  const next: EntryPlace = { offset: before + items.length, last: keyOf(last) }
  return { ...listed, nextCursor: yield* Cursor.seal(organization, bound, next, context) }
})
