/**
 * Where data systems say what became of a task that was handed to their connector. The token in the path is the
 * credential, so it is not logged. It is no endpoint of the API, because its form is that of OpenDSR.
 */
import { ByteSize, Effect, Option, Schema } from "effect"
import { HttpIncomingMessage, HttpRouter, HttpServerRequest, HttpServerResponse } from "effect/http"
import * as TaskMessage from "../../../core/connectors/TaskMessage.ts"
import { Ledger } from "../../../core/Ledger.ts"
import * as IpAddress from "../../../core/people/IpAddress.ts"
import * as Answer from "../server/Answer.ts"
import * as ClientAddress from "../server/ClientAddress.ts"
import * as RateLimit from "../server/RateLimit.ts"
import * as RequestLog from "../server/RequestLog.ts"
import { taskCallback } from "../server/RouteTable.ts"
import * as CallbackSignature from "./CallbackSignature.ts"
import { writesOfRequest } from "./ComplianceRoutes.ts"

const maxBytes = 64 * 1024

const notJson = new Answer.HttpProblem({ status: 415, detail: "send the body as application/json" })
const tooLarge = new Answer.HttpProblem({ status: 413, detail: `the body is larger than ${maxBytes} bytes` })
const notParsed = new Answer.HttpProblem({ status: 400, detail: "the body is not JSON" })
const notFound = new Answer.HttpProblem({ status: 404, detail: "there is no such task" })
const notSigned = new Answer.HttpProblem({
  status: 403,
  detail: "sign the body with the key of the connector's certificate, in the header X-OpenDSR-Signature",
})
/** The pointer is to the member that was sent, by the name of its profile. */
const notValid = (body: unknown): Answer.HttpProblem => {
  const member = typeof body === "object" && body !== null && "request_status" in body ? "request_status" : "status"
  const detail = "expected a status of 1 to 64 characters: completed, cancelled, or how far the task is"
  const errors = [{ pointer: `/${member}`, code: "invalid", detail }]
  return new Answer.HttpProblem({ status: 422, detail: "the body is not a callback", errors })
}

const Status = Schema.String.check(Schema.isMinLength(1), Schema.isMaxLength(64))

/** The members that are read; others are let be. `status` and `resultsUrl` are the names of the profile `assent`. */
const Body = Schema.Struct({
  request_status: Schema.optionalKey(Status),
  status: Schema.optionalKey(Status),
  results_url: Schema.optionalKey(Schema.NullOr(Schema.String)),
  resultsUrl: Schema.optionalKey(Schema.NullOr(Schema.String)),
  subject_request_id: Schema.optionalKey(Schema.String),
  id: Schema.optionalKey(Schema.String),
})

const decodeBody = Schema.decodeUnknownOption(Body)

/** The body as bytes, which a signature is over. */
const bytesOf = Effect.fnUntraced(function* (request: HttpServerRequest.HttpServerRequest) {
  const mediaType = (request.headers["content-type"] ?? "").split(";", 1)[0]!.trim().toLowerCase()
  if (mediaType !== "application/json") return yield* notJson
  if (Number(request.headers["content-length"]) > maxBytes) return yield* tooLarge
  return new Uint8Array(
    yield* request.arrayBuffer.pipe(
      Effect.provideService(HttpIncomingMessage.MaxBodySize, ByteSize.bytes(maxBytes)),
      Effect.mapError(() => tooLarge),
    ),
  )
})

const parse = (bytes: Uint8Array): Effect.Effect<unknown, Answer.HttpProblem> =>
  Effect.try({ try: () => JSON.parse(new TextDecoder().decode(bytes)) as unknown, catch: () => notParsed })

/** An address of a page, which staff may open. */
const pageOf = (url: string | null | undefined): string | undefined =>
  url != null && url.length <= 2048 && /^https?:\/\//i.test(url) && URL.canParse(url) ? url : undefined

/** What a body says. */
const reportOf = Effect.fnUntraced(function* (bytes: Uint8Array) {
  const given = yield* parse(bytes)
  const body = Option.getOrUndefined(decodeBody(given))
  const status = body?.request_status ?? body?.status
  if (body === undefined || status === undefined) return yield* notValid(given)
  const resultsUrl = pageOf(body.results_url ?? body.resultsUrl)
  const subjectRequestId = body.subject_request_id ?? body.id
  return {
    status,
    ...(resultsUrl !== undefined && { resultsUrl }),
    ...(subjectRequestId !== undefined && { subjectRequestId }),
  }
})

/** Draws a request from the quota of its address, and of the project that its token names. */
const admit = Effect.fnUntraced(function* (request: HttpServerRequest.HttpServerRequest, token: string) {
  const ledger = yield* Ledger
  const place = TaskMessage.readCallbackToken(token)
  const scope = place && Option.getOrUndefined(yield* ledger.projectScope(place.project))
  const account = yield* (yield* RateLimit.RateLimits).account({})
  const address = yield* ClientAddress.holderOf(IpAddress.shorten(yield* ClientAddress.of(request)))
  const owners = scope && { project: scope.project.id, organization: scope.organization.id }
  yield* account.admit({ ...(address !== undefined && { address }), ...owners }, request)
  yield* account.take({ writes: writesOfRequest })
  if (scope === undefined) return yield* notFound
  yield* RequestLog.add({ projectId: scope.project.id, organizationId: scope.organization.id })
})

const take = Effect.gen(function* () {
  const request = yield* HttpServerRequest.HttpServerRequest
  const { token = "" } = (yield* HttpRouter.RouteContext).params
  yield* admit(request, token)
  const bytes = yield* bytesOf(request)
  const report = yield* reportOf(bytes)
  const isSigned = (certificate: string) => CallbackSignature.isSigned(request.headers, bytes, certificate)
  const outcome = yield* (yield* Ledger).tasks.takeCallback(token, report, isSigned)
  if (outcome._tag === "NotFound") return yield* notFound
  if (outcome._tag === "SignatureNeeded") return yield* notSigned
  return HttpServerResponse.empty({ status: 202 })
})

/** The route of callbacks. */
export const layer = HttpRouter.use((router) => router.add("POST", taskCallback, Answer.respond(take)))
