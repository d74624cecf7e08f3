/**
 * The handlers of webhooks. A secret is part of two answers only: the one that creates its webhook, and the one that
 * gives it a new secret.
 */
import { Clock, Effect, Option } from "effect"
import type { HttpServerRequest } from "effect/http"
import { HttpApiBuilder } from "effect/http-api"
import type { Changed } from "../../../core/catalog/CatalogChange.ts"
import * as Period from "../../../core/engine/Period.ts"
import * as Exchange from "../../../core/formats/Exchange.ts"
import * as Paging from "../../../core/ledger/Paging.ts"
import { Ledger } from "../../../core/Ledger.ts"
import type { ProjectScope, Webhook } from "../../../core/model/Catalog.ts"
import { Outbound } from "../../../core/ports/Outbound.ts"
import { StoreUnavailable } from "../../../core/ports/LedgerStore.ts"
import type { ReplayRequest } from "../../../core/webhooks/Replays.ts"
import type { LogPage } from "../../../core/webhooks/DeliveryLog.ts"
import * as Retries from "../../../core/webhooks/Retries.ts"
import * as Webhooks from "../../../core/webhooks/Webhooks.ts"
import * as WebhookDefaults from "../../../core/model/WebhookDefaults.ts"
import { Api } from "../api/Api.ts"
import * as WebhookWire from "../api/WebhookWire.ts"
import * as Account from "../server/Account.ts"
import * as Answer from "../server/Answer.ts"
import * as IdempotencyKey from "../server/IdempotencyKey.ts"
import * as PathScope from "../server/PathScope.ts"
import * as CatalogChanges from "./CatalogChanges.ts"
import * as ChangeQuery from "./ChangeQuery.ts"
import * as Pages from "./Pages.ts"
import * as WebhookJson from "./WebhookJson.ts"

const decodeNew = Exchange.decoder(WebhookWire.NewWebhook)
const decodeChange = Exchange.decoder(WebhookWire.WebhookChange)
const decodeSecret = Exchange.decoder(WebhookWire.NewSecret)
const decodeReplay = Exchange.decoder(WebhookWire.ReplayRequest)

const noWebhook = new Answer.HttpProblem({ status: 404, detail: "there is no such webhook" })

const sendsNothing = new StoreUnavailable({
  reason: "this server sends no webhooks: set them up at one that does",
  isLasting: true,
})

/** What sends to receivers. A program that embeds the server may have none. */
const outbound = Effect.flatMap(Effect.serviceOption(Outbound), (found) =>
  Option.isSome(found) ? Effect.succeed(found.value) : Effect.fail(sendsNothing),
)

/** The webhook of the path. */
const current = Effect.fnUntraced(function* (id: string) {
  const ledger = yield* Ledger
  const { key, scope } = yield* PathScope.current
  const webhook = Webhooks.find(yield* ledger.catalog, scope, id.toLowerCase())
  if (webhook === undefined) return yield* noWebhook
  return { key, scope, webhook }
})

/** A webhook with how it fares, and its public keys. */
const told = Effect.fnUntraced(function* (scope: ProjectScope, webhooks: ReadonlyArray<Webhook>) {
  const ledger = yield* Ledger
  const all = yield* ledger.webhooks.health(scope, webhooks)
  return yield* Effect.forEach(all, ({ health, webhook }) =>
    Effect.gen(function* () {
      const publicKeys = webhook.scheme === "hmac" ? {} : yield* ledger.webhooks.keys(scope, webhook, yield* outbound)
      return { ...WebhookJson.json(webhook), health: WebhookJson.health(health), ...publicKeys }
    }),
  )
})

/** Answers a change that was made, with the secret if it is a new one. One that was made before has the same secret. */
const answerChanged = Effect.fnUntraced(function* (
  scope: ProjectScope,
  changed: Changed<Webhook>,
  isSecretTold: boolean,
  status: number,
) {
  const ledger = yield* Ledger
  const isRepeated = changed._tag === "Repeated"
  const json = JSON.parse(isRepeated ? changed.answer : WebhookJson.write(changed.value))
  const webhook = Webhooks.find(yield* ledger.catalog, scope, json.id)
  const now = webhook === undefined ? undefined : (yield* told(scope, [webhook]))[0]!
  const { health, publicKeys } = { publicKeys: undefined, ...now }
  const secret =
    webhook !== undefined && isSecretTold && webhook.scheme === "hmac"
      ? yield* ledger.webhooks.keys(scope, { ...webhook, generation: json.generation }, yield* outbound)
      : {}
  const body = { ...json, ...(health !== undefined && { health }), ...(publicKeys !== undefined && { publicKeys }) }
  return Answer.json(JSON.stringify({ ...body, ...secret }), status, IdempotencyKey.headers(isRepeated))
})

const lower = (ids: ReadonlyArray<string>): ReadonlyArray<string> => ids.map((id) => id.toLowerCase())

const create = Effect.fnUntraced(function* (request: HttpServerRequest.HttpServerRequest) {
  const ledger = yield* Ledger
  const { scope } = yield* PathScope.current
  const { fields, ...idempotency } = yield* CatalogChanges.read(request, decodeNew)
  const { after, consentTypes, scheme, ...rest } = fields
  const { status: _status, ...defaults } = WebhookDefaults.defaults
  const webhook = {
    ...defaults,
    ...Exchange.present(rest),
    consentTypes: lower(consentTypes ?? []),
    url: fields.url,
    scheme: scheme ?? "hmac",
    after: after ?? "now",
  }
  const answering = { ...idempotency, answer: WebhookJson.write }
  const outcome = yield* Effect.mapError(
    ledger.webhooks.create(scope, webhook, yield* outbound, answering),
    ChangeQuery.problemOf,
  )
  return yield* answerChanged(scope, yield* CatalogChanges.orRefuse(outcome), true, 201)
})

const update = Effect.fnUntraced(function* (request: HttpServerRequest.HttpServerRequest, id: string) {
  const ledger = yield* Ledger
  const { scope } = yield* PathScope.current
  const { fields, ...idempotency } = yield* CatalogChanges.read(request, decodeChange)
  const { consentTypes, ...rest } = Exchange.present(fields)
  const change = { ...rest, ...(consentTypes !== undefined && { consentTypes: lower(consentTypes) }) }
  const answering = { ...idempotency, answer: WebhookJson.write }
  const outcome = yield* Effect.mapError(
    ledger.webhooks.update(scope, id.toLowerCase(), change, yield* outbound, answering),
    ChangeQuery.problemOf,
  )
  return yield* answerChanged(scope, yield* CatalogChanges.orRefuse(outcome), false, 200)
})

const remove = Effect.fnUntraced(function* (request: HttpServerRequest.HttpServerRequest, id: string) {
  const ledger = yield* Ledger
  const { scope } = yield* PathScope.current
  const answering = { ...(yield* CatalogChanges.withoutBody(request)), answer: WebhookJson.write }
  const outcome = yield* ledger.webhooks.remove(scope, id.toLowerCase(), answering)
  return yield* CatalogChanges.answer(outcome, WebhookJson.write)
})

const oneDay: Period.Period = { months: 0, days: 1, millis: 0 }

const overlapTooLong = new Answer.HttpProblem({
  status: 422,
  detail: "the body is not valid",
  errors: [{ pointer: "/overlap", code: "invalid", detail: "expected at most P7D" }],
})

const rotate = Effect.fnUntraced(function* (request: HttpServerRequest.HttpServerRequest, id: string) {
  const ledger = yield* Ledger
  const { scope } = yield* PathScope.current
  const { fields, ...idempotency } = yield* CatalogChanges.read(request, decodeSecret)
  const now = yield* Clock.currentTimeMillis
  const overlap = Period.add(now, fields.overlap ?? oneDay) - now
  if (overlap > WebhookWire.maxOverlapMillis) return yield* overlapTooLong
  const answering = { ...idempotency, answer: WebhookJson.write }
  const outcome = yield* ledger.webhooks.rotate(scope, id.toLowerCase(), overlap, answering)
  return yield* answerChanged(scope, yield* CatalogChanges.orRefuse(outcome), true, 200)
})

/** A sample is charged as a write, because it keeps a request open while a receiver answers. */
const test = Effect.fnUntraced(function* (id: string) {
  const ledger = yield* Ledger
  const { scope, webhook } = yield* current(id)
  yield* Account.take({ items: 1, writes: 1 })
  const answer = yield* ledger.webhooks.test(scope, webhook, yield* outbound)
  const isTaken = Retries.verdictOf(answer) === "taken"
  return Answer.json(JSON.stringify({ outcome: Retries.outcomeOf(answer), isTaken, millis: answer.millis }))
})

const requestOf = ({ after, since, until }: typeof WebhookWire.ReplayRequest.Type): ReplayRequest => {
  const end = until == null ? {} : { until }
  if (after != null) return { _tag: "After", after, ...end }
  return since == null ? { _tag: "DeadLetters" } : { _tag: "Since", since, ...end }
}

const replay = Effect.fnUntraced(function* (request: HttpServerRequest.HttpServerRequest, id: string) {
  const ledger = yield* Ledger
  const { fields, ...idempotency } = yield* CatalogChanges.read(request, decodeReplay)
  const { scope, webhook } = yield* current(id)
  const answering = { ...idempotency, answer: (replay: object) => JSON.stringify(replay) }
  const outcome = yield* Effect.mapError(
    ledger.webhooks.replay(scope, webhook, requestOf(fields), answering),
    ChangeQuery.problemOf,
  )
  return yield* CatalogChanges.answer(outcome, answering.answer, 202)
})

const answerPage = Effect.fnUntraced(function* <Item>(page: LogPage<Item>, write: (item: Item) => string) {
  if (page._tag === "UnknownCursor") return yield* Pages.unknownCursor
  return Answer.json(Answer.list(page.items.map(write), page.nextCursor))
})

/** The handlers of the group `webhooks`. */
export const layer = HttpApiBuilder.group(Api, "webhooks", (handlers) =>
  handlers
    .handle("listWebhooks", () =>
      Answer.respond(
        Effect.gen(function* () {
          const ledger = yield* Ledger
          const { scope } = yield* PathScope.current
          const all = yield* told(scope, Webhooks.of(yield* ledger.catalog, scope))
          return Answer.json(Answer.list(all.map((each) => JSON.stringify(each))))
        }),
      ),
    )
    .handleRaw("createWebhook", ({ request }) => Answer.respond(create(request)))
    .handle("getWebhook", ({ params }) =>
      Answer.respond(
        Effect.gen(function* () {
          const { scope, webhook } = yield* current(params.id)
          return Answer.json(JSON.stringify((yield* told(scope, [webhook]))[0]))
        }),
      ),
    )
    .handleRaw("updateWebhook", ({ params, request }) => Answer.respond(update(request, params.id)))
    .handle("deleteWebhook", ({ params, request }) => Answer.respond(remove(request, params.id)))
    .handleRaw("rotateWebhookSecret", ({ params, request }) => Answer.respond(rotate(request, params.id)))
    .handle("testWebhook", ({ params }) => Answer.respond(test(params.id)))
    .handleRaw("replayWebhook", ({ params, request }) => Answer.respond(replay(request, params.id)))
    .handle("listWebhookDeliveries", ({ params, query }) =>
      Answer.respond(
        Effect.gen(function* () {
          const ledger = yield* Ledger
          const { scope, webhook } = yield* current(params.id)
          const { outcome, ...page } = { limit: Paging.defaultLimit, ...query }
          return yield* answerPage(yield* ledger.webhooks.tries(scope, webhook, outcome, page), WebhookJson.delivery)
        }),
      ),
    )
    .handle("listWebhookDeadLetters", ({ params, query }) =>
      Answer.respond(
        Effect.gen(function* () {
          const ledger = yield* Ledger
          const { scope, webhook } = yield* current(params.id)
          const page = { limit: Paging.defaultLimit, ...query }
          return yield* answerPage(yield* ledger.webhooks.deadLetters(scope, webhook, page), WebhookJson.deadLetter)
        }),
      ),
    ),
)
