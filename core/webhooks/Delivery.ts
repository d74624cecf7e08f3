/**
 * One try to deliver a change: its body, its signed headers, and the outcome.
 */
import { Clock, Effect } from "effect"
import * as Instant from "../engine/Instant.ts"
import * as Change from "../feed/Change.ts"
import * as Changes from "../feed/Changes.ts"
import * as FeedReader from "../feed/FeedReader.ts"
import type { LedgerContext } from "../ledger/LedgerContext.ts"
import type { ProjectScope, Webhook } from "../model/Catalog.ts"
import type { LaneItem } from "../ports/FeedStore.ts"
import type { Outbound, OutboundAnswer, SigningKey } from "../ports/Outbound.ts"
import type { StoreUnavailable } from "../ports/StoreUnavailable.ts"

/** A receiver: a webhook, with what it takes to send to it. */
export interface WebhookReceiver {
  readonly scope: ProjectScope
  readonly webhook: Webhook
  /** Newest first: a second one until the webhook's `overlapUntil`. */
  readonly keys: ReadonlyArray<SigningKey>
  readonly outbound: Outbound["Service"]
}

/** What is sent. */
export interface Payload {
  /** The same at every try, and in a replay. */
  readonly id: string
  readonly type: string
  readonly recordedAt: Instant.Instant
  /** The change as JSON. */
  readonly json: string
}

/** A try that was made. */
export interface Made {
  readonly at: Instant.Instant
  readonly answer: OutboundAnswer
}

/** The id of the change that an item is. */
export const idOf = ({ project }: ProjectScope, lane: number, item: LaneItem): string =>
  item._tag === "Event" ? Change.idOfEvent(project, lane, item.position) : Change.idOf(project, lane, item)

/** The type of the change that an item is. */
export const typeOf = (item: LaneItem): string => (item._tag === "Event" ? "consent.recorded" : item.type)

/** What is sent of an item of the feed. */
export const payloadOf = Effect.fnUntraced(function* (
  { scope, webhook }: Pick<WebhookReceiver, "scope" | "webhook">,
  found: FeedReader.FeedItem,
  context: LedgerContext,
): Effect.fn.Return<Payload, StoreUnavailable> {
  const { item, lane } = found
  const recordedAt = FeedReader.recordedAtOf(item)
  if (webhook.include.includes("decision")) {
    return { recordedAt, ...(yield* Changes.withDecision(scope, found, context)) }
  }
  const json = Change.write(scope.project, lane, item)
  return { id: idOf(scope, lane, item), type: typeOf(item), recordedAt, json }
})

/** The body of a delivery. */
export const bodyOf = ({ json, recordedAt, type }: Payload): string =>
  `{"type":${JSON.stringify(type)},"timestamp":"${Instant.format(recordedAt)}","data":${json}}`

/** The headers of a delivery. `timestamp`: whole seconds since 1970. */
export const headersOf = (
  { id, timestamp }: { readonly id: string; readonly timestamp: number },
  signature: string,
) => ({
  "content-type": "application/json; charset=utf-8",
  "webhook-id": id,
  "webhook-timestamp": String(timestamp),
  "webhook-signature": signature,
})

const keysAt = ({ keys, webhook }: WebhookReceiver, now: Instant.Instant): ReadonlyArray<SigningKey> =>
  webhook.overlapUntil !== undefined && now < webhook.overlapUntil ? keys : keys.slice(0, 1)

/** Makes a try. Standard Webhooks 1.0.0. */
export const send = Effect.fnUntraced(function* (
  receiver: WebhookReceiver,
  payload: Payload,
  isReplay: boolean,
): Effect.fn.Return<Made> {
  const { outbound, webhook } = receiver
  const at = yield* Clock.currentTimeMillis
  const timestamp = Math.floor(at / 1000)
  const body = bodyOf(payload)
  const signature = outbound.sign(keysAt(receiver, at), payload.id, timestamp, body)
  const headers = { ...headersOf({ id: payload.id, timestamp }, signature), ...(isReplay && { "assent-replay": "1" }) }
  return { at, answer: yield* outbound.send({ url: webhook.url, headers, body }) }
})
