/**
 * The ledger's store in memory: for tests, for trials, and for programs that keep their events elsewhere.
 *
 * It keeps the same contract as the durable stores except durability: all data is gone when the process ends.
 */
import { Effect, Layer } from "effect"
import { LedgerStore } from "../../core/ports/LedgerStore.ts"
import * as CatalogStore from "./CatalogStore.ts"
import * as ComplianceStore from "./ComplianceStore.ts"
import * as Erasing from "./Erasing.ts"
import * as EventStore from "./EventStore.ts"
import * as FeedStore from "./FeedStore.ts"
import * as IdempotencyRecords from "./IdempotencyRecords.ts"
import * as MetricsStore from "./MetricsStore.ts"
import * as NotedChanges from "./NotedChanges.ts"
import * as OutboxStore from "./OutboxStore.ts"
import * as PeopleStore from "./PeopleStore.ts"
import * as PersonalStore from "./PersonalStore.ts"
import * as RequestFileStore from "./RequestFileStore.ts"
import * as SessionStore from "./SessionStore.ts"
import * as WebhookStore from "./WebhookStore.ts"

const make = (): LedgerStore["Service"] => {
  const idempotency = IdempotencyRecords.make()
  const sessions = SessionStore.make()
  const catalog = CatalogStore.make(idempotency)
  const personal = PersonalStore.make()
  const noted = NotedChanges.make()
  const people = PeopleStore.make(sessions, idempotency, catalog, personal, noted)
  const requestFiles = RequestFileStore.make()
  const compliance = ComplianceStore.make(idempotency, OutboxStore.make(), requestFiles)
  const events = EventStore.make(people, compliance, idempotency)
  return {
    ready: Effect.void,
    idempotencyRecord: (owner, hash) => Effect.sync(() => idempotency.get(owner, hash)),
    events: events.store,
    people: people.store,
    personal: {
      ...personal.store,
      erase: Erasing.make({ personal, people, noted, sessions, events, compliance, catalog, idempotency }),
    },
    catalog,
    sessions: sessions.store,
    feed: FeedStore.make({ events, people, noted, catalog }),
    webhooks: WebhookStore.make(),
    compliance: compliance.store,
    outbox: compliance.outbox,
    requestFiles: requestFiles.store,
    metrics: MetricsStore.make({ events: events.byLane, facts: compliance.factsByLane }),
  }
}

/** The layer makes a new, empty store each time it is built. */
export const layer: Layer.Layer<LedgerStore> = Layer.sync(LedgerStore, () => LedgerStore.of(make()))
