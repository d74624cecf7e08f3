/**
 * The part of the store behind compliance requests: their facts, the state that each request has by them, and what is
 * personal of it, encrypted, apart from its facts.
 *
 * Everything of a request is in the lane {@link laneOf} of its project. A write is compared with nothing but the
 * ordinal of the request, so of two that were decided on the same state only one is kept. Facts are only inserted.
 */
import type { Effect } from "effect"
import type { CivilDate } from "../compliance/CivilDate.ts"
import type { RequestKind } from "../compliance/ClockPack.ts"
import type { ComplianceFact, FactKind, ResolutionStatus } from "../compliance/ComplianceFact.ts"
import type { ComplianceStatus } from "../compliance/ComplianceState.ts"
import type { Instant } from "../engine/Instant.ts"
import type { IdempotencyRecord } from "../model/IdempotencyRecord.ts"
import * as Lane from "../model/Lane.ts"
import type { Owner } from "../model/Lane.ts"
import type { Access } from "./Access.ts"
import type { Kept } from "./Kept.ts"
import type { MailChanges } from "./OutboxStore.ts"
import type { FileChanges } from "./RequestFileStore.ts"
import type { Sealed } from "./Sealed.ts"
import type { StoreUnavailable } from "./StoreUnavailable.ts"

/** The lane, as it is numbered in the store, that has everything of a request. */
export const laneOf = (project: Owner, request: string): number => Lane.of(project, request)

/** A request as its facts make it: the state, and what a list is filtered and sorted by. Nothing in it is personal. */
export interface ComplianceRow {
  /** The id of the request, a UUID. */
  readonly id: string
  /** The number of its facts. */
  readonly ordinal: number
  /** The `ComplianceState` as JSON, kept byte for byte. */
  readonly state: string
  readonly kind: RequestKind
  readonly status: ComplianceStatus
  readonly resolutionStatus?: ResolutionStatus
  /** The reference of the clock pack. */
  readonly regulation: string
  readonly domain?: string
  readonly country?: string
  /** When it was received. */
  readonly requestDate: Instant
  /** The `at` of its first fact. */
  readonly dateCreated: Instant
  /** The `at` of its last fact. */
  readonly dateUpdated: Instant
  /** When the answer is due. Left out: no law sets a time, or the clock is paused or has not started. */
  readonly dueOn?: CivilDate
  /** The first day on which passing time may change something of it. Left out: no day does. */
  readonly sweepOn?: CivilDate
  readonly isLapsed: boolean
}

/** A request that was read. */
export interface StoredRequest extends ComplianceRow {
  /** The number of the project: `Owner.number`. */
  readonly project: number
}

/** The key of a request, wrapped by the key of an epoch: see `Keys`. */
export interface RequestKey {
  readonly epoch: number
  /** 40 bytes. */
  readonly wrapped: Uint8Array
}

/** What is personal of a request. */
export interface PrivateRow {
  /** The person of the session that it was opened in; left out if an API key opened it. */
  readonly opener?: string
  /** The id of that session. */
  readonly session?: string
  /** The person that the request is about, once that is known. */
  readonly subject?: string
  /** The keyed hash of the e-mail address that was typed, lower-case hexadecimal. */
  readonly emailHash?: string
  /** Left out where no key could be had when it was written. */
  readonly sealed?: Sealed
}

/** A private row that was read, with the key that it was encrypted under. */
export interface StoredPrivate extends PrivateRow {
  readonly request: string
  /** Left out where the request has no key. */
  readonly key?: RequestKey
}

/** What happens to one request. */
export interface RequestChange {
  /** The ordinal that it was decided on: the number of facts of the request; 0 for one that is not there. */
  readonly before: number
  /** At least one; their ordinals go on from `before` without a gap, and all are of the request `row.id`. */
  readonly facts: ReadonlyArray<ComplianceFact>
  /** The request after these facts. */
  readonly row: ComplianceRow
  /**
   * Replaces the private row. `"removed"`: removes it, the key and all files of the request, cancels the mails that
   * wait, and removes what is encrypted of those that failed, and the recipient hash of all. Left out: it stays as it
   * is.
   */
  readonly private?: PrivateRow | "removed"
  /**
   * For a request without a key. A key that is there stays. Without a key of either kind a sealed private row, or a
   * mail that is added, makes the change `stale`: an erasure has removed what it was read from meanwhile, and would be
   * undone.
   */
  readonly key?: RequestKey
  readonly mails?: MailChanges
  readonly files?: FileChanges
}

/** Whether a change is only kept where the request has a key. */
export const needsKey = (change: RequestChange): boolean =>
  change.key === undefined &&
  ((typeof change.private === "object" && change.private.sealed !== undefined) || (change.mails?.add ?? []).length > 0)

/** What happens to requests of one project, all of it or nothing. */
export interface ComplianceChange {
  /** At least one, each request once. */
  readonly requests: ReadonlyArray<RequestChange>
}

/** A change of requests by itself. Where consent events are recorded with it, it is `Append.compliance`. */
export interface ComplianceWrite extends ComplianceChange {
  readonly project: Owner
  readonly organization: Owner
  /** Belongs to the organization. */
  readonly idempotencyRecord?: IdempotencyRecord
}

/** Which requests are listed: those that match every member. A member that is left out matches all of them. */
export interface RequestFilter {
  readonly id?: string
  /** The opener is one of these. */
  readonly openers?: ReadonlyArray<string>
  /** The opener or the subject is one of these. */
  readonly people?: ReadonlyArray<string>
  /** The id of the session that it was opened in. */
  readonly session?: string
  readonly kinds?: ReadonlyArray<RequestKind>
  readonly statuses?: ReadonlyArray<ComplianceStatus>
  readonly resolutionStatuses?: ReadonlyArray<ResolutionStatus>
  readonly regulation?: string
  readonly domain?: string
  readonly country?: string
  /** The first `requestDate`. */
  readonly startDate?: Instant
  /** The first `requestDate` that is not listed any more. */
  readonly endDate?: Instant
  /** Those with a due date before this day, whether they are open or not. */
  readonly dueBefore?: CivilDate
  /**
   * With `dueBefore`: also those without a due date whose clock pack is one of these, and that have not lapsed. Their
   * clock is paused, if they are open and the pack sets a time.
   */
  readonly pausedWith?: ReadonlyArray<string>
  /** Those that are overdue on a day, or those that are not: open, not lapsed, and due before the day. */
  readonly overdue?: { readonly on: CivilDate; readonly is: boolean }
  readonly isLapsed?: boolean
}

/** What lists of requests are sorted by. `dueOn` and `status` are compared as text. */
export const requestSorts = ["requestDate", "dateCreated", "dateUpdated", "dueOn", "status"] as const

/** One of {@link requestSorts}. */
export type RequestSort = (typeof requestSorts)[number]

/** What a list is sorted by: a request without a due date comes after all others, where the order is ascending. */
export const sortValueOf = (row: ComplianceRow, sort: RequestSort): number | string =>
  sort === "dueOn" ? (row.dueOn ?? withoutDueDate) : row[sort]

/** Sorts after every date. */
export const withoutDueDate = "~"

/** The place of a request in a list, after which the next page begins. Plain JSON. */
export interface RequestPlace {
  /** {@link sortValueOf} of the request. */
  readonly value: number | string
  readonly id: string
}

/** Which page of a list is asked for. Requests with the same value are ordered by id, in the same direction. */
export interface RequestPage {
  readonly sort: RequestSort
  readonly order: "asc" | "desc"
  readonly limit: number
  /** The number of requests to skip, or the place where the page before ended. */
  readonly from: number | RequestPlace
}

/** A page of requests. */
export interface ListedRequests {
  /** The number of requests that match, on all pages. */
  readonly total: number
  readonly requests: ReadonlyArray<StoredRequest>
  /** Where this page ended; left out on the last page. */
  readonly next?: RequestPlace
}

/** Which facts are listed: those that match every member. A member that is left out matches all of them. */
export interface FactFilter {
  readonly id?: string
  readonly request?: string
  /** What caused it, such as `key:<id>`. */
  readonly by?: string
  readonly kinds?: ReadonlyArray<FactKind>
  /** The first `at`. */
  readonly startDate?: Instant
  /** The first `at` that is not listed any more. */
  readonly endDate?: Instant
}

/** The place of a fact in a list, after which the next page begins. Plain JSON. */
export interface ComplianceFactPlace {
  readonly at: Instant
  readonly id: string
}

/** Which page of facts is asked for: they are ordered by `at`, and those of the same instant by id. */
export interface FactPage {
  readonly order: "asc" | "desc"
  readonly limit: number
  /** The number of facts to skip, or the place where the page before ended. */
  readonly from: number | ComplianceFactPlace
}

/** A fact that was read. */
export interface StoredFact {
  /** The number of the project: `Owner.number`. */
  readonly project: number
  readonly fact: ComplianceFact
}

/** A page of facts. */
export interface ListedFacts {
  /** The number of facts that match, on all pages. */
  readonly total: number
  readonly facts: ReadonlyArray<StoredFact>
  /** Where this page ended; left out on the last page. */
  readonly next?: ComplianceFactPlace
}

/** The place of a request among those that are to be swept. */
export interface SweepPlace {
  readonly sweepOn: CivilDate
  readonly lane: number
  readonly request: string
}

/**
 * The day on which a sweep looks at a request again; left out: on none. Only for the ordinal that it was decided on.
 */
export interface SweepDay {
  readonly request: string
  readonly ordinal: number
  readonly sweepOn?: CivilDate
}

/** A key of a request with its lane, so that it can be wrapped again without knowing its project. */
export interface LaneRequestKey extends RequestKey {
  readonly lane: number
  readonly request: string
}

/** Compliance requests. */
export interface ComplianceStore {
  /** Writes a change durably. `stale`: a request has another ordinal, or lacks a key; nothing was written. */
  readonly write: (write: ComplianceWrite) => Effect.Effect<Kept, StoreUnavailable>
  /** A request; `undefined` for one that the project does not have. */
  readonly request: (project: Owner, id: string) => Effect.Effect<StoredRequest | undefined, StoreUnavailable>
  /** The facts of a request, in the order of their ordinals. */
  readonly facts: (project: Owner, id: string) => Effect.Effect<ReadonlyArray<ComplianceFact>, StoreUnavailable>
  /** One page of the requests of projects. */
  readonly list: (
    projects: ReadonlyArray<Owner>,
    filter: RequestFilter,
    page: RequestPage,
  ) => Effect.Effect<ListedRequests, StoreUnavailable>
  /** One page of the facts of projects. */
  readonly listFacts: (
    projects: ReadonlyArray<Owner>,
    filter: FactFilter,
    page: FactPage,
  ) => Effect.Effect<ListedFacts, StoreUnavailable>
  /**
   * At most `limit` requests of the whole store with a `sweepOn` on or before a day, ordered by it, and those of the
   * same day by lane and id, after a place.
   */
  readonly toSweep: (
    on: CivilDate,
    after: SweepPlace | undefined,
    limit: number,
  ) => Effect.Effect<ReadonlyArray<StoredRequest>, StoreUnavailable>
  /**
   * Replaces `sweepOn` of requests that still have the ordinal, where nothing else of them changes. Others are left.
   */
  readonly reschedule: (project: Owner, days: ReadonlyArray<SweepDay>) => Effect.Effect<void, StoreUnavailable>
  /** The private rows of requests of a project, in the order of the ids. One statement. */
  readonly privateOf: (
    project: Owner,
    ids: ReadonlyArray<string>,
  ) => Effect.Effect<ReadonlyArray<StoredPrivate | undefined>, StoreUnavailable>
  /** At most `limit` keys of requests, of all projects, ordered by lane and request, after a place. */
  readonly allKeys: (
    after: Pick<LaneRequestKey, "lane" | "request"> | undefined,
    limit: number,
  ) => Effect.Effect<ReadonlyArray<LaneRequestKey>, StoreUnavailable>
  /** Replaces keys that are still wrapped as they were in `from` by the same keys, wrapped again. Others are left. */
  readonly rewrap: (
    keys: ReadonlyArray<{ readonly from: LaneRequestKey; readonly to: RequestKey }>,
  ) => Effect.Effect<void, StoreUnavailable>
}

/** Whether each member reads or writes. */
export const complianceAccess: Access<ComplianceStore> = {
  write: "write",
  request: "read",
  facts: "read",
  list: "read",
  listFacts: "read",
  toSweep: "read",
  reschedule: "write",
  privateOf: "read",
  allKeys: "read",
  rewrap: "write",
}
