/**
 * Consent types: listing, setting up, changing.
 */
import { Clock, Effect, Result } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import type { ListedType, ProjectScope } from "../../../core/model/Catalog.ts"
import * as Exchange from "../../../core/formats/Exchange.ts"
import type * as Instant from "../../../core/engine/Instant.ts"
import type { CatalogFault } from "../../../core/catalog/CatalogChange.ts"
import * as ConsentTypes from "../../../core/catalog/ConsentTypes.ts"
import { Ledger } from "../../../core/Ledger.ts"
import { Api } from "../api/Api.ts"
import * as ConsentTypeWire from "../api/ConsentTypeWire.ts"
import * as PathScope from "../server/PathScope.ts"
import * as Answer from "../server/Answer.ts"
import * as CatalogChanges from "./CatalogChanges.ts"
import * as Pages from "./Pages.ts"
import * as ConsentTypeJson from "./ConsentTypeJson.ts"

/** A document of 5,000,000 characters, each of up to six bytes as many clients write them (`\\u00fc`), and the rest. */
const bodyMaxBytes = 32 * 1024 * 1024

type New = typeof ConsentTypeWire.NewConsentType.Type
type Change = typeof ConsentTypeWire.ConsentTypeChange.Type

const subcategoryOf = (given: New["subcategory"]): string => (typeof given === "string" ? given : given[0])

/** Members that are `null` count as left out, but for those that `null` takes away. */
const textsAndConditions = ({
  consentDuration,
  document,
  url,
  ...fields
}: Omit<Change, "category" | "subcategory" | "label" | "version">) => ({
  ...Exchange.present(fields),
  ...(consentDuration !== undefined && { consentDuration }),
  ...(document !== undefined && { document }),
  ...(url !== undefined && { url }),
})

const toFields = ({ category, label, name, subcategory, ...body }: New): ConsentTypes.TypeFields => ({
  ...textsAndConditions(body),
  category,
  name: name ?? label,
  subcategory: subcategoryOf(subcategory),
  label,
})

const toChange = ({ category, label, subcategory, version, ...body }: Change): ConsentTypes.TypeChange => ({
  ...textsAndConditions(body),
  ...(category != null && { category }),
  ...(subcategory != null && { subcategory: subcategoryOf(subcategory) }),
  ...(label != null && { label }),
  ...(version != null && { version }),
})

type Decoder<A> = (body: unknown) => Result.Result<A, ReadonlyArray<Answer.Violation & { readonly pointer: string }>>

/**
 * Reads a body. Where its shape is not valid, what can be read of it is held against the rules too, so that everything
 * wrong is told at once; `harmless` are members that break none, in place of those that cannot be read.
 */
const reader =
  <A>(decode: Decoder<A>, harmless: object, faultsOf: (readable: A) => ReadonlyArray<CatalogFault>): Decoder<A> =>
  (body) => {
    let rest = decode(body)
    if (Result.isSuccess(rest)) return rest
    const found = [...rest.failure]
    let sent: object = Object(body)
    while (Result.isFailure(rest)) {
      const members = new Set(rest.failure.map(({ pointer }) => pointer.split("/", 2)[1]))
      if (members.has(undefined)) return Result.fail(found)
      sent = Object.fromEntries(Object.entries(sent).filter(([member]) => !members.has(member)))
      rest = decode({ ...harmless, ...sent })
      if (Result.isFailure(rest)) found.push(...rest.failure)
    }
    const faults = faultsOf(rest.success).map(({ field, ...fault }) => ({ pointer: `/${field}`, ...fault }))
    return Result.fail([...found, ...faults])
  }

const decodeNew = Exchange.decoder(ConsentTypeWire.NewConsentType)
const decodeChange = Exchange.decoder(ConsentTypeWire.ConsentTypeChange)

const harmlessNew = { category: "custom", subcategory: "unclassified", label: "_", name: "_____" }

const newReader = (now: Instant.Instant): Decoder<New> =>
  reader<New>(decodeNew, harmlessNew, (body) => ConsentTypes.faultsOf(toFields(body), undefined, now))

const changeReader = (type: ListedType | undefined, now: Instant.Instant): Decoder<Change> =>
  reader<Change>(decodeChange, {}, (body) => ConsentTypes.faultsOf(toChange(body), type, now))

type Filter = { readonly [Parameter in keyof typeof ConsentTypeWire.typeParameters]?: unknown }

/** Whether a type has the members that a query asks for, as they are now. */
const passes = (type: ListedType, query: Filter, now: Instant.Instant): boolean => {
  const { name, url, version } = ConsentTypes.versionInForce(type, now)
  const members: Filter = { ...type, name, url, version }
  return (["category", "subcategory", "label", "name", "url", "version", "status"] as const).every(
    (member) => query[member] === undefined || query[member] === members[member],
  )
}

/** One page of a project's types. `asker` is who its cursors are good for. */
export const list = Effect.fnUntraced(function* (
  { organization, project, types }: ProjectScope,
  asker: string,
  query: Filter & Parameters<(typeof Ledger)["Service"]["listEntries"]>[3],
) {
  yield* Pages.check(query)
  const ledger = yield* Ledger
  const now = yield* Clock.currentTimeMillis
  const matching = types.all
    .filter((type) => passes(type, query, now))
    .map((type) => ({ ...type, name: ConsentTypes.versionInForce(type, now).name }))
  const { cursor: _, limit: __, offset: ___, ...bound } = query
  const outcome = yield* ledger.listEntries(organization, ["types", project.id, asker, bound], matching, query)
  return yield* Pages.answer(outcome, ({ id }) => ConsentTypeJson.answerListed(types.byId.get(id)!))
})

/** The handlers of the group `consentTypes`. */
export const layer = HttpApiBuilder.group(Api, "consentTypes", (handlers) =>
  handlers
    .handle("listConsentTypes", ({ query }) =>
      Answer.respond(
        Effect.gen(function* () {
          const { key, scope } = yield* PathScope.current
          return yield* list(scope, key.id, query)
        }),
      ),
    )
    .handleRaw("createConsentType", ({ request }) =>
      Answer.respond(
        Effect.gen(function* () {
          const { setup } = yield* Ledger
          const { scope } = yield* PathScope.current
          const read = newReader(yield* Clock.currentTimeMillis)
          const { fields: body, ...idempotency } = yield* CatalogChanges.read(request, read, { maxBytes: bodyMaxBytes })
          const fields = toFields(body)
          const answer = (type: ListedType) =>
            ConsentTypeJson.write(type, fields.document ?? undefined, type.dateCreated)
          return yield* CatalogChanges.answer(
            yield* setup.createType(scope, fields, { ...idempotency, answer }),
            answer,
          )
        }),
      ),
    )
    .handleRaw("updateConsentType", ({ params, request }) =>
      Answer.respond(
        Effect.gen(function* () {
          const { setup } = yield* Ledger
          const { project, types } = (yield* PathScope.current).scope
          const id = params.id.toLowerCase()
          const read = changeReader(types.byId.get(id), yield* Clock.currentTimeMillis)
          const { fields } = yield* CatalogChanges.read(request, read, { maxBytes: bodyMaxBytes })
          const outcome = yield* setup.updateType(project, id, toChange(fields))
          const changed = yield* CatalogChanges.valueOrRefuse(outcome)
          return Answer.json(yield* ConsentTypeJson.answer(changed))
        }),
      ),
    )
    .handle("deleteConsentType", ({ params }) =>
      Answer.respond(
        Effect.gen(function* () {
          const { setup } = yield* Ledger
          const { project } = (yield* PathScope.current).scope
          const changed = yield* CatalogChanges.valueOrRefuse(yield* setup.removeType(project, params.id.toLowerCase()))
          return Answer.json(yield* ConsentTypeJson.answer(changed))
        }),
      ),
    )
    .handle("getConsentTypeVersion", ({ params }) =>
      Answer.respond(
        Effect.gen(function* () {
          const { types } = (yield* PathScope.current).scope
          const type = types.byId.get(params.id.toLowerCase())
          const version = type?.versions.find((each) => String(each.version) === params.version)
          if (type === undefined || version === undefined) {
            return yield* new Answer.HttpProblem({ status: 404, detail: "there is no such version" })
          }
          return Answer.json(yield* ConsentTypeJson.answerVersion(type, version))
        }),
      ),
    ),
)
