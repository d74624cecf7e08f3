/**
 * JSON that is compressed when it is answered. Only for answers without a secret and without anything that a request
 * can put into them, because the length of a compressed answer tells about its content.
 */
import { Effect } from "effect"
import { type HttpServerRequest, HttpServerResponse } from "effect/http"
import { brotliCompress, constants, gzip } from "node:zlib"
import * as Answer from "./Answer.ts"
import * as CompressedForms from "./CompressedForms.ts"

/** A shorter answer fits one packet as it is. */
const minBytes = 1024

/** Higher qualities take several times as long for a few per cent. */
const options = { params: { [constants.BROTLI_PARAM_QUALITY]: 5 } }

const compressed = (coding: "br" | "gzip", bytes: Uint8Array) =>
  Effect.callback<Uint8Array>((resume) => {
    const done = (error: Error | null, result: Uint8Array) =>
      resume(error === null ? Effect.succeed(result) : Effect.die(error))
    if (coding === "br") brotliCompress(bytes, options, done)
    else gzip(bytes, done)
  })

const encoder = new TextEncoder()

/** Answers JSON in the coding that the request prefers. One that is to be read on a terminal is not compressed. */
export const answer = Effect.fnUntraced(function* (
  { headers: { accept, "accept-encoding": acceptEncoding } }: HttpServerRequest.HttpServerRequest,
  body: string,
  headers: Readonly<Record<string, string>>,
) {
  const coding = CompressedForms.preferred(acceptEncoding)
  if (coding === "identity" || body.length < minBytes || accept?.includes("indent=") === true) {
    return Answer.json(body, 200, headers)
  }
  return HttpServerResponse.uint8Array(yield* compressed(coding, encoder.encode(body)), {
    contentType: "application/json",
    headers: { ...headers, "content-encoding": coding },
  })
})
