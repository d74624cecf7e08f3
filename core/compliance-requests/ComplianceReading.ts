/**
 * Reading compliance requests and their facts.
 *
 * Filters by a part of something personal decrypt the private data of the asked projects, one after the other.
 */
import { Clock, Effect, Option } from "effect"
import type { CivilDate } from "../compliance/CivilDate.ts"
import type { RequestKind } from "../compliance/ClockPack.ts"
import type { ComplianceFact, FactKind, ResolutionStatus } from "../compliance/ComplianceFact.ts"
import type { ComplianceStatus } from "../compliance/ComplianceState.ts"
import type { Instant } from "../engine/Instant.ts"
import * as Cursor from "../ledger/Cursor.ts"
import * as Identifiers from "../ledger/Identifiers.ts"
import * as Joins from "../ledger/Joins.ts"
import type { LedgerContext } from "../ledger/LedgerContext.ts"
import { defaultLimit, type ListOutcome, type PageQuery } from "../ledger/Paging.ts"
import type { Organization, Project, ProjectScope } from "../model/Catalog.ts"
import {
  type FactFilter,
  type ComplianceFactPlace,
  type ListedRequests,
  type RequestFilter,
  type RequestPage,
  type RequestPlace,
  type StoredFact,
  sortValueOf,
} from "../ports/ComplianceStore.ts"
import type { Session } from "../ports/SessionStore.ts"
import type { StoreUnavailable } from "../ports/StoreUnavailable.ts"
import * as CivilToday from "./CivilToday.ts"
import * as ComplianceRequest from "./ComplianceRequest.ts"
import * as RequestClock from "./RequestClock.ts"

/** What is looked for in something personal, in any case. `text`: in any of the others. */
export interface Contains {
  readonly ipAddress?: string
  readonly userAgent?: string
  readonly userEmail?: string
  readonly notes?: string
  readonly requestDetails?: string
  readonly resolution?: string
  readonly text?: string
}

/** Which requests are listed: those that match every member. A member that is left out matches all. */
export interface ComplianceFilter extends Contains {
  readonly complianceRequestId?: string
  /** The opener or the subject, and everyone it is joined with. */
  readonly concordId?: string
  readonly request?: RequestKind
  readonly status?: ComplianceStatus
  readonly resolutionStatus?: ResolutionStatus
  /** The first `requestDate`, and the first that is not listed any more. */
  readonly startDate?: Instant
  readonly endDate?: Instant
  readonly sessionId?: string
  readonly domain?: string
  readonly geography?: string
  readonly isOverdue?: boolean
  /** Open requests that are due before this day, and those whose clock is paused: they have no due date. */
  readonly dueBefore?: CivilDate
  readonly regulation?: string
  readonly isLapsed?: boolean
}

/** The members of a filter that are about something personal: refused to callers that may not see it. */
export const personalFilters = [
  "ipAddress",
  "userAgent",
  "userEmail",
  "notes",
  "requestDetails",
  "resolution",
  "text",
] as const satisfies ReadonlyArray<keyof ComplianceFilter>

/** What requests are sorted by. */
export const sorts = ["requestDate", "dateCreated", "dateUpdated", "dueDate", "status"] as const

/** Which page is asked for, by default the latest `requestDate` first. */
export interface RequestQuery extends PageQuery, ComplianceFilter {
  readonly sort?: (typeof sorts)[number]
  readonly order?: "asc" | "desc"
}

/** Which facts are listed, as `ComplianceFilter`. */
export interface ComplianceEventQuery extends PageQuery {
  readonly complianceRequestId?: string
  readonly complianceRequestEventId?: string
  /** The id of the API key that caused it. */
  readonly keyId?: string
  readonly event?: ReadonlyArray<FactKind>
  /** Left out: `asc`. */
  readonly order?: "asc" | "desc"
  /** The first instant, and the first that is not listed any more. */
  readonly startDate?: Instant
  readonly endDate?: Instant
  /** The ids of the projects whose events about files have the names of these: those are personal. */
  readonly withFileNames?: ReadonlyArray<string>
}

/** A fact with its project. */
export interface ComplianceEvent {
  readonly organization: string
  readonly project: string
  readonly fact: ComplianceFact
  /** Of a fact about a file that is kept still, where it was asked for. */
  readonly fileName?: string
}

const openStatuses = ["pending_verification", "submitted", "acknowledged"] as const

/** The filter of the store; `people` are those joined with the person that is asked for. */
const filterOf = (
  query: ComplianceFilter,
  people: ReadonlyArray<string> | undefined,
  today: CivilDate,
): RequestFilter => {
  const { dueBefore, endDate, geography, isLapsed, isOverdue, request, resolutionStatus, startDate, status } = query
  const statuses = status === undefined ? (dueBefore === undefined ? undefined : openStatuses) : [status]
  return {
    ...(query.complianceRequestId !== undefined && { id: query.complianceRequestId.toLowerCase() }),
    ...(people !== undefined && { people }),
    ...(query.sessionId !== undefined && { session: query.sessionId }),
    ...(request !== undefined && { kinds: [request] }),
    ...(statuses !== undefined && { statuses }),
    ...(resolutionStatus !== undefined && { resolutionStatuses: [resolutionStatus] }),
    ...(query.regulation !== undefined && { regulation: query.regulation }),
    ...(query.domain !== undefined && { domain: query.domain }),
    ...(geography !== undefined && { country: geography }),
    ...(startDate !== undefined && { startDate }),
    ...(endDate !== undefined && { endDate }),
    ...(dueBefore !== undefined && { dueBefore, pausedWith: RequestClock.timedPacks }),
    ...(isOverdue !== undefined && { overdue: { on: today, is: isOverdue } }),
    ...(isLapsed !== undefined && { isLapsed }),
  }
}

/** The texts in which each member of {@link Contains} looks. */
const textsOf = ({
  privateData,
}: ComplianceRequest.ComplianceRequest): { readonly [Name in keyof Contains]-?: ReadonlyArray<string> } => {
  const { notes, requestDetails, resolution, session, user } = privateData ?? {}
  const given = (...texts: ReadonlyArray<string | undefined>) => texts.filter((text) => text !== undefined)
  const each = {
    ipAddress: given(session?.ipAddress),
    userAgent: given(session?.userAgent),
    userEmail: given(user?.email),
    notes: given(notes),
    requestDetails: given(requestDetails),
    resolution: given(resolution),
  }
  return { ...each, text: Object.values(each).flat() }
}

const containsNames = ["ipAddress", "userAgent", "userEmail", "notes", "requestDetails", "resolution", "text"] as const

/** Whether a request has every text that is looked for. */
const matches = (request: ComplianceRequest.ComplianceRequest, query: Contains): boolean => {
  const texts = textsOf(request)
  return containsNames.every((name) => {
    const wanted = query[name]?.toLowerCase()
    return wanted === undefined || texts[name].some((text) => text.toLowerCase().includes(wanted))
  })
}

/** How many requests are read at once where private data are searched. */
const searchedAtOnce = 256

/** A page of requests as the store, or a search, answers it. */
interface Found {
  readonly total: number
  readonly requests: ReadonlyArray<ComplianceRequest.ComplianceRequest>
  readonly next?: RequestPlace
}

/** Searches the private data of all requests that match a filter. Reads and decrypts each of them once. */
const search = Effect.fnUntraced(function* (
  organization: Organization,
  projects: ReadonlyArray<Project>,
  filter: RequestFilter,
  query: Contains,
  page: RequestPage,
  context: LedgerContext,
) {
  const { from, limit, order, sort } = page
  const found: Array<ComplianceRequest.ComplianceRequest> = []
  const places: Array<RequestPlace> = []
  let [place, total]: [number | RequestPlace, number] = [0, 0]
  let skipped = typeof from === "number" ? from : undefined
  for (;;) {
    const read: ListedRequests = yield* context.store.compliance.list(projects, filter, {
      ...page,
      from: place,
      limit: searchedAtOnce,
    })
    const requests = yield* ComplianceRequest.all(organization, projects, read.requests, context)
    for (const [index, request] of requests.entries()) {
      if (!matches(request, query)) continue
      total++
      const own = { value: sortValueOf(read.requests[index]!, sort), id: request.id }
      const isAfter = typeof from === "number" ? skipped! <= 0 : isBehind(own, from, order)
      if (skipped !== undefined) skipped--
      if (!isAfter || found.length > limit) continue
      found.push(request)
      places.push(own)
    }
    if (read.next === undefined) break
    place = read.next
  }
  const next = found.length > limit ? places[limit - 1] : undefined
  return { total, requests: found.slice(0, limit), ...(next !== undefined && { next }) } satisfies Found as Found
})

/** Whether a place comes after another one. */
const isBehind = (place: RequestPlace, other: RequestPlace, order: "asc" | "desc"): boolean => {
  const isGreater = place.value === other.value ? place.id > other.id : place.value > other.value
  const isSame = place.value === other.value && place.id === other.id
  return !isSame && (order === "asc" ? isGreater : !isGreater)
}

/** The place where a page ended, and the number of items on it and before. */
interface Place<Of> {
  readonly at: Of
  readonly offset: number
}

/** One page: from a cursor that was sealed for the purpose, or from an offset. */
const paged = Effect.fnUntraced(function* <At, Item>(
  organization: Organization,
  purpose: unknown,
  { cursor, limit = defaultLimit, offset }: PageQuery,
  read: (
    from: number | At,
    limit: number,
  ) => Effect.Effect<
    { readonly total: number; readonly items: ReadonlyArray<Item>; readonly next?: At },
    StoreUnavailable
  >,
  context: LedgerContext,
): Effect.fn.Return<ListOutcome<Item>, StoreUnavailable> {
  const before =
    cursor === undefined ? undefined : yield* Cursor.open<Place<At>>(organization, purpose, cursor, context)
  if (cursor !== undefined && before === undefined) return { _tag: "UnknownCursor" }
  const begin = before?.offset ?? offset ?? 0
  const { items, next, total } = yield* read(before === undefined ? begin : before.at, limit)
  const listed = { _tag: "Listed", offset: begin, total, items } as const
  if (next === undefined || offset !== undefined) return listed
  const place: Place<At> = { at: next, offset: begin + items.length }
  return { ...listed, nextCursor: yield* Cursor.seal(organization, purpose, place, context) }
})

const storeSort = { dueDate: "dueOn" } as const

/** One page of the requests of projects. */
const pageOf = Effect.fnUntraced(function* (
  organization: Organization,
  projects: ReadonlyArray<Project>,
  filter: RequestFilter,
  query: RequestQuery,
  purpose: unknown,
  context: LedgerContext,
) {
  const { order = "desc", sort = "requestDate" } = query
  const isSearch = containsNames.some((name) => query[name] !== undefined)
  const read = Effect.fnUntraced(function* (from: number | RequestPlace, limit: number) {
    const page: RequestPage = { sort: sort === "dueDate" ? storeSort[sort] : sort, order, limit, from }
    if (isSearch) {
      const { requests: items, ...rest } = yield* search(organization, projects, filter, query, page, context)
      return { items, ...rest }
    }
    const { requests, ...rest } = yield* context.store.compliance.list(projects, filter, page)
    return { items: yield* ComplianceRequest.all(organization, projects, requests, context), ...rest }
  })
  return yield* paged(organization, purpose, query, read, context)
})

/** A list of the requests of projects of an organization, with what is personal of them. `caller` binds the cursors. */
export const list = Effect.fnUntraced(function* (
  organization: Organization,
  projects: ReadonlyArray<Project>,
  caller: string,
  query: RequestQuery,
  context: LedgerContext,
): Effect.fn.Return<ListOutcome<ComplianceRequest.ComplianceRequest>, StoreUnavailable> {
  const { concordId, cursor: _, limit: __, offset: ___, ...asked } = query
  const people =
    concordId === undefined ? undefined : (yield* Joins.current(organization, concordId.toLowerCase(), context)).members
  const today = CivilToday.of(organization, yield* Clock.currentTimeMillis)
  const purpose = ["compliance requests", projects.map(({ id }) => id), caller, concordId, asked]
  return yield* pageOf(organization, projects, filterOf(query, people, today), query, purpose, context)
})

/** One request of a project. */
export const find = Effect.fnUntraced(function* (
  { organization, project }: Pick<ProjectScope, "organization" | "project">,
  id: string,
  context: LedgerContext,
): Effect.fn.Return<Option.Option<ComplianceRequest.ComplianceRequest>, StoreUnavailable> {
  if (!Identifiers.isUuid(id)) return Option.none()
  const stored = yield* context.store.compliance.request(project, id.toLowerCase())
  if (stored === undefined) return Option.none()
  const [request] = yield* ComplianceRequest.all(organization, [project], [stored], context)
  return Option.some(request!)
})

/** The people that count as the one of a session. */
const visitorsOf = (organization: Organization, { concordId }: Session, context: LedgerContext) =>
  Effect.map(Joins.current(organization, concordId, context), ({ members }) => members)

/** The requests that the person of a session, or one joined with it, has opened: the latest first. */
export const listOfVisitor = Effect.fnUntraced(function* (
  { organization, project }: Pick<ProjectScope, "organization" | "project">,
  session: Session,
  page: PageQuery,
  context: LedgerContext,
): Effect.fn.Return<ListOutcome<ComplianceRequest.ComplianceRequest>, StoreUnavailable> {
  const openers = yield* visitorsOf(organization, session, context)
  const purpose = ["compliance requests of a visitor", project.id, session.concordId]
  return yield* pageOf(organization, [project], { openers }, page, purpose, context)
})

const noId = "00000000-0000-7000-8000-000000000000"

/**
 * One of these. Of another visitor's request nothing is decrypted, so that its answer takes as long as that of one
 * which is not there.
 */
export const findOfVisitor = Effect.fnUntraced(function* (
  { organization, project }: Pick<ProjectScope, "organization" | "project">,
  given: string,
  session: Session,
  context: LedgerContext,
): Effect.fn.Return<Option.Option<ComplianceRequest.ComplianceRequest>, StoreUnavailable> {
  const openers = yield* visitorsOf(organization, session, context)
  const id = Identifiers.isUuid(given) ? given.toLowerCase() : noId
  const stored = yield* context.store.compliance.request(project, id)
  const [row] = yield* context.store.compliance.privateOf(project, [id])
  if (stored === undefined || row?.opener === undefined || !openers.includes(row.opener)) return Option.none()
  const data = yield* ComplianceRequest.openPrivate(project, row, context)
  const state = ComplianceRequest.stateOf(stored)
  return Option.some(yield* ComplianceRequest.make(organization, project, id, state, row, data))
})

/** The file that a fact is about. */
const fileOf = (fact: ComplianceFact): string | undefined => ("file" in fact ? fact.file : undefined)

/** The names of the files that facts of some projects are about, by the ids of these. */
const fileNamesOf = Effect.fnUntraced(function* (
  facts: ReadonlyArray<StoredFact>,
  projects: ReadonlyArray<Project>,
  context: LedgerContext,
) {
  const names = new Map<string, string>()
  for (const project of projects) {
    const own = facts.filter((each) => each.project === project.number && fileOf(each.fact) !== undefined)
    const ids = [...new Set(own.map(({ fact }) => fact.requestId))]
    if (ids.length === 0) continue
    for (const row of yield* context.store.compliance.privateOf(project, ids)) {
      yield* Effect.yieldNow
      const { files = [] } = (yield* ComplianceRequest.openPrivate(project, row, context)) ?? {}
      for (const { file, fileName } of files) names.set(file, fileName)
    }
  }
  return names
})

/** A list of facts, by default in the order in which they were recorded. */
export const events = Effect.fnUntraced(function* (
  organization: Organization,
  projects: ReadonlyArray<Project>,
  caller: string,
  query: ComplianceEventQuery,
  context: LedgerContext,
): Effect.fn.Return<ListOutcome<ComplianceEvent>, StoreUnavailable> {
  const { cursor: _, limit: __, offset: ___, withFileNames = [], ...asked } = query
  const named = projects.filter(({ id }) => withFileNames.includes(id))
  const { complianceRequestEventId: id, complianceRequestId, endDate, event, keyId, order = "asc", startDate } = asked
  const filter: FactFilter = {
    ...(id !== undefined && { id: id.toLowerCase() }),
    ...(complianceRequestId !== undefined && { request: complianceRequestId.toLowerCase() }),
    ...(keyId !== undefined && { by: `key:${keyId.toLowerCase()}` }),
    ...(event !== undefined && { kinds: event }),
    ...(startDate !== undefined && { startDate }),
    ...(endDate !== undefined && { endDate }),
  }
  const idOf = new Map(projects.map((project) => [project.number, project.id]))
  const read = Effect.fnUntraced(function* (from: number | ComplianceFactPlace, limit: number) {
    const { facts, ...rest } = yield* context.store.compliance.listFacts(projects, filter, { order, limit, from })
    const names = yield* fileNamesOf(facts, named, context)
    const items = facts.map(({ fact, project }): ComplianceEvent => {
      const fileName = names.get(fileOf(fact) ?? "")
      const event = { organization: organization.id, project: idOf.get(project)!, fact }
      return fileName === undefined ? event : { ...event, fileName }
    })
    return { items, ...rest }
  })
  const purpose = ["compliance request events", projects.map((project) => project.id), caller, asked]
  return yield* paged(organization, purpose, query, read, context)
})
