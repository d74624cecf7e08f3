/**
 * What the ledger needs from a store: one small port. Every adapter keeps the same contract, which is data:
 * `test/contract/LedgerStoreContract.ts`.
 *
 * The store decides nothing. It keeps what it is given, all of a request or nothing, and says when what the request was
 * prepared against has changed in the meantime, so that the ledger can prepare it again.
 */
import { Context, Data, type Effect } from "effect"
import type { Catalog, Entries } from "../Catalog.ts"
import type { ConsentEvent } from "../ConsentEvent.ts"
import type { Instant } from "../Instant.ts"
import type { Owner } from "../Lane.ts"
import type { Claim } from "../People.ts"

/** The store cannot answer now: starting, closing, full, or its disk fails. A retry may help. */
export class StoreUnavailable extends Data.TaggedError("StoreUnavailable")<{
  /** Lower case, without personal data. */
  readonly reason: string
}> {
  override get message(): string {
    return this.reason
  }
}

/** An event with everything that is answered about it. */
export interface StoredEvent extends ConsentEvent {
  /** The id of the API key, or the person's own id. */
  readonly submitter: string
  /** The id of the session it came in, if it came in one. */
  readonly session?: string
  /** The event as it is answered: JSON, kept byte for byte. */
  readonly body: string
}

/** A request to record events, prepared. */
export interface Append {
  readonly project: Owner
  readonly organization: Owner
  /** The `dateCreated` of every event. */
  readonly recordedAt: Instant
  /** In the order in which they get their positions. */
  readonly events: ReadonlyArray<StoredEvent>
  /** Aliases that must be free, or already name the same person. */
  readonly claims: ReadonlyArray<Claim>
}

/** `stale`: nothing was kept; look the aliases up again, and prepare it for no earlier than `lastRecordedAt`. */
export type Appended = { readonly _tag: "Appended" } | { readonly _tag: "Stale"; readonly lastRecordedAt: Instant }

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
}

/** A store of events, people, sessions and what is set up. */
export class LedgerStore extends Context.Service<
  LedgerStore,
  {
    /** What is set up now. The same object as long as nothing changes. */
    readonly catalog: Effect.Effect<Catalog, StoreUnavailable>
    /** Sets up the first organizations, projects, keys and types; does nothing and answers false where there are any. */
    readonly found: (entries: Entries) => Effect.Effect<boolean, StoreUnavailable>
    /**
     * Records events durably: when it succeeds, they are there after any crash. Positions in a lane have no gap, the
     * heads are raised in the same transaction, and `dateCreated` never goes back inside a lane.
     */
    readonly append: (request: Append) => Effect.Effect<Appended, StoreUnavailable>
    /** Whom each hash names, in the order asked; `undefined` for nobody. */
    readonly peopleByAlias: (
      organization: Owner,
      hashes: ReadonlyArray<string>,
    ) => Effect.Effect<ReadonlyArray<string | undefined>, StoreUnavailable>
    /** The heads of a person: at most four events for each consent type. */
    readonly heads: (project: Owner, concordId: string) => Effect.Effect<ReadonlyArray<StoredEvent>, StoreUnavailable>
    /** Every event of a person, in the order recorded. */
    readonly events: (project: Owner, concordId: string) => Effect.Effect<ReadonlyArray<StoredEvent>, StoreUnavailable>
    /** Keeps a session and its claim, durably; answers false, keeping nothing, where the claim's alias names another. */
    readonly openSession: (
      organization: Owner,
      session: Session,
      claim: Claim,
    ) => Effect.Effect<boolean, StoreUnavailable>
    /** Sets when a session expires; of a session that is not there nothing is kept. */
    readonly extendSession: (tokenHash: string, expiresAt: Instant) => Effect.Effect<void, StoreUnavailable>
    /** The session of a token's hash, expired or not. */
    readonly session: (tokenHash: string) => Effect.Effect<Session | undefined, StoreUnavailable>
  }
>()("assent/ports/LedgerStore") {}
