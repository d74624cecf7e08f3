/**
 * The part of the store that keeps events: the log of each lane, and the heads that are raised with it.
 */
import type { Effect } from "effect"
import type { ConsentEvent } from "../engine/ConsentEvent.ts"
import type { ConsentAction, ConsentState } from "../engine/ConsentState.ts"
import type { Instant } from "../engine/Instant.ts"
import type { IdempotencyRecord } from "../model/IdempotencyRecord.ts"
import type { Owner } from "../model/Lane.ts"
import type { Claim } from "../model/People.ts"
import type { Positions } from "./Positions.ts"
import type { StoreUnavailable } from "./StoreUnavailable.ts"

/** An event with everything that is answered about it. */
export interface StoredEvent extends ConsentEvent {
  /** The id of the API key, or the person's own id. */
  readonly submitter: string
  /** The id of the session it came in, if it came in one; with the page's host and the region, to be listed by. */
  readonly session?: string
  readonly domain?: string
  readonly geography?: string
  /** SHA-256 of the caller's own id of the event, lower-case hexadecimal: unique in a project. */
  readonly externalId?: string
  /** The event as it is answered: JSON, kept byte for byte. */
  readonly body: string
}

/** Events of people, and the positions of their lanes in the same moment: what stands behind an answer. */
export interface SeenEvents {
  readonly events: ReadonlyArray<StoredEvent>
  /** Of the lanes of all who were asked about; 0 for a lane without events. */
  readonly positions: Positions
}

/** A request to record events, prepared. */
export interface Append {
  readonly project: Owner
  readonly organization: Owner
  /** The `dateCreated` of the events, or of the last of them, where an earlier ledger is taken back. */
  readonly recordedAt: Instant
  /** In the order in which they get their positions: `dateCreated` does not go back. */
  readonly events: ReadonlyArray<StoredEvent>
  /** Aliases that must be free, or already name the same person. */
  readonly claims: ReadonlyArray<Claim>
  /** The organization keeps it. */
  readonly idempotencyRecord?: IdempotencyRecord
  /**
   * An event of the project that this request comes after, which may still be on its way: where that one is not recorded, nothing
   * is kept, and the answer is `Stale`.
   */
  readonly after?: Pick<StoredEvent, "concordId" | "id">
}

/**
 * `Appended`: kept; `positions` are of the lanes written to, no earlier than right behind the request's events, and left out
 * where it was kept by an attempt before. `Stale`: nothing was kept; look again at aliases and external ids, and prepare it for no earlier than `lastRecordedAt`.
 * `Repeated`: nothing was kept, there is a receipt already.
 */
export type Appended =
  | { readonly _tag: "Appended"; readonly positions?: Positions }
  | { readonly _tag: "Stale"; readonly lastRecordedAt: Instant }
  | { readonly _tag: "Repeated" }

/** Which events are listed. What is left out does not limit. */
export interface EventFilter {
  /** From `startDate`, before `endDate`: of `consentDate`. */
  readonly startDate: Instant
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

/** How events are ordered: by a date, those of the same instant by lane and then by position. */
export interface EventOrder {
  readonly sort: "consentDate" | "dateCreated"
  readonly order: "asc" | "desc"
}

/**
 * Where a page ended: what the next one needs so that pages neither skip nor repeat, whatever is recorded meanwhile.
 * Plain JSON.
 */
export interface PagePlace {
  /** For each lane of the project, the position before which the events were there when the first page was read. */
  readonly bounds: ReadonlyArray<number>
  /** How many match. */
  readonly total: number
  /** How many came before. */
  readonly offset: number
  /** The last event's date, lane (from 0 in the project) and position. */
  readonly last: readonly [at: Instant, lane: number, position: number]
}

/** Which page: by how many are passed over, or where the page before ended. */
export interface PageRequest extends EventOrder {
  readonly limit: number
  readonly from: number | PagePlace
}

/** One page of events. */
export interface EventPage {
  readonly total: number
  readonly events: ReadonlyArray<StoredEvent>
  /** For each lane of the project, the position before which events were looked for. */
  readonly bounds: ReadonlyArray<number>
  /** Where the next page goes on; left out after the last. */
  readonly next?: PagePlace
}

/** Events, by lane and position. */
export interface EventStore {
  /**
   * Records events durably: when it succeeds, they are there after any crash. Positions in a lane have no gap, the
   * heads are raised in the same transaction, and `dateCreated` never goes back inside a lane.
   */
  readonly append: (request: Append) => Effect.Effect<Appended, StoreUnavailable>
  /** The heads of people, in one moment: at most four events for each person and consent type. */
  readonly heads: (project: Owner, people: ReadonlyArray<string>) => Effect.Effect<SeenEvents, StoreUnavailable>
  /** Every event of people, in one moment; those of a person in the order recorded. */
  readonly ofPeople: (project: Owner, people: ReadonlyArray<string>) => Effect.Effect<SeenEvents, StoreUnavailable>
  /** The events of ids, in the order asked. */
  readonly byId: (
    project: Owner,
    ids: ReadonlyArray<string>,
  ) => Effect.Effect<ReadonlyArray<StoredEvent | undefined>, StoreUnavailable>
  /** The events of external ids, in the order asked. */
  readonly byExternalId: (
    project: Owner,
    hashes: ReadonlyArray<string>,
  ) => Effect.Effect<ReadonlyArray<StoredEvent | undefined>, StoreUnavailable>
  /** One page of a project's events. */
  readonly list: (project: Owner, filter: EventFilter, page: PageRequest) => Effect.Effect<EventPage, StoreUnavailable>
  /** For each lane of a project, in order, how many events it has: the position of the next one. */
  readonly laneEnds: (project: Owner) => Effect.Effect<ReadonlyArray<number>, StoreUnavailable>
  /** Events of one lane (from 0 in the project), by position: from the one at `from`, at most `limit`, in order. */
  readonly lane: (
    project: Owner,
    lane: number,
    from: number,
    limit: number,
  ) => Effect.Effect<ReadonlyArray<StoredEvent>, StoreUnavailable>
  /** Whether a consent type has any event. */
  readonly isTypeUsed: (project: Owner, consentType: string) => Effect.Effect<boolean, StoreUnavailable>
}

/** The members that write: a replica refuses them. */
export const eventWrites = ["append"] as const satisfies ReadonlyArray<keyof EventStore>
