/**
 * Exporting a project's events in the order of their `dateCreated`: exactly those that were recorded before the export
 * began, even if others are recorded during it.
 */
import { Effect } from "effect"
import type { Organization, ProjectScope } from "../model/Catalog.ts"
import * as Instant from "../engine/Instant.ts"
import { type StoredEvent, StoreUnavailable } from "../ports/LedgerStore.ts"
import * as ComposedEvents from "../ledger/ComposedEvents.ts"
import * as Joins from "../ledger/Joins.ts"
import * as PersonEvents from "../ledger/PersonEvents.ts"
import type { LedgerContext } from "../ledger/LedgerContext.ts"

/** Which events are exported: those that match every member. A member that is left out matches all events. */
export interface ExportQuery {
  /** The first `consentDate`. */
  readonly startDate?: Instant.Instant
  /** The first `consentDate` that is not exported any more. */
  readonly endDate?: Instant.Instant
  /** The person, and everyone it is joined with. */
  readonly concordId?: string
}

/** An export, while it is read. */
export interface Export {
  /** The number of events to search. */
  readonly total: number
  /**
   * The next events that match, as they are answered, possibly none, and the number of events that were searched;
   * `undefined` after the last. Fails while the keys are away, because an export without personal data would look like
   * that of erased people.
   */
  readonly next: Effect.Effect<
    { readonly events: ReadonlyArray<StoredEvent>; readonly seen: number } | undefined,
    StoreUnavailable
  >
}

/** The most events that are read at once: of one lane, and of all lanes together. */
const pageSize = 1000

const matcher =
  ({ endDate = Instant.max + 1, startDate = Instant.min }: ExportQuery) =>
  ({ consentDate }: StoredEvent): boolean =>
    consentDate >= startDate && consentDate < endDate

/** The place in a lane up to which it was read. */
interface LaneCursor {
  readonly lane: number
  readonly end: number
  page: ReadonlyArray<StoredEvent>
  /** The position after the last event of the page. */
  position: number
  /** The next event of the page. */
  index: number
}

/** Merges the lanes: of the next event of each, the one that was recorded first. */
const ofLanes = Effect.fnUntraced(function* (scope: ProjectScope, query: ExportQuery, { store }: LedgerContext) {
  const { project } = scope
  const matches = matcher(query)
  const ends = yield* store.events.laneEnds(project)
  const fill = Effect.fnUntraced(function* (cursor: LaneCursor) {
    const limit = Math.min(pageSize, cursor.end - cursor.position)
    cursor.page = yield* store.events.lane(project, cursor.lane, cursor.position, limit)
    cursor.position += cursor.page.length
    cursor.index = 0
  })
  let cursors = ends.flatMap((end, lane): ReadonlyArray<LaneCursor> =>
    end === 0 ? [] : [{ lane, end, page: [], position: 0, index: 0 }],
  )
  yield* Effect.forEach(cursors, fill, { discard: true })

  const next = Effect.gen(function* () {
    if (cursors.length === 0) return undefined
    const events: Array<StoredEvent> = []
    let seen = 0
    while (seen < pageSize && cursors.length > 0) {
      let first = cursors[0]!
      for (const cursor of cursors) {
        if (cursor.page[cursor.index]!.dateCreated < first.page[first.index]!.dateCreated) first = cursor
      }
      const event = first.page[first.index++]!
      seen++
      if (matches(event)) events.push(event)
      if (first.index < first.page.length) continue
      if (first.position < first.end) yield* fill(first)
      else cursors = cursors.filter((cursor) => cursor !== first)
    }
    return { events, seen }
  })
  return { total: ends.reduce((sum, end) => sum + end, 0), next } satisfies Export
})

/** The events of one person and of everyone it is joined with. */
const ofPerson = Effect.fnUntraced(function* (
  { organization, project }: ProjectScope,
  concordId: string,
  query: ExportQuery,
  context: LedgerContext,
) {
  const { members } = yield* Joins.current(organization, concordId, context)
  const found: Array<Pick<StoredEvent, "dateCreated" | "id">> = []
  const take = ({ dateCreated, id }: Pick<StoredEvent, "dateCreated" | "id">) => found.push({ dateCreated, id }) > 0
  yield* PersonEvents.forEach(project, members, take, context)
  const inOrder = found.toSorted((a, b) => a.dateCreated - b.dateCreated || (a.id < b.id ? -1 : 1))
  const matches = matcher(query)
  let seen = 0
  const next = Effect.gen(function* () {
    const page = inOrder.slice(seen, seen + pageSize)
    if (page.length === 0) return undefined
    const events = yield* context.store.events.byId(
      project,
      page.map(({ id }) => id),
    )
    seen += page.length
    return {
      events: events.flatMap((event) => (event !== undefined && matches(event) ? [event] : [])),
      seen: page.length,
    }
  })
  return { total: inOrder.length, next } satisfies Export
})

/** Events as they are exported. */
const composed = Effect.fnUntraced(function* (
  organization: Organization,
  events: ReadonlyArray<StoredEvent>,
  context: LedgerContext,
) {
  const { events: answered, isAway } = yield* ComposedEvents.read(organization, events, context)
  if (isAway) return yield* new StoreUnavailable({ reason: "personal data cannot be opened: the keys are away" })
  return answered
})

/** Opens an export of a project's events. */
export const open = Effect.fnUntraced(function* (
  scope: ProjectScope,
  query: ExportQuery,
  context: LedgerContext,
): Effect.fn.Return<Export, StoreUnavailable> {
  const { concordId } = query
  const { next, total } = yield* concordId === undefined
    ? ofLanes(scope, query, context)
    : ofPerson(scope, concordId, query, context)
  const answered = Effect.gen(function* () {
    const page = yield* next
    return page && { ...page, events: yield* composed(scope.organization, page.events, context) }
  })
  return { total, next: answered }
})
