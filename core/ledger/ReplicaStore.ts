/**
 * A decorator for a store that is a replica, which may lag behind its primary: it only answers.
 *
 * Nothing is written. The use of an API key is not noted; every other write fails, and says which server to send it to.
 */
import { Effect, Layer } from "effect"
import {
  type Access,
  catalogAccess,
  eventAccess,
  feedAccess,
  LedgerStore,
  peopleAccess,
  personalAccess,
  sessionAccess,
  StoreUnavailable,
} from "../ports/LedgerStore.ts"
import { complianceAccess } from "../ports/ComplianceStore.ts"
import { metricsAccess } from "../ports/MetricsStore.ts"
import { outboxAccess } from "../ports/OutboxStore.ts"
import { requestFileAccess } from "../ports/RequestFileStore.ts"
import { webhookAccess } from "../ports/WebhookStore.ts"

/** Refuses what would write, or would lead to a write later. */
export const refuse = (): Effect.Effect<never, StoreUnavailable> =>
  Effect.fail(
    new StoreUnavailable({
      reason: "this server answers from a replica and records nothing: send this to the primary",
      isLasting: true,
    }),
  )

/** A part of the store whose writing members fail. */
const readOnly = <Part extends object>(part: Part, access: Access<Part>): Part => ({
  ...part,
  ...Object.fromEntries(
    Object.entries(access).flatMap(([member, kind]) =>
      kind === "write" ? [[member, Effect.isEffect(part[member as keyof Part]) ? refuse() : refuse]] : [],
    ),
  ),
})

const of = (store: LedgerStore["Service"]): LedgerStore["Service"] => ({
  ...store,
  isReplica: true,
  ready: Effect.asVoid(store.catalog.current),
  events: readOnly(store.events, eventAccess),
  people: readOnly(store.people, peopleAccess),
  personal: readOnly(store.personal, personalAccess),
  // The use of a key is not noted, because a question must not fail for it.
  catalog: { ...readOnly(store.catalog, catalogAccess), useKey: () => Effect.void },
  // Each use extends a session, which is a write. A visitor sends no positions either, so an answer could be older than
  // the last.
  feed: readOnly(store.feed, feedAccess),
  webhooks: readOnly(store.webhooks, webhookAccess),
  compliance: readOnly(store.compliance, complianceAccess),
  outbox: readOnly(store.outbox, outboxAccess),
  requestFiles: readOnly(store.requestFiles, requestFileAccess),
  metrics: readOnly(store.metrics, metricsAccess),
  sessions: { ...readOnly(store.sessions, sessionAccess), byToken: refuse },
})

/** A replica of a ledger: only answers, from the store that the layer opens. */
export const layer = <E, R>(opened: Layer.Layer<LedgerStore, E, R>): Layer.Layer<LedgerStore, E, R> =>
  Layer.effect(LedgerStore, Effect.map(LedgerStore, of)).pipe(Layer.provide(opened))
