/**
 * What the ledger needs from a store: one port in four parts, by subject. Every adapter keeps the same contract, which is data:
 * `test/contract/LedgerStoreContract.ts`.
 *
 * The store decides nothing. It keeps what it is given, all of a request or nothing, and says when what the request was
 * prepared against has changed in the meantime, so that the ledger can prepare it again.
 */
import { Context, type Effect } from "effect"
import type { IdempotencyRecord } from "../model/IdempotencyRecord.ts"
import type { Owner } from "../model/Lane.ts"
import type { CatalogStore } from "./CatalogStore.ts"
import type { EventStore } from "./EventStore.ts"
import type { PeopleStore } from "./PeopleStore.ts"
import type { SessionStore } from "./SessionStore.ts"
import type { StoreUnavailable } from "./StoreUnavailable.ts"

export {
  forgottenBefore,
  type IdempotencyRecord,
  idempotencyKeptMillis,
  keptForEver,
} from "../model/IdempotencyRecord.ts"
export * from "./CatalogStore.ts"
export * from "./EventStore.ts"
export * from "./Kept.ts"
export * from "./PeopleStore.ts"
export * from "./Positions.ts"
export * from "./SessionStore.ts"
export * from "./StoreUnavailable.ts"

/** A store of events, people, sessions and the catalog. */
export class LedgerStore extends Context.Service<
  LedgerStore,
  {
    /** It only answers, from a copy that may be behind: what writes fails, and lasts. Left out by stores that record. */
    readonly isReplica?: true
    /** Succeeds while the store can be written to; or read, if it is a replica. */
    readonly ready: Effect.Effect<void, StoreUnavailable>
    /** The idempotency record of a request that was answered. Each part keeps those of its own writes. */
    readonly idempotencyRecord: (
      owner: Owner,
      hash: string,
    ) => Effect.Effect<IdempotencyRecord | undefined, StoreUnavailable>
    readonly events: EventStore
    readonly people: PeopleStore
    readonly catalog: CatalogStore
    readonly sessions: SessionStore
  }
>()("assent/ports/LedgerStore") {}
