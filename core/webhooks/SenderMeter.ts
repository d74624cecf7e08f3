/**
 * Measures webhooks, and logs what an operator has to know of them: that one rests, is there again, gives up a change.
 *
 * Webhooks are named by their ids. A URL is not logged, because it may hold a secret.
 */
import { Effect, Metric } from "effect"
import type { LaneEnd } from "../ports/FeedStore.ts"
import * as OpenWebhook from "./OpenWebhook.ts"
import type { SettlingDraft } from "./Settling.ts"
import type { Health } from "./WebhookState.ts"

const deliveries = Metric.counter("assent_webhook_deliveries_total", {
  description: "Tries to deliver a change, by webhook and outcome: a status, or a kind of failure.",
  incremental: true,
})
const seconds = Metric.histogram("assent_webhook_delivery_duration_seconds", {
  description: "From the begin of a try until its outcome.",
  boundaries: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15],
})
const lag = Metric.gauge("assent_webhook_lag_changes", {
  description: "Items of the feed that a webhook has neither sent nor parked nor left out.",
})
const parked = Metric.gauge("assent_webhook_parked", {
  description: "People with a change that waits for another try.",
})
const dead = Metric.counter("assent_webhook_dead_total", {
  description: "Changes that were given up: they are dead letters.",
  incremental: true,
})
const resting = Metric.gauge("assent_webhook_resting", { description: "1 while a webhook rests." })
const failing = Metric.gauge("assent_webhook_failing_seconds", {
  description: "How long a webhook has taken nothing although something was sent; 0 if it took the last.",
})

const dayMillis = 24 * 60 * 60 * 1000

const isFailingDays = ({ failingSince }: Health, now: number): number =>
  failingSince === undefined ? 0 : Math.floor((now - failingSince) / dayMillis)

const log = Effect.fnUntraced(function* (
  opened: OpenWebhook.OpenWebhook,
  draft: SettlingDraft,
  before: Health,
  now: number,
) {
  const { health, receiver } = opened
  const about = { webhook: receiver.webhook.id, project: receiver.scope.project.id }
  const last = draft.tries.at(-1)
  if (before.rest === undefined && health.rest !== undefined) {
    yield* Effect.logWarning("a webhook rests, because its receiver takes nothing", {
      ...about,
      outcome: last?.outcome,
    })
  }
  if (before.rest !== undefined && health.rest === undefined) yield* Effect.logInfo("a webhook is there again", about)
  const days = isFailingDays(health, now)
  if (days > 0 && days > (opened.loggedDays ?? 0)) {
    yield* Effect.logWarning("a webhook has taken nothing for days", { ...about, days })
  }
  opened.loggedDays = days
  if (draft.bury.size > 0) yield* Effect.logWarning("changes were given up", { ...about, changes: draft.bury.size })
})

/** The metrics exist from the start with the value 0, so that a reader does not treat them as missing. */
export const begin = Effect.gen(function* () {
  for (const each of [lag, parked, resting, failing]) yield* Metric.update(each, 0)
  yield* Metric.update(deliveries, 0)
  yield* Metric.update(dead, 0)
  yield* Metric.value(seconds)
})

/** The gauges of a webhook, as they are now. `ends`: those of the lanes of its project. */
export const gauge = Effect.fnUntraced(function* (
  opened: OpenWebhook.OpenWebhook,
  ends: ReadonlyArray<LaneEnd>,
  now: number,
) {
  const webhook = { webhook: opened.receiver.webhook.id }
  const { failingSince, rest } = opened.health
  yield* Metric.update(Metric.withAttributes(lag, webhook), OpenWebhook.lagOf(opened, ends))
  yield* Metric.update(Metric.withAttributes(parked, webhook), opened.parked.size())
  yield* Metric.update(Metric.withAttributes(resting, webhook), rest === undefined ? 0 : 1)
  const failed = failingSince === undefined ? 0 : Math.max(0, now - failingSince) / 1000
  yield* Metric.update(Metric.withAttributes(failing, webhook), failed)
})

/** The gauges of a webhook that this server does not send to any more. */
export const forget = Effect.fnUntraced(function* (id: string) {
  for (const each of [lag, parked, resting, failing]) {
    yield* Metric.update(Metric.withAttributes(each, { webhook: id }), 0)
  }
})

/** Counts the tries of a step that was written, and logs what it changed. */
export const record = Effect.fnUntraced(function* (
  opened: OpenWebhook.OpenWebhook,
  draft: SettlingDraft,
  before: Health,
  now: number,
) {
  const webhook = opened.receiver.webhook.id
  for (const [outcome, tries] of Map.groupBy(draft.tries, ({ outcome }) => outcome)) {
    yield* Metric.update(Metric.withAttributes(deliveries, { webhook, outcome }), tries.length)
  }
  for (const { millis } of draft.tries) yield* Metric.update(Metric.withAttributes(seconds, { webhook }), millis / 1000)
  yield* Metric.update(Metric.withAttributes(dead, { webhook }), draft.bury.size)
  yield* log(opened, draft, before, now)
})
