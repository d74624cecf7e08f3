/**
 * Lists: of a project's events, of a person's own, and of what is set up.
 *
 * A list is read by `offset`, or from where the page before ended, by its cursor. With cursors pages of events neither skip
 * nor repeat, whatever is recorded meanwhile; pages of what is set up go on behind the last item.
 */
import { Effect } from "effect"
import type { Entry, Organization, ProjectScope } from "../model/Catalog.ts"
import type { ConsentAction, ConsentState } from "../engine/ConsentState.ts"
import * as Instant from "../engine/Instant.ts"
import type { EventFilter, EventOrder, PageRequest, PagePlace, Positions, StoredEvent } from "../ports/LedgerStore.ts"
import { defaultLimit } from "./Batch.ts"
import * as Cursor from "./Cursor.ts"
import * as Joins from "./Joins.ts"
import type { LedgerContext } from "./LedgerContext.ts"
import type { ListOutcome, PageQuery } from "./Paging.ts"
import * as PositionsOf from "./Positions.ts"

/** Which events are asked for. What is left out does not limit. */
export interface EventQuery extends PageQuery, Partial<EventOrder> {
  readonly startDate?: Instant.Instant
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
  /** The person, or anybody it is joined with. */
  readonly concordId?: string
}

/** The types that a query names by their triple; `undefined`, if it does not. */
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

/** Where a page of events ended, and whom the pages are about: those who were joined when the first one was read. */
interface EventPlace {
  readonly place: PagePlace
  readonly people?: ReadonlyArray<string>
}

/** Whom a list is about, and how far that was seen. */
interface Asked {
  /** `undefined`: everybody. */
  readonly people?: ReadonlyArray<string>
  readonly positions: Positions
}

const peopleOf = Effect.fnUntraced(function* (
  { organization }: ProjectScope,
  { concordId }: EventQuery,
  context: LedgerContext,
) {
  if (concordId === undefined) return { positions: PositionsOf.none } as Asked
  const { members, positions } = yield* Joins.current(organization, concordId, context)
  return { people: members, positions } as Asked
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

/** Lists events, newest first unless asked otherwise. `asker` is who the cursors are good for. */
export const events = Effect.fnUntraced(function* (
  scope: ProjectScope,
  asker: string,
  query: EventQuery,
  context: LedgerContext,
) {
  const { organization, project } = scope
  const { cursor, limit = defaultLimit, offset, order = "desc", sort = "consentDate", ...asked } = query
  const purpose = ["events", project.id, asker, sort, order, asked]
  const before =
    cursor === undefined ? undefined : yield* Cursor.open<EventPlace>(organization, purpose, cursor, context)
  if (cursor !== undefined && before === undefined) return { _tag: "UnknownCursor" } as ListOutcome<StoredEvent>
  // Whoever follows a cursor has the positions of the page before.
  const about: Asked =
    before === undefined ? yield* peopleOf(scope, query, context) : { ...before, positions: PositionsOf.none }
  const { people } = about
  const page: PageRequest = { sort, order, limit, from: before?.place ?? offset ?? 0 }
  const { bounds, events, next, total } = yield* context.store.events.list(
    project,
    filterOf(scope, query, people),
    page,
  )
  const positions = PositionsOf.merge(about.positions, PositionsOf.ofLanes(project, bounds, people))
  const listed = {
    _tag: "Listed",
    offset: before?.place.offset ?? offset ?? 0,
    total,
    items: events,
    positions,
  } as const
  if (next === undefined || offset !== undefined) return listed as ListOutcome<StoredEvent>
  const place: EventPlace = { place: next, ...(people !== undefined && { people }) }
  const nextCursor = yield* Cursor.seal(organization, purpose, place, context)
  return { ...listed, nextCursor } as ListOutcome<StoredEvent>
})

/** How a list of what is set up is asked for. */
export interface EntryQuery extends PageQuery {
  readonly sort?: "dateCreated" | "name"
  readonly order?: "asc" | "desc"
}

/** Where a page of entries ended. */
interface EntryPlace {
  readonly offset: number
  readonly last: readonly [key: number | string, id: string]
}

const compare = (a: EntryPlace["last"], b: EntryPlace["last"]): number => {
  const isBefore = a[0] === b[0] ? a[1] < b[1] : a[0] < b[0]
  return a[0] === b[0] && a[1] === b[1] ? 0 : isBefore ? -1 : 1
}

/** Lists entries, the first made first unless asked otherwise; those of the same key by id. */
export const entries = Effect.fnUntraced(function* <Item extends Entry & { readonly name: string }>(
  organization: Organization,
  purpose: Cursor.Purpose,
  all: ReadonlyArray<Item>,
  query: EntryQuery,
  context: Pick<LedgerContext, "hasherOf">,
) {
  const { cursor, limit = defaultLimit, offset, order = "asc", sort = "dateCreated" } = query
  const bound = [purpose, sort, order]
  const place = cursor === undefined ? undefined : yield* Cursor.open<EntryPlace>(organization, bound, cursor, context)
  if (cursor !== undefined && place === undefined) return { _tag: "UnknownCursor" } as ListOutcome<Item>
  const direction = order === "asc" ? 1 : -1
  const keyOf = (item: Item) => [item[sort], item.id] as const
  const left = all
    .toSorted((a, b) => direction * compare(keyOf(a), keyOf(b)))
    .filter((item) => place === undefined || direction * compare(keyOf(item), place.last) > 0)
  const start = offset ?? 0
  const items = left.slice(start, start + limit)
  const before = place?.offset ?? start
  const listed = { _tag: "Listed", offset: before, total: all.length, items } as const
  const last = items.at(-1)
  if (last === undefined || offset !== undefined || items.length === left.length) return listed as ListOutcome<Item>
  const next: EntryPlace = { offset: before + items.length, last: keyOf(last) }
  return { ...listed, nextCursor: yield* Cursor.seal(organization, bound, next, context) } as ListOutcome<Item>
})
