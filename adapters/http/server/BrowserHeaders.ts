/**
 * The headers that restrict browsers and caches, on every answer: no guessing of the media type, no scripts, no
 * embedding, no referrer, and no answer to one credential for a request with another (`Vary`, RFC 9111, section 4.1).
 *
 * The reference at `/docs` is the only page with scripts. It may run the scripts that it was built with, listed by
 * their hashes (CSP 3, section 2.3.1), and call this service. An injected script is not run, and the page can send
 * nothing to another host.
 */
import { createHash } from "node:crypto"
import { Effect } from "effect"
import { HttpServerRequest, HttpServerResponse } from "effect/http"
import * as Indented from "./Indented.ts"
import * as RequestLog from "./RequestLog.ts"
import * as RouteTable from "./RouteTable.ts"

type Fields = Readonly<Record<string, string>>

const always: Fields = { "x-content-type-options": "nosniff", "referrer-policy": "no-referrer" }

const embeddedNowhere = "frame-ancestors 'none'; base-uri 'none'; form-action 'none'"

/** The fields of an answer that is data. */
export const ofData: Fields = { ...always, "content-security-policy": `default-src 'none'; ${embeddedNowhere}` }

const ofPage = (html: string): Fields => {
  const scripts = [...html.matchAll(/<script>([^]*?)<\/script>/g)].map(
    ([, script]) => `'sha256-${createHash("sha256").update(script!).digest("base64")}'`,
  )
  const policy = [
    "default-src 'none'",
    `script-src ${scripts.join(" ")}`,
    // The scripts of the reference create its styles at run time.
    "style-src 'unsafe-inline'",
    "img-src 'self' data:",
    "font-src 'self' data:",
    "connect-src 'self'",
    embeddedNowhere,
  ]
  return { ...always, "content-security-policy": policy.join("; ") }
}

/** The fields of each page, by its bytes, because hashing the scripts takes longer than answering. */
const pages = new WeakMap<Uint8Array, Fields>()

const fieldsOf = ({ body, headers }: HttpServerResponse.HttpServerResponse): Fields => {
  if (headers["content-disposition"] !== undefined) return ofDownload
  // The page of a requester names its style sheet, and takes forms.
  if (headers["content-security-policy"] !== undefined) return always
  if (body._tag !== "Uint8Array" || !body.contentType.startsWith("text/html")) return ofData
  const fields = pages.get(body.body) ?? ofPage(new TextDecoder().decode(body.body))
  pages.set(body.body, fields)
  return fields
}

/** The headers of a request that its answer depends on: also where the answer is an error, or not modified. */
const variesBy = (request: HttpServerRequest.HttpServerRequest): Fields => {
  if (RouteTable.isPublicFile(request.url)) return { vary: "Accept-Encoding" }
  if (RouteTable.isSiteApi(request.url)) return { vary: "Origin, x-session" }
  return RequestLog.matchedRoute(request)?.takesKey === true ? { vary: "x-api-key" } : {}
}

/** The same, with a header that the answer names itself. */
const alsoVarying = (request: HttpServerRequest.HttpServerRequest, named: string): Fields => {
  const { vary } = variesBy(request)
  return { vary: vary === undefined || vary === named ? named : `${vary}, ${named}` }
}

/** The id under which the request is logged. */
const idOf = (request: HttpServerRequest.HttpServerRequest): Fields => {
  const id = RequestLog.requestId(request)
  return id === undefined ? {} : { "x-request-id": id }
}

/** The fields of a file that is downloaded: where a browser opens it nevertheless, it has no origin (`sandbox`). */
export const ofDownload: Fields = {
  ...ofData,
  "content-security-policy": `${ofData["content-security-policy"]!}; sandbox`,
  "cross-origin-resource-policy": "same-origin",
  "cache-control": "private, no-store",
}

/** An answer that sets no `cache-control` is not cached, because it may be about a person. */
const uncached: Fields = { "cache-control": "no-store" }

/** The headers of an error answer to a request, besides its own. */
export const of = (request: HttpServerRequest.HttpServerRequest): Fields => ({
  ...idOf(request),
  ...variesBy(request),
  ...uncached,
  ...ofData,
})

const complete = (
  request: HttpServerRequest.HttpServerRequest,
  response: HttpServerResponse.HttpServerResponse,
): HttpServerResponse.HttpServerResponse =>
  HttpServerResponse.setHeaders(response, {
    ...idOf(request),
    ...variesBy(request),
    ...(response.headers["vary"] !== undefined && alsoVarying(request, response.headers["vary"])),
    ...(response.headers["cache-control"] === undefined && uncached),
    ...fieldsOf(response),
  })

/** Adds the headers to every answer, and indents one that is asked for like that. */
export const middleware = <E, R>(
  effect: Effect.Effect<HttpServerResponse.HttpServerResponse, E, R>,
): Effect.Effect<HttpServerResponse.HttpServerResponse, E, R | HttpServerRequest.HttpServerRequest> =>
  Effect.flatMap(HttpServerRequest.HttpServerRequest, (request) =>
    Effect.map(effect, (response) => complete(request, Indented.of(request, response))),
  )
