/**
 * What is answered to requests that fit no endpoint: 405 with `Allow` where other methods are served, else 404; 400 to
 * query parameters where an endpoint takes none.
 */
import { Effect } from "effect"
import { HttpServerError, HttpServerRequest, type HttpServerResponse } from "effect/http"
import { HttpApi } from "effect/http-api"
import { Api } from "../api/Api.ts"
import * as Answer from "./Answer.ts"

interface Served {
  readonly path: RegExp
  readonly methods: Set<string>
  /** The methods whose endpoints take no query parameter. */
  readonly withoutQuery: Set<string>
}

const servedPaths = (): ReadonlyArray<Served> => {
  const served = new Map<string, Served>()
  const add = (method: string, path: string, takesQuery: boolean) => {
    const pattern = new RegExp(`^${path.replaceAll(/:\w+/g, "[^/]+")}$`)
    const entry = served.get(path) ?? { path: pattern, methods: new Set(), withoutQuery: new Set() }
    served.set(path, entry)
    for (const name of method === "GET" ? ["GET", "HEAD"] : [method]) {
      entry.methods.add(name)
      if (!takesQuery) entry.withoutQuery.add(name)
    }
  }
  HttpApi.reflect(Api, {
    onGroup: () => {},
    onEndpoint: ({ endpoint }) => add(endpoint.method, endpoint.path, endpoint.query !== undefined),
  })
  for (const path of ["/openapi.json", "/docs"]) add("GET", path, false)
  return [...served.values()]
}

const served = servedPaths()

const find = (request: HttpServerRequest.HttpServerRequest): Served | undefined => {
  const path = request.url.split("?", 1)[0]!
  return served.find((candidate) => candidate.path.test(path))
}

const missing = (request: HttpServerRequest.HttpServerRequest): Answer.Problem => {
  const entry = find(request)
  if (entry === undefined)
    return new Answer.Problem({ status: 404, detail: "there is nothing at this path; see /docs" })
  const allow = [...entry.methods].join(", ")
  return new Answer.Problem({ status: 405, detail: `this path takes ${allow}`, headers: { allow } })
}

/** The parameters of a query at an endpoint that takes none. */
const unknownParameters = (request: HttpServerRequest.HttpServerRequest): ReadonlyArray<string> => {
  const query = request.url.indexOf("?")
  if (query === -1 || find(request)?.withoutQuery.has(request.method) !== true) return []
  return [...new URLSearchParams(request.url.slice(query)).keys()]
}

/** Answers requests that no route takes, or that ask with parameters nobody reads. */
export const middleware = <E, R>(
  effect: Effect.Effect<HttpServerResponse.HttpServerResponse, E, R>,
): Effect.Effect<HttpServerResponse.HttpServerResponse, E, R | HttpServerRequest.HttpServerRequest> =>
  Effect.flatMap(HttpServerRequest.HttpServerRequest, (request) => {
    const unknown = unknownParameters(request)
    if (unknown.length > 0) {
      const errors = unknown.map((parameter) => ({ parameter, code: "unknown", detail: "is not known here" }))
      return Answer.refuse(new Answer.Problem({ status: 400, detail: "this endpoint takes no query", errors }))
    }
    return Effect.catch(effect, (error) =>
      HttpServerError.isHttpServerError(error) && error.reason._tag === "RouteNotFound"
        ? Answer.refuse(missing(request))
        : Effect.fail(error),
    )
  })
