/**
 * The ledger's store in PostgreSQL 15 to 18, or in an engine that speaks its protocol and language: for several servers
 * on one ledger.
 */
import { Effect, Layer } from "effect"
import * as Reactivity from "effect/reactivity/Reactivity"
import type { UpgradeNeeded } from "../../core/ports/LedgerRows.ts"
import { LedgerStore, type StoreUnavailable } from "../../core/ports/LedgerStore.ts"
import * as CatalogStore from "./CatalogStore.ts"
import * as ComplianceStore from "./ComplianceStore.ts"
import * as EventStore from "./EventStore.ts"
import * as FeedStore from "./FeedStore.ts"
import * as GroupCommit from "./GroupCommit.ts"
import * as WebhookStore from "./WebhookStore.ts"
import * as IdempotencyWriter from "./IdempotencyWriter.ts"
import * as Migrations from "./Migrations.ts"
import * as Operation from "./Operation.ts"
import * as MetricsStore from "./MetricsStore.ts"
import * as OutboxStore from "./OutboxStore.ts"
import * as PeopleStore from "./PeopleStore.ts"
import * as PersonalStore from "./PersonalStore.ts"
import * as PipelinedTransactions from "./PipelinedTransactions.ts"
import * as RequestFileStore from "./RequestFileStore.ts"
import * as SessionStore from "./SessionStore.ts"
import * as Sql from "./Sql.ts"

/** Opens the database and makes its tables. Each step has the time of one operation. */
const open = Effect.fnUntraced(function* (url: string) {
  const connecting = Effect.flatMap(Sql.connect(url), (sql) => PipelinedTransactions.make(sql, url))
  const sql = yield* Operation.opening(url, connecting)
  yield* Operation.opening(url, Sql.expectSynchronousCommit(sql))
  yield* Operation.opening(url, Migrations.run(sql))
  return sql
})

/** Succeeds if a write succeeds; it changes nothing. */
const checkWrite = (sql: Sql.Sql) =>
  Effect.asVoid(
    Operation.once(Sql.retryOnContention(Sql.query(sql, "UPDATE catalog_head SET revision = revision WHERE lane = 0"))),
  )

const make = Effect.fnUntraced(function* (url: string) {
  const sql = yield* open(url)
  const queue = yield* GroupCommit.make(sql)
  return LedgerStore.of({
    ready: checkWrite(sql),
    idempotencyRecord: (owner, hash) => Operation.idempotent(IdempotencyWriter.find(sql, owner, hash)),
    events: EventStore.make(sql, queue),
    people: PeopleStore.make(sql),
    personal: PersonalStore.make(sql),
    catalog: CatalogStore.make(sql),
    sessions: SessionStore.make(sql),
    feed: FeedStore.make(sql, queue),
    webhooks: WebhookStore.make(sql),
    compliance: ComplianceStore.make(sql),
    outbox: OutboxStore.make(sql),
    requestFiles: RequestFileStore.make(sql),
    metrics: MetricsStore.make(sql),
  })
})

/**
 * The store of a database, whose tables are made if there are none. Fails if the database cannot be reached, or was
 * written by another version. Closing the scope answers every request that was accepted before.
 */
export const layer = (url: string): Layer.Layer<LedgerStore, StoreUnavailable | UpgradeNeeded> =>
  Layer.effect(LedgerStore, make(url)).pipe(Layer.provide(Reactivity.layer))
