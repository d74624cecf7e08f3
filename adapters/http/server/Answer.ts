/**
 * Answers and error answers: the bodies of all answers of the API are made here.
 *
 * An error names what is wrong and what to do. A 500 does not name its cause, which is logged under the same
 * `instance`. Values that were sent are never repeated, because they may be personal.
 */
import { ByteSize, Cause, Data, Effect, Option, Result } from "effect"
import { HttpIncomingMessage, HttpServerError, type HttpServerRequest, HttpServerResponse } from "effect/http"
import { HttpApiError } from "effect/http-api"
import { randomUUID } from "node:crypto"
import * as Exchange from "../../../core/formats/Exchange.ts"
import type { StoreUnavailable } from "../../../core/ports/LedgerStore.ts"
import * as ProblemBody from "../api/Problem.ts"
import * as Account from "./Account.ts"
import * as Failure from "./Failure.ts"
import * as JsonValues from "./JsonValues.ts"
import * as RequestLog from "./RequestLog.ts"
import * as StillAllowed from "./StillAllowed.ts"

/** A violation with its place: in the body (JSON Pointer), in a query parameter, or in a header. */
export type Violation = { readonly code: string; readonly detail: string } & (
  | { readonly pointer: string }
  | { readonly parameter: string }
  | { readonly header: string }
)

/** The reason why a request is not carried out: the content of an error answer. */
export class HttpProblem extends Data.TaggedError("HttpProblem")<{
  readonly status: ProblemBody.Status
  readonly detail: string
  readonly errors?: ReadonlyArray<Violation>
  readonly headers?: Readonly<Record<string, string>>
  /** The version in force, if the request was meant to change another one. */
  readonly version?: number
  /** Where to go on in the changes, if the place that was named is lost. */
  readonly mark?: string
  /** The person that would be erased, and counts, if an erasure must be confirmed first. */
  readonly toConfirm?: {
    readonly concordId: string
    readonly members: number
    readonly identifiers: number
    readonly events: number
  }
}> {}

/** The time after which a client should try again, in seconds. */
const retryAfterSeconds = "1"

/** An answer with a body that is JSON already. */
export const json = (body: string, status = 200, headers: Readonly<Record<string, string>> = {}) =>
  HttpServerResponse.text(body, { status, contentType: "application/json", headers })

/** An answer without a body: the client's copy is still valid. */
export const notModified = (headers: Readonly<Record<string, string>>) =>
  HttpServerResponse.empty({ status: 304, headers })

/** The body `{ count, items }`, of items that are JSON already; with `nextCursor` where there are further ones. */
export const list = (items: ReadonlyArray<string>, nextCursor?: string): string => {
  const next = nextCursor === undefined ? "" : `,"nextCursor":${JSON.stringify(nextCursor)}`
  return `{"count":${items.length},"items":[${items.join(",")}]${next}}`
}

/** The most violations that an answer names. A client mends these first, and its next answer names others. */
const maxViolations = 1000

/** The violations that an answer names; the last one says how many more were found. */
const named = (errors: ReadonlyArray<Violation>): ReadonlyArray<Violation> => {
  const more = errors.length - maxViolations
  if (more <= 0) return errors
  const detail = `${more} more violations were found and are not named here; send less at once, or mend these first`
  return [...errors.slice(0, maxViolations), { pointer: "", code: "more", detail }]
}

/** The body of an error answer, and the `instance` under which it is logged. */
export const write = ({ status, detail, errors, mark, toConfirm, version }: HttpProblem) => {
  const title = ProblemBody.titles[status]
  // Node buffers random bytes. Asking the operating system for each id was a fifth of the cost of a refusal.
  const instance = `urn:uuid:${randomUUID()}`
  const body = JSON.stringify({
    statusCode: status,
    error: title,
    message: detail,
    type: "about:blank",
    title,
    status,
    detail,
    instance,
    ...(errors !== undefined && { errors: named(errors) }),
    ...(version !== undefined && { version }),
    ...(mark !== undefined && { mark }),
    ...(toConfirm !== undefined && { toConfirm }),
  })
  return { body, instance }
}

/** The error answer of a problem; adds its `instance` and other details to the log entry. */
const logged = (
  problem: HttpProblem,
  details: RequestLog.Details,
): Effect.Effect<HttpServerResponse.HttpServerResponse> => {
  const { body, instance } = write(problem)
  const { headers, status } = problem
  const options = { status, contentType: ProblemBody.contentType, headers: { "cache-control": "no-store", ...headers } }
  return Effect.as(RequestLog.add({ ...details, instance }), HttpServerResponse.text(body, options))
}

/** The error that is logged for a problem: the codes of its violations, each once. */
const codesOf = ({ errors }: HttpProblem): RequestLog.Details =>
  errors === undefined ? {} : { error: [...new Set(errors.map(({ code }) => code))].join(",") }

const unavailable = new HttpProblem({
  status: 503,
  detail: "the store cannot answer now; try again",
  headers: { "retry-after": retryAfterSeconds },
})

const unexpected = new HttpProblem({ status: 500, detail: "something went wrong on our side" })

/** The error answer of an expected failure. */
export const refuse = (error: HttpProblem | StoreUnavailable): Effect.Effect<HttpServerResponse.HttpServerResponse> =>
  error._tag === "HttpProblem"
    ? logged(error, codesOf(error))
    : logged(error.isLasting === true ? new HttpProblem({ status: 503, detail: error.reason }) : unavailable, {
        error: error._tag,
        reason: error.reason,
      })

/** Turns the expected failures of a handler into error answers. */
export const respond = <R>(
  effect: Effect.Effect<HttpServerResponse.HttpServerResponse, HttpProblem | StoreUnavailable, R>,
): Effect.Effect<HttpServerResponse.HttpServerResponse, never, R> => Effect.catch(effect, refuse)

/** The violations of a query, each with its parameter. */
const queryViolations = (error: HttpApiError.HttpApiSchemaError): ReadonlyArray<Violation> =>
  Exchange.violations(error.cause).map(({ pointer, ...violation }) => ({
    parameter: parameterOf(pointer),
    ...violation,
  }))

/** The name of the parameter that a JSON Pointer into the query begins with, without the index of a repeated one. */
const parameterOf = (pointer: string): string =>
  (pointer.split("/")[1] ?? "").replaceAll("~1", "/").replaceAll("~0", "~")

const tooLargeFor = (maxBytes: number) =>
  new HttpProblem({
    status: 413,
    detail: `the body is larger than ${maxBytes < mebibyte ? `${maxBytes / 1024} KiB` : `${maxBytes / mebibyte} MiB`}`,
    headers: { connection: "close" },
  })

const mebibyte = 1024 * 1024

const tooLargeAboveQuota = (maxBytes: number) =>
  new HttpProblem({
    status: 413,
    detail: `the quota is used up, and until it refills a body may have ${maxBytes / 1024} KiB: send fewer declines at a time`,
    headers: { connection: "close" },
  })

/** The problem of a failure of the HTTP library; none for an unexpected failure. */
const problemOf = (error: unknown, maxBytes: number = bodyMaxBytes): Option.Option<HttpProblem> => {
  if (HttpApiError.HttpApiSchemaError.is(error)) {
    return error.kind === "Query"
      ? Option.some(new HttpProblem({ status: 400, detail: "the query is not valid", errors: queryViolations(error) }))
      : Option.some(new HttpProblem({ status: 404, detail: "there is no such thing" }))
  }
  if (!HttpServerError.isHttpServerError(error) || error.reason._tag !== "RequestParseError") return Option.none()
  return error.reason.reason === "BodyTooLarge"
    ? Option.some(tooLargeFor(maxBytes))
    : Option.some(new HttpProblem({ status: 400, detail: "the request could not be read" }))
}

/**
 * Turns every remaining failure into an answer, and logs where an unexpected one came from. It never fails; its error
 * type is there because the router requires that a middleware keeps it.
 */
export const recover = <E, R>(
  effect: Effect.Effect<HttpServerResponse.HttpServerResponse, E, R>,
): Effect.Effect<HttpServerResponse.HttpServerResponse, E, R> =>
  Effect.catchCause(effect, (cause) => {
    if (Cause.hasInterrupts(cause)) return Effect.interrupt
    const error = Cause.squash(cause)
    const problem = problemOf(error)
    return Option.isSome(problem)
      ? logged(problem.value, codesOf(problem.value))
      : logged(unexpected, Failure.of(error))
  })

/** The largest body that is read, in bytes. */
export const bodyMaxBytes = mebibyte

const utf8 = new TextDecoder("utf-8", { fatal: true })

const notJson = new HttpProblem({ status: 400, detail: "the body is not valid JSON in UTF-8" })

const hasBody = ({ headers }: HttpServerRequest.HttpServerRequest): boolean =>
  headers["content-type"] !== undefined ||
  headers["transfer-encoding"] !== undefined ||
  (headers["content-length"] ?? "0") !== "0"

/** A body: its text, and the JSON value it holds. */
export interface Body {
  readonly text: string
  readonly json: unknown
}

/** How a body may differ from the default, which is required and at most {@link bodyMaxBytes} long. */
export interface BodyOptions {
  /** The value of an absent body. Without it, a body is required. */
  readonly absent?: unknown
  /** Whether a body without bytes is absent too, because clients name its media type all the same. */
  readonly mayBeEmpty?: boolean
  readonly maxBytes?: number
  /** Whether JSON may also be sent as `text/plain`, which a page may send to another origin without a preflight. */
  readonly mayBeText?: boolean
  /** Further media types of JSON, in lower case, that do not say so by their name. */
  readonly alsoTypes?: ReadonlyArray<string>
}

const tooManyValues = new HttpProblem({
  status: 413,
  detail: `the body has more than ${JsonValues.max} values: send less at once`,
})

const emptyBody = (json: unknown): Body => ({ text: "", json })

/** Checks the credential again if the body took long to arrive. `startedAt` is when the reading began. */
const checkAfter = (startedAt: number): Effect.Effect<unknown, HttpProblem | StoreUnavailable> =>
  performance.now() - startedAt < StillAllowed.momentMillis
    ? Effect.void
    : Effect.flatMap(StillAllowed.StillAllowed, (check) => check)

/** Where the limit of a body comes from: what may be read at all, or a quota that is lower. */
const limitOf = (maxBytes: number, account: Account.Account) => {
  const isAboveQuota = account.bodyMaxBytes() < maxBytes
  const limit = isAboveQuota ? account.bodyMaxBytes() : maxBytes
  /** Made only where it is answered, because an error takes its stack, which costs more than reading a small body. */
  const tooLarge = () => (isAboveQuota ? tooLargeAboveQuota(limit) : tooLargeFor(limit))
  return { limit, tooLarge }
}

/** The bytes of a body of at most `limit` bytes. */
const bytesWithin = (
  request: HttpServerRequest.HttpServerRequest,
  { limit, tooLarge }: ReturnType<typeof limitOf>,
): Effect.Effect<ArrayBuffer, HttpProblem> =>
  request.arrayBuffer.pipe(
    Effect.provideService(HttpIncomingMessage.MaxBodySize, ByteSize.bytes(limit)),
    Effect.mapError((error) =>
      Option.match(problemOf(error, limit), {
        onNone: tooLarge,
        onSome: (problem) => (problem.status === 413 ? tooLarge() : problem),
      }),
    ),
  )

/** Reads the bytes of a body of any media type. */
export const readBytes = Effect.fnUntraced(function* (request: HttpServerRequest.HttpServerRequest, maxBytes: number) {
  const account = yield* Account.CurrentAccount
  const within = limitOf(maxBytes, account)
  if (Number(request.headers["content-length"]) > within.limit) return yield* within.tooLarge()
  const startedAt = performance.now()
  const bytes = yield* bytesWithin(request, within)
  // The bytes that the head announced were drawn before.
  if (request.headers["content-length"] === undefined) yield* account.charge({ bytes: bytes.byteLength })
  yield* checkAfter(startedAt)
  return new Uint8Array(bytes)
})

/** The media type of a body in lower case, without parameters; empty if none is stated. */
export const mediaTypeOf = ({ headers }: HttpServerRequest.HttpServerRequest): string =>
  (headers["content-type"] ?? "").split(";", 1)[0]!.trim().toLowerCase()

/**
 * Reads a JSON body. Bytes that are not valid UTF-8 are refused, because replacing them could make two different texts
 * equal.
 */
export const readBody = Effect.fnUntraced(function* (
  request: HttpServerRequest.HttpServerRequest,
  { absent, alsoTypes = [], mayBeEmpty = false, mayBeText = false, maxBytes = bodyMaxBytes }: BodyOptions = {},
) {
  if (absent !== undefined && !hasBody(request)) return emptyBody(absent)
  const mediaType = mediaTypeOf(request)
  const isJson = mediaType === "application/json" || mediaType.endsWith("+json") || alsoTypes.includes(mediaType)
  if (!isJson && !(mayBeText && mediaType === "text/plain")) {
    const expected = mayBeText ? "application/json, or as text/plain" : "application/json"
    return yield* new HttpProblem({ status: 415, detail: `send the body as ${expected}` })
  }
  const bytes = yield* readBytes(request, maxBytes)
  if (mayBeEmpty && bytes.byteLength === 0) return emptyBody(absent)
  const text = yield* Effect.try({ try: () => utf8.decode(bytes), catch: () => notJson })
  if (!JsonValues.areFew(text)) return yield* tooManyValues
  return yield* Effect.try({ try: (): Body => ({ text, json: JSON.parse(text) }), catch: () => notJson })
})

/** The decoded body; fails with 422 and every violation. */
export const decode = <A>(
  decoder: (body: unknown) => Result.Result<A, ReadonlyArray<Violation>>,
  body: unknown,
): Effect.Effect<A, HttpProblem> =>
  Effect.mapError(
    Effect.fromResult(decoder(body)),
    (errors) => new HttpProblem({ status: 422, detail: "the body is not valid", errors }),
  )
