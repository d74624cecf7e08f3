/**
 * The handlers of regions, of their own texts, and of publishing them.
 */
import { Effect, Result } from "effect"
import type { HttpServerRequest } from "effect/http"
import { HttpApiBuilder } from "effect/http-api"
import { names as templateNames } from "../../../core/browser/RegionTemplates.ts"
import type { CatalogFault } from "../../../core/catalog/CatalogChange.ts"
import * as Exchange from "../../../core/formats/Exchange.ts"
import { Ledger } from "../../../core/Ledger.ts"
import * as LanguageTag from "../../../core/model/LanguageTag.ts"
import type { RegionDraft } from "../../../core/model/RegionDraft.ts"
import * as RegionDrafts from "../../../core/regions/RegionDrafts.ts"
import * as RegionLanguages from "../../../core/regions/RegionLanguages.ts"
import * as Regions from "../../../core/regions/Regions.ts"
import { Api } from "../api/Api.ts"
import * as RegionWire from "../api/RegionWire.ts"
import * as Answer from "../server/Answer.ts"
import * as PathScope from "../server/PathScope.ts"
import * as CatalogChanges from "./CatalogChanges.ts"
import * as Pages from "./Pages.ts"
import * as RegionJson from "./RegionJson.ts"

type HttpRequest = HttpServerRequest.HttpServerRequest
type Given = Readonly<Record<string, unknown>>

const isObject = (value: unknown): value is Given =>
  typeof value === "object" && value !== null && !Array.isArray(value)

const violations = (faults: ReadonlyArray<CatalogFault>): ReadonlyArray<Answer.Violation> =>
  faults.map(({ code, detail, field }) => ({ pointer: `/${field}`, code, detail }))

type Decode<A> = (value: unknown) => Result.Result<A, ReadonlyArray<Answer.Violation>>

/** The settings of a body, and the template that it names. */
const settingsIn = (value: unknown) => {
  const { settings, template } = isObject(value) ? value : { settings: undefined, template: undefined }
  return { settings, template: templateNames.find((name) => name === template) }
}

/** Decodes the members of a body, and tells what is wrong with its settings together with what is wrong with them. */
const withSettings =
  <A>(
    decode: Decode<A>,
    faultsOf: (given: ReturnType<typeof settingsIn>) => ReadonlyArray<CatalogFault>,
  ): Decode<{ readonly fields: A; readonly settings: unknown }> =>
  (value) => {
    const given = settingsIn(value)
    const decoded = decode(value)
    const errors = [...(Result.isFailure(decoded) ? decoded.failure : []), ...violations(faultsOf(given))]
    return Result.isSuccess(decoded) && errors.length === 0
      ? Result.succeed({ fields: decoded.success, settings: given.settings })
      : Result.fail(errors)
  }

const decodeNew = withSettings(Exchange.decoder(RegionWire.NewRegionFields), ({ settings, template }) =>
  Regions.newSettingFaults(settings, template),
)
const decodeChange = withSettings(Exchange.decoder(RegionWire.RegionChangeFields), ({ settings }) =>
  Regions.settingFaults(settings),
)
const decodePublish = Exchange.decoder(RegionWire.PublishRequest)

const notObject: Answer.Violation = { pointer: "", code: "invalid", detail: "expected an object" }

const decodeTexts: Decode<Given> = (value) => {
  if (!isObject(value)) return Result.fail([notObject])
  const errors = violations(RegionLanguages.faultsOf(value))
  return errors.length === 0 ? Result.succeed(value) : Result.fail(errors)
}

const decodeNewTexts: Decode<Given & { readonly language: string }> = (value) => {
  if (!isObject(value)) return Result.fail([notObject])
  const language = typeof value["language"] === "string" ? LanguageTag.canonical(value["language"]) : undefined
  const error = { pointer: "/language", code: "language_not_valid", detail: LanguageTag.expected }
  const errors = violations(RegionLanguages.faultsOf(value))
  if (language === undefined) return Result.fail([error, ...errors])
  return errors.length === 0 ? Result.succeed({ ...value, language }) : Result.fail(errors)
}

const noRegion = new Answer.HttpProblem({ status: 404, detail: "there is no such region" })
const noLanguage = new Answer.HttpProblem({ status: 404, detail: "the region has no texts in this language" })

/** The region of the path. */
const regionOf = Effect.fnUntraced(function* (id: string) {
  const ledger = yield* Ledger
  const { scope } = yield* PathScope.current
  const region = RegionDrafts.find(yield* ledger.catalog, scope.project, id.toLowerCase())
  return region ?? (yield* noRegion)
})

const list = Effect.gen(function* () {
  const ledger = yield* Ledger
  const { scope } = yield* PathScope.current
  return Answer.json(Answer.list(RegionDrafts.of(yield* ledger.catalog, scope.project).map(RegionJson.write)))
})

const create = Effect.fnUntraced(function* (request: HttpRequest) {
  const { regions } = yield* Ledger
  const { scope } = yield* PathScope.current
  const { fields: body, ...idempotency } = yield* CatalogChanges.read(request, decodeNew)
  const answering = { ...idempotency, answer: RegionJson.write }
  const { template, ...fields } = body.fields
  const region = { ...fields, settings: body.settings, ...(template != null && { template }) }
  return yield* CatalogChanges.answer(yield* regions.create(scope, region, answering), RegionJson.write, 201)
})

const update = Effect.fnUntraced(function* (request: HttpRequest, id: string) {
  const { regions } = yield* Ledger
  const { scope } = yield* PathScope.current
  const { fields: body, ...idempotency } = yield* CatalogChanges.read(request, decodeChange)
  const answering = { ...idempotency, answer: RegionJson.write }
  const change = { ...Exchange.present(body.fields), settings: body.settings }
  return yield* CatalogChanges.answer(
    yield* regions.update(scope, id.toLowerCase(), change, answering),
    RegionJson.write,
  )
})

const remove = Effect.fnUntraced(function* (request: HttpRequest, id: string) {
  const { regions } = yield* Ledger
  const { scope } = yield* PathScope.current
  const answering = { ...(yield* CatalogChanges.withoutBody(request)), answer: RegionJson.write }
  return yield* CatalogChanges.answer(yield* regions.remove(scope, id.toLowerCase(), answering), RegionJson.write)
})

interface LanguagePath {
  readonly id: string
  readonly languageId: string
}

/** What the path of texts names; what is not a tag names no texts. */
const languageOf = ({ id, languageId }: LanguagePath) => {
  const language = LanguageTag.canonical(languageId)
  return language === undefined ? noLanguage : Effect.succeed({ region: id.toLowerCase(), language })
}

const writeLanguage = (language: string) => (region: RegionDraft) =>
  JSON.stringify(RegionLanguages.find(region, language))

const createLanguage = Effect.fnUntraced(function* (request: HttpRequest, id: string) {
  const { regions } = yield* Ledger
  const { scope } = yield* PathScope.current
  const { fields, ...idempotency } = yield* CatalogChanges.read(request, decodeNewTexts)
  const { language, ...texts } = fields
  const write = writeLanguage(language)
  const answering = { ...idempotency, answer: write }
  const outcome = yield* regions.createLanguage(scope, { region: id.toLowerCase(), language }, texts, answering)
  return yield* CatalogChanges.answer(outcome, write, 201)
})

const updateLanguage = Effect.fnUntraced(function* (request: HttpRequest, path: LanguagePath) {
  const { regions } = yield* Ledger
  const { scope } = yield* PathScope.current
  const { fields, ...idempotency } = yield* CatalogChanges.read(request, decodeTexts)
  const named = yield* languageOf(path)
  const write = writeLanguage(named.language)
  const answering = { ...idempotency, answer: write }
  return yield* CatalogChanges.answer(yield* regions.updateLanguage(scope, named, fields, answering), write)
})

const removeLanguage = Effect.fnUntraced(function* (request: HttpRequest, path: LanguagePath) {
  const { regions } = yield* Ledger
  const { scope } = yield* PathScope.current
  const named = yield* languageOf(path)
  const before = RegionLanguages.find(yield* regionOf(path.id), named.language)
  // The answer has the texts as they were.
  const write = () => JSON.stringify(before)
  const answering = { ...(yield* CatalogChanges.withoutBody(request)), answer: write }
  return yield* CatalogChanges.answer(yield* regions.removeLanguage(scope, named, answering), write)
})

const publish = Effect.fnUntraced(function* (request: HttpRequest) {
  const ledger = yield* Ledger
  const { scope } = yield* PathScope.current
  const { fields, ...idempotency } = yield* CatalogChanges.read(request, decodePublish, {
    mayBeEmpty: true,
    absent: {},
  })
  const { dryRun, ...wanted } = Exchange.present(fields)
  if (dryRun === true) {
    const preview = yield* ledger.regions.previewPublication(scope, wanted)
    if ("_tag" in preview) return yield* CatalogChanges.answer<never>(preview, String)
    return Answer.json(RegionJson.writePreview(preview))
  }
  const answering = { ...idempotency, answer: RegionJson.writeOutcome }
  return yield* CatalogChanges.answer(yield* ledger.regions.publish(scope, wanted, answering), RegionJson.writeOutcome)
})

const listPublications = Effect.fnUntraced(function* (query: Parameters<Ledger["Service"]["listEntries"]>[3]) {
  yield* Pages.check(query)
  const ledger = yield* Ledger
  const { key, scope } = yield* PathScope.current
  const { publications } = yield* ledger.catalog
  const all = (publications.get(scope.project.id) ?? []).map((each) => ({ ...each, name: `${each.revision}` }))
  const purpose = ["publications", scope.project.id, key.id] as const
  const page = yield* ledger.listEntries(
    scope.organization,
    purpose,
    all,
    query,
    Pages.bytesOf(RegionJson.writePublication),
  )
  return yield* Pages.answer(page, RegionJson.writePublication)
})

/** The handlers of the group `regions`. */
export const layer = HttpApiBuilder.group(Api, "regions", (handlers) =>
  handlers
    .handle("listRegions", () => Answer.respond(list))
    .handleRaw("createRegion", ({ request }) => Answer.respond(create(request)))
    .handle("getRegion", ({ params }) =>
      Answer.respond(Effect.map(regionOf(params.id), (region) => Answer.json(RegionJson.write(region)))),
    )
    .handleRaw("updateRegion", ({ params, request }) => Answer.respond(update(request, params.id)))
    .handle("deleteRegion", ({ params, request }) => Answer.respond(remove(request, params.id)))
    .handle("listRegionLanguages", ({ params }) =>
      Answer.respond(
        Effect.map(regionOf(params.id), (region) =>
          Answer.json(Answer.list(RegionLanguages.all(region).map((each) => JSON.stringify(each)))),
        ),
      ),
    )
    .handleRaw("createRegionLanguage", ({ params, request }) => Answer.respond(createLanguage(request, params.id)))
    .handle("getRegionLanguage", ({ params }) =>
      Answer.respond(
        Effect.gen(function* () {
          const { language } = yield* languageOf(params)
          const texts = RegionLanguages.find(yield* regionOf(params.id), language)
          return texts === undefined ? yield* noLanguage : Answer.json(JSON.stringify(texts))
        }),
      ),
    )
    .handleRaw("updateRegionLanguage", ({ params, request }) => Answer.respond(updateLanguage(request, params)))
    .handle("deleteRegionLanguage", ({ params, request }) => Answer.respond(removeLanguage(request, params)))
    .handleRaw("publishRegions", ({ request }) => Answer.respond(publish(request)))
    .handle("listPublications", ({ query }) => Answer.respond(listPublications(query))),
)
