/**
 * Tries a request again where that is safe, and only then.
 *
 * Safe are the methods that HTTP calls idempotent (RFC 9110, section 9.2.2), and POST, because every try of a call carries
 * the same `Idempotency-Key`. PATCH is tried once. Tried again is what says that it may pass: no answer or half of one,
 * 429, 502, 503, 504, and 409 while a request with the same key is in flight. Every other answer is the answer.
 */
import { Clock, Context, Duration, Effect, Option, Random, Result, Schema } from "effect"
import { SecureRandom } from "effect/crypto"
import { Headers, HttpClient, HttpClientError, HttpClientRequest, type HttpClientResponse } from "effect/http"

/** How often, and how long. */
export interface Retries {
  /** At most this many tries, the first one included. Default 4; 1 never tries again. */
  readonly tries?: number
  /** The longest wait before the second try; the shortest is half of it. It doubles with each further try. Default 200. */
  readonly backoffMillis?: number
  /** A server that asks to wait longer than this is not asked again. Default 30,000. */
  readonly maxWaitMillis?: number
  /** How long one try may take until its answer is here whole. Default 30,000. */
  readonly timeoutMillis?: number
}

/** The header that makes several tries of a POST one request. */
const keyHeader = "idempotency-key"

/** The caller's own `Idempotency-Key` for the calls made with it; a random UUID for each call where there is none. */
export const IdempotencyKey = Context.Reference<string | undefined>("assent/http/client/IdempotencyKey", {
  defaultValue: () => undefined,
})

const repeatable: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS", "PUT", "DELETE", "POST"])

const passing: ReadonlySet<number> = new Set([429, 502, 503, 504])

/** Gives a POST its key, once: a header of the call stays, then comes the caller's key, then a random one. */
const withKey = (request: HttpClientRequest.HttpClientRequest) =>
  Effect.map(IdempotencyKey, (given) =>
    request.method !== "POST" || request.headers[keyHeader] !== undefined
      ? request
      : HttpClientRequest.setHeader(request, keyHeader, given ?? SecureRandom.uuidV4Unsafe()),
  )

const isJson = ({ headers }: HttpClientResponse.HttpClientResponse): boolean =>
  /^application\/([\w.-]+\+)?json\b/i.test(headers["content-type"] ?? "")

/** Waits for the body too: an answer that breaks off is none. What is neither JSON nor an error may be long, and is left. */
const readWhole = (response: HttpClientResponse.HttpClientResponse) =>
  isJson(response) || response.status >= 400 ? Effect.asVoid(response.arrayBuffer) : Effect.void

const hasCodes = Schema.is(Schema.Struct({ errors: Schema.Array(Schema.Struct({ code: Schema.String })) }))

const isInFlight = (body: unknown): boolean =>
  hasCodes(body) && body.errors.some(({ code }) => code === "idempotency_key_in_flight")

/** Whether an answer says that the same request may fare better later. */
const isPassing = (response: HttpClientResponse.HttpClientResponse): Effect.Effect<boolean> =>
  response.status === 409
    ? Effect.match(response.json, { onFailure: () => false, onSuccess: isInFlight })
    : Effect.succeed(passing.has(response.status))

/** Whether no whole answer came; not what could not even be sent. */
const isLost = ({ reason }: HttpClientError.HttpClientError): boolean =>
  reason._tag === "TransportError" || reason._tag === "DecodeError"

/** How long the server asks to wait, in milliseconds; 0 where it does not say. */
const askedMillis = (headers: Headers.Headers, now: number): number => {
  const asked = Result.getOrUndefined(Headers.parseRetryAfter(headers["retry-after"] ?? ""))
  return asked === undefined ? 0 : Duration.toMillis(Headers.retryAfterDelay(asked, now))
}

/**
 * The wait after this many tries, where the server does not ask for a longer one: at most `backoffMillis` doubled for each
 * try but the first, and `maxWaitMillis`; at least half of it. `random`, of [0, 1), keeps clients that failed together apart.
 */
export const waitMillis = (
  tries: number,
  random: number,
  { backoffMillis, maxWaitMillis }: Pick<Required<Retries>, "backoffMillis" | "maxWaitMillis">,
): number => Math.min(backoffMillis * 2 ** (tries - 1), maxWaitMillis) * (0.5 + random / 2)

type Send = Effect.Effect<HttpClientResponse.HttpClientResponse, HttpClientError.HttpClientError>
type Outcome = Result.Result<HttpClientResponse.HttpClientResponse, HttpClientError.HttpClientError>

/** The wait before the next try, in milliseconds; none where this outcome is the last. */
const waitAfter = Effect.fnUntraced(function* (outcome: Outcome, tries: number, limits: Required<Retries>) {
  const mayPass = Result.isSuccess(outcome) ? yield* isPassing(outcome.success) : isLost(outcome.failure)
  if (!mayPass || tries >= limits.tries) return Option.none<number>()
  const asked = Result.isSuccess(outcome) ? askedMillis(outcome.success.headers, yield* Clock.currentTimeMillis) : 0
  if (asked > limits.maxWaitMillis) return Option.none<number>()
  return Option.some(Math.max(asked, waitMillis(tries, yield* Random.next, limits)))
})

/** Sends one time, and waits for the answer as long as one try may take. */
const once = (send: Send, request: HttpClientRequest.HttpClientRequest, timeoutMillis: number): Send =>
  Effect.tap(send, readWhole).pipe(
    Effect.timeoutOrElse({
      duration: timeoutMillis,
      orElse: () => {
        const reason = new HttpClientError.TransportError({ request, description: `no answer in ${timeoutMillis} ms` })
        return Effect.fail(new HttpClientError.HttpClientError({ reason }))
      },
    }),
  )

/** Sends until an outcome is the last. */
const often = (send: Send, limits: Required<Retries>, tries = 1): Send =>
  Effect.flatMap(Effect.result(send), (outcome) =>
    Effect.flatMap(
      waitAfter(outcome, tries, limits),
      Option.match({
        onNone: () => Effect.fromResult(outcome),
        onSome: (millis) => Effect.andThen(Effect.sleep(millis), often(send, limits, tries + 1)),
      }),
    ),
  )

/** A client that sends keys and tries again. */
export const withRetries =
  ({ tries = 4, backoffMillis = 200, maxWaitMillis = 30_000, timeoutMillis = 30_000 }: Retries) =>
  (client: HttpClient.HttpClient): HttpClient.HttpClient =>
    client.pipe(
      HttpClient.mapRequestEffect(withKey),
      // What is sent again is the request that has its key already: `transform` repeats the sending alone.
      HttpClient.transform((send, request) => {
        const whole = once(send, request, timeoutMillis)
        return repeatable.has(request.method)
          ? often(whole, { tries, backoffMillis, maxWaitMillis, timeoutMillis })
          : whole
      }),
    )
