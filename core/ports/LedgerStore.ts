/**
 * The ledger's port to a store, in eleven parts by subject. Every adapter keeps the same contract, which is data:
 * `test/contract/LedgerStoreContract.ts`.
 *
 * The store decides nothing. It keeps what it is given, all of a write or nothing. Where the state that the write was
 * prepared against has changed in the meantime, it writes nothing and says so, so that the ledger can prepare the write
 * again.
 */
import { Context, type Effect } from "effect"
import type { IdempotencyRecord } from "../model/IdempotencyRecord.ts"
import type { Owner } from "../model/Lane.ts"
import type { CatalogStore } from "./CatalogStore.ts"
import type { ComplianceStore } from "./ComplianceStore.ts"
import type { EventStore } from "./EventStore.ts"
import type { FeedStore } from "./FeedStore.ts"
import type { MetricsStore } from "./MetricsStore.ts"
import type { OutboxStore } from "./OutboxStore.ts"
import type { PeopleStore } from "./PeopleStore.ts"
import type { PersonalStore } from "./PersonalStore.ts"
import type { RequestFileStore } from "./RequestFileStore.ts"
import type { SessionStore } from "./SessionStore.ts"
import type { StoreUnavailable } from "./StoreUnavailable.ts"
import type { WebhookStore } from "./WebhookStore.ts"

export {
  forgottenBefore,
  type IdempotencyRecord,
  idempotencyKeptMillis,
  keptForEver,
} from "../model/IdempotencyRecord.ts"
export type { Access } from "./Access.ts"
export * from "./CatalogStore.ts"
export * from "./EventStore.ts"
export * from "./FeedStore.ts"
export * from "./Kept.ts"
export * from "./Keys.ts"
export * from "./PeopleStore.ts"
export * from "./PersonalStore.ts"
export * from "./Positions.ts"
export * from "./SessionStore.ts"
export * from "./StoreUnavailable.ts"

/** A store of events, people, personal data, sessions and the catalog. */
export class LedgerStore extends Context.Service<
  LedgerStore,
  {
    readonly events: EventStore
    readonly people: PeopleStore
    readonly personal: PersonalStore
    readonly catalog: CatalogStore
    readonly sessions: SessionStore
    readonly feed: FeedStore
    readonly webhooks: WebhookStore
    readonly compliance: ComplianceStore
    readonly outbox: OutboxStore
    readonly requestFiles: RequestFileStore
    readonly metrics: MetricsStore
    /** The idempotency record of a hash. Each part keeps the records of its own writes. */
    readonly idempotencyRecord: (
      owner: Owner,
      hash: string,
    ) => Effect.Effect<IdempotencyRecord | undefined, StoreUnavailable>
    /** Succeeds while the store can be written to; on a replica, while it can be read. */
    readonly ready: Effect.Effect<void, StoreUnavailable>
    /**
     * The store is a copy that may lag: it only answers, and every write fails with `isLasting`. Left out by stores
     * that record.
     */
    readonly isReplica?: true
  }
>()("assent/ports/LedgerStore") {}
