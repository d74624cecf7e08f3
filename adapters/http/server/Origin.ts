/**
 * Which pages a browser may ask from: exactly the project's domains, and on the Site API only (Fetch standard, CORS).
 */
import { Effect, Option } from "effect"
import { HttpServerRequest, HttpServerResponse } from "effect/http"
import type { Project } from "../../../core/Catalog.ts"
import { Ledger } from "../../../core/ledger/Ledger.ts"
import * as Answer from "./Answer.ts"

/** The host of an `Origin` header, if it is one of the project's domains, on any port. */
export const allowed = (origin: string | undefined, project: Project): string | undefined => {
  if (origin === undefined || !URL.canParse(origin)) return undefined
  const { hostname, protocol } = new URL(origin)
  return /^https?:$/.test(protocol) && project.domains.includes(hostname) ? hostname : undefined
}

const sitePath = /^\/site-v1\/([^/?#]+)/

const permissions = {
  "access-control-allow-methods": "GET, HEAD, POST",
  "access-control-allow-headers": "content-type, if-none-match, x-session",
  "access-control-max-age": "600",
}

const exposed = { "access-control-expose-headers": "etag, retry-after" }

/** The `Origin` of a request to the Site API that may read the answer. */
const readable = Effect.fnUntraced(function* (request: HttpServerRequest.HttpServerRequest) {
  const { origin } = request.headers
  const projectId = sitePath.exec(request.url)?.[1]
  if (origin === undefined || projectId === undefined) return undefined
  const ledger = yield* Ledger
  const site = yield* ledger.site(projectId)
  return Option.isSome(site) && allowed(origin, site.value.project) !== undefined ? origin : undefined
})

/** Answers preflight requests, and lets the pages of a project's domains read what is answered to them. */
export const middleware = <E, R>(effect: Effect.Effect<HttpServerResponse.HttpServerResponse, E, R>) =>
  Effect.gen(function* () {
    const request = yield* HttpServerRequest.HttpServerRequest
    if (!request.url.startsWith("/site-v1/")) return yield* effect
    const origin = yield* Effect.result(readable(request))
    if (origin._tag === "Failure") return yield* Answer.refuse(origin.failure)
    const isPreflight = request.method === "OPTIONS" && request.headers["access-control-request-method"] !== undefined
    const refused = new Answer.Problem({ status: 403, detail: "the Origin is not one of the project's domains" })
    if (isPreflight && origin.success === undefined) return yield* Answer.refuse(refused)
    const response = isPreflight ? HttpServerResponse.empty({ headers: permissions }) : yield* effect
    const readers = origin.success === undefined ? {} : { "access-control-allow-origin": origin.success, ...exposed }
    return HttpServerResponse.setHeaders(response, { vary: "Origin", ...readers })
  })
