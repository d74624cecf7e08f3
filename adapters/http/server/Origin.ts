/**
 * Which pages a browser may ask from: exactly the project's domains, and on the Site API only (Fetch standard, CORS).
 */
import { Effect, Option } from "effect"
import { HttpServerRequest, HttpServerResponse } from "effect/http"
import type { Project } from "../../../core/model/Catalog.ts"
import { Ledger } from "../../../core/Ledger.ts"
import * as Answer from "./Answer.ts"

/** The host of an `Origin` header, if it is one of the project's domains, on any port. */
export const allowed = (origin: string | undefined, project: Project): string | undefined => {
  if (origin === undefined || !URL.canParse(origin)) return undefined
  const { hostname, origin: serialized, protocol } = new URL(origin)
  if (serialized !== origin.toLowerCase()) return undefined
  return /^https?:$/.test(protocol) && project.domains.includes(hostname) ? hostname : undefined
}

const sitePath = /^\/site-v1\/([^/?#]+)/

const permissions = {
  "access-control-allow-methods": "GET, HEAD, POST",
  "access-control-allow-headers": "content-type, idempotency-key, if-none-match, x-session",
  "access-control-max-age": "600",
}

const exposed = {
  "access-control-expose-headers": "etag, idempotent-replayed, ratelimit, ratelimit-policy, retry-after, x-request-id",
}

const refused = new Answer.HttpProblem({ status: 403, detail: "the Origin is not one of the project's domains" })

/** Whether pages of this origin may read what a path of the Site API answers. */
const mayRead = Effect.fnUntraced(function* (origin: string, url: string) {
  const projectId = sitePath.exec(url)?.[1]
  if (projectId === undefined) return false
  const ledger = yield* Ledger
  const scope = yield* ledger.projectScope(projectId)
  return Option.isSome(scope) && allowed(origin, scope.value.project) !== undefined
})

const variesByOrigin = HttpServerResponse.setHeader("vary", "Origin")

/** Answers preflight requests, and lets the pages of a project's domains read what is answered to them. */
export const middleware = <E, R>(effect: Effect.Effect<HttpServerResponse.HttpServerResponse, E, R>) =>
  Effect.flatMap(HttpServerRequest.HttpServerRequest, (request) => {
    const { origin } = request.headers
    if (!request.url.startsWith("/site-v1/")) return effect
    if (origin === undefined) return Effect.map(effect, variesByOrigin)
    return Effect.matchEffect(mayRead(origin, request.url), {
      onFailure: Answer.refuse,
      onSuccess: (isReader) => {
        const isPreflight =
          request.method === "OPTIONS" && request.headers["access-control-request-method"] !== undefined
        const readers: Readonly<Record<string, string>> = isReader
          ? { "access-control-allow-origin": origin, ...exposed }
          : {}
        const answer = isPreflight
          ? isReader
            ? Effect.succeed(HttpServerResponse.empty({ headers: permissions }))
            : Answer.refuse(refused)
          : Answer.recover(effect)
        return Effect.map(answer, HttpServerResponse.setHeaders({ vary: "Origin", ...readers }))
      },
    })
  })
