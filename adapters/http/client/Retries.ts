/**
 * Retries a request where that is safe and may help.
 *
 * It is safe for the idempotent methods of HTTP (RFC 9110, section 9.2.2), and for POST, PATCH and DELETE, because all
 * attempts of a call carry the same `Idempotency-Key`. It may help after no answer or an incomplete one, after
 * 429, 502, 503, 504, and after 409 while a request with the same key is in flight. Every other answer is returned.
 */
import { Clock, Context, Duration, Effect, Option, Random, Result, Schema } from "effect"
import { SecureRandom } from "effect/crypto"
import { Headers, HttpClient, HttpClientError, HttpClientRequest, type HttpClientResponse } from "effect/http"

/** How often a request is sent, and how long the client waits. */
export interface Retries {
  /** The highest number of attempts, the first one included. Default 4; 1 means no retry. */
  readonly tries?: number
  /**
   * The longest wait before the second attempt; the shortest is half of it. It doubles with each attempt. Default 200.
   */
  readonly backoffMillis?: number
  /** The longest wait. After a longer `Retry-After` there is no further attempt. Default 30,000. */
  readonly maxWaitMillis?: number
  /** How long one attempt may take until its whole answer is received. Default 30,000. */
  readonly timeoutMillis?: number
}

/** The header by which the server recognizes the attempts of one call. */
const keyHeader = "idempotency-key"

/** The `Idempotency-Key` that the caller chose for a call. Without it, each call gets a random UUID. */
export const IdempotencyKey = Context.Reference<string | undefined>("assent/http/client/IdempotencyKey", {
  defaultValue: () => undefined,
})

const keyed: ReadonlySet<string> = new Set(["POST", "PATCH", "DELETE"])

const temporary: ReadonlySet<number> = new Set([429, 502, 503, 504])

/** Sets the key of a request that changes something: the header of the call, or the caller's key, or a random one. */
const withKey = (request: HttpClientRequest.HttpClientRequest) =>
  Effect.map(IdempotencyKey, (given) =>
    !keyed.has(request.method) || request.headers[keyHeader] !== undefined
      ? request
      : HttpClientRequest.setHeader(request, keyHeader, given ?? SecureRandom.uuidV4Unsafe()),
  )

const isJson = ({ headers }: HttpClientResponse.HttpClientResponse): boolean =>
  /^application\/([\w.-]+\+)?json\b/i.test(headers["content-type"] ?? "")

/**
 * Reads the body too, so that an incomplete answer is a failed attempt. A body that is neither JSON nor an error may be
 * long, and is left to the caller.
 */
const readWhole = (response: HttpClientResponse.HttpClientResponse) =>
  isJson(response) || response.status >= 400 ? Effect.asVoid(response.arrayBuffer) : Effect.void

const hasCodes = Schema.is(Schema.Struct({ errors: Schema.Array(Schema.Struct({ code: Schema.String })) }))

const isInFlight = (body: unknown): boolean =>
  hasCodes(body) && body.errors.some(({ code }) => code === "idempotency_key_in_flight")

/** Whether an answer says that the same request may succeed later. */
const isTemporary = (response: HttpClientResponse.HttpClientResponse): Effect.Effect<boolean> =>
  response.status === 409
    ? Effect.match(response.json, { onFailure: () => false, onSuccess: isInFlight })
    : Effect.succeed(temporary.has(response.status))

/** Whether no complete answer was received; false if the request could not be encoded or its URL is not valid. */
const isLost = ({ reason }: HttpClientError.HttpClientError): boolean =>
  reason._tag === "TransportError" || reason._tag === "DecodeError"

/** `Retry-After` in milliseconds; 0 without it. */
const retryAfterMillis = (headers: Headers.Headers, now: number): number => {
  const retryAfter = Result.getOrUndefined(Headers.parseRetryAfter(headers["retry-after"] ?? ""))
  return retryAfter === undefined ? 0 : Duration.toMillis(Headers.retryAfterDelay(retryAfter, now))
}

/**
 * The wait after `tries` attempts, unless the server asks for a longer one. It is at most `backoffMillis`, doubled for
 * each attempt but the first, and at most `maxWaitMillis`; it is at least half of that. `random`, from 0 up to but not
 * including 1, spreads the retries of clients that failed at the same time.
 */
export const waitMillis = (
  tries: number,
  random: number,
  { backoffMillis, maxWaitMillis }: Pick<Required<Retries>, "backoffMillis" | "maxWaitMillis">,
): number => Math.min(backoffMillis * 2 ** (tries - 1), maxWaitMillis) * (0.5 + random / 2)

type Send = Effect.Effect<HttpClientResponse.HttpClientResponse, HttpClientError.HttpClientError>
type Outcome = Result.Result<HttpClientResponse.HttpClientResponse, HttpClientError.HttpClientError>

/** The wait before the next attempt, in milliseconds; none if this outcome is returned to the caller. */
const waitAfter = Effect.fnUntraced(function* (outcome: Outcome, tries: number, limits: Required<Retries>) {
  const mayRetry = Result.isSuccess(outcome) ? yield* isTemporary(outcome.success) : isLost(outcome.failure)
  if (!mayRetry || tries >= limits.tries) return Option.none<number>()
  const asked = Result.isSuccess(outcome)
    ? retryAfterMillis(outcome.success.headers, yield* Clock.currentTimeMillis)
    : 0
  if (asked > limits.maxWaitMillis) return Option.none<number>()
  return Option.some(Math.max(asked, waitMillis(tries, yield* Random.next, limits)))
})

/** Sends once, and waits for the whole answer, at most `timeoutMillis`. */
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

/** Sends until an outcome needs no retry, or no attempt is left. */
const retrying = (send: Send, limits: Required<Retries>, tries = 1): Send =>
  Effect.flatMap(Effect.result(send), (outcome) =>
    Effect.flatMap(
      waitAfter(outcome, tries, limits),
      Option.match({
        onNone: () => Effect.fromResult(outcome),
        onSome: (millis) => Effect.andThen(Effect.sleep(millis), retrying(send, limits, tries + 1)),
      }),
    ),
  )

/** A client that sets `Idempotency-Key` and retries. */
export const withRetries =
  ({ tries = 4, backoffMillis = 200, maxWaitMillis = 30_000, timeoutMillis = 30_000 }: Retries) =>
  (client: HttpClient.HttpClient): HttpClient.HttpClient =>
    client.pipe(
      HttpClient.mapRequestEffect(withKey),
      // The key is set before: `transform` repeats only the sending, so all attempts have the same key.
      HttpClient.transform((send, request) =>
        retrying(once(send, request, timeoutMillis), { tries, backoffMillis, maxWaitMillis, timeoutMillis }),
      ),
    )
