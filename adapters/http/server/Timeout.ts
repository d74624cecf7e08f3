/**
 * The time limit for answering a request after all of it has arrived, whatever the service waits for and however often.
 * A stream of rows has no such limit: it may take as long as rows keep coming.
 */
import { Effect } from "effect"
import { HttpServerRequest, type HttpServerResponse } from "effect/http"
import type { IncomingMessage } from "node:http"
import * as Waiting from "../../support/Waiting.ts"
import * as Answer from "./Answer.ts"
import * as RequestLog from "./RequestLog.ts"
import * as RouteTable from "./RouteTable.ts"

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

/**
 * A limit that starts when the last byte of the request has arrived, because the time a client takes to send it is not
 * the service's. It is polled, because a body that has not been read yet emits no event at its end.
 */
const afterArrival =
  (request: IncomingMessage): Waiting.Limit =>
  (end) => {
    let since = performance.now()
    const check = (): void => {
      const now = performance.now()
      if (!request.complete) since = now
      else if (now - since >= limitMillis) end()
    }
    const timer = setInterval(check, checkMillis)
    return () => clearInterval(timer)
  }

/** Answers within the time limit. */
export const middleware = <E, R>(
  effect: Effect.Effect<HttpServerResponse.HttpServerResponse, E, R>,
): Effect.Effect<HttpServerResponse.HttpServerResponse, E, R | HttpServerRequest.HttpServerRequest> =>
  Effect.flatMap(HttpServerRequest.HttpServerRequest, ({ source }) => {
    const request = source as IncomingMessage
    if (RouteTable.isRowStream(request)) return effect
    const giveUp = Effect.andThen(RequestLog.add({ error: "Overdue" }), Answer.refuse(overdue))
    return Waiting.until(afterArrival(request), effect, giveUp)
  })
