/**
 * Which pages may call the service from a browser: those of exactly the project's domains and apps, and on the Site API
 * only (Fetch standard, CORS).
 */
import { Effect, Option } from "effect"
import { HttpServerRequest, HttpServerResponse } from "effect/http"
import * as PageOrigins from "../../../core/catalog/PageOrigins.ts"
import type { Project } from "../../../core/model/Catalog.ts"
import { Ledger } from "../../../core/Ledger.ts"
import * as Answer from "./Answer.ts"
import * as RouteTable from "./RouteTable.ts"

/** The name of an `Origin` header, if it is one of the project's: see `PageOrigins`. */
export const allowed = (origin: string | undefined, project: Project): string | undefined =>
  origin === undefined ? undefined : PageOrigins.nameOf(origin, project)

/** The fields of an accepted preflight. */
const permissions = {
  "access-control-allow-methods": "GET, HEAD, POST",
  "access-control-allow-headers": "content-type, idempotency-key, if-none-match, x-session",
  "access-control-max-age": "7200",
}

/** The fields of an answer that a page may read. */
const exposed = {
  "access-control-expose-headers": "etag, idempotent-replayed, ratelimit, ratelimit-policy, retry-after, x-request-id",
}

/** The field that lets a page read an answer to a request with credentials of the browser. */
const withCredentials = { "access-control-allow-credentials": "true" }

const refused = new Answer.HttpProblem({
  status: 403,
  detail: "the Origin is not one of the project's domains or app origins",
})

/** Whether pages of an origin may read the answer to a target of the Site API. */
const mayRead = Effect.fnUntraced(function* (origin: string, url: string) {
  const projectId = RouteTable.siteProjectId(url)
  if (projectId === undefined) return false
  const ledger = yield* Ledger
  const scope = yield* ledger.projectScope(projectId)
  return Option.isSome(scope) && allowed(origin, scope.value.project) !== undefined
})

/** Answers preflight requests, and adds the headers that let the project's pages read the answer. */
export const middleware = <E, R>(effect: Effect.Effect<HttpServerResponse.HttpServerResponse, E, R>) =>
  Effect.flatMap(HttpServerRequest.HttpServerRequest, (request) => {
    const { origin } = request.headers
    if (origin === undefined || !RouteTable.isSiteApi(request.url)) return effect
    if (RouteTable.isRequesterPage(request.url) || RouteTable.isPublicFile(request.url)) return effect
    return Effect.matchEffect(mayRead(origin, request.url), {
      onFailure: Answer.refuse,
      onSuccess: (isReader) => {
        const isPreflight =
          request.method === "OPTIONS" && request.headers["access-control-request-method"] !== undefined
        const readers: Readonly<Record<string, string>> = isReader
          ? {
              "access-control-allow-origin": origin,
              ...exposed,
              ...(RouteTable.takesCookie(request.url) && withCredentials),
            }
          : {}
        const answer = isPreflight
          ? isReader
            ? Effect.succeed(HttpServerResponse.empty({ headers: permissions }))
            : Answer.refuse(refused)
          : Answer.recover(effect)
        return Effect.map(answer, HttpServerResponse.setHeaders(readers))
      },
    })
  })
