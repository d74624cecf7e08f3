/**
 * The time limit for answering a request after all of it has arrived, whatever the service waits for and however often.
 * A stream of rows has no such limit: it may take as long as rows keep coming.
 *
 * One timer checks all requests. At the limit the answer is written to Node directly, because a handler may be in a
 * step that cannot be interrupted. The handler is interrupted, and an answer that it makes after that is dropped.
 */
import * as NodeHttpServerRequest from "@effect/platform-node/NodeHttpServerRequest"
import { Context, Effect } from "effect"
import { HttpServerRequest, type HttpServerResponse } from "effect/http"
import type { IncomingMessage, ServerResponse } from "node:http"
import * as ProblemBody from "../api/Problem.ts"
import * as Answer from "./Answer.ts"
import * as BrowserHeaders from "./BrowserHeaders.ts"
import * as RequestLog from "./RequestLog.ts"
import * as RouteTable from "./RouteTable.ts"
import * as Slot from "./Slot.ts"

/** In milliseconds. The stores limit each of their own queries to the same time. */
const limitMillis = 15_000

/** The interval of the check, in milliseconds. */
const checkMillis = 500

/**
 * The answer at the limit. A write that shares a sync to disk with others cannot be cancelled, so its outcome is
 * unknown.
 */
const overdue = new Answer.HttpProblem({
  status: 503,
  detail: "this took too long, and is done or not: send it again with the same Idempotency-Key, if it had one",
  headers: { "retry-after": "1" },
})

/** A request that a handler works on. */
interface Working {
  readonly request: HttpServerRequest.HttpServerRequest
  readonly interrupt: () => void
  /** The limit starts here: at the last check at which a part of the request had not arrived. */
  since: number
}

const answerOverdue = (request: HttpServerRequest.HttpServerRequest): void => {
  // The service speaks HTTP/1.1 only.
  const response = NodeHttpServerRequest.toServerResponse(request) as ServerResponse
  if (response.headersSent || response.destroyed) return
  const { body, instance } = Answer.write(overdue)
  RequestLog.addTo(request, { error: "Overdue", instance })
  const headers = { "content-type": ProblemBody.contentType, ...overdue.headers, ...BrowserHeaders.of(request) }
  response.writeHead(overdue.status, { ...headers, "content-length": Buffer.byteLength(body) }).end(body)
}

const working = new Set<Working>()

/** By the source of the request. */
const limits = Slot.make<Working>("time limit")

/** Extends the limit of a request by the milliseconds that it may wait, because its client asked it to. */
export const extend = ({ source }: HttpServerRequest.HttpServerRequest, millis: number): void => {
  const each = limits.get(source)
  if (each !== undefined) each.since += millis
}
let timer: NodeJS.Timeout | undefined

/**
 * Answers requests at their limit. It is polled, because a body that has not been read yet emits no event at its end,
 * and because a timer for each request would cost more than most requests.
 */
const check = (): void => {
  const now = performance.now()
  for (const each of working) {
    const { complete } = each.request.source as IncomingMessage
    if (!complete) each.since = now
    else if (now - each.since >= limitMillis) {
      working.delete(each)
      answerOverdue(each.request)
      each.interrupt()
    }
  }
  if (working.size > 0) return
  clearInterval(timer)
  timer = undefined
}

/** Answers within the time limit. */
export const middleware = <E, R>(
  effect: Effect.Effect<HttpServerResponse.HttpServerResponse, E, R>,
): Effect.Effect<HttpServerResponse.HttpServerResponse, E, R | HttpServerRequest.HttpServerRequest> =>
  Effect.withFiber((fiber) => {
    const request = Context.getUnsafe(fiber.context, HttpServerRequest.HttpServerRequest)
    if (RouteTable.isRowStream(request.source as IncomingMessage)) return effect
    const each: Working = { request, interrupt: () => fiber.interruptUnsafe(), since: performance.now() }
    working.add(each)
    limits.set(request.source, each)
    timer ??= setInterval(check, checkMillis).unref()
    return Effect.onExit(effect, () => Effect.sync(() => working.delete(each)))
  })
