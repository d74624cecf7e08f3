/**
 * Files that are kept compressed, and answered in the form that the request prefers (RFC 9110, section 12.5.3), with an
 * `ETag` for each form.
 */
import { type HttpServerRequest, HttpServerResponse } from "effect/http"
import { promisify } from "node:util"
import { brotliCompress, gzip } from "node:zlib"
import * as Answer from "./Answer.ts"

/** The content codings, the smallest first. */
const codings = ["br", "gzip", "identity"] as const

type Coding = (typeof codings)[number]

/** The bytes of a file in every coding. */
export type Forms = Readonly<Record<Coding, Uint8Array>>

const brotliOf = promisify(brotliCompress)
const gzipOf = promisify(gzip)

/** Makes the forms of a file. */
export const make = async (identity: Uint8Array): Promise<Forms> => {
  const [br, gzipped] = await Promise.all([brotliOf(identity), gzipOf(identity, { level: 9 })])
  return { identity, br, gzip: gzipped }
}

/** The weights of an `Accept-Encoding` by the coding, in lower case. */
const weights = (header: string): ReadonlyMap<string, number> =>
  new Map(
    header.split(",").map((part) => {
      const [name = "", ...parameters] = part.split(";").map((each) => each.trim().toLowerCase())
      const weight = parameters.find((each) => each.startsWith("q="))
      const value = weight === undefined ? 1 : Number(weight.slice(2))
      return [name, Number.isNaN(value) ? 0 : value]
    }),
  )

/**
 * The coding that a request prefers; of equal ones the smallest. A client that takes no coding at all gets the bytes as
 * they are, because an answer helps it more than 406.
 */
export const preferred = (header: string | undefined): Coding => {
  if (header === undefined || header.trim() === "") return "identity"
  const given = weights(header)
  const weightOf = (coding: Coding) => given.get(coding) ?? given.get("*") ?? (coding === "identity" ? 0.001 : 0)
  const best = codings.toSorted((one, other) => weightOf(other) - weightOf(one))[0]!
  return weightOf(best) > 0 ? best : "identity"
}

/** A file that is answered. */
export interface Answered {
  /** The hash of its bytes, lower-case hexadecimal. */
  readonly sha256: string
  readonly forms: Forms
  readonly contentType: string
  readonly headers: Readonly<Record<string, string>>
}

/** Answers a file in the form that the request prefers, or 304 if the client has that form. */
export const answer = (
  request: HttpServerRequest.HttpServerRequest,
  { contentType, forms, headers, sha256 }: Answered,
): HttpServerResponse.HttpServerResponse => {
  const coding = preferred(request.headers["accept-encoding"])
  const etag = coding === "identity" ? `"${sha256}"` : `"${sha256}-${coding}"`
  const all = { ...headers, etag, vary: "Accept-Encoding" }
  const known = request.headers["if-none-match"]?.split(",").map((tag) => tag.trim().replace(/^W\//, ""))
  if (known?.includes(etag) === true || known?.includes("*") === true) return Answer.notModified(all)
  return HttpServerResponse.uint8Array(forms[coding], {
    contentType,
    headers: { ...all, ...(coding !== "identity" && { "content-encoding": coding }) },
  })
}
