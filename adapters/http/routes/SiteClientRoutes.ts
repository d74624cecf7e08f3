/**
 * The handlers of the script files of pages.
 */
import { Effect } from "effect"
import type { HttpServerRequest } from "effect/http"
import { HttpApiBuilder } from "effect/http-api"
import * as MailSettings from "../../../core/ledger/MailSettings.ts"
import type { ProjectScope } from "../../../core/model/Catalog.ts"
import { Api } from "../api/Api.ts"
import * as Answer from "../server/Answer.ts"
import * as BuiltScripts from "../server/BuiltScripts.ts"
import * as CompressedForms from "../server/CompressedForms.ts"
import * as Loaders from "../server/Loaders.ts"
import * as PathScope from "../server/PathScope.ts"

/** A page of any origin may run a script, and check it by its hash. */
const readable = { "access-control-allow-origin": "*", "cross-origin-resource-policy": "cross-origin" }

/** A file that the next publication replaces. */
const replaceable = {
  ...readable,
  "cache-control": "public, max-age=300, stale-while-revalidate=86400, stale-if-error=604800",
}

/** A file that never changes. */
const immutable = { ...readable, "cache-control": "public, max-age=31536000, immutable" }

const contentType = "text/javascript; charset=utf-8"

const noFile = new Answer.HttpProblem({ status: 404, detail: "there is no script file with that hash" })

const fileName = /^([0-9a-f]{64})\.js$/

/** Escapes an address for an attribute in double quotes. */
const attribute = (text: string): string => text.replaceAll("&", "&amp;").replaceAll('"', "&quot;")

const snippetOf = Effect.fnUntraced(function* (scope: ProjectScope) {
  const { integrity, revision, sha256 } = yield* Loaders.of(scope)
  const { publicUrl = "" } = yield* MailSettings.Current
  const src = `${publicUrl}/site-v1/${scope.project.id}${BuiltScripts.pathOf(sha256)}`
  const html = `<script src="${attribute(src)}" integrity="${integrity}" crossorigin="anonymous"></script>`
  return Answer.json(JSON.stringify({ html, src, integrity, revision }))
})

const loader = Effect.fnUntraced(function* (projectId: string, request: HttpServerRequest.HttpServerRequest) {
  const { forms, sha256 } = yield* Loaders.of(yield* PathScope.find(projectId))
  return CompressedForms.answer(request, { sha256, forms, contentType, headers: replaceable })
})

const fileOf = Effect.fnUntraced(function* (
  { file, projectId }: { readonly file: string; readonly projectId: string },
  request: HttpServerRequest.HttpServerRequest,
) {
  const scope = yield* PathScope.find(projectId)
  const sha256 = fileName.exec(file)?.[1]
  if (sha256 === undefined) return yield* noFile
  const forms = yield* Loaders.byHash(scope, sha256)
  if (forms === undefined) return yield* noFile
  return CompressedForms.answer(request, { sha256, forms, contentType, headers: immutable })
})

const widget = Effect.fnUntraced(function* (projectId: string, request: HttpServerRequest.HttpServerRequest) {
  yield* PathScope.find(projectId)
  const built = yield* BuiltScripts.all
  return CompressedForms.answer(request, { ...built.widget, contentType, headers: replaceable })
})

/** The handlers of the group `scripts`. */
export const scripts = HttpApiBuilder.group(Api, "scripts", (handlers) =>
  handlers
    .handleRaw("getSiteClient", ({ params, request }) => Answer.respond(loader(params.projectId, request)))
    .handleRaw("getSiteClientFile", ({ params, request }) => Answer.respond(fileOf(params, request)))
    .handleRaw("getWidget", ({ params, request }) => Answer.respond(widget(params.projectId, request))),
)

/** The handlers of the group `siteClient`. */
export const siteClient = HttpApiBuilder.group(Api, "siteClient", (handlers) =>
  handlers.handle("getSiteClientSnippet", () =>
    Answer.respond(Effect.flatMap(PathScope.current, ({ scope }) => snippetOf(scope))),
  ),
)
