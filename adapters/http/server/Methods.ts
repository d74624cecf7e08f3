/**
 * Answers requests that fit no endpoint: 405 with `Allow` if the path takes other methods, otherwise 404, but `/` leads
 * a browser to the reference (303); 400 to a query where the endpoint takes none, and to a request without exactly one
 * `Host` (RFC 9112, section 3.2); 422 to a query with a character that no store can hold.
 *
 * A path has one spelling, the documented one. Other cases, doubled slashes and percent-encodings are answered 404, so
 * that code that checks a path before the router sees the same path as the router.
 */
import { Effect } from "effect"
import { HttpServerError, HttpServerRequest, HttpServerResponse } from "effect/http"
import type { IncomingMessage } from "node:http"
import * as Wire from "../api/Wire.ts"
import * as Answer from "./Answer.ts"
import * as RequestLog from "./RequestLog.ts"

const nothingHere = new Answer.HttpProblem({ status: 404, detail: "there is nothing at this path; see /docs" })

/** Whether a request is that of a browser for `/`, which is the address that the service prints. */
const isFirstPage = ({ headers, method, url }: HttpServerRequest.HttpServerRequest): boolean =>
  url === "/" && (method === "GET" || method === "HEAD") && headers["accept"]?.includes("text/html") === true

const toReference = HttpServerResponse.redirect("/docs", { status: 303 })

const wrongMethod = (allow: string): Answer.HttpProblem =>
  new Answer.HttpProblem({ status: 405, detail: `this path takes ${allow}`, headers: { allow } })

const withoutHost = new Answer.HttpProblem({ status: 400, detail: "send one Host header" })

/** Checked in the raw headers, because Node keeps the first of several, and a proxy may have used another one. */
const hasOneHost = ({ rawHeaders }: IncomingMessage): boolean =>
  rawHeaders.filter((field, at) => at % 2 === 0 && field.length === 4 && field.toLowerCase() === "host").length === 1

/** The answer to a query of an endpoint that takes none. */
const unknownQuery = (url: string): Answer.HttpProblem => {
  const parameters = [...new URLSearchParams(url.slice(url.indexOf("?"))).keys()]
  const errors = parameters.map((parameter) => ({ parameter, code: "unknown", detail: "is not known here" }))
  return new Answer.HttpProblem({ status: 400, detail: "this endpoint takes no query", errors })
}

/**
 * The answer to a query with the character U+0000 in a text that a store compares, because PostgreSQL can hold no such
 * text. It is refused on every store, so that the same request has the same answer everywhere. Identifiers are hashed
 * before a store sees them. A path and a header cannot hold the character: a percent-encoding in a path is answered
 * 404, and the parser of HTTP refuses it in a header.
 */
const nullInQuery = (url: string): Answer.HttpProblem | undefined => {
  if (!url.includes("%00")) return undefined
  const given = [...new URLSearchParams(url.slice(url.indexOf("?")))]
  const found = given.filter(([parameter, value]) => Wire.comparedTexts.has(parameter) && value.includes("\0"))
  const errors = found.map(([parameter]) => ({
    parameter,
    code: "invalid",
    detail: "expected a text without the character U+0000",
  }))
  return errors.length === 0
    ? undefined
    : new Answer.HttpProblem({ status: 422, detail: "the query has a character that cannot be stored", errors })
}

/** The reason why a request fits no endpoint; `undefined` if it fits one. */
const misfit = (request: HttpServerRequest.HttpServerRequest): Answer.HttpProblem | undefined => {
  const { method, url } = request
  if (!hasOneHost(request.source as IncomingMessage)) return withoutHost
  const path = url.split("?", 1)[0]!
  const route = RequestLog.matchedRoute(request)
  if (route === undefined) return nothingHere
  if (!route.methods.has(method)) return wrongMethod([...route.methods].join(", "))
  const hasQuery = url.length > path.length + 1
  if (!hasQuery) return undefined
  return route.withoutQuery.has(method) ? unknownQuery(url) : nullInQuery(url)
}

/** Answers requests that fit no endpoint. */
export const middleware = <E, R>(
  effect: Effect.Effect<HttpServerResponse.HttpServerResponse, E, R>,
): Effect.Effect<HttpServerResponse.HttpServerResponse, E, R | HttpServerRequest.HttpServerRequest> =>
  Effect.flatMap(HttpServerRequest.HttpServerRequest, (request) => {
    const problem = misfit(request)
    if (problem === nothingHere && isFirstPage(request)) return Effect.succeed(toReference)
    if (problem !== undefined) return Answer.refuse(problem)
    // The router finds no route for some paths that match the table, because it limits the length of a parameter.
    return Effect.catch(effect, (error) =>
      HttpServerError.isHttpServerError(error) && error.reason._tag === "RouteNotFound"
        ? Answer.refuse(nothingHere)
        : Effect.fail(error),
    )
  })
