/**
 * What a browser is told about every answer: to take it for what it says it is, to run and embed nothing of it, and to tell
 * nobody where it came from.
 *
 * The reference at `/docs` is the one page. It may run the scripts that it was built with, named by their hashes (CSP 3,
 * section 2.3.1), and ask this service; a script that gets into it by whatever way is not run, and can send nothing anywhere.
 */
import { createHash } from "node:crypto"
import { Effect } from "effect"
import { HttpServerResponse } from "effect/http"

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
    // The reference lays itself out by styles that it writes while it runs.
    "style-src 'unsafe-inline'",
    "img-src 'self' data:",
    "font-src 'self' data:",
    "connect-src 'self'",
    embeddedNowhere,
  ]
  return { ...always, "content-security-policy": policy.join("; ") }
}

/** By the bytes of a page, which stay the same: hashing them takes longer than answering. */
const pages = new WeakMap<Uint8Array, Fields>()

const fieldsOf = ({ body }: HttpServerResponse.HttpServerResponse): Fields => {
  if (body._tag !== "Uint8Array" || !body.contentType.startsWith("text/html")) return ofData
  const fields = pages.get(body.body) ?? ofPage(new TextDecoder().decode(body.body))
  pages.set(body.body, fields)
  return fields
}

/** Answers may be about a person: nobody keeps them, unless they say for how long. */
const complete = (response: HttpServerResponse.HttpServerResponse): HttpServerResponse.HttpServerResponse =>
  HttpServerResponse.setHeaders(response, {
    ...(response.headers["cache-control"] === undefined && { "cache-control": "no-store" }),
    ...fieldsOf(response),
  })

/** Lays the fields over every answer. */
export const middleware = <E, R>(
  effect: Effect.Effect<HttpServerResponse.HttpServerResponse, E, R>,
): Effect.Effect<HttpServerResponse.HttpServerResponse, E, R> => Effect.map(effect, complete)
