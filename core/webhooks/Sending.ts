/**
 * Sends to all webhooks of a ledger: one sender for each that is active and whose lease this server holds.
 *
 * The lease saves servers doing the same. Two that send to one webhook send changes twice and in order, and none is
 * skipped, because every step moves the same cursor.
 */
import { Clock, Effect, Exit, Fiber, Scope } from "effect"
import * as FeedSignal from "../ledger/FeedSignal.ts"
import * as Lease from "../ledger/Lease.ts"
import type { LedgerContext } from "../ledger/LedgerContext.ts"
import * as Catalog from "../model/Catalog.ts"
import * as Lane from "../model/Lane.ts"
import type { Outbound } from "../ports/Outbound.ts"
import * as Secrets from "./Secrets.ts"
import * as Sender from "./Sender.ts"
import * as SenderMeter from "./SenderMeter.ts"
import type { OpenWebhook } from "./OpenWebhook.ts"
import * as Webhooks from "./Webhooks.ts"

/** How webhooks are sent to. */
export interface SendingOptions {
  readonly outbound: Outbound["Service"]
  /** After how long without a success a webhook is disabled, in milliseconds. Default {@link defaultDisabledAfter}. */
  readonly disabledAfterMillis?: number
}

/** Five days, in milliseconds. */
export const defaultDisabledAfter: number = 5 * 24 * 60 * 60 * 1000

/** How often webhooks are looked for, in milliseconds. */
const tickMillis = 1000

/** How long tries that are under way are waited for when the server ends, in milliseconds. */
const drainMillis = 5000

/** A webhook that this server sends to. */
interface Running {
  readonly webhook: Catalog.Webhook
  readonly project: Catalog.Project
  /** Set once it has begun. */
  opened: OpenWebhook | undefined
  fiber: Fiber.Fiber<unknown> | undefined
  readonly lease: Lease.Lease
  renewedAt: number
}

interface Server {
  readonly holder: string
  readonly options: SendingOptions
  readonly scope: Scope.Scope
  readonly running: Map<string, Running>
  /** The lease of each webhook that is active. */
  readonly leases: Map<string, Lease.Lease>
}

const leaseOf = (
  { holder, leases }: Server,
  project: Catalog.Project,
  { id }: Catalog.Webhook,
  { store }: LedgerContext,
): Lease.Lease => {
  const lane = Lane.of(project, id) - Lane.range(project)[0]
  const lease = leases.get(id) ?? Lease.make({ owner: project, lane }, `webhook ${id}`, holder, store.feed)
  leases.set(id, lease)
  return lease
}

/** Tells a sender something: its loop looks at the opened. */
const wake = ({ opened }: Running): void => opened?.wake?.()

const stop = (running: Running): void => {
  if (running.opened !== undefined) running.opened.isStopping = true
  wake(running)
}

/** Sends to one webhook until that ends, and disables it if it is to be. */
const send = Effect.fnUntraced(function* (server: Server, running: Running, context: LedgerContext) {
  const { project, webhook } = running
  const scope = Catalog.scope(yield* context.store.catalog.current, project.id)
  if (scope === undefined) return
  const keys = yield* Secrets.keysOf(scope.organization, webhook, context)
  const { disabledAfterMillis = defaultDisabledAfter, outbound } = server.options
  const told = (opened: OpenWebhook): void => {
    running.opened = opened
  }
  const ending = yield* Sender.run({ scope, webhook, keys, outbound }, { disabledAfterMillis }, told, context)
  if (ending === "stopped") return
  if (ending === "stale") return yield* Effect.sleep(tickMillis)
  yield* Effect.logWarning("a webhook was disabled", { webhook: webhook.id, because: ending })
  yield* Webhooks.disable(scope, webhook, ending, context)
})

const ended = Effect.fnUntraced(function* (server: Server, { lease, webhook }: Running) {
  server.running.delete(webhook.id)
  yield* SenderMeter.forget(webhook.id)
  yield* Effect.ignore(lease.giveUp)
})

/** Begins to send to a webhook, if no other server does. */
const begin = Effect.fnUntraced(function* (
  server: Server,
  project: Catalog.Project,
  webhook: Catalog.Webhook,
  context: LedgerContext,
) {
  const now = yield* Clock.currentTimeMillis
  const lease = leaseOf(server, project, webhook, context)
  const running: Running = { webhook, project, opened: undefined, fiber: undefined, lease, renewedAt: now }
  if (!(yield* lease.take)) return
  server.running.set(webhook.id, running)
  const sending = Effect.scoped(send(server, running, context)).pipe(
    Effect.catchTag("StoreUnavailable", () => Effect.sleep(tickMillis)),
    Effect.ensuring(ended(server, running)),
    Effect.withTracerEnabled(false),
  )
  running.fiber = yield* Effect.forkIn(sending, server.scope)
})

/** Renews the lease of a webhook. One that was lost is not sent to any more. */
const renew = Effect.fnUntraced(function* (running: Running) {
  const now = yield* Clock.currentTimeMillis
  if (now - running.renewedAt < Lease.renewMillis) return
  const isHeld = yield* Effect.orElseSucceed(running.lease.take, () => undefined)
  if (isHeld === true) running.renewedAt = now
  const isLost = isHeld === false || now - running.renewedAt >= Lease.millis
  if (isLost && running.fiber !== undefined) yield* Fiber.interrupt(running.fiber)
})

const tend = Effect.fnUntraced(function* (running: Running, context: LedgerContext) {
  yield* renew(running)
  const { opened, project } = running
  if (opened === undefined) return
  opened.mayReplay = true
  wake(running)
  // The sender reads no ends while it has enough to send, or rests.
  const ends = yield* Effect.orElseSucceed(context.store.feed.ends(project), () => undefined)
  if (ends !== undefined) yield* SenderMeter.gauge(opened, ends, yield* Clock.currentTimeMillis)
})

const tick = Effect.fnUntraced(function* (server: Server, context: LedgerContext) {
  const { projects, webhooks } = yield* context.store.catalog.current
  const active = new Map<string, readonly [Catalog.Project, Catalog.Webhook]>()
  for (const [project, all] of webhooks) {
    for (const each of all) if (each.status === "active") active.set(each.id, [projects.get(project)!, each])
  }
  for (const running of [...server.running.values()]) {
    const now = active.get(running.webhook.id)?.[1]
    if (now === undefined || !Sender.isSameEntry(now, running.webhook)) stop(running)
    yield* tend(running, context)
  }
  for (const id of server.leases.keys()) if (!active.has(id)) server.leases.delete(id)
  for (const [id, [project, webhook]] of active) {
    if (!server.running.has(id)) yield* begin(server, project, webhook, context)
  }
})

/** Removes what is kept of webhooks that were removed while their server was stopped. */
const removeLeftOver = Effect.fnUntraced(function* ({ store }: LedgerContext) {
  const { projects, webhooks } = yield* store.catalog.current
  for (const project of projects.values()) {
    const known = new Set(webhooks.get(project.id)?.map(({ id }) => id))
    const kept = new Set((yield* store.webhooks.cursors(project)).map(({ webhook }) => webhook))
    for (const webhook of kept) if (!known.has(webhook)) yield* store.webhooks.remove(project, webhook)
  }
})

/** Looks for webhooks every second, and at once after a catalog change of this process. */
const look = Effect.fnUntraced(function* (server: Server, context: LedgerContext) {
  const version = context.feedSignal.version(FeedSignal.catalog)
  yield* Effect.catchTag(tick(server, context), "StoreUnavailable", ({ reason }) =>
    Effect.logDebug(`webhooks are looked for again in a second: ${reason}`),
  )
  const changed = context.feedSignal.awaitAfter(FeedSignal.catalog, version)
  yield* Effect.raceFirst(Effect.sleep(tickMillis), changed)
})

/** Has the senders finish what is under way, and ends them. */
const drain = Effect.fnUntraced(function* (running: Server["running"], scope: Scope.Closeable) {
  const all = [...running.values()]
  all.forEach(stop)
  const fibers = all.flatMap(({ fiber }) => (fiber === undefined ? [] : [fiber]))
  yield* Effect.timeoutOption(Fiber.awaitAll(fibers), drainMillis)
  yield* Scope.close(scope, Exit.void)
})

/** Sends to all webhooks until it is interrupted. */
export const run = Effect.fnUntraced(function* (
  options: SendingOptions,
  context: LedgerContext,
): Effect.fn.Return<never> {
  const holder = yield* context.random.uuidV7()
  yield* SenderMeter.begin
  const running: Server["running"] = new Map()
  const forever = (scope: Scope.Scope) => {
    const server = { holder, options, scope, running, leases: new Map() }
    return Effect.andThen(Effect.ignore(removeLeftOver(context)), Effect.forever(look(server, context)))
  }
  return yield* Effect.acquireUseRelease(Scope.make(), forever, (scope) => drain(running, scope))
})
