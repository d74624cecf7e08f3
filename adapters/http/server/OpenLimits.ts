/**
 * Limits of requests that need no credential: visits, reports of trackers and the opening of sessions. They are checked
 * before anything is written, so that a flood leaves nothing behind.
 *
 * Addresses are limited by their network, because one client may have every address of it: 24 bits of IPv4, 56 of IPv6.
 * A network is known by a hash with a key that is drawn at the start and once a day, and is kept nowhere: what the
 * process has in memory cannot be traced to a visitor. With the key all buckets of networks are full again.
 */
import { Clock, Context, Effect, Layer, Option, Result } from "effect"
import type { HttpServerRequest } from "effect/http"
import { IpNetwork, NetAddress } from "effect/net"
import { createHmac, randomBytes } from "node:crypto"
import * as Answer from "./Answer.ts"
import * as ClientAddress from "./ClientAddress.ts"
import * as TokenBuckets from "./TokenBuckets.ts"

/** How many visits one network may send. */
export interface VisitQuota {
  /** Visits that act, and opened sessions, a minute; twice that number at once, and ten times only to read. */
  readonly acting: number
}

/** The quota that holds unless configured. */
export const byDefault: VisitQuota = { acting: 60 }

/** The largest quota. */
export const most = 1_000_000

/** The quota of the service; `undefined`: no limit. */
export const VisitLimit = Context.Reference<VisitQuota | undefined>("assent/http/VisitLimit", {
  defaultValue: () => byDefault,
})

/** The quota that a text names: a number of visits that act a minute, or `off`. */
export const parse = (text: string): Option.Option<VisitQuota | "off"> => {
  if (text === "off" || text === "0") return Option.some("off")
  const acting = /^[1-9]\d{0,6}$/.test(text) ? Number(text) : Infinity
  return acting <= most ? Option.some({ acting }) : Option.none()
}

/** How many reports of trackers one network may send in a minute. */
export const reportsPerMinute = 6

/** How many new visitors of one project may come in a second. */
export const newVisitorsPerSecond = 500

/** The limits of a server. Each take fails with 429 if it is over a limit, and draws nothing then. */
export interface VisitLimits {
  /** Draws a request that opens a session or may record something. */
  readonly takeActing: (request: HttpServerRequest.HttpServerRequest) => Effect.Effect<void, Answer.HttpProblem>
  /** Draws a request that reads. */
  readonly takeReading: (request: HttpServerRequest.HttpServerRequest) => Effect.Effect<void, Answer.HttpProblem>
  /** Draws a report of trackers. */
  readonly takeReport: (request: HttpServerRequest.HttpServerRequest) => Effect.Effect<void, Answer.HttpProblem>
  /** Draws a visitor of a project that was not known before. */
  readonly takeNewVisitor: (projectId: string) => Effect.Effect<void, Answer.HttpProblem>
}

/** The limits of the server. */
export class OpenLimits extends Context.Service<OpenLimits, VisitLimits>()("assent/http/OpenLimits") {}

const dayMillis = 86_400_000

/** Makes the function that names a network by a hash, with a new key each day of a monotonic clock. */
const makeNames = () => {
  let key = randomBytes(32)
  let drawnAt = 0
  return (network: string, now: number): string => {
    if (now - drawnAt >= dayMillis) [key, drawnAt] = [randomBytes(32), now]
    return createHmac("sha256", key).update(network).digest("base64").slice(0, 22)
  }
}

/** The network of an address; the text itself where it is not an address. */
const networkOf = (address: string): string =>
  NetAddress.ipFromString(address.replace(/^::ffff:(?=\d+\.)/i, "")).pipe(
    Result.flatMap((ip) => IpNetwork.fromAddress(ip, NetAddress.isIpv4Address(ip) ? 24 : 56)),
    Result.match({ onFailure: () => address, onSuccess: ({ address: first }) => NetAddress.formatIp(first) }),
  )

const exceeded = (what: string, waitMillis: number): Answer.HttpProblem => {
  const seconds = Math.max(1, Math.ceil(waitMillis / 1000))
  return new Answer.HttpProblem({
    status: 429,
    detail: `too many ${what}; nothing was done; come back in ${seconds} ${seconds === 1 ? "second" : "seconds"}`,
    headers: { "retry-after": String(seconds) },
  })
}

const nanosPerMilli = 1_000_000n

/** A monotonic clock, because a wall clock may be set back, and a limit must not last longer then. */
const monotonicMillis = Effect.map(Clock.monotonicTimeNanos, (nanos) => Number(nanos / nanosPerMilli))

const takeFrom = (buckets: TokenBuckets.TokenBuckets, id: string, what: string, now: number) => {
  const wait = buckets.wait(id, 1, now)
  if (wait > 0) return Effect.fail(exceeded(what, wait))
  return Effect.sync(() => buckets.spend(id, 1, now))
}

const unlimited: VisitLimits = {
  takeActing: () => Effect.void,
  takeReading: () => Effect.void,
  takeReport: () => Effect.void,
  takeNewVisitor: () => Effect.void,
}

const make = Effect.gen(function* () {
  const quota = yield* VisitLimit
  if (quota === undefined) return OpenLimits.of(unlimited)
  const nameOf = makeNames()
  const acting = TokenBuckets.make(quota.acting, 2 * quota.acting)
  const reading = TokenBuckets.make(10 * quota.acting)
  const reports = TokenBuckets.make(reportsPerMinute)
  const newVisitors = TokenBuckets.make(newVisitorsPerSecond * 60, newVisitorsPerSecond)

  const takeOfAddress = (buckets: TokenBuckets.TokenBuckets) =>
    Effect.fnUntraced(function* (request: HttpServerRequest.HttpServerRequest) {
      const network = yield* ClientAddress.holderOf(networkOf(yield* ClientAddress.of(request)))
      if (network === undefined) return
      const now = yield* monotonicMillis
      yield* takeFrom(buckets, nameOf(network, now), "requests of this address", now)
    })

  return OpenLimits.of({
    takeActing: takeOfAddress(acting),
    takeReading: takeOfAddress(reading),
    takeReport: takeOfAddress(reports),
    takeNewVisitor: (projectId) =>
      Effect.flatMap(monotonicMillis, (now) => takeFrom(newVisitors, projectId, "new visitors of this project", now)),
  })
})

/** The limits of a server, with the configured quota. */
export const layer: Layer.Layer<OpenLimits> = Layer.effect(OpenLimits, make)
