/**
 * The handlers of connectors. A secret is part of two answers only: the one that sets a new connector, and the one that
 * gives it a new secret.
 */
import { Effect, Option } from "effect"
import type { HttpServerRequest } from "effect/http"
import { HttpApiBuilder } from "effect/http-api"
import type { CatalogOutcome } from "../../../core/catalog/CatalogChange.ts"
import * as Connectors from "../../../core/connectors/Connectors.ts"
import * as OwnSystems from "../../../core/catalog/OwnSystems.ts"
import type { DataSystem } from "../../../core/data-systems/DataSystem.ts"
import * as Instant from "../../../core/engine/Instant.ts"
import * as Exchange from "../../../core/formats/Exchange.ts"
import { Ledger } from "../../../core/Ledger.ts"
import { Outbound } from "../../../core/ports/Outbound.ts"
import { StoreUnavailable } from "../../../core/ports/LedgerStore.ts"
import { Api } from "../api/Api.ts"
import { CurrentKey } from "../api/Credentials.ts"
import * as ConnectorsApi from "../api/Connectors.ts"
import * as Answer from "../server/Answer.ts"
import * as IdempotencyKey from "../server/IdempotencyKey.ts"
import * as CatalogChanges from "./CatalogChanges.ts"

const decode = Exchange.decoder(ConnectorsApi.ConnectorFields)

const noConnector = new Answer.HttpProblem({ status: 404, detail: "the data system has no connector" })

const sendsNothing = new StoreUnavailable({
  reason: "this server sends no tasks: set connectors up at one that does",
  isLasting: true,
})

/** What sends to data systems. A program that embeds the server may have none. */
const outbound = Effect.flatMap(Effect.serviceOption(Outbound), (found) =>
  Option.isSome(found) ? Effect.succeed(found.value) : Effect.fail(sendsNothing),
)

const json = ({ connector, id: dataSystem }: DataSystem) => {
  if (connector === undefined) return { dataSystem }
  const { overlapUntil, ...members } = connector
  return {
    dataSystem,
    ...members,
    ...(overlapUntil !== undefined && { overlapUntil: Instant.format(overlapUntil) }),
  }
}

const write = (system: DataSystem): string => JSON.stringify(json(system))

/** The data system of the path. */
const current = Effect.fnUntraced(function* (id: string) {
  const { organization } = yield* CurrentKey
  const system = OwnSystems.find(yield* (yield* Ledger).catalog, organization, id.toLowerCase())
  if (system?.connector === undefined) return yield* noConnector
  return system
})

/** Answers a change, with the secret of its generation if that is a new one. */
const answerWith = Effect.fnUntraced(function* (
  outcome: CatalogOutcome<DataSystem>,
  isNew: (before: number) => boolean,
) {
  const { organization } = yield* CurrentKey
  const changed = yield* CatalogChanges.orRefuse(outcome)
  const isRepeated = changed._tag === "Repeated"
  const body = JSON.parse(isRepeated ? changed.answer : write(changed.value)) as ReturnType<typeof json> & {
    readonly generation: number
  }
  const key = isNew(body.generation)
    ? yield* (yield* Ledger).connectors.keyOf(organization, { id: body.dataSystem }, body.generation)
    : undefined
  const secret = key === undefined ? {} : { secret: Connectors.secretText(key) }
  return Answer.json(JSON.stringify({ ...body, ...secret }), 200, IdempotencyKey.headers(isRepeated))
})

const set = Effect.fnUntraced(function* (request: HttpServerRequest.HttpServerRequest, id: string) {
  const ledger = yield* Ledger
  const { organization } = yield* CurrentKey
  const { fields, ...idempotency } = yield* CatalogChanges.read(request, decode)
  const { certificate, identities, isActive, profile, url } = fields
  const connector = {
    url,
    profile: profile ?? "assent",
    identities: identities ?? [{ type: "email", format: "raw" } as const],
    isActive: isActive ?? true,
    ...(certificate != null && { certificate }),
  }
  const before = OwnSystems.find(yield* ledger.catalog, organization, id.toLowerCase())?.connector
  const answering = { ...idempotency, answer: write }
  const sending = yield* outbound
  const outcome = yield* ledger.connectors.set(organization, id.toLowerCase(), connector, sending, answering)
  return yield* answerWith(outcome, (generation) => before === undefined || generation !== before.generation)
})

const remove = Effect.fnUntraced(function* (request: HttpServerRequest.HttpServerRequest, id: string) {
  const ledger = yield* Ledger
  const { organization } = yield* CurrentKey
  const before = yield* current(id)
  const answering = { ...(yield* CatalogChanges.withoutBody(request)), answer: () => write(before) }
  const outcome = yield* ledger.connectors.remove(organization, id.toLowerCase(), answering)
  return yield* CatalogChanges.answer(outcome, () => write(before))
})

const rotate = Effect.fnUntraced(function* (request: HttpServerRequest.HttpServerRequest, id: string) {
  const ledger = yield* Ledger
  const { organization } = yield* CurrentKey
  const answering = { ...(yield* CatalogChanges.withoutBody(request)), answer: write }
  return yield* answerWith(yield* ledger.connectors.rotate(organization, id.toLowerCase(), answering), () => true)
})

/** The handlers of the group `connectors`. */
export const layer = HttpApiBuilder.group(Api, "connectors", (handlers) =>
  handlers
    .handle("getConnector", ({ params }) =>
      Answer.respond(Effect.map(current(params.id), (system) => Answer.json(write(system)))),
    )
    .handleRaw("setConnector", ({ params, request }) => Answer.respond(set(request, params.id)))
    .handle("deleteConnector", ({ params, request }) => Answer.respond(remove(request, params.id)))
    .handle("rotateConnectorSecret", ({ params, request }) => Answer.respond(rotate(request, params.id))),
)
