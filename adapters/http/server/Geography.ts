/**
 * Where the visitor of a request is, as a trusted proxy tells it.
 */
import { Context, Effect } from "effect"
import type { HttpServerRequest } from "effect/http"

/** The header in which a trusted proxy sends the visitor's region (ISO 3166-2); none unless configured. */
export const GeographyHeader = Context.Reference<string | undefined>("assent/http/GeographyHeader", {
  defaultValue: () => undefined,
})

/** A country of ISO 3166-1, or one of its parts (ISO 3166-2). */
const form = /^[A-Z]{2}(-[A-Z0-9]{1,3})?$/

/** What proxies send for an address that they cannot place. */
const unknown = "XX"

/** The country or part of a country that a value names, in upper case; `undefined` where it names none. */
export const parse = (value: string | undefined): string | undefined => {
  const code = value?.trim().toUpperCase()
  return code === undefined || code === unknown || !form.test(code) ? undefined : code
}

/** Where the visitor of a request is. Without the configured header: not known, because a page could send any. */
export const of = ({ headers }: HttpServerRequest.HttpServerRequest): Effect.Effect<string | undefined> =>
  Effect.map(GeographyHeader, (header) => parse(header === undefined ? undefined : headers[header.toLowerCase()]))
