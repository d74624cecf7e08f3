/**
 * Webhooks, tries and dead letters as JSON.
 */
import * as Instant from "../../../core/engine/Instant.ts"
import type { Webhook } from "../../../core/model/Catalog.ts"
import type { LoggedTry } from "../../../core/ports/WebhookStore.ts"
import type { ToldDeadLetter } from "../../../core/webhooks/DeliveryLog.ts"
import type { WebhookHealth } from "../../../core/webhooks/WebhookHealth.ts"

/** A webhook, without how it fares and its keys. */
export const json = (webhook: Webhook) => ({
  id: webhook.id,
  project: webhook.project,
  name: webhook.name,
  url: webhook.url,
  types: webhook.types,
  consentTypes: webhook.consentTypes,
  reevaluations: webhook.reevaluations,
  include: webhook.include,
  scheme: webhook.scheme,
  concurrency: webhook.concurrency,
  status: webhook.status,
  ...(webhook.disabledBecause !== undefined && { disabledBecause: webhook.disabledBecause }),
  generation: webhook.generation,
  ...(webhook.overlapUntil !== undefined && { overlapUntil: Instant.format(webhook.overlapUntil) }),
  dateCreated: Instant.format(webhook.dateCreated),
  dateUpdated: Instant.format(webhook.dateUpdated),
})

/** A webhook as the idempotency record keeps it. */
export const write = (webhook: Webhook): string => JSON.stringify(json(webhook))

/** How a webhook fares. */
export const health = ({ dead, failures, lag, lastSuccessAt, parked, since, state }: WebhookHealth) => ({
  state,
  since: Instant.format(since),
  ...(lastSuccessAt !== undefined && { lastSuccessAt: Instant.format(lastSuccessAt) }),
  failures,
  lag,
  parked,
  dead,
})

/** A try. */
export const delivery = ({ at, attempt, change, isReplay, millis, outcome, type }: LoggedTry): string =>
  JSON.stringify({ change, type, attempt, at: Instant.format(at), millis, outcome, isReplay })

/** A dead letter. */
export const deadLetter = ({ at, change, outcome, person, tries }: ToldDeadLetter): string =>
  JSON.stringify({ change, ...(person !== "" && { concordId: person }), at: Instant.format(at), tries, outcome })
