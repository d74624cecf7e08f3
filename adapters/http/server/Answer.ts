/**
 * Answers and error answers: every response of the server is made here.
 *
 * An error says what is wrong and what to do; a 500 says nothing of its cause, which is noted under the same
 * `instance`. Values that were sent are never repeated: they may be personal.
 */
import { ByteSize, Cause, Data, Effect, Option, Result } from "effect"
import { HttpIncomingMessage, HttpServerError, type HttpServerRequest, HttpServerResponse } from "effect/http"
import { HttpApiError } from "effect/http-api"
import { randomUUID } from "node:crypto"
import * as Exchange from "../../../core/formats/Exchange.ts"
import type { StoreUnavailable } from "../../../core/ports/LedgerStore.ts"
import * as ProblemBody from "../api/Problem.ts"
import * as Failure from "./Failure.ts"
import * as RequestLog from "./RequestLog.ts"

/** Where a violation is: in the body (JSON Pointer), in a query parameter, or in a header. */
export type Violation = { readonly code: string; readonly detail: string } & (
  | { readonly pointer: string }
  | { readonly parameter: string }
  | { readonly header: string }
)

/** A request that cannot be answered as it asks. */
export class HttpProblem extends Data.TaggedError("HttpProblem")<{
  readonly status: ProblemBody.Status
  readonly detail: string
  readonly errors?: ReadonlyArray<Violation>
  readonly headers?: Readonly<Record<string, string>>
  /** The version in force, where another one was meant to be changed. */
  readonly version?: number
}> {}

/** How long a client should wait before it tries again, in seconds. */
const retryAfterSeconds = "1"

/** JSON that is ready to be sent. */
export const json = (body: string, status = 200, headers: Readonly<Record<string, string>> = {}) =>
  HttpServerResponse.text(body, { status, contentType: "application/json", headers })

/** Says that the client's copy is still right. */
export const notModified = (headers: Readonly<Record<string, string>>) =>
  HttpServerResponse.empty({ status: 304, headers })

/** `{ count, items }`, of items that are JSON already. */
export const list = (items: ReadonlyArray<string>): string => `{"count":${items.length},"items":[${items.join(",")}]}`

/** The body of a problem, and the name under which it is logged. */
export const write = ({ status, detail, errors, version }: HttpProblem) => {
  const title = ProblemBody.titles[status]
  // Node keeps random bytes ready: asking the system for each was a fifth of what a refusal costs.
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
    ...(errors !== undefined && { errors }),
    ...(version !== undefined && { version }),
  })
  return { body, instance }
}

/** The answer to a problem, which is noted with what else was found out. */
const noted = (
  problem: HttpProblem,
  findings: RequestLog.Details,
): Effect.Effect<HttpServerResponse.HttpServerResponse> => {
  const { body, instance } = write(problem)
  const { headers, status } = problem
  const options = { status, contentType: ProblemBody.contentType, headers: { "cache-control": "no-store", ...headers } }
  return Effect.as(RequestLog.add({ ...findings, instance }), HttpServerResponse.text(body, options))
}

/** What a problem is called in a note: the codes of its violations, each once. */
const codesOf = ({ errors }: HttpProblem): RequestLog.Details =>
  errors === undefined ? {} : { error: [...new Set(errors.map(({ code }) => code))].join(",") }

const unavailable = new HttpProblem({
  status: 503,
  detail: "the store cannot answer now; try again",
  headers: { "retry-after": retryAfterSeconds },
})

const unforeseen = new HttpProblem({ status: 500, detail: "something went wrong on our side" })

/** The answer to a request that failed in a way that was foreseen. */
export const refuse = (error: HttpProblem | StoreUnavailable): Effect.Effect<HttpServerResponse.HttpServerResponse> =>
  error._tag === "HttpProblem"
    ? noted(error, codesOf(error))
    : noted(error.isLasting === true ? new HttpProblem({ status: 503, detail: error.reason }) : unavailable, {
        error: error._tag,
        reason: error.reason,
      })

/** Answers what failed, in place of what was asked. */
export const respond = <R>(
  effect: Effect.Effect<HttpServerResponse.HttpServerResponse, HttpProblem | StoreUnavailable, R>,
): Effect.Effect<HttpServerResponse.HttpServerResponse, never, R> => Effect.catch(effect, refuse)

/** The violations of a query, each with the parameter it is in. */
const queryViolations = (error: HttpApiError.HttpApiSchemaError): ReadonlyArray<Violation> =>
  Exchange.violations(error.cause).map(({ pointer, ...violation }) => ({
    parameter: parameterOf(pointer),
    ...violation,
  }))

/** Of a parameter that may come several times, too, only the name. */
const parameterOf = (pointer: string): string =>
  (pointer.split("/")[1] ?? "").replaceAll("~1", "/").replaceAll("~0", "~")

const tooLargeFor = (maxBytes: number) =>
  new HttpProblem({
    status: 413,
    detail: `the body is larger than ${maxBytes / mebibyte} MiB`,
    headers: { connection: "close" },
  })

const mebibyte = 1024 * 1024

/** The problem that a failure stands for; none for a failure that nobody foresaw. */
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
 * Turns every failure that is left into an answer, and notes where those came from that nobody foresaw. Never fails; the router wants its
 * middleware to keep the error in its type.
 */
export const recover = <E, R>(
  effect: Effect.Effect<HttpServerResponse.HttpServerResponse, E, R>,
): Effect.Effect<HttpServerResponse.HttpServerResponse, E, R> =>
  Effect.catchCause(effect, (cause) => {
    if (Cause.hasInterrupts(cause)) return Effect.interrupt
    const error = Cause.squash(cause)
    const problem = problemOf(error)
    return Option.isSome(problem) ? noted(problem.value, codesOf(problem.value)) : noted(unforeseen, Failure.of(error))
  })

/** The largest body that is read, in bytes. */
export const bodyMaxBytes = mebibyte

const utf8 = new TextDecoder("utf-8", { fatal: true })

const hasBody = ({ headers }: HttpServerRequest.HttpServerRequest): boolean =>
  headers["content-type"] !== undefined ||
  headers["transfer-encoding"] !== undefined ||
  (headers["content-length"] ?? "0") !== "0"

/** A body as it came, and what it holds. */
export interface Body {
  readonly text: string
  readonly json: unknown
}

/** What of a body is unlike others: where it may be absent, or larger. */
export interface BodyOptions {
  /** Read where there is no body. */
  readonly absent?: unknown
  readonly maxBytes?: number
}

/** Reads a JSON body. Bytes that are no UTF-8 are refused: replaced, two different texts would be one. */
export const readBody = Effect.fnUntraced(function* (
  request: HttpServerRequest.HttpServerRequest,
  { absent, maxBytes = bodyMaxBytes }: BodyOptions = {},
) {
  if (absent !== undefined && !hasBody(request)) return { text: "", json: absent } satisfies Body as Body
  const mediaType = (request.headers["content-type"] ?? "").split(";", 1)[0]!.trim().toLowerCase()
  if (mediaType !== "application/json" && !mediaType.endsWith("+json")) {
    return yield* new HttpProblem({ status: 415, detail: "send the body as application/json" })
  }
  const tooLarge = tooLargeFor(maxBytes)
  if (Number(request.headers["content-length"]) > maxBytes) return yield* tooLarge
  const bytes = yield* request.arrayBuffer.pipe(
    Effect.provideService(HttpIncomingMessage.MaxBodySize, ByteSize.bytes(maxBytes)),
    Effect.mapError((error) => Option.getOrElse(problemOf(error, maxBytes), () => tooLarge)),
  )
  return yield* Effect.try({
    try: (): Body => {
      const text = utf8.decode(bytes)
      return { text, json: JSON.parse(text) }
    },
    catch: () => new HttpProblem({ status: 400, detail: "the body is not valid JSON in UTF-8" }),
  })
})

/** A body that has passed its decoder, or the problem that names everything wrong with it. */
export const decode = <A>(
  decoder: (body: unknown) => Result.Result<A, ReadonlyArray<Violation>>,
  body: unknown,
): Effect.Effect<A, HttpProblem> =>
  Effect.mapError(
    Effect.fromResult(decoder(body)),
    (errors) => new HttpProblem({ status: 422, detail: "the body is not valid", errors }),
  )
