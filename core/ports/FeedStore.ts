/**
 * The part of the store behind the change feed: what happened without an event, how far the scheduler has come, and
 * what it reads to find what is due.
 *
 * A lane has two sequences without a gap: the positions of its events, and the numbers of its stored changes. A stored
 * change notes the position of the next event when it was written. So the order of a lane is: the events before that
 * position, the change, the events from it on. An event costs no further write.
 */
import type { Effect } from "effect"
import type { ConsentEvent } from "../engine/ConsentEvent.ts"
import type { Instant } from "../engine/Instant.ts"
import type { Owner } from "../model/Lane.ts"
import type { Access } from "./Access.ts"
import type { StoreUnavailable } from "./StoreUnavailable.ts"

/** A place in one lane of a project: the next event and the next stored change. */
export interface LanePlace {
  /** From 0 in the project. */
  readonly lane: number
  /** The position of the next event. */
  readonly position: number
  /** The number of the next stored change, from 0. */
  readonly number: number
}

/** The end of a lane. */
export interface LaneEnd extends LanePlace {
  /** 1, and one more each time a restored backup turned out to lack something that was recorded. */
  readonly incarnation: number
  /**
   * Nothing later is recorded in the lane before it: the latest `dateCreated`, or one more than the `recordedAt` of the
   * last step that raised the lane, whichever is later. `Instant.min` for a lane that nothing was written to.
   */
  readonly lastRecordedAt: Instant
}

/** A change that is stored, because it happened without an event. */
export interface StoredChange {
  readonly number: number
  /** The position of the lane's next event when the change was written. */
  readonly beforePosition: number
  readonly recordedAt: Instant
  /** Since when it is so. */
  readonly at: Instant
  /** Its type, such as `decision.changed`. */
  readonly type: string
  /** The stored person that it is about. */
  readonly concordId?: string
  readonly consentType?: string
  /** JSON without `id`, `type`, `recordedAt` and `at`, which `Change.write` puts before it. Kept byte for byte. */
  readonly body: string
}

/** One item of a lane's feed. */
export type LaneItem =
  | { readonly _tag: "Event"; readonly position: number; readonly event: ConsentEvent }
  | ({ readonly _tag: "Change" } & StoredChange)

/** Which items of a lane are read. A member that is left out lets all pass. */
export interface LaneFilter {
  /** Whether events are read; default true. */
  readonly events?: boolean
  /** The types of stored changes that are read; left out: all. */
  readonly types?: ReadonlyArray<string>
  /** Of these people. */
  readonly people?: ReadonlyArray<string>
  /** Of these consent types. A stored change without a consent type does not pass. */
  readonly consentTypes?: ReadonlyArray<string>
}

/** A part of a lane that is read: from one place up to another. */
export interface LanePart {
  readonly from: LanePlace
  /** Exclusive in both sequences: a place that {@link FeedStore.ends} returned. */
  readonly to: LanePlace
}

/** What was read of a lane. */
export interface LaneItems {
  /**
   * In the order of the lane, at most the number that was asked for. There may be fewer though more follow, because a
   * read looks at a bounded number of items that a filter leaves out.
   */
  readonly items: ReadonlyArray<LaneItem>
  /**
   * Where the next read begins: after the last item, or after everything that was filtered out; `to` at the end. It is
   * between two items, so that a read with another filter goes on from it.
   */
  readonly next: LanePlace
}

/** A stored event with its position, as the scheduler reads it. */
export interface PlacedEvent {
  readonly position: number
  readonly event: ConsentEvent
}

/** Heads that may lapse: those whose date is in a range. */
export interface DueQuery {
  /** From 0 in the project. */
  readonly lane: number
  /** The date that the range is about. Events without `expirationDate` are in no range of it. */
  readonly by: "consentDate" | "expirationDate"
  /** The first instant of the range. */
  readonly from: Instant
  /** The first instant that is not in it any more. */
  readonly to: Instant
  /** The place after which the page begins, in the order of the date and then of the position. */
  readonly after?: { readonly date: Instant; readonly position: number }
  readonly limit: number
}

/** Heads that may lapse. */
export interface DuePage {
  /** Heads of their own person, type and state, in the order of the date and then of the position. */
  readonly heads: ReadonlyArray<PlacedEvent>
  /** The last event that was looked at, whether it is a head or not; left out once the range was read to its end. */
  readonly next?: { readonly date: Instant; readonly position: number }
}

/** The heads of one person, by itself: people joined with it have their own. */
export interface PersonHeads {
  readonly concordId: string
  readonly heads: ReadonlyArray<ConsentEvent>
}

/** An identity change that a feed tells of. No feed tells of a release, a rename or a shared contact point. */
export interface NotedIdentityChange {
  /** The lane of the survivor (of an erasure: of its first member) in its organization. */
  readonly lane: number
  /** The number of the change in its lane. Positions of changes that no feed tells of are left out. */
  readonly position: number
  readonly kind: "joined" | "undone" | "identified" | "erased" | "region"
  readonly recordedAt: Instant
  /** The id of the fact, or of the erasure. */
  readonly id: string
  /** Of an erasure: its first member, twice. `PersonalStore.erasure` has all members. */
  readonly member: string
  readonly survivor: string
}

/** How far the scheduler has come in one source of changes. */
export interface DueScanPlace {
  /** From 0 in the project. */
  readonly lane: number
  /** Names the source, such as `age P1Y` or `people 65541`: at most 200 characters. */
  readonly name: string
  /** Plain JSON, compared byte for byte. */
  readonly state: string
}

/** A change to store. */
export interface NewChange extends Omit<StoredChange, "number" | "beforePosition" | "recordedAt"> {
  /** From 0 in the project: the lane of its person, or lane 0. It is one of the lanes of the step. */
  readonly lane: number
  /**
   * The first instant at which the change would no longer be true: it is recorded before that, or the step is `stale`.
   * Left out: it stays true.
   */
  readonly until?: Instant
}

/** Changes and the scheduler's place, all of it or nothing. */
export interface FeedStep {
  readonly organization: Owner
  readonly project: Owner
  /** The revision of the catalog that the step was prepared against. Left out: the step does not depend on it. */
  readonly catalog?: number
  /** The people that the changes are about, with everyone joined with them, and the revisions of each. */
  readonly seen: ReadonlyArray<{ readonly concordId: string; readonly revision: number }>
  /**
   * The lanes of those people and of the changes and places, from 0 in the project, with the position that each had
   * when it was read. The step is `stale` if an event of one of the people was recorded in them since.
   */
  readonly lanes: ReadonlyArray<{ readonly lane: number; readonly position: number }>
  /** The changes are recorded at this instant, or at the latest of what the lanes hold, if that is later. */
  readonly recordedAt: Instant
  readonly changes: ReadonlyArray<NewChange>
  /** Places that move with the step. `before`: the state that it had, `undefined` for none; any other is `stale`. */
  readonly places: ReadonlyArray<{
    readonly lane: number
    readonly name: string
    readonly before: string | undefined
    /** `undefined`: the place is removed. */
    readonly after: string | undefined
  }>
}

/**
 * `Written`: with the places after the step of the lanes that got a change, in order. `Stale`: nothing was written;
 * read again.
 */
export type FeedWritten =
  | { readonly _tag: "Written"; readonly recordedAt: Instant; readonly ends: ReadonlyArray<LanePlace> }
  | { readonly _tag: "Stale" }

/** The change feed of projects. */
export interface FeedStore {
  /** The end of each lane of a project, in order, all at one moment. One statement. */
  readonly ends: (project: Owner) => Effect.Effect<ReadonlyArray<LaneEnd>, StoreUnavailable>
  /** Items of parts of lanes, in the order of the parts: at most `limit` of each. */
  readonly read: (
    project: Owner,
    parts: ReadonlyArray<LanePart>,
    filter: LaneFilter,
    limit: number,
  ) => Effect.Effect<ReadonlyArray<LaneItems>, StoreUnavailable>
  /** Heads whose date is in a range, found by index. */
  readonly due: (project: Owner, query: DueQuery) => Effect.Effect<DuePage, StoreUnavailable>
  /**
   * The heads of the people of a lane, in the order of `concordId`, after one of them: at most `limit` people. With
   * `consentTypes`, only those of these types, and only people that have one.
   */
  readonly people: (
    project: Owner,
    lane: number,
    consentTypes: ReadonlyArray<string> | undefined,
    after: string | undefined,
    limit: number,
  ) => Effect.Effect<ReadonlyArray<PersonHeads>, StoreUnavailable>
  /**
   * The first `limit` identity changes of a lane of an organization, from a position on, ordered by position and id,
   * and all others of the last one's position: those of one position are never parted.
   */
  readonly identityChanges: (
    organization: Owner,
    lane: number,
    from: number,
    limit: number,
  ) => Effect.Effect<ReadonlyArray<NotedIdentityChange>, StoreUnavailable>
  /** All places of the scheduler in a project, ordered by lane and name. */
  readonly places: (project: Owner) => Effect.Effect<ReadonlyArray<DueScanPlace>, StoreUnavailable>
  /**
   * Writes a step durably: locks its lanes in ascending order; compares positions, revisions and places; stores the
   * changes; moves the places. The lanes then record nothing at or before `recordedAt`, so that what a change says
   * stays what is answered as known then.
   */
  readonly write: (step: FeedStep) => Effect.Effect<FeedWritten, StoreUnavailable>
  /**
   * Takes or renews a lease: `undefined` if the holder has it until `until`, otherwise when that of another holder
   * ends. That is taken once it has ended at `now`. With an `until` that is not after `now` it is given up. It only
   * saves servers doing the same work: nothing is right because of it.
   */
  readonly lease: (
    lane: { readonly owner: Owner; readonly lane: number },
    name: string,
    holder: string,
    now: Instant,
    until: Instant,
  ) => Effect.Effect<Instant | undefined, StoreUnavailable>
}

/** Whether each member reads or writes. */
export const feedAccess: Access<FeedStore> = {
  ends: "read",
  read: "read",
  due: "read",
  people: "read",
  identityChanges: "read",
  places: "read",
  write: "write",
  lease: "write",
}
