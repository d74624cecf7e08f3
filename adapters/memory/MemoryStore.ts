/**
 * The ledger's store in memory: for tests, for trials, and for programs that keep their events elsewhere.
 *
 * It keeps the same contract as the durable stores except durability: all data is gone when the process ends.
 */
import { Effect, Layer } from "effect"
import { LedgerStore } from "../../core/ports/LedgerStore.ts"
import * as CatalogStore from "./CatalogStore.ts"
import * as EventStore from "./EventStore.ts"
import * as IdempotencyRecords from "./IdempotencyRecords.ts"
import * as PeopleStore from "./PeopleStore.ts"
import * as SessionStore from "./SessionStore.ts"

const make = (): LedgerStore["Service"] => {
  const idempotency = IdempotencyRecords.make()
  const sessions = SessionStore.make()
  const catalog = CatalogStore.make(idempotency)
  const people = PeopleStore.make(sessions, idempotency, catalog)
  return {
    ready: Effect.void,
    idempotencyRecord: (owner, hash) => Effect.sync(() => idempotency.get(owner, hash)),
    events: EventStore.make(people, idempotency),
    people: people.store,
    catalog,
    sessions: sessions.store,
  }
}

/** The layer makes a new, empty store each time it is built. */
export const layer: Layer.Layer<LedgerStore> = Layer.sync(LedgerStore, () => LedgerStore.of(make()))
