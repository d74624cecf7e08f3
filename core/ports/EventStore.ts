/**
 * The part of the store that keeps events: the log of each lane, and the heads that are raised with it.
 */
import type { Effect } from "effect"
import type { ConsentEvent } from "../engine/ConsentEvent.ts"
import type { ConsentAction, ConsentState } from "../engine/ConsentState.ts"
import type { Instant } from "../engine/Instant.ts"
import type { IdempotencyRecord } from "../model/IdempotencyRecord.ts"
import type { Owner } from "../model/Lane.ts"
import type { Claim, Fact } from "../model/People.ts"
import type { Access } from "./Access.ts"
import type { ComplianceChange } from "./ComplianceStore.ts"
import type { PersonalWrites } from "./PersonalStore.ts"
import type { Positions } from "./Positions.ts"
import type { StoreUnavailable } from "./StoreUnavailable.ts"

/** An event with everything that is answered about it. */
export interface StoredEvent extends ConsentEvent {
  /** The id of the API key, or the person's own id. */
  readonly submitter: string
  /** The id of the session it came in; left out if it came in none. A list can be filtered by it. */
  readonly session?: string
  /** The host name of the page it was sent from. A list can be filtered by it. */
  readonly domain?: string
  /** The region that the session was opened with. A list can be filtered by it. */
  readonly geography?: string
  /**
   * The hash of the caller's own id of the event, lower-case hexadecimal: unique in a project. Only written: it is kept
   * apart from the event, because an erasure deletes it, and is left out of events that are read.
   */
  readonly externalId?: string
  /** The stored form of the event: JSON with commitments in place of personal data, kept byte for byte. */
  readonly body: string
}

/** Events to record, all of them or none. */
export interface Append {
  readonly project: Owner
  readonly organization: Owner
  /** The `dateCreated` of the events; where an export is restored, the latest of theirs. */
  readonly recordedAt: Instant
  /** In the order in which they get their positions: `dateCreated` does not go back. */
  readonly events: ReadonlyArray<StoredEvent>
  /** Aliases that must be free, or already name the same person; otherwise the append is `Stale`. */
  readonly claims: ReadonlyArray<Claim>
  /**
   * People with the revisions that the append was prepared against, each once: with any other one it is `Stale`. Their
   * revisions are raised with it, so that of two appends that were prepared against the same one only one is recorded.
   * Needed for each person that gets an account identifier, and its survivor, because two accounts claim different
   * aliases; for each person of a claim that only fills in the kind of an alias, because the alias may be released
   * meanwhile; and for each person of {@link facts}, because its facts may have been read.
   */
  readonly seen?: ReadonlyArray<{ readonly concordId: string; readonly revision: number }>
  /** Facts of the kinds `shared` and `region`. They are counted in the lanes of their people. */
  readonly facts?: ReadonlyArray<Fact>
  /** Personal data of the events and facts, and keys of their people. */
  readonly personal?: PersonalWrites
  /**
   * People whose events are recorded although they were erased, because an export is restored after its erasures.
   * Nothing but events may come of them.
   */
  readonly ofErased?: ReadonlySet<string>
  /** Belongs to the organization. */
  readonly idempotencyRecord?: IdempotencyRecord
  /**
   * An event of the project that must be recorded before these. Its own append may still be in progress; if that one
   * does not record it, this append is `Stale`.
   */
  readonly after?: Pick<StoredEvent, "concordId" | "id">
  /**
   * Refusals that are recorded as of `at`. The append is `Stale` if one of these people, or one that is joined with it,
   * has a head of the consent type, other than declined and from another append, with a `consentDate` later than `at`.
   * There can only be one in a lane whose last `dateCreated` is later than `at`: the store looks nothing up in others.
   */
  readonly refusals?: ReadonlyArray<Pick<StoredEvent, "concordId" | "consentType"> & { readonly at: Instant }>
  /** Requests of the project that change with the events. The append is `Stale` if one of them has another ordinal. */
  readonly compliance?: ComplianceChange
}

/**
 * `Appended`: the events are recorded. `positions` are those of the lanes written to, at or after the last of the
 * events; they are left out where an earlier attempt of the same append had recorded the events already. `Stale`:
 * nothing was recorded; read aliases and external ids again, and prepare the append for no earlier than
 * `lastRecordedAt`; if `isOvertaken`, with one of its `refusals` as of a later date, too. An append about a person that
 * was erased is `Stale`, whether the person is in an event, a claim or a fact, but for those of
 * {@link Append.ofErased}. `Repeated`: nothing was recorded, because there is an idempotency record of the same hash
 * already.
 */
export type Appended =
  | { readonly _tag: "Appended"; readonly positions?: Positions }
  | { readonly _tag: "Stale"; readonly lastRecordedAt: Instant; readonly isOvertaken?: true }
  | { readonly _tag: "Repeated" }

/** Events of people, and the positions of their lanes at the same moment. */
export interface SeenEvents {
  readonly events: ReadonlyArray<StoredEvent>
  /** Of the lanes of all people asked about; 0 for a lane without events. */
  readonly positions: Positions
  /** The latest `dateCreated` in these lanes; `Instant.min` if they have no events. */
  readonly lastRecordedAt: Instant
}

/** The place in the events of a person after which a page begins, in the order of `consentDate` and then of id. */
export interface PersonPlace {
  readonly concordId: string
  /** Left out: before the first event. */
  readonly after?: Pick<ConsentEvent, "consentDate" | "id">
}

/** Which events are listed: those that match every member. A member that is left out matches all events. */
export interface EventFilter {
  /** The first `consentDate`. */
  readonly startDate: Instant
  /** The first `consentDate` that is not listed any more. */
  readonly endDate: Instant
  readonly people?: ReadonlyArray<string>
  readonly consentTypes?: ReadonlyArray<string>
  readonly consentStates?: ReadonlyArray<ConsentState>
  readonly consentActions?: ReadonlyArray<ConsentAction>
  readonly submitter?: string
  readonly session?: string
  readonly domain?: string
  readonly geography?: string
}

/** The order of a list: by a date, and events of the same instant by lane and then by position. */
export interface EventOrder {
  readonly sort: "consentDate" | "dateCreated"
  readonly order: "asc" | "desc"
}

/**
 * The place where a page ended, with which the next page neither skips nor repeats an event, even if events are
 * recorded between the two pages. Plain JSON.
 */
export interface PagePlace {
  /** For each lane of the project, its end when the first page was read: later pages list no event from it on. */
  readonly bounds: ReadonlyArray<number>
  /** The number of events that match. */
  readonly total: number
  /** The number of events on the pages before the next one. */
  readonly offset: number
  /** The last event's date, lane (from 0 in the project) and position. */
  readonly last: readonly [at: Instant, lane: number, position: number]
}

/** Which page is asked for. */
export interface PageRequest extends EventOrder {
  readonly limit: number
  /** The number of events to skip, or the place where the page before ended. */
  readonly from: number | PagePlace
}

/** One page of events. */
export interface EventPage {
  readonly total: number
  readonly events: ReadonlyArray<StoredEvent>
  /** For each lane of the project, the position before which events were looked for. */
  readonly bounds: ReadonlyArray<number>
  /** The place where this page ended; left out on the last page. */
  readonly next?: PagePlace
}

/** Events, by lane and position. */
export interface EventStore {
  /**
   * Records events durably: once it succeeds, they survive any crash. Positions in a lane have no gap, the heads are
   * raised in the same transaction, and `dateCreated` never goes back inside a lane.
   */
  readonly append: (append: Append) => Effect.Effect<Appended, StoreUnavailable>
  /** The events of ids, in the order of the ids. */
  readonly byId: (
    project: Owner,
    ids: ReadonlyArray<string>,
  ) => Effect.Effect<ReadonlyArray<StoredEvent | undefined>, StoreUnavailable>
  /** The events of external ids, in the order of their hashes. */
  readonly byExternalId: (
    project: Owner,
    hashes: ReadonlyArray<string>,
  ) => Effect.Effect<ReadonlyArray<StoredEvent | undefined>, StoreUnavailable>
  /**
   * The heads of people, at one moment: at most four events for each person and consent type. With `consentTypes`, only
   * those of these types.
   */
  readonly heads: (
    project: Owner,
    people: ReadonlyArray<string>,
    consentTypes?: ReadonlyArray<string>,
  ) => Effect.Effect<SeenEvents, StoreUnavailable>
  /**
   * The merged heads of everyone that is counted as a survivor, at one moment: at most four events for each consent
   * type. The positions are those of all lanes of the project. Costs the same for any number of joined people.
   */
  readonly joinedHeads: (
    project: Owner,
    survivor: string,
    consentTypes?: ReadonlyArray<string>,
  ) => Effect.Effect<SeenEvents, StoreUnavailable>
  /**
   * For each place, in the order of the places, at most `limit` events of the person that follow it, ordered by
   * `consentDate` and then by id, without what is answered about them. An event that is recorded between two pages is
   * in a later page only if it follows the place.
   */
  readonly ofPeople: (
    project: Owner,
    places: ReadonlyArray<PersonPlace>,
    limit: number,
  ) => Effect.Effect<ReadonlyArray<ReadonlyArray<ConsentEvent>>, StoreUnavailable>
  /** One page of a project's events. */
  readonly list: (project: Owner, filter: EventFilter, page: PageRequest) => Effect.Effect<EventPage, StoreUnavailable>
  /** At most `limit` events of one lane (from 0 in the project), from the position `from` on, in order. */
  readonly lane: (
    project: Owner,
    lane: number,
    from: number,
    limit: number,
  ) => Effect.Effect<ReadonlyArray<StoredEvent>, StoreUnavailable>
  /** For each lane of a project, in order, the number of its events: the position of the next one. */
  readonly laneEnds: (project: Owner) => Effect.Effect<ReadonlyArray<number>, StoreUnavailable>
  /** The latest `dateCreated` of the events of projects; `Instant.min` if they have none. */
  readonly lastRecordedAt: (projects: ReadonlyArray<Owner>) => Effect.Effect<Instant, StoreUnavailable>
  /**
   * The versions of a consent type that its events name; empty if it has no event. 0 stands for the versions of events
   * that were recorded before the store noted them.
   */
  readonly usedVersions: (project: Owner, consentType: string) => Effect.Effect<ReadonlySet<number>, StoreUnavailable>
}

/** Whether each member reads or writes. */
export const eventAccess: Access<EventStore> = {
  append: "write",
  byId: "read",
  byExternalId: "read",
  heads: "read",
  joinedHeads: "read",
  ofPeople: "read",
  list: "read",
  lane: "read",
  laneEnds: "read",
  lastRecordedAt: "read",
  usedVersions: "read",
}
