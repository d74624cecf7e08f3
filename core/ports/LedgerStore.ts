/**
 * What the ledger needs from a store: one port. Every adapter keeps the same contract, which is data:
 * `test/contract/LedgerStoreContract.ts`.
 *
 * The store decides nothing. It keeps what it is given, all of a request or nothing, and says when what the request was
 * prepared against has changed in the meantime, so that the ledger can prepare it again.
 */
import { Context, Data, type Effect } from "effect"
import type { Catalog, Entries } from "../model/Catalog.ts"
import type { ConsentEvent } from "../engine/ConsentEvent.ts"
import type { ConsentAction, ConsentState } from "../engine/ConsentState.ts"
import type { Instant } from "../engine/Instant.ts"
import type { Owner } from "../model/Lane.ts"
import type { Claim, Fact, Named } from "../model/People.ts"
import type { IdempotencyRecord } from "../model/IdempotencyRecord.ts"

export {
  forgottenBefore,
  keptForEver,
  type IdempotencyRecord,
  idempotencyKeptMillis,
} from "../model/IdempotencyRecord.ts"

/** The store cannot answer now: starting, closing, full, or its disk fails. A retry may help, unless `isLasting`. */
export class StoreUnavailable extends Data.TaggedError("StoreUnavailable")<{
  /** Lower case, without personal data. */
  readonly reason: string
  /** It will not be otherwise here: another server must be asked. */
  readonly isLasting?: true
}> {
  override get message(): string {
    return this.reason
  }
}

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

/**
 * How far something is known. For a lane of a project, by its number in the store, the position of the next event: all events
 * before it are known, and none from it on. For a lane of an organization likewise, of changes of who is who. For what is set
 * up, the catalog's revision.
 */
export type Positions = ReadonlyMap<number | "configuration", number>

/** Events of people, and the positions of their lanes in the same moment: what stands behind an answer. */
export interface Seen {
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

/** Whether a change was kept; or what it was prepared against has changed; or it was kept before. */
export type Kept = "kept" | "stale" | "repeated"

/** A change of what is set up: entries as they are from now on. */
export interface CatalogChange {
  /** The catalog's revision that the change was prepared against. */
  readonly revision: number
  readonly entries: Partial<Entries>
  /** The documents of versions that are published with the change. */
  readonly documents: ReadonlyArray<DocumentOf & { readonly document: string }>
  /** Who keeps the receipt. */
  readonly owner?: Owner
  readonly idempotencyRecord?: IdempotencyRecord
}

/** Which document: of one version of a consent type. */
export interface DocumentOf {
  readonly consentType: string
  readonly version: number
}

/** A person as far as joining needs it. */
export interface Person {
  /** Raised by every change of the person. */
  readonly revision: number
  /** Whether anything but a browser's `contextId` has named it. */
  readonly isIdentified: boolean
  /** Those that name the person, as member or survivor, in the order recorded. */
  readonly facts: ReadonlyArray<Fact>
  /** How many changes its lane has had, in the same moment; 0 where there are no facts. */
  readonly position: number
}

/** A change of who is who, all of it or nothing. */
export interface IdentityChange {
  readonly organization: Owner
  /** The revisions it was prepared against. */
  readonly seen: ReadonlyArray<{ readonly concordId: string; readonly revision: number }>
  /** Aliases that must be free, or already name the same person. */
  readonly claims: ReadonlyArray<Claim>
  /** Hashes that name nobody from now on; whom they named is changed by that. */
  readonly releases: ReadonlyArray<string>
  readonly facts: ReadonlyArray<Fact>
  /** A proof that may be used once: a second change with it is `used`. */
  readonly identityToken?: { readonly hash: string; readonly expiresAt: Instant }
  /** Opened with the change. */
  readonly session?: Session
  /** Sessions that expire with the change: one by its token's hash, and all of a person. */
  readonly ends?: { readonly at: Instant; readonly tokenHash?: string; readonly sessionsOf?: string }
  readonly idempotencyRecord?: IdempotencyRecord
}

/** Which events are listed. What is left out does not limit. */
export interface Filter {
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
export interface Order {
  readonly sort: "consentDate" | "dateCreated"
  readonly order: "asc" | "desc"
}

/**
 * Where a page ended: what the next one needs so that pages neither skip nor repeat, whatever is recorded meanwhile.
 * Plain JSON.
 */
export interface Place {
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
export interface Page extends Order {
  readonly limit: number
  readonly from: number | Place
}

/** One page of events. */
export interface Listed {
  readonly total: number
  readonly events: ReadonlyArray<StoredEvent>
  /** For each lane of the project, the position before which events were looked for. */
  readonly bounds: ReadonlyArray<number>
  /** Where the next page goes on; left out after the last. */
  readonly next?: Place
}

/** A visitor's session. Its token is not kept, only the token's hash. */
export interface Session {
  /** SHA-256 of the token, lower-case hexadecimal. */
  readonly tokenHash: string
  readonly id: string
  readonly project: string
  readonly concordId: string
  readonly expiresAt: Instant
  /** With its last octet, or its last 80 bits, set to zero. */
  readonly ipAddress: string
  readonly domain: string
  /** ISO 3166-2. */
  readonly geography?: string
  /** At most 512 characters. */
  readonly userAgent?: string
  /** The hash of the browser's `contextId`, until the visitor is identified. */
  readonly context?: string
}

/** A store of events, people, sessions and what is set up. */
export class LedgerStore extends Context.Service<
  LedgerStore,
  {
    /** It only answers, from a copy that may be behind: what writes fails, and lasts. Left out by stores that record. */
    readonly isReplica?: true
    /** Succeeds while the store can be written to; or read, if it is a replica. */
    readonly ready: Effect.Effect<void, StoreUnavailable>

    /** What is set up now. The same object as long as nothing changes. */
    readonly current: Effect.Effect<Catalog, StoreUnavailable>
    /** Changes what is set up, if nothing has changed since. Earlier states of the entries are kept. */
    readonly changeCatalog: (change: CatalogChange) => Effect.Effect<Kept, StoreUnavailable>
    /** The documents of versions, in the order asked; `undefined` where there is none. */
    readonly documents: (
      of: ReadonlyArray<DocumentOf>,
    ) => Effect.Effect<ReadonlyArray<string | undefined>, StoreUnavailable>
    /** When each API key was last used, by its id. */
    readonly keyUses: Effect.Effect<ReadonlyMap<string, Instant>, StoreUnavailable>
    /** Notes that an API key was used. */
    readonly useKey: (id: string, at: Instant) => Effect.Effect<void, StoreUnavailable>

    /**
     * Records events durably: when it succeeds, they are there after any crash. Positions in a lane have no gap, the
     * heads are raised in the same transaction, and `dateCreated` never goes back inside a lane.
     */
    readonly append: (request: Append) => Effect.Effect<Appended, StoreUnavailable>
    /** The receipt of a request that was answered. */
    readonly idempotencyRecord: (
      owner: Owner,
      hash: string,
    ) => Effect.Effect<IdempotencyRecord | undefined, StoreUnavailable>
    /** The heads of people, in one moment: at most four events for each person and consent type. */
    readonly heads: (project: Owner, people: ReadonlyArray<string>) => Effect.Effect<Seen, StoreUnavailable>
    /** Every event of people, in one moment; those of a person in the order recorded. */
    readonly ofPeople: (project: Owner, people: ReadonlyArray<string>) => Effect.Effect<Seen, StoreUnavailable>
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
    readonly list: (project: Owner, filter: Filter, page: Page) => Effect.Effect<Listed, StoreUnavailable>
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

    /** Whom each hash names, in the order asked; `undefined` for nobody. */
    readonly byAlias: (
      organization: Owner,
      hashes: ReadonlyArray<string>,
    ) => Effect.Effect<ReadonlyArray<Named | undefined>, StoreUnavailable>
    /** A person; one that nothing has changed has revision 0. */
    readonly person: (organization: Owner, concordId: string) => Effect.Effect<Person, StoreUnavailable>
    /** How many changes each of some lanes of organizations has counted: see `PeopleLanes.of`. */
    readonly laneEndsOf: (lanes: ReadonlyArray<number>) => Effect.Effect<Positions, StoreUnavailable>
    /** Changes who is who, durably. */
    readonly changeIdentity: (change: IdentityChange) => Effect.Effect<Kept | "used", StoreUnavailable>
    /** What a person has told of itself, as JSON. */
    readonly profile: (organization: Owner, concordId: string) => Effect.Effect<string | undefined, StoreUnavailable>
    /** Keeps what a person tells of itself, in place of what it told before. */
    readonly keepProfile: (
      organization: Owner,
      concordId: string,
      profile: string,
      idempotencyRecord?: IdempotencyRecord,
    ) => Effect.Effect<Kept, StoreUnavailable>

    /** Lets a session that was seen to expire at `seen` expire at `expiresAt`, unless it has been ended since. */
    readonly extend: (tokenHash: string, seen: Instant, expiresAt: Instant) => Effect.Effect<void, StoreUnavailable>
    /** The session of a token's hash, expired or not. */
    readonly bySessionToken: (tokenHash: string) => Effect.Effect<Session | undefined, StoreUnavailable>
  }
>()("assent/ports/LedgerStore") {}
