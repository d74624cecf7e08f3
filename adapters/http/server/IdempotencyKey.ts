/**
 * The header `Idempotency-Key`, which makes a request that changes something repeatable, and the answers to a key that
 * was used before.
 */
import { Effect } from "effect"
import type { HttpServerRequest } from "effect/http"
import type { IdempotentRequest, Repeat } from "../../../core/ledger/Idempotency.ts"
import * as Answer from "./Answer.ts"

/** Printable ASCII. A client may choose any form of key. */
const form = /^[\x21-\x7e]{1,255}$/

const misshapen = new Answer.HttpProblem({
  status: 400,
  detail: "Idempotency-Key has 1 to 255 printable characters without spaces, such as a UUID",
})

/** The methods that change something. Every request of another method is idempotent by itself. */
const changing: ReadonlySet<string> = new Set(["POST", "PATCH", "DELETE"])

/**
 * The key of a request that changes something, if it has one, with what identifies the request. `caller` separates the
 * keys of different callers.
 */
export const of = Effect.fnUntraced(function* (
  { headers, method, url }: HttpServerRequest.HttpServerRequest,
  caller: string,
  { text }: Pick<Answer.Body, "text">,
) {
  const key = headers["idempotency-key"]
  const credential = headers["x-api-key"] ?? headers["x-session"] ?? ""
  if (key === undefined || !changing.has(method)) return {}
  if (!form.test(key)) return yield* misshapen
  const idempotency: IdempotentRequest = { caller, key, credential, content: `${method} ${url}\n${text}` }
  return { idempotency }
})

/** The header of an answer that repeats an earlier one. */
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

/** The outcome; fails if the key was used for another request, or for one that is being answered. */
export const orRefuse = <Outcome extends { readonly _tag: string }>(
  outcome: Outcome | Refusal,
): Effect.Effect<Exclude<Outcome, Refusal>, Answer.HttpProblem> => {
  if (!isRefusal(outcome)) return Effect.succeed(outcome as Exclude<Outcome, Refusal>)
  return outcome._tag === "Reused" ? reused : underWay
}
