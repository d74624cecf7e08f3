/**
 * What is answered to requests that fit no endpoint: 405 with `Allow` where other methods are served, else 404; 400 to
 * query parameters where an endpoint takes none, and where HTTP/1.1 misses its `Host` or has two (RFC 9112, section 3.2).
 *
 * A path has one spelling, the one that is documented: other cases, doubled slashes and percent-encodings are 404, so
 * that whoever checks a path before the router sees what the router sees.
 */
import { Effect } from "effect"
import { HttpServerError, HttpServerRequest, type HttpServerResponse } from "effect/http"
import type { IncomingMessage } from "node:http"
import * as Answer from "./Answer.ts"
import * as RequestLog from "./RequestLog.ts"

const nothingHere = new Answer.HttpProblem({ status: 404, detail: "there is nothing at this path; see /docs" })

const wrongMethod = (allow: string): Answer.HttpProblem =>
  new Answer.HttpProblem({ status: 405, detail: `this path takes ${allow}`, headers: { allow } })

const withoutHost = new Answer.HttpProblem({ status: 400, detail: "send one Host header" })

/** Node keeps the first of several, where a proxy may have looked at another. */
const hasOneHost = ({ rawHeaders }: IncomingMessage): boolean =>
  rawHeaders.filter((field, at) => at % 2 === 0 && field.length === 4 && field.toLowerCase() === "host").length === 1

/** The parameters of a query where none is taken. */
const unknownQuery = (url: string): Answer.HttpProblem => {
  const parameters = [...new URLSearchParams(url.slice(url.indexOf("?"))).keys()]
  const errors = parameters.map((parameter) => ({ parameter, code: "unknown", detail: "is not known here" }))
  return new Answer.HttpProblem({ status: 400, detail: "this endpoint takes no query", errors })
}

/** Why a request fits no endpoint, if it fits none. */
const misfit = (request: HttpServerRequest.HttpServerRequest): Answer.HttpProblem | undefined => {
  const { method, url } = request
  if (!hasOneHost(request.source as IncomingMessage)) return withoutHost
  const path = url.split("?", 1)[0]!
  const entry = RequestLog.matchedRoute(request)
  if (entry === undefined) return nothingHere
  if (!entry.methods.has(method)) return wrongMethod([...entry.methods].join(", "))
  const hasQuery = url.length > path.length + 1
  return hasQuery && entry.withoutQuery.has(method) ? unknownQuery(url) : undefined
}

/** Answers requests that fit no endpoint. */
export const middleware = <E, R>(
  effect: Effect.Effect<HttpServerResponse.HttpServerResponse, E, R>,
): Effect.Effect<HttpServerResponse.HttpServerResponse, E, R | HttpServerRequest.HttpServerRequest> =>
  Effect.flatMap(HttpServerRequest.HttpServerRequest, (request) => {
    const problem = misfit(request)
    if (problem !== undefined) return Answer.refuse(problem)
    // The router knows fewer paths than the table: it refuses a parameter that is too long.
    return Effect.catch(effect, (error) =>
      HttpServerError.isHttpServerError(error) && error.reason._tag === "RouteNotFound"
        ? Answer.refuse(nothingHere)
        : Effect.fail(error),
    )
  })
