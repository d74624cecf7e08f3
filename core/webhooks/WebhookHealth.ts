/**
 * How a webhook fares, as its owner reads it.
 */
import { Effect } from "effect"
import type { Instant } from "../engine/Instant.ts"
import type { LedgerContext } from "../ledger/LedgerContext.ts"
import type { ProjectScope, Webhook } from "../model/Catalog.ts"
import type { LaneEnd } from "../ports/FeedStore.ts"
import type { StoreUnavailable } from "../ports/StoreUnavailable.ts"
import type { WebhookCounts, WebhookCursor } from "../ports/WebhookStore.ts"
import * as WebhookState from "./WebhookState.ts"

/** How a webhook fares. */
export interface WebhookHealth {
  readonly state: "ok" | "resting" | "disabled"
  /** Since when. */
  readonly since: Instant
  readonly lastSuccessAt?: Instant
  /** Failed tries since the last that was taken. */
  readonly failures: number
  /** The items of the feed that are neither taken nor parked; those that a filter leaves out count. */
  readonly lag: number
  /** People with a change that waits for another try. */
  readonly parked: number
  /** Changes that were given up. */
  readonly dead: number
}

/** A webhook, and how it fares. */
export interface ToldWebhook {
  readonly webhook: Webhook
  readonly health: WebhookHealth
}

const lagOf = (lanes: WebhookState.LiveState["lanes"], ends: ReadonlyArray<LaneEnd>): number =>
  lanes.reduce((sum, { changes, events, lane, number, position }) => {
    const end = ends[lane]
    return end === undefined
      ? sum
      : sum + end.position - position + end.number - number - events.length - changes.length
  }, 0)

const healthOf = (
  webhook: Webhook,
  cursors: ReadonlyArray<WebhookCursor>,
  counts: ReadonlyArray<WebhookCounts>,
  ends: ReadonlyArray<LaneEnd>,
): WebhookHealth => {
  const kept = cursors.find(({ name, webhook: id }) => id === webhook.id && name === WebhookState.live)
  const before = kept && WebhookState.readLive(kept.state)
  const { health, lanes } =
    before === undefined || before.start < webhook.start.number ? WebhookState.begin(webhook.start, before) : before
  const { dead = 0, parked = 0 } = counts.find((each) => each.webhook === webhook.id) ?? {}
  const { lastSuccessAt, rest } = health
  const isDisabled = webhook.status === "disabled"
  return {
    state: isDisabled ? "disabled" : rest === undefined ? "ok" : "resting",
    since: isDisabled || rest === undefined ? webhook.statusSince : rest.since,
    ...(lastSuccessAt !== undefined && { lastSuccessAt }),
    failures: health.failures,
    lag: lagOf(lanes, ends),
    parked,
    dead,
  }
}

/** How webhooks of a project fare. Four statements, however many there are. */
export const of = Effect.fnUntraced(function* (
  { project }: Pick<ProjectScope, "project">,
  webhooks: ReadonlyArray<Webhook>,
  { store }: LedgerContext,
): Effect.fn.Return<ReadonlyArray<ToldWebhook>, StoreUnavailable> {
  if (webhooks.length === 0) return []
  const only = webhooks.length === 1 ? webhooks[0]!.id : undefined
  const cursors = yield* store.webhooks.cursors(project, only)
  const counts = yield* store.webhooks.counts(project)
  const ends = yield* store.feed.ends(project)
  return webhooks.map((webhook) => ({ webhook, health: healthOf(webhook, cursors, counts, ends) }))
})
