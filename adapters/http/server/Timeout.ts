/**
 * How long the service works on a request that has come as a whole: whatever it waits for, and however often, there is an
 * answer by then. Rows without end may take as long as they keep coming.
 */
import { Effect } from "effect"
import { HttpServerRequest, type HttpServerResponse } from "effect/http"
import type { IncomingMessage } from "node:http"
import * as Waiting from "../../support/Waiting.ts"
import * as Answer from "./Answer.ts"
import * as Deadline from "./Deadline.ts"
import * as RequestLog from "./RequestLog.ts"

/** In milliseconds. The stores answer a single question by then, too. */
const limitMillis = 15_000

/** How often it is looked at, in milliseconds. */
const lookMillis = 500

/** What is brought to the disk with others is not taken back: it is not known what has become of it. */
const overdue = new Answer.HttpProblem({
  status: 503,
  detail: "this took too long, and is done or not: send it again with the same Idempotency-Key, if it had one",
  headers: { "retry-after": "1" },
})

/**
 * Begins when the last of a request has come: how long a client takes to send it is not the service's time. That is looked at
 * once in a while, since a body that nobody reads yet has no event of its end.
 */
const afterAllOf =
  (request: IncomingMessage): Waiting.Limit =>
  (end) => {
    let since = performance.now()
    const look = (): void => {
      const now = performance.now()
      if (!request.complete) since = now
      else if (now - since >= limitMillis) end()
    }
    const timer = setInterval(look, lookMillis)
    return () => clearInterval(timer)
  }

/** Answers in time. */
export const middleware = <E, R>(
  effect: Effect.Effect<HttpServerResponse.HttpServerResponse, E, R>,
): Effect.Effect<HttpServerResponse.HttpServerResponse, E, R | HttpServerRequest.HttpServerRequest> =>
  Effect.flatMap(HttpServerRequest.HttpServerRequest, ({ source }) => {
    const request = source as IncomingMessage
    if (Deadline.isEndless(request)) return effect
    const giveUp = Effect.andThen(RequestLog.add({ error: "Overdue" }), Answer.refuse(overdue))
    return Waiting.until(afterAllOf(request), effect, giveUp)
  })
