/**
 * The handlers of the record of processing activities, which is written while it is sent, and of the import of data
 * systems.
 */
import * as NodeHttpServerRequest from "@effect/platform-node/NodeHttpServerRequest"
import { Effect, Semaphore, Stream } from "effect"
import { type HttpServerRequest, HttpServerResponse } from "effect/http"
import { HttpApiBuilder } from "effect/http-api"
import { formats, type RecordFormatName, type RecordQuery } from "../../../core/data-systems/RecordQuery.ts"
import type { ImportedManifest } from "../../../core/fideslang/FidesImport.ts"
import { Ledger } from "../../../core/Ledger.ts"
import * as Role from "../../../core/model/Role.ts"
import * as RecordFormat from "../../../core/processing-records/RecordFormat.ts"
import * as ManifestText from "../../fideslang/ManifestText.ts"
import { Api } from "../api/Api.ts"
import { CurrentKey } from "../api/Credentials.ts"
import * as Account from "../server/Account.ts"
import * as Answer from "../server/Answer.ts"
import * as IdempotencyKey from "../server/IdempotencyKey.ts"
import * as LoadShedding from "../server/LoadShedding.ts"
import * as Shares from "../server/Shares.ts"
import * as CatalogChanges from "./CatalogChanges.ts"

type Query = Partial<RecordQuery> & { readonly format?: RecordFormatName }

/** How many records may be on their way to their readers. */
const openMax: Shares.Bounds = { each: 4, inAll: 16 }

const tooManyOpen = new Answer.HttpProblem({
  status: 503,
  detail: `too many records of processing are open, of which an organization may have ${openMax.each}; try again`,
  headers: { "retry-after": "1" },
})

const refused = (parameter: string, code: string, detail: string) =>
  new Answer.HttpProblem({ status: 422, detail, errors: [{ parameter, code, detail }] })

const unknownProject = refused("project", "unknown_project", "is no project of the organization")

const tooLarge = refused(
  "by",
  "record_too_large",
  "the record would be too large for one answer: ask by system, or for one project",
)

/** The records of a server. */
const make = () => {
  const take = Shares.make(openMax)
  return Effect.fnUntraced(function* (request: HttpServerRequest.HttpServerRequest, query: Query) {
    const { key, organization } = yield* CurrentKey
    const giveBack = take(organization.id)
    if (giveBack === undefined) return yield* tooManyOpen
    // Also where the answer is never streamed: for HEAD, for a refusal, and for a client that is gone.
    NodeHttpServerRequest.toServerResponse(request).once("close", giveBack)
    yield* Account.take({ items: 1 })
    const ledger = yield* Ledger
    const { as = "controller", by = "activity", format = "json", project } = query
    const outcome = yield* ledger.processingRecord(organization, {
      as,
      by,
      format,
      ...(project !== undefined && { project: project.toLowerCase() }),
      withAddresses: Role.may(key.role, "handle"),
    })
    if (outcome._tag === "UnknownProject") return yield* unknownProject
    if (outcome._tag === "RecordTooLarge") return yield* tooLarge
    yield* Account.charge({ items: outcome.content.rows.length })
    LoadShedding.giveUp(request.source)
    const { ending, mediaType } = formats[format]
    const body = request.method === "HEAD" ? Stream.empty : RecordFormat.write(format, outcome.content)
    const name = `record-of-processing-${as}.${ending}`
    const headers = format === "json" ? {} : { "content-disposition": `attachment; filename="${name}"` }
    return HttpServerResponse.stream(body, { contentType: mediaType, headers })
  })
}

const isMediaType = /^application\/(x-)?yaml$|^text\/(x-)?yaml$|^application\/json$/

const unsupported = new Answer.HttpProblem({
  status: 415,
  detail: "send the manifest as application/yaml or application/json",
})

const unreadable = ({ message, reason }: ManifestText.UnreadableManifest) =>
  new Answer.HttpProblem({
    status: 400,
    detail: "the manifest cannot be read; nothing was changed",
    errors: [{ pointer: "", code: "unreadable", detail: message === reason ? `it ${reason}` : message }],
  })

const yamlMissing = ({ reason }: ManifestText.YamlMissing) =>
  new Answer.HttpProblem({ status: 503, detail: `this server cannot read a manifest: it ${reason}` })

const importedJson = ({ attributes, dryRun, systems, unmapped }: ImportedManifest): string => {
  const count = (outcome: ImportedManifest["systems"][number]["outcome"]) =>
    systems.filter((system) => system.outcome === outcome).length
  const counts = { created: count("created"), changed: count("changed"), unchanged: count("unchanged") }
  return JSON.stringify({ dryRun, ...counts, systems, attributes, unmapped })
}

/** How many manifests are read at a time, because each may take a core and much memory. */
const readMax = 1

/** The imports of a server. */
const makeImports = () => {
  const turns = Semaphore.makeUnsafe(readMax)
  return Effect.fnUntraced(function* (
    request: HttpServerRequest.HttpServerRequest,
    { dryRun }: { readonly dryRun?: "true" | "false" },
  ) {
    const mediaType = (request.headers["content-type"] ?? "").split(";", 1)[0]!.trim().toLowerCase()
    if (!isMediaType.test(mediaType)) return yield* unsupported
    const { key, organization } = yield* CurrentKey
    const bytes = yield* Answer.readBytes(request, ManifestText.maxBytes)
    const reading = Effect.catchTags(ManifestText.read(bytes), {
      UnreadableManifest: (error) => Effect.fail(unreadable(error)),
      YamlMissing: (error) => Effect.fail(yamlMissing(error)),
    })
    const manifest = yield* Semaphore.withPermits(turns, 1)(reading)
    const text = `${dryRun ?? "false"} ${Buffer.from(bytes).toString("utf8")}`
    const options = {
      ...(yield* IdempotencyKey.of(request, key.id, { text })),
      dryRun: dryRun === "true",
      answer: importedJson,
    }
    const ledger = yield* Ledger
    return yield* CatalogChanges.answer(yield* ledger.importSystems(organization, manifest, options), importedJson)
  })
}

/** The handlers of the group `processingRecords`. */
export const layer = HttpApiBuilder.group(Api, "processingRecords", (handlers) => {
  const [get, take] = [make(), makeImports()]
  return handlers
    .handleRaw("getProcessingRecord", ({ query, request }) => Answer.respond(get(request, query)))
    .handleRaw("importDataSystems", ({ query, request }) => Answer.respond(take(request, query)))
})
