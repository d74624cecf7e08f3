/**
 * Requests that may come again: the header `Idempotency-Key`, and the answers to a key that was seen before.
 */
import { Effect } from "effect"
import type { HttpServerRequest } from "effect/http"
import type { IdempotentRequest, Repeat } from "../../../core/ledger/Idempotency.ts"
import * as Answer from "./Answer.ts"

/** Printable ASCII: whatever a client makes its keys of. */
const form = /^[\x21-\x7e]{1,255}$/

const misshapen = new Answer.HttpProblem({
  status: 400,
  detail: "Idempotency-Key has 1 to 255 printable characters without spaces, such as a UUID",
})

/**
 * The key of a POST request, if it has one; the other methods mean the same when they come again, or, as PATCH, are not
 * kept. `scope` is who asks: the same key of somebody else is another request.
 */
export const of = Effect.fnUntraced(function* (
  { headers, method, url }: HttpServerRequest.HttpServerRequest,
  scope: string,
  { text }: Pick<Answer.Body, "text">,
) {
  const key = headers["idempotency-key"]
  const credential = headers["x-api-key"] ?? headers["x-session"] ?? ""
  if (key === undefined || method !== "POST") return {}
  if (!form.test(key)) return yield* misshapen
  return {
    idempotency: { caller: scope, key, credential, content: `${method} ${url}\n${text}` } satisfies IdempotentRequest,
  }
})

/** What an answer says of itself: whether it was given before. */
export const headers = (isRepeated: boolean | undefined): Readonly<Record<string, string>> =>
  isRepeated === true ? { "idempotent-replayed": "true" } : {}

const reused = new Answer.HttpProblem({
  status: 422,
  detail: "this Idempotency-Key was used for another request; make a new one",
  errors: [{ header: "Idempotency-Key", code: "idempotency_key_reused", detail: "was used for another request" }],
})

const underWay = new Answer.HttpProblem({
  status: 409,
  detail: "the request with this Idempotency-Key is being answered; try again",
  errors: [{ header: "Idempotency-Key", code: "idempotency_key_in_flight", detail: "is being answered" }],
  headers: { "retry-after": "1" },
})

type Refusal = Exclude<Repeat, { _tag: "Repeated" }>

const isRefusal = (outcome: { readonly _tag: string }): outcome is Refusal =>
  outcome._tag === "Reused" || outcome._tag === "UnderWay"

/** An outcome, unless its key stood in the way. */
export const orRefuse = <Outcome extends { readonly _tag: string }>(
  outcome: Outcome | Refusal,
): Effect.Effect<Exclude<Outcome, Refusal>, Answer.HttpProblem> => {
  if (!isRefusal(outcome)) return Effect.succeed(outcome as Exclude<Outcome, Refusal>)
  return outcome._tag === "Reused" ? reused : underWay
}
