/**
 * Everything a project's ledger holds, in the order in which it was learnt: what was recorded before the export began, and
 * nothing else, whatever is recorded meanwhile.
 */
import { Effect } from "effect"
import type { ProjectScope } from "../model/Catalog.ts"
import * as Instant from "../engine/Instant.ts"
import type { StoredEvent, StoreUnavailable } from "../ports/LedgerStore.ts"
import * as Joins from "../ledger/Joins.ts"
import type { LedgerContext } from "../ledger/LedgerContext.ts"

/** Which events. What is left out does not limit. */
export interface ExportQuery {
  /** From `startDate`, before `endDate`: of `consentDate`. */
  readonly startDate?: Instant.Instant
  readonly endDate?: Instant.Instant
  /** The person, or anybody it is joined with. */
  readonly concordId?: string
}

/** Events being read. */
export interface Export {
  /** How many events there are to look through. */
  readonly total: number
  /** The next ones that match, which may be none, and how many were looked through for them; `undefined` after the last. */
  readonly next: Effect.Effect<
    { readonly events: ReadonlyArray<StoredEvent>; readonly seen: number } | undefined,
    StoreUnavailable
  >
}

/** How many events are read at a time: of a lane, and of all lanes together. */
const pageSize = 1000

const matcher =
  ({ endDate = Instant.max + 1, startDate = Instant.min }: ExportQuery) =>
  ({ consentDate }: StoredEvent): boolean =>
    consentDate >= startDate && consentDate < endDate

/** A lane as far as it has been read. */
interface Cursor {
  readonly lane: number
  readonly end: number
  page: ReadonlyArray<StoredEvent>
  /** The position after the page. */
  position: number
  /** In the page. */
  index: number
}

/** Lanes merged: of the events that are next in each, the one that was recorded first. */
const ofLanes = Effect.fnUntraced(function* (scope: ProjectScope, query: ExportQuery, { store }: LedgerContext) {
  const { project } = scope
  const isMeant = matcher(query)
  const ends = yield* store.events.laneEnds(project)
  const fill = Effect.fnUntraced(function* (cursor: Cursor) {
    const limit = Math.min(pageSize, cursor.end - cursor.position)
    cursor.page = yield* store.events.lane(project, cursor.lane, cursor.position, limit)
    cursor.position += cursor.page.length
    cursor.index = 0
  })
  let cursors = ends.flatMap((end, lane): ReadonlyArray<Cursor> =>
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
      if (isMeant(event)) events.push(event)
      if (first.index < first.page.length) continue
      if (first.position < first.end) yield* fill(first)
      else cursors = cursors.filter((cursor) => cursor !== first)
    }
    return { events, seen }
  })
  return { total: ends.reduce((sum, end) => sum + end, 0), next } satisfies Export
})

/** The events of one person and those it is joined with. */
const ofPerson = Effect.fnUntraced(function* (
  { organization, project }: ProjectScope,
  concordId: string,
  query: ExportQuery,
  context: LedgerContext,
) {
  const { members } = yield* Joins.current(organization, concordId, context)
  const seen = yield* context.store.events.ofPeople(project, members)
  const events = seen.events.toSorted((a, b) => a.dateCreated - b.dateCreated)
  let isRead = false
  const next = Effect.sync(() => {
    if (isRead) return undefined
    isRead = true
    return { events: events.filter(matcher(query)), seen: events.length }
  })
  return { total: events.length, next } satisfies Export
})

/** Opens an export. */
export const open = (
  scope: ProjectScope,
  query: ExportQuery,
  context: LedgerContext,
): Effect.Effect<Export, StoreUnavailable> =>
  query.concordId === undefined ? ofLanes(scope, query, context) : ofPerson(scope, query.concordId, query, context)
