/**
 * The handlers of files of compliance requests: attached, removed and downloaded, each in bounded memory.
 */
import * as NodeHttpServerRequest from "@effect/platform-node/NodeHttpServerRequest"
import { Effect, Option, Stream } from "effect"
import { type HttpServerRequest, HttpServerResponse } from "effect/http"
import type { ServerResponse } from "node:http"
import type { IntakeRefusal, TakenFile } from "../../../core/compliance-requests/files/FileIntake.ts"
import type { Download, FileOutcome } from "../../../core/compliance-requests/files/RequestFiles.ts"
import * as FileName from "../../../core/compliance-requests/files/FileName.ts"
import * as WorkStep from "../../../core/compliance-requests/WorkStep.ts"
import { Ledger } from "../../../core/Ledger.ts"
import type { ProjectScope } from "../../../core/model/Catalog.ts"
import type { StoreUnavailable } from "../../../core/ports/StoreUnavailable.ts"
import * as Account from "../server/Account.ts"
import * as Answer from "../server/Answer.ts"
import * as IdempotencyKey from "../server/IdempotencyKey.ts"
import * as LoadShedding from "../server/LoadShedding.ts"
import * as PathScope from "../server/PathScope.ts"
import * as Shares from "../server/Shares.ts"
import { StillAllowed } from "../server/StillAllowed.ts"
import * as CatalogChanges from "./CatalogChanges.ts"
import * as ComplianceOutcome from "./ComplianceOutcome.ts"
import * as FileUpload from "./FileUpload.ts"

/** The writes of a change of files, besides the file: fact, request, private part, idempotency record. */
const writesOfChange = 4

/** How many files may be on their way in, and out. Most of them wait for their clients. */
const openMax: Shares.Bounds = { each: 16, inAll: 64 }

/** The files that are on their way in a server. */
export interface FilesUnderWay {
  readonly uploads: Shares.TakeShare
  readonly downloads: Shares.TakeShare
}

/** Those of a new server. */
export const make = (): FilesUnderWay => ({ uploads: Shares.make(openMax), downloads: Shares.make(openMax) })

const tooMany = new Answer.HttpProblem({
  status: 503,
  detail: `too many files are on their way, of which an organization may have ${openMax.each}; nothing was done; try again`,
  headers: { "retry-after": "1", connection: "close" },
})

/**
 * Takes a share until the connection is done with the answer. The request gives up its place in `LoadShedding`, because
 * from now on its client decides how long it takes.
 */
const share = Effect.fnUntraced(function* (take: Shares.TakeShare, request: HttpServerRequest.HttpServerRequest) {
  const { scope } = yield* PathScope.current
  const giveBack = take(scope.organization.id)
  if (giveBack === undefined) return yield* tooMany
  // The service speaks HTTP/1.1 only.
  const response = NodeHttpServerRequest.toServerResponse(request) as ServerResponse
  response.once("close", giveBack)
  if (response.closed) giveBack()
  LoadShedding.giveUp(request.source)
})

/** No such request, or no such file of it. */
const noFile = new Answer.HttpProblem({ status: 404, detail: "there is no such file" })

const scannerAway = new Answer.HttpProblem({
  status: 503,
  detail: "the scanner of files cannot be reached; nothing was kept; try again",
  headers: { "retry-after": "1" },
})

const lost = new Answer.HttpProblem({
  status: 409,
  detail: "the request was changed while the file arrived, so that it could not be attached: send it again",
  errors: [{ pointer: "", code: "request_conflict", detail: "was changed meanwhile" }],
})

/** The place of a fault: of a form the part, otherwise the parameter with the name, or the body. */
const placeOf = (of: "fileName" | "file", { fileName }: FileUpload.UploadQuery) =>
  fileName === undefined ? { pointer: "/file" } : of === "fileName" ? { parameter: "fileName" } : { pointer: "" }

/** The answer to a file that is not attached. The rest of its bytes is not read. */
const refusalOf = (refused: Exclude<IntakeRefusal, { _tag: "NotFound" }>, query: FileUpload.UploadQuery) => {
  if (refused._tag === "FileTooLarge") return FileUpload.tooLarge
  if (refused._tag === "ScannerAway") return scannerAway
  const isFault = refused._tag === "FileRefused"
  const { code, detail } = isFault ? refused.fault : WorkStep.refusalOf("", refused)
  return new Answer.HttpProblem({
    status: 422,
    detail: "the file was not attached: a rule is broken",
    errors: [{ ...placeOf(isFault ? refused.fault.of : "file", query), code, detail }],
    headers: { connection: "close" },
  })
}

/** The request after a change of its files. */
const changed = Effect.fnUntraced(function* (outcome: FileOutcome, query: FileUpload.UploadQuery) {
  if (outcome._tag === "FileRefused") return yield* refusalOf(outcome, query)
  if (outcome._tag === "StepRefused") return yield* refusalOf({ ...outcome, _tag: "Refused", index: 0 }, query)
  if (outcome._tag === "FileLost") return yield* lost
  return yield* ComplianceOutcome.changed(outcome)
})

/** A row of a store that a quota counts has about this many bytes. */
const bytesOfWrite = 2500

/** Attaches a file to a request. */
export const attach = Effect.fnUntraced(function* (
  request: HttpServerRequest.HttpServerRequest,
  id: string,
  query: FileUpload.UploadQuery,
  { uploads }: FilesUnderWay,
) {
  const ledger = yield* Ledger
  const { key, scope } = yield* PathScope.current
  // Refuses a malformed key before the file arrives.
  yield* IdempotencyKey.of(request, key.id, { text: "" })
  yield* Account.take({ items: 1, writes: writesOfChange })
  yield* share(uploads, request)
  const by = `key:${key.id}` as const
  let taken: TakenFile | undefined
  const take: FileUpload.TakeFile<TakenFile, Answer.HttpProblem | StoreUnavailable, never> = Effect.fnUntraced(
    function* (sent) {
      const outcome = yield* ledger.compliance.takeFile(scope, id, sent, by)
      if (outcome._tag === "Taken") return (taken = outcome.file)
      return yield* outcome._tag === "NotFound" ? ComplianceOutcome.noRequest : refusalOf(outcome, query)
    },
  )
  const whole = Effect.gen(function* () {
    const upload = yield* Effect.mapError(FileUpload.read(request, query, take), (error) =>
      error._tag === "HttpServerError" || error._tag === "MultipartError" ? FileUpload.problemOf(error) : error,
    )
    yield* yield* StillAllowed
    return upload
  })
  const discard = Effect.suspend(() =>
    taken === undefined ? Effect.void : ledger.compliance.discardFile(scope, taken),
  )
  const { file, words } = yield* Effect.onError(whole, () => discard)
  const isAnnounced = request.headers["content-length"] !== undefined
  yield* Account.charge({ writes: Math.ceil(file.size / bytesOfWrite), ...(!isAnnounced && { bytes: file.size }) })
  const text = JSON.stringify([file.sha256, file.fileName, words])
  const { idempotency } = { idempotency: undefined, ...(yield* IdempotencyKey.of(request, key.id, { text })) }
  const worker = { by, ...(idempotency !== undefined && { idempotency }) }
  return yield* changed(yield* ledger.compliance.attachFile(scope, file, words, worker), query)
})

/** Removes a file from a request. */
export const remove = Effect.fnUntraced(function* (
  request: HttpServerRequest.HttpServerRequest,
  id: string,
  file: string,
) {
  const ledger = yield* Ledger
  const { key, scope } = yield* PathScope.current
  const idempotency = yield* CatalogChanges.withoutBody(request)
  yield* Account.take({ items: 1, writes: writesOfChange })
  const outcome = yield* ledger.compliance.removeFile(scope, id, file, { by: `key:${key.id}`, ...idempotency })
  if (outcome._tag === "StepRefused" && outcome.code === "unknown_file") return yield* noFile
  return yield* changed(outcome, {})
})

/** The answer with a file: never shown in place. */
export const answerOf = ({ bytes, file }: Pick<Download, "bytes" | "file">): HttpServerResponse.HttpServerResponse =>
  HttpServerResponse.stream(bytes, {
    contentType: file.type,
    contentLength: file.size,
    headers: { "content-disposition": FileName.disposition(file.fileName) },
  })

/** The answer to `HEAD`: nothing is downloaded, so nothing is recorded. */
const head = Effect.fnUntraced(function* (scope: ProjectScope, id: string, file: string) {
  const ledger = yield* Ledger
  const found = yield* ledger.compliance.findFile(scope, id, file)
  return Option.isNone(found) ? yield* noFile : answerOf({ file: found.value, bytes: Stream.empty })
})

/** Downloads a file of a request. */
export const download = Effect.fnUntraced(function* (
  request: HttpServerRequest.HttpServerRequest,
  id: string,
  file: string,
  { downloads }: FilesUnderWay,
) {
  const ledger = yield* Ledger
  const { key, scope } = yield* PathScope.current
  if (request.method === "HEAD") return yield* head(scope, id, file)
  yield* Account.take({ items: 1, writes: writesOfChange })
  yield* share(downloads, request)
  const outcome = yield* ledger.compliance.downloadFile({ scope, id, file, by: `key:${key.id}` })
  return outcome._tag === "NoFile" ? yield* noFile : answerOf(outcome)
})
