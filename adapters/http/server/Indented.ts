/**
 * Answers that a person reads on a terminal: indented JSON with a newline at its end, if the request asks for it with
 * `Accept: application/json; indent=2` (1 to 8 spaces; a parameter of a media range, RFC 9110, section 12.5.1). Every
 * other answer keeps its bytes.
 */
import { HttpBody, type HttpServerRequest, HttpServerResponse } from "effect/http"

/** The longest answer that is indented, in bytes, because indenting takes time of the event loop. */
const maxBytes = 65_536

const pattern = /;\s*indent=([1-8])\s*(?:[;,]|$)/

/** The number of spaces that a request asks for. */
const spacesOf = ({ headers }: HttpServerRequest.HttpServerRequest): number | undefined => {
  const accept = headers["accept"]
  // The pattern is tried only where it can match, because hardly any request asks for it.
  if (accept === undefined || !accept.includes("indent=")) return undefined
  const spaces = pattern.exec(accept)?.[1]
  return spaces === undefined ? undefined : Number(spaces)
}

const decoder = new TextDecoder()

/**
 * The answer as the request asks for it. An indented one has no `ETag`, because that names the other bytes, and is not
 * stored.
 */
export const of = (
  request: HttpServerRequest.HttpServerRequest,
  response: HttpServerResponse.HttpServerResponse,
): HttpServerResponse.HttpServerResponse => {
  const spaces = spacesOf(request)
  const { body } = response
  if (spaces === undefined || body._tag !== "Uint8Array" || body.contentLength > maxBytes) return response
  if (!/^application\/(?:problem\+)?json\b/.test(body.contentType)) return response
  const text = JSON.stringify(JSON.parse(decoder.decode(body.body)), undefined, spaces)
  return response.pipe(
    HttpServerResponse.setBody(HttpBody.text(`${text}\n`, body.contentType)),
    HttpServerResponse.removeHeader("etag"),
    HttpServerResponse.setHeader("cache-control", "no-store"),
  )
}
