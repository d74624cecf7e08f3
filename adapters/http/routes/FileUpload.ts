/**
 * Reads a file from a request while it arrives: one part of a form (RFC 7578) with fields before or after it, or the
 * body itself with its name in the query.
 */
import { Effect, Stream } from "effect"
import { type HttpServerError, type HttpServerRequest, Multipart } from "effect/http"
import * as FileIntake from "../../../core/compliance-requests/files/FileIntake.ts"
import type { SentFile } from "../../../core/compliance-requests/files/FileIntake.ts"
import type { FileWords } from "../../../core/compliance-requests/files/RequestFiles.ts"
import * as Exchange from "../../../core/formats/Exchange.ts"
import * as ComplianceFileWire from "../api/ComplianceFileWire.ts"
import * as Answer from "../server/Answer.ts"

/** The query of an upload. */
export interface UploadQuery {
  readonly fileName?: string
  readonly forRequester?: "true" | "false"
  readonly details?: string
}

/** Why the bytes of a file end early: the client is gone, or the form is not valid. */
export type ReadFault = HttpServerError.HttpServerError | Multipart.MultipartError

/** Takes in the file, and fails where it is refused. */
export type TakeFile<A, E, R> = (sent: SentFile<ReadFault>) => Effect.Effect<A, E | ReadFault, R>

/** What was taken in, and what is said about it. */
export interface ReadUpload<A> {
  readonly file: A
  readonly words: FileWords
}

const unsupported = new Answer.HttpProblem({
  status: 415,
  detail: "send multipart/form-data with one part named file, or the bytes themselves with ?fileName=; not packed",
})

const notForm = new Answer.HttpProblem({
  status: 400,
  detail: "expected a form with one part named file, which has a file name, and the fields forRequester and details",
})

const cutShort = new Answer.HttpProblem({ status: 400, detail: "the body ended too soon; nothing was kept" })

/** The answer to a file that is too large. The connection is closed, because the rest of the file is not read. */
export const tooLarge = new Answer.HttpProblem({
  status: 413,
  detail: `the file is larger than ${FileIntake.maxFileBytes} bytes; nothing was kept`,
  headers: { connection: "close" },
})

/** The most bytes of a form besides the file: heads of parts and fields. */
const formBytes = 65_536

/** The file and its two fields. */
const limits = Multipart.limitsServices({
  maxParts: 3,
  maxFieldSize: ComplianceFileWire.maxFieldBytes,
  maxTotalSize: FileIntake.maxFileBytes + formBytes,
})

/** The problem of a body that could not be read. */
export const problemOf = (fault: ReadFault): Answer.HttpProblem => {
  if (fault._tag !== "MultipartError") return cutShort
  const { _tag: reason } = fault.reason
  return reason === "BodyTooLarge" ? tooLarge : reason === "InternalError" ? cutShort : notForm
}

const mediaTypeOf = ({ headers }: HttpServerRequest.HttpServerRequest): string => headers["content-type"] ?? ""

const isForm = (request: HttpServerRequest.HttpServerRequest): boolean =>
  /^multipart\/form-data\s*;/i.test(mediaTypeOf(request))

const isPacked = ({ headers }: HttpServerRequest.HttpServerRequest): boolean =>
  !/^(?:identity)?$/i.test((headers["content-encoding"] ?? "").trim())

const decodeWords = Exchange.decoder(ComplianceFileWire.Words)

const wordsOf = ({ details, forRequester }: typeof ComplianceFileWire.Words.Type): FileWords => ({
  isForRequester: forRequester === "true",
  ...(details !== undefined && details !== "" && { details }),
})

/** Reads a form. The file is taken in where it stands, so fields may follow it. */
const readForm = Effect.fnUntraced(function* <A, E, R>(
  request: HttpServerRequest.HttpServerRequest,
  take: TakeFile<A, E, R>,
) {
  const fields: Record<string, string> = {}
  let file: { readonly of: A } | undefined
  const readPart = Effect.fnUntraced(function* (part: Multipart.Part) {
    const isField = part._tag === "Field" && (part.key === "forRequester" || part.key === "details")
    if (isField && fields[part.key] === undefined) return void (fields[part.key] = part.value)
    if (part._tag !== "File" || part.key !== "file" || file !== undefined) return yield* notForm
    file = { of: yield* take({ fileName: part.name, declaredType: part.contentType, bytes: part.content }) }
  })
  const parts = Stream.pipeThroughChannel(request.stream, Multipart.makeChannel(request.headers))
  yield* Effect.provideContext(Stream.runForEach(parts, readPart), limits)
  const words = yield* Answer.decode(decodeWords, fields)
  if (file === undefined) return yield* notForm
  return { file: file.of, words: wordsOf(words) } satisfies ReadUpload<A> as ReadUpload<A>
})

/** Reads the upload of a file. */
export const read = Effect.fnUntraced(function* <A, E, R>(
  request: HttpServerRequest.HttpServerRequest,
  query: UploadQuery,
  take: TakeFile<A, E, R>,
) {
  const { fileName } = query
  if (isPacked(request) || isForm(request) === (fileName !== undefined)) return yield* unsupported
  if (Number(request.headers["content-length"]) > FileIntake.maxFileBytes + formBytes) return yield* tooLarge
  if (fileName === undefined) return yield* readForm(request, take)
  const file = yield* take({ fileName, declaredType: mediaTypeOf(request), bytes: request.stream })
  return { file, words: wordsOf(query) } satisfies ReadUpload<A> as ReadUpload<A>
})
