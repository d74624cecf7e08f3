/**
 * The handlers of data systems and of their attributes. Each family has the same four handlers.
 *
 * How a contact is reached is answered to a key that may handle what is personal, and is never part of the answer that
 * is kept for a repeated request: it is read again.
 */
import { Effect, type Schema } from "effect"
import type { HttpServerRequest, HttpServerResponse } from "effect/http"
import { HttpApiBuilder } from "effect/http-api"
import * as Attributes from "../../../core/catalog/Attributes.ts"
import type { CatalogOutcome } from "../../../core/catalog/CatalogChange.ts"
import * as OwnSystems from "../../../core/catalog/OwnSystems.ts"
import * as AttributeFamily from "../../../core/data-systems/AttributeFamily.ts"
import type { DataSystem } from "../../../core/data-systems/DataSystem.ts"
import * as Exchange from "../../../core/formats/Exchange.ts"
import { Ledger } from "../../../core/Ledger.ts"
import * as Role from "../../../core/model/Role.ts"
import { Api } from "../api/Api.ts"
import { CurrentKey } from "../api/Credentials.ts"
import type * as DataSystemQuery from "../api/DataSystemQuery.ts"
import * as DataSystems from "../api/DataSystems.ts"
import * as DataSystemWire from "../api/DataSystemWire.ts"
import * as Answer from "../server/Answer.ts"
import * as IdempotencyKey from "../server/IdempotencyKey.ts"
import * as CatalogChanges from "./CatalogChanges.ts"
import * as DataSystemJson from "./DataSystemJson.ts"
import * as Pages from "./Pages.ts"

type Family = AttributeFamily.AttributeFamily
type HttpRequest = HttpServerRequest.HttpServerRequest

const decodeNewSystem = Exchange.decoder(DataSystemWire.NewDataSystem)
const decodeSystem = Exchange.decoder(DataSystemWire.DataSystemChange)
const decodeNewAttribute = Exchange.decoder(DataSystemWire.NewAttribute)
const decodeAttribute = Exchange.decoder(DataSystemWire.AttributeChange)

/** The organization and the key of a request, the catalog, and the attributes of the organization. */
const current = Effect.gen(function* () {
  const ledger = yield* Ledger
  const { key, organization } = yield* CurrentKey
  const catalog = yield* ledger.catalog
  return { catalog, index: Attributes.of(catalog, organization), key, ledger, organization }
})

/** Whether a value is among those of a filter. Every value is, if the filter is not given. */
const isOneOf = (filter: ReadonlyArray<string> | undefined, values: ReadonlyArray<string>): boolean =>
  filter === undefined || filter.some((id) => values.includes(id.toLowerCase()))

const isWanted = (
  { attributes, id, projectIds, status }: DataSystem,
  query: Schema.Schema.Type<typeof DataSystemQuery.Systems>,
): boolean =>
  isOneOf(query.dataSystemId, [id]) &&
  isOneOf(query.status, [status]) &&
  (projectIds.length === 0 || isOneOf(query.projectIds, projectIds)) &&
  AttributeFamily.names.every((family) =>
    isOneOf(query[AttributeFamily.families[family].member], attributes[family] ?? []),
  )

const listSystems = Effect.fnUntraced(function* (query: Schema.Schema.Type<typeof DataSystemQuery.Systems>) {
  yield* Pages.check(query)
  const { catalog, index, key, ledger, organization } = yield* current
  const { cursor, limit, offset, order, sort, ...filter } = query
  const own = OwnSystems.withLedger(catalog, organization).filter((system) => isWanted(system, query))
  const write = (system: DataSystem) => JSON.stringify(DataSystemJson.system(system, index))
  const purpose = ["data systems", key.id, filter]
  const page = Exchange.present({ cursor, limit, offset, order, sort })
  return yield* Pages.answer(yield* ledger.listEntries(organization, purpose, own, page, Pages.bytesOf(write)), write)
})

const createSystem = Effect.fnUntraced(function* (request: HttpRequest) {
  const { fields, ...idempotency } = yield* CatalogChanges.read(request, decodeNewSystem)
  const { index, ledger, organization } = yield* current
  const write = (system: DataSystem) => JSON.stringify(DataSystemJson.system(system, index))
  const outcome = yield* ledger.dataSystems.create(organization, DataSystemJson.newOf(fields), {
    ...idempotency,
    answer: write,
  })
  return yield* CatalogChanges.answer(outcome, write, 201)
})

const updateSystem = Effect.fnUntraced(function* (request: HttpRequest, id: string) {
  const { fields, ...idempotency } = yield* CatalogChanges.read(request, decodeSystem)
  const { index, ledger, organization } = yield* current
  const write = (system: DataSystem) => JSON.stringify(DataSystemJson.system(system, index))
  const answering = { ...idempotency, answer: write }
  const change = DataSystemJson.changeOf(fields)
  return yield* CatalogChanges.answer(
    yield* ledger.dataSystems.update(organization, id.toLowerCase(), change, answering),
    write,
  )
})

const removeSystem = Effect.fnUntraced(function* (request: HttpRequest, id: string) {
  const idempotency = yield* CatalogChanges.withoutBody(request)
  const { index, ledger, organization } = yield* current
  const write = (system: DataSystem) => JSON.stringify(DataSystemJson.system(system, index))
  const outcome = yield* ledger.dataSystems.remove(organization, id.toLowerCase(), { ...idempotency, answer: write })
  return yield* CatalogChanges.answer(outcome, write)
})

/** Whether the key of the request may see how contacts are reached. */
const maySeeAddresses = Effect.map(CurrentKey, ({ key }) => Role.may(Role.roleIn(key, undefined), "handle"))

/** The addresses of those of some attributes that are contacts, where the key may see them. One statement. */
const addressesOf = Effect.fnUntraced(function* (
  attributes: ReadonlyArray<{ readonly id: string; readonly isContact: boolean }>,
) {
  const { dataSystems } = yield* Ledger
  const { organization } = yield* CurrentKey
  const contacts = attributes.flatMap(({ id, isContact }) => (isContact ? [id] : []))
  const isNoneAsked = contacts.length === 0 || !(yield* maySeeAddresses)
  return isNoneAsked ? new Map<string, never>() : yield* dataSystems.addressesOf(organization, contacts)
})

const isContact = (attributeName: string): boolean => attributeName === "contact"

const listAttributes = Effect.fnUntraced(function* (
  families: ReadonlyArray<string> | undefined,
  query: Schema.Schema.Type<typeof DataSystemQuery.Attributes>,
) {
  yield* Pages.check(query)
  const { index, key, ledger, organization } = yield* current
  const { cursor, limit, offset, order, sort, ...filter } = query
  const wanted = index.all.filter(
    ({ dataSystems, family, id, isReadOnly, status }) =>
      isOneOf(
        families?.map((name) => name.toLowerCase()),
        [family.toLowerCase()],
      ) &&
      isOneOf(query.dataSystemAttributeId, [id]) &&
      isOneOf(query.dataSystemId, dataSystems) &&
      isOneOf(query.status, [status]) &&
      (query.readOnly === undefined || isReadOnly === (query.readOnly === "true")),
  )
  const write = (attribute: Attributes.ListedAttribute) => JSON.stringify(DataSystemJson.attribute(attribute))
  const purpose = ["data system attributes", key.id, families, filter]
  const page = Exchange.present({ cursor, limit, offset, order, sort })
  const outcome = yield* ledger.listEntries(organization, purpose, wanted, page, Pages.bytesOf(write))
  return yield* Pages.answerAll(
    outcome,
    Effect.fnUntraced(function* (items) {
      const addresses = yield* addressesOf(items.map(({ family, id }) => ({ id, isContact: isContact(family) })))
      return items.map((item) =>
        JSON.stringify(DataSystemJson.withAddress(DataSystemJson.attribute(item), addresses.get(item.id))),
      )
    }),
  )
})

const writeAttribute = (attribute: Attributes.ListedAttribute) => JSON.stringify(DataSystemJson.attribute(attribute))

/** Answers a change of an attribute, with the address that a contact has now. */
const answerAttribute = Effect.fnUntraced(function* (
  outcome: CatalogOutcome<Attributes.ListedAttribute>,
  status = 200,
) {
  const changed = yield* CatalogChanges.orRefuse(outcome)
  const isRepeated = changed._tag === "Repeated"
  const text = isRepeated ? changed.answer : writeAttribute(changed.value)
  const json = JSON.parse(text) as { readonly id: string; readonly attributeName: string }
  const addresses = yield* addressesOf([{ id: json.id, isContact: isContact(json.attributeName) }])
  const body = DataSystemJson.withAddress(json, addresses.get(json.id))
  return Answer.json(JSON.stringify(body), status, IdempotencyKey.headers(isRepeated))
})

const createAttribute = Effect.fnUntraced(function* (request: HttpRequest, family: Family) {
  const { fields, ...idempotency } = yield* CatalogChanges.read(request, decodeNewAttribute)
  const { ledger, organization } = yield* current
  const answering = { ...idempotency, answer: writeAttribute }
  const attribute = DataSystemJson.newAttributeOf(family, fields)
  return yield* answerAttribute(yield* ledger.dataSystems.createAttribute(organization, attribute, answering), 201)
})

const updateAttribute = Effect.fnUntraced(function* (request: HttpRequest, family: Family | undefined, id: string) {
  const { fields, ...idempotency } = yield* CatalogChanges.read(request, decodeAttribute)
  const { ledger, organization } = yield* current
  const answering = { ...idempotency, answer: writeAttribute }
  const change = DataSystemJson.attributeChangeOf(fields)
  return yield* answerAttribute(
    yield* ledger.dataSystems.updateAttribute(organization, family, id.toLowerCase(), change, answering),
  )
})

const removeAttribute = Effect.fnUntraced(function* (
  request: HttpRequest,
  family: Family | undefined,
  id: string,
  { detach }: { readonly detach?: "true" | "false" },
) {
  const idempotency = yield* CatalogChanges.withoutBody(request)
  const { ledger, organization } = yield* current
  const answering = { ...idempotency, answer: writeAttribute }
  const isDetaching = detach === "true"
  return yield* answerAttribute(
    yield* ledger.dataSystems.removeAttribute(organization, family, id.toLowerCase(), isDetaching, answering),
  )
})

/** A request for an endpoint of a family, whichever family that is. */
interface OfFamily {
  readonly request: HttpRequest
  readonly params: { readonly id: string }
  readonly query: Schema.Schema.Type<typeof DataSystemQuery.Attributes> & { readonly detach?: "true" | "false" }
}

type Context = Ledger | CurrentKey | HttpServerRequest.HttpServerRequest

/** Handlers of any endpoints of the group: the names of those of families are not known one by one here. */
interface AnyHandlers {
  readonly handleRaw: (
    name: string,
    handler: (given: OfFamily) => Effect.Effect<HttpServerResponse.HttpServerResponse, never, Context>,
  ) => AnyHandlers
}

/** The four handlers of a family. */
const withFamily = (handlers: AnyHandlers, family: Family): AnyHandlers => {
  const names = DataSystems.endpointNames(family)
  return handlers
    .handleRaw(names.list, ({ query }) => Answer.respond(listAttributes([family], query)))
    .handleRaw(names.create, ({ request }) => Answer.respond(createAttribute(request, family)))
    .handleRaw(names.update, ({ params, request }) => Answer.respond(updateAttribute(request, family, params.id)))
    .handleRaw(names.remove, ({ params, query, request }) =>
      Answer.respond(removeAttribute(request, family, params.id, query)),
    )
}

/** The handlers of the group `dataSystems`. */
export const layer = HttpApiBuilder.group(Api, "dataSystems", (handlers) => {
  const some = handlers
    .handle("listDataSystems", ({ query }) => Answer.respond(listSystems(query)))
    .handleRaw("createDataSystem", ({ request }) => Answer.respond(createSystem(request)))
    .handleRaw("updateDataSystem", ({ params, request }) => Answer.respond(updateSystem(request, params.id)))
    .handle("deleteDataSystem", ({ params, request }) => Answer.respond(removeSystem(request, params.id)))
    .handle("listDataSystemAttributes", ({ query: { attributeName, ...query } }) =>
      Answer.respond(listAttributes(attributeName, query)),
    )
    .handleRaw("createDataSystemAttribute", ({ query, request }) =>
      Answer.respond(createAttribute(request, query.attributeName)),
    )
    .handleRaw("updateDataSystemAttribute", ({ params, request }) =>
      Answer.respond(updateAttribute(request, undefined, params.id)),
    )
    .handle("deleteDataSystemAttribute", ({ params, query, request }) =>
      Answer.respond(removeAttribute(request, undefined, params.id, query)),
    )
  // Each family adds its own four, so all are handled; `test/http/roles.test.ts` asks every one.
  const all: unknown = AttributeFamily.names.reduce(withFamily, some as unknown as AnyHandlers)
  return all as HttpApiBuilder.Handlers<
    HttpApiBuilder.Handlers.Context<typeof some>,
    (typeof some)["~EndpointsByIdentifier"],
    keyof (typeof some)["~EndpointsByIdentifier"]
  >
})
