/**
 * The handlers of consent types: list, create, update, delete, get and cancel a version.
 */
import { Clock, Effect, Result } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import type { ListedType, ProjectScope, Translation } from "../../../core/model/Catalog.ts"
import * as LanguageTag from "../../../core/model/LanguageTag.ts"
import * as Exchange from "../../../core/formats/Exchange.ts"
import type * as Instant from "../../../core/engine/Instant.ts"
import type { CatalogFault } from "../../../core/catalog/CatalogChange.ts"
import * as ConsentTypes from "../../../core/catalog/ConsentTypes.ts"
import * as ConsentTypeVersions from "../../../core/catalog/ConsentTypeVersions.ts"
import * as ShownTexts from "../../../core/catalog/ShownTexts.ts"
import * as Translations from "../../../core/catalog/Translations.ts"
import { Ledger } from "../../../core/Ledger.ts"
import { Api } from "../api/Api.ts"
import * as ConsentTypeWire from "../api/ConsentTypeWire.ts"
import * as PathScope from "../server/PathScope.ts"
import * as Answer from "../server/Answer.ts"
import * as CatalogChanges from "./CatalogChanges.ts"
import * as Pages from "./Pages.ts"
import * as ConsentTypeJson from "./ConsentTypeJson.ts"

/**
 * Room for a document of 5,000,000 characters in UTF-8, and for the rest. A client that escapes characters, as six
 * bytes each (`\\u00fc`), has less.
 */
const bodyMaxBytes = 16 * 1024 * 1024

type New = typeof ConsentTypeWire.NewConsentType.Type
type Change = typeof ConsentTypeWire.ConsentTypeChange.Type

const subcategoryOf = (given: New["subcategory"]): string => (typeof given === "string" ? given : given[0])

/** Treats members that are `null` as absent, except those that `null` removes. */
const textsAndConditions = ({
  consentDuration,
  document,
  language,
  url,
  ...fields
}: Omit<Change, "category" | "subcategory" | "label" | "version">) => ({
  ...Exchange.present(fields),
  ...(consentDuration !== undefined && { consentDuration }),
  ...(document !== undefined && { document }),
  ...(language !== undefined && { language }),
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
 * Reads a body. If its shape is not valid, the members that could be read are checked against the rules too, so that
 * the answer names every violation. `placeholders` are members that break no rule, used in place of those that could
 * not be read.
 */
const reader =
  <A>(decode: Decoder<A>, placeholders: object, faultsOf: (readable: A) => ReadonlyArray<CatalogFault>): Decoder<A> =>
  (body) => {
    let rest = decode(body)
    if (Result.isSuccess(rest)) return rest
    const found = [...rest.failure]
    let sent: object = Object(body)
    while (Result.isFailure(rest)) {
      const members = new Set(rest.failure.map(({ pointer }) => pointer.split("/", 2)[1]))
      if (members.has(undefined)) return Result.fail(found)
      sent = Object.fromEntries(Object.entries(sent).filter(([member]) => !members.has(member)))
      rest = decode({ ...placeholders, ...sent })
      if (Result.isFailure(rest)) found.push(...rest.failure)
    }
    const faults = faultsOf(rest.success).map(({ field, ...fault }) => ({ pointer: `/${field}`, ...fault }))
    return Result.fail([...found, ...faults])
  }

const decodeNew = Exchange.decoder(ConsentTypeWire.NewConsentType)
const decodeChange = Exchange.decoder(ConsentTypeWire.ConsentTypeChange)

const newPlaceholders = { category: "custom", subcategory: "unclassified", label: "_", name: "_____" }

const newReader = (now: Instant.Instant): Decoder<New> =>
  reader<New>(decodeNew, newPlaceholders, (body) => ConsentTypes.faultsOf(toFields(body), undefined, now))

const changeReader = (type: ListedType | undefined, now: Instant.Instant): Decoder<Change> =>
  reader<Change>(decodeChange, {}, (body) => ConsentTypes.faultsOf(toChange(body), type, now))

const decodeTexts = Exchange.decoder(ConsentTypeWire.TranslationTexts)

const noVersion = new Answer.HttpProblem({ status: 404, detail: "there is no such version" })
const noTexts = new Answer.HttpProblem({ status: 404, detail: "the version has no texts in this language" })
const notLanguage = new Answer.HttpProblem({
  status: 422,
  detail: "nothing was changed: a rule is broken",
  errors: [{ parameter: "language", code: "language_not_valid", detail: LanguageTag.expected }],
})

const translationIn = (translations: ReadonlyArray<Translation>, language: string): Translation | undefined =>
  translations.find((each) => each.language === language)

/** What the path of a translation names; fails for a language that is no tag. */
const translationName = Effect.fnUntraced(function* (params: {
  readonly id: string
  readonly version: string
  readonly language: string
}) {
  const language = LanguageTag.canonical(params.language)
  if (language === undefined) return yield* notLanguage
  return { consentType: params.id.toLowerCase(), version: params.version.toLowerCase(), language }
})

type Filter = { readonly [Parameter in keyof typeof ConsentTypeWire.typeParameters]?: unknown }

/** Whether the current members of a type match the filter of a query. */
const matches = (type: ListedType, query: Filter, now: Instant.Instant): boolean => {
  const { name, url, version } = ConsentTypeVersions.inForce(type, now)
  const members: Filter = { ...type, name, url, version }
  return (["category", "subcategory", "label", "name", "url", "version", "status"] as const).every(
    (member) => query[member] === undefined || query[member] === members[member],
  )
}

/**
 * A page of the types of a project. Its cursors are valid only for the same `caller`. `choice`: in which language they
 * are shown; filters and order are of the own texts of the types all the same.
 */
export const list = Effect.fnUntraced(function* (
  { organization, project, types }: ProjectScope,
  caller: string,
  query: Filter & Parameters<(typeof Ledger)["Service"]["listEntries"]>[3],
  choice?: ConsentTypeJson.ShownChoice,
) {
  yield* Pages.check(query)
  const ledger = yield* Ledger
  const now = yield* Clock.currentTimeMillis
  const matching = types.all
    .filter((type) => matches(type, query, now))
    .map((type) => ({ ...type, name: ConsentTypeVersions.inForce(type, now).name }))
  const bytesOf = (type: ListedType) => ConsentTypeJson.listedBytes(type, now, choice?.choose)
  const { cursor: _, limit: __, offset: ___, ...bound } = query
  const outcome = yield* ledger.listEntries(
    organization,
    ["types", project.id, caller, bound],
    matching,
    query,
    bytesOf,
  )
  return yield* Pages.answerAll(outcome, (page) => ConsentTypeJson.answerListed(page, now, choice))
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
          const { scope } = yield* PathScope.current
          const id = params.id.toLowerCase()
          const read = changeReader(scope.types.byId.get(id), yield* Clock.currentTimeMillis)
          const { fields, ...idempotency } = yield* CatalogChanges.read(request, read, { maxBytes: bodyMaxBytes })
          const { answer } = ConsentTypeJson
          const outcome = yield* setup.updateType(scope, id, toChange(fields), { ...idempotency, answer })
          return yield* CatalogChanges.answer(outcome, answer)
        }),
      ),
    )
    .handle("deleteConsentType", ({ params, request }) =>
      Answer.respond(
        Effect.gen(function* () {
          const { setup } = yield* Ledger
          const { scope } = yield* PathScope.current
          const { answer } = ConsentTypeJson
          const answering = { ...(yield* CatalogChanges.withoutBody(request)), answer }
          const outcome = yield* setup.removeType(scope, params.id.toLowerCase(), answering)
          return yield* CatalogChanges.answer(outcome, answer)
        }),
      ),
    )
    .handle("getConsentTypeVersion", ({ params, query }) =>
      Answer.respond(
        Effect.gen(function* () {
          const { types } = (yield* PathScope.current).scope
          const type = types.byId.get(params.id.toLowerCase())
          const version = type && ConsentTypeVersions.find(type, params.version.toLowerCase())
          if (type === undefined || version === undefined) return yield* noVersion
          const translations = Translations.ofVersion(types, type.id, version)
          const languages = translations.map(({ language }) => language)
          const wanted = query.language === undefined ? undefined : translationIn(translations, query.language)
          const isOwn = query.language === undefined || (wanted === undefined && query.language === version.language)
          if (!isOwn && wanted === undefined) return yield* noTexts
          const texts = wanted ? ShownTexts.ofTranslation(wanted, version) : ShownTexts.ofVersion(type, version)
          return Answer.json(yield* ConsentTypeJson.answerVersion({ type, version, texts, languages }))
        }),
      ),
    )
    .handleRaw("giveTranslation", ({ params, request }) =>
      Answer.respond(
        Effect.gen(function* () {
          const { setup } = yield* Ledger
          const { scope } = yield* PathScope.current
          const name = yield* translationName(params)
          const { fields, ...idempotency } = yield* CatalogChanges.read(request, decodeTexts, {
            maxBytes: bodyMaxBytes,
          })
          const answer = ConsentTypeJson.writeTranslation
          const texts = { name: fields.name, ...Exchange.present(fields) }
          const outcome = yield* setup.giveTranslation(scope, name, texts, { ...idempotency, answer })
          return yield* CatalogChanges.answer(outcome, answer)
        }),
      ),
    )
    .handle("takeTranslationBack", ({ params, request }) =>
      Answer.respond(
        Effect.gen(function* () {
          const { setup } = yield* Ledger
          const { scope } = yield* PathScope.current
          const name = yield* translationName(params)
          const answer = ConsentTypeJson.writeTranslation
          const answering = { ...(yield* CatalogChanges.withoutBody(request)), answer }
          return yield* CatalogChanges.answer(yield* setup.takeTranslationBack(scope, name, answering), answer)
        }),
      ),
    )
    .handle("cancelConsentTypeVersion", ({ params, request }) =>
      Answer.respond(
        Effect.gen(function* () {
          const { setup } = yield* Ledger
          const { scope } = yield* PathScope.current
          const { answer } = ConsentTypeJson
          const answering = { ...(yield* CatalogChanges.withoutBody(request)), answer }
          const [id, version] = [params.id.toLowerCase(), params.version.toLowerCase()]
          return yield* CatalogChanges.answer(yield* setup.cancelVersion(scope, id, version, answering), answer)
        }),
      ),
    ),
)
