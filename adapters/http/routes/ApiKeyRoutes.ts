/**
 * The handlers of API keys: list, create, update, revoke. A secret is part of one answer only: the one that creates its
 * key.
 */
import { Effect } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import type { ApiKey } from "../../../core/model/Catalog.ts"
import * as Exchange from "../../../core/formats/Exchange.ts"
import * as ApiKeys from "../../../core/catalog/ApiKeys.ts"
import { Ledger } from "../../../core/Ledger.ts"
import { Api } from "../api/Api.ts"
import { CurrentKey } from "../api/Credentials.ts"
import * as CatalogWire from "../api/CatalogWire.ts"
import * as Answer from "../server/Answer.ts"
import * as CatalogChanges from "./CatalogChanges.ts"
import * as ApiKeyJson from "./ApiKeyJson.ts"
import * as Pages from "./Pages.ts"
import * as IdempotencyKey from "../server/IdempotencyKey.ts"

const decodeNew = Exchange.decoder(CatalogWire.NewApiKey)
const decodeChange = Exchange.decoder(CatalogWire.ApiKeyChange)

const lowerCase = (permissions: ApiKey["permissions"]): ApiKey["permissions"] =>
  permissions.map(({ projectId, role }) => ({ projectId: projectId.toLowerCase(), role }))

const toFields = ({ expiresAt, name, permissions, role }: typeof CatalogWire.NewApiKey.Type): ApiKeys.KeyFields => ({
  name,
  role,
  permissions: lowerCase(permissions ?? []),
  ...(expiresAt != null && { expiresAt }),
})

const list = Effect.fnUntraced(function* (query: Parameters<Ledger["Service"]["listEntries"]>[3]) {
  yield* Pages.check(query)
  const ledger = yield* Ledger
  const { key, organization } = yield* CurrentKey
  const keys = ApiKeys.of(yield* ledger.catalog, organization)
  const uses = yield* ledger.setup.keyUses
  const write = (each: ApiKey) => JSON.stringify(ApiKeyJson.json(each, uses.get(each.id)))
  const outcome = yield* ledger.listEntries(organization, ["keys", key.id], keys, query, Pages.bytesOf(write))
  return yield* Pages.answer(outcome, write)
})

const create = Effect.fnUntraced(function* (request: Parameters<typeof Answer.readBody>[0]) {
  const { setup } = yield* Ledger
  const { organization } = yield* CurrentKey
  const { fields, idempotency } = yield* CatalogChanges.read(request, decodeNew)
  const answer = ({ apiKey }: ApiKeys.CreatedKey) => JSON.stringify(ApiKeyJson.json(apiKey, undefined))
  const options = { ...(idempotency !== undefined && { idempotency }), answer }
  const changed = yield* CatalogChanges.orRefuse(yield* setup.createKey(organization, toFields(fields), options))
  const isRepeated = changed._tag === "Repeated"
  const made = JSON.parse(isRepeated ? changed.answer : answer(changed.value))
  const secret = isRepeated ? yield* setup.secretAgain(organization, made.id, idempotency!) : changed.value.secret
  return Answer.json(JSON.stringify({ ...made, secret }), 201, IdempotencyKey.headers(isRepeated))
})

/** The key as JSON, with the time of its last use. */
const written = ({ apiKey, lastUsedAt }: ApiKeys.UsedKey): string => JSON.stringify(ApiKeyJson.json(apiKey, lastUsedAt))

/** The handlers of the group `apiKeys`. */
export const layer = HttpApiBuilder.group(Api, "apiKeys", (handlers) =>
  handlers
    .handle("listApiKeys", ({ query }) => Answer.respond(list(query)))
    .handleRaw("createApiKey", ({ request }) => Answer.respond(create(request)))
    .handleRaw("updateApiKey", ({ params, request }) =>
      Answer.respond(
        Effect.gen(function* () {
          const { setup } = yield* Ledger
          const { organization } = yield* CurrentKey
          const { fields, ...idempotency } = yield* CatalogChanges.read(request, decodeChange)
          const { expiresAt, ...members } = fields
          const { permissions, ...rest } = Exchange.present(members)
          const change = {
            ...rest,
            ...(permissions !== undefined && { permissions: lowerCase(permissions) }),
            ...(expiresAt !== undefined && { expiresAt }),
          }
          const answering = { ...idempotency, answer: written }
          const outcome = yield* setup.updateKey(organization, params.id.toLowerCase(), change, answering)
          return yield* CatalogChanges.answer(outcome, written)
        }),
      ),
    )
    .handle("deleteApiKey", ({ params, request }) =>
      Answer.respond(
        Effect.gen(function* () {
          const { setup } = yield* Ledger
          const { organization } = yield* CurrentKey
          const answering = { ...(yield* CatalogChanges.withoutBody(request)), answer: written }
          const outcome = yield* setup.revokeKey(organization, params.id.toLowerCase(), answering)
          return yield* CatalogChanges.answer(outcome, written)
        }),
      ),
    ),
)
