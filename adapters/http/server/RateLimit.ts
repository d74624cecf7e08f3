/**
 * Limits how many requests an API key or a session may send. Every answer to a valid credential has the remaining quota
 * in its headers; a request above the quota is answered 429.
 *
 * The headers are those of draft-ietf-httpapi-ratelimit-headers-11. A refused request does nothing, and is not counted.
 * Each process has its own counts, which start at zero with the process.
 */
import { Clock, Context, Effect } from "effect"
import { HttpEffect, HttpServerResponse } from "effect/http"
import * as Answer from "./Answer.ts"
import * as TokenBuckets from "./TokenBuckets.ts"

/** Requests a minute, each a whole number from 1 to 10^9; `undefined` means no limit. */
export interface Quotas {
  readonly key: number | undefined
  readonly session: number | undefined
}

/** The quotas that hold unless configured. */
export const quotasDefault: Quotas = { key: 60_000, session: 600 }

/** The quotas of each API key and of each session. */
export const Quotas = Context.Reference<Quotas>("assent/http/RateLimit/Quotas", { defaultValue: () => quotasDefault })

/** The holder of each quota, as error messages name it. */
const holders = { key: "this API key", session: "this session" } as const

const nanosPerMilli = 1_000_000n

/** A monotonic clock, because a wall clock may be set back, and a limit must not last longer then. */
const monotonicMillis = Effect.map(Clock.monotonicTimeNanos, (nanos) => Number(nanos / nanosPerMilli))

const counted = (n: number, unit: string): string => `${n} ${unit}${n === 1 ? "" : "s"}`

/**
 * Makes the function that counts one request of an id: it adds the remaining quota to the headers of the answer, and
 * fails with 429 if nothing is left.
 */
export const counter = Effect.fnUntraced(function* (policy: keyof Quotas) {
  const quota = (yield* Quotas)[policy]
  if (quota === undefined) return () => Effect.void
  const take = TokenBuckets.make(quota)
  const policyField = `"${policy}";q=${quota};w=${TokenBuckets.windowMillis / 1000}`
  const usedUp = `${holders[policy]} has used up its ${counted(quota, "request")} a minute`

  return Effect.fnUntraced(function* (id: string) {
    const { isGranted, remaining, waitMillis } = take(id, yield* monotonicMillis)
    const seconds = Math.ceil(waitMillis / 1000)
    const fields = { "ratelimit-policy": policyField, ratelimit: `"${policy}";r=${remaining};t=${seconds}` }
    yield* HttpEffect.appendPreResponseHandler((_, response) =>
      Effect.succeed(HttpServerResponse.setHeaders(response, fields)),
    )
    if (isGranted) return
    const detail = `${usedUp}; nothing was done; come back in ${counted(seconds, "second")}`
    return yield* new Answer.HttpProblem({ status: 429, detail, headers: { "retry-after": String(seconds) } })
  })
})
