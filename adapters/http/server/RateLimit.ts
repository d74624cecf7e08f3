/**
 * Limits how much work a credential, a visitor, an address, a project and an organization may cause. Every answer to a
 * valid credential has the remaining quota in its headers; a request above a quota is answered 429.
 *
 * The headers are those of draft-ietf-httpapi-ratelimit-headers-11. A refused request does nothing, and draws nothing.
 * Each process has its own buckets, which are full when the process starts.
 */
import { Clock, Context, Effect, Layer, Semaphore } from "effect"
import { HttpEffect, HttpServerResponse, type HttpServerRequest } from "effect/http"
import * as WorkingPlace from "../../../core/ledger/WorkingPlace.ts"
import type { StoreUnavailable } from "../../../core/ports/LedgerStore.ts"
import { StreamsRows, TakesDeclines } from "../api/Endpoint.ts"
import type { Account } from "./Account.ts"
import * as Answer from "./Answer.ts"
import * as Quotas from "./Quotas.ts"
import * as TokenBuckets from "./TokenBuckets.ts"

/** The ids of the holders that a request's work is drawn from. */
export type Ids = { readonly [Each in Quotas.Holder]?: string }

/** A quota of one unit. */
interface Policy {
  readonly holder: Quotas.Holder
  readonly unit: Quotas.Unit
  readonly name: string
  readonly buckets: TokenBuckets.TokenBuckets
}

/** Work of one unit that is drawn from one bucket. */
interface Draw {
  readonly policy: Policy
  readonly id: string
  readonly n: number
}

/** The limits of a server. */
export interface Limits {
  /** The account of a request, whose headers are added to its answer. */
  readonly account: (ids: Ids) => Effect.Effect<OpenAccount, never, HttpServerRequest.HttpServerRequest>
}

/** An account to which holders can be added. */
export interface OpenAccount extends Account {
  /**
   * Draws the request itself from holders, and adds them to the account. Fails with 429 if a quota does not hold it,
   * unless the request may hold declines: then every later take fails with that problem.
   */
  readonly admit: (
    ids: Ids,
    request: HttpServerRequest.HttpServerRequest,
    annotations?: Context.Context<never>,
  ) => Effect.Effect<void, Answer.HttpProblem>
  /** Whether a quota did not hold the request itself. */
  readonly isExceeded: () => boolean
}

/** The limits of the server. */
export class RateLimits extends Context.Service<RateLimits, Limits>()("assent/http/RateLimits") {}

const nanosPerMilli = 1_000_000n

/** A monotonic clock, because a wall clock may be set back, and a limit must not last longer then. */
const monotonicMillis = Effect.map(Clock.monotonicTimeNanos, (nanos) => Number(nanos / nanosPerMilli))

const counted = (n: number, unit: string): string => `${n} ${n === 1 ? unit.replace(/s$/, "") : unit}`

const secondsOf = (millis: number): number => Math.ceil(millis / 1000)

const exceeded = ({ buckets: { quota }, holder, unit }: Policy, waitMillis: number): Answer.HttpProblem => {
  const seconds = secondsOf(waitMillis)
  const usedUp = `${Quotas.holders[holder]} has used up its ${counted(quota, unit)} a minute`
  return new Answer.HttpProblem({
    status: 429,
    detail: `${usedUp}; nothing was done; come back in ${counted(seconds, "seconds")}`,
    headers: { "retry-after": String(seconds) },
  })
}

/** The quota units as headers name them; requests are the default. */
const unitFields: { readonly [Unit in Quotas.Unit]: string } = {
  requests: "",
  items: ';qu="items"',
  bytes: ';qu="content-bytes"',
  writes: ';qu="writes"',
}

const policyField = ({ buckets: { quota }, name, unit }: Policy): string =>
  `"${name}";q=${quota};w=${TokenBuckets.windowMillis / 1000}${unitFields[unit]}`

const leftField = ([{ buckets, name }, id]: readonly [Policy, string], now: number): string => {
  const { nextMillis, remaining } = buckets.left(id, now)
  return `"${name}";r=${remaining};t=${secondsOf(nextMillis)}`
}

/** The holders whose quotas a visitor shares with others, and is shown only when they refuse. */
const shared: ReadonlySet<Quotas.Holder> = new Set(["address", "project", "organization"])

/** The highest number of requests above the quotas of one caller that wait for each other. */
export const waitingMax = 16

/** The largest body above a quota, in bytes: a thousand declines of a visitor. */
const refusedBodyMaxBytes = 128 * 1024

const tooManyWait = new Answer.HttpProblem({
  status: 503,
  detail: `the quota is used up, so declines are recorded one request at a time, and ${waitingMax} requests wait; try again`,
  headers: { "retry-after": "1" },
})

/**
 * The bytes of a body that its head announces; those of a stream of rows are drawn while they arrive. A visitor cannot
 * draw more than is read from a project or an organization that it shares with others.
 */
const announcedBytes = (
  ids: Ids,
  { headers }: HttpServerRequest.HttpServerRequest,
  annotations: Context.Context<never>,
): number => {
  const length = Number(headers["content-length"] ?? 0)
  if (Context.get(annotations, StreamsRows) || !Number.isSafeInteger(length)) return 0
  return ids.key === undefined ? Math.min(length, Answer.bodyMaxBytes) : length
}

const policiesOf = (quotas: Quotas.Quotas) => {
  const holders = Object.keys(Quotas.holders) as Array<Quotas.Holder>
  const policies = holders.map((holder) => {
    const ofHolder = Quotas.units.flatMap((unit): ReadonlyArray<Policy> => {
      const quota = quotas[holder][unit]
      const name = unit === "requests" ? holder : `${holder}-${unit}`
      return quota === undefined ? [] : [{ holder, unit, name, buckets: TokenBuckets.make(quota) }]
    })
    return [holder, ofHolder] as const
  })
  return policies.filter(([, ofHolder]) => ofHolder.length > 0)
}

/** Makes the function that does work of one caller at a time. */
const makeTurns = () => {
  const turns = new Map<string, { readonly lock: Semaphore.Semaphore; count: number }>()
  return <A, E, R>(caller: string, work: Effect.Effect<A, E, R>) =>
    Effect.suspend((): Effect.Effect<A, E | Answer.HttpProblem | StoreUnavailable, R> => {
      const turn = turns.get(caller) ?? { lock: Semaphore.makeUnsafe(1), count: 0 }
      if (turn.count > waitingMax) return tooManyWait
      turns.set(caller, turn)
      turn.count++
      return Effect.ensuring(
        WorkingPlace.withLock(turn.lock, work),
        Effect.sync(() => --turn.count === 0 && turns.delete(caller)),
      )
    })
}

/** The account where no quota is set. */
const unlimited: OpenAccount = {
  admit: () => Effect.void,
  take: () => Effect.void,
  charge: () => Effect.void,
  chargeRefused: () => Effect.void,
  pace: () => Effect.void,
  bodyMaxBytes: () => Infinity,
  inTurn: (work) => work,
  isExceeded: () => false,
}

const make = Effect.gen(function* () {
  const policies = policiesOf(yield* Quotas.Quotas)
  const inTurn = makeTurns()

  const drawsOf = (ids: Ids, work: Quotas.Work): Array<Draw> => {
    const draws: Array<Draw> = []
    for (const [holder, ofHolder] of policies) {
      const id = ids[holder]
      if (id === undefined) continue
      for (const policy of ofHolder) {
        const n = work[policy.unit] ?? 0
        if (n > 0) draws.push({ policy, id, n })
      }
    }
    return draws
  }

  const account = Effect.fnUntraced(function* (given: Ids) {
    if (policies.length === 0) return unlimited
    let ids = given
    let refusedBy: Answer.HttpProblem | undefined
    /** The work of the request itself that a quota did not hold. */
    let undrawn: Quotas.Work = {}
    /** The quotas in the headers of the answer, as they are after the last draw. */
    const shown = new Map<Policy, string>()
    let drawnAt = 0

    yield* HttpEffect.appendPreResponseHandler((_, response) =>
      Effect.succeed(
        shown.size === 0
          ? response
          : HttpServerResponse.setHeaders(response, {
              "ratelimit-policy": [...shown.keys()].map(policyField).join(", "),
              ratelimit: [...shown].map((entry) => leftField(entry, drawnAt)).join(", "),
            }),
      ),
    )

    const show = ({ id, policy }: Draw): void => {
      if (ids.key !== undefined || !shared.has(policy.holder)) shown.set(policy, id)
    }

    const spend = (draws: ReadonlyArray<Draw>, now: number): void => {
      if (draws.length > 0) drawnAt = now
      for (const { id, n, policy } of draws) policy.buckets.spend(id, n, now)
    }

    const takeFrom = (holders: Ids, work: Quotas.Work): Effect.Effect<void, Answer.HttpProblem> =>
      Effect.flatMap(monotonicMillis, (now) => {
        const draws = drawsOf(holders, work)
        draws.forEach(show)
        let longest: Draw | undefined
        let waitMillis = 0
        for (const draw of draws) {
          const wait = draw.policy.buckets.wait(draw.id, draw.n, now)
          if (wait > waitMillis) [longest, waitMillis] = [draw, wait]
        }
        if (longest === undefined) return Effect.sync(() => spend(draws, now))
        shown.set(longest.policy, longest.id)
        drawnAt = now
        return Effect.fail(exceeded(longest.policy, waitMillis))
      })

    const charge = (work: Quotas.Work) =>
      Effect.map(monotonicMillis, (now) => {
        const draws = drawsOf(ids, work)
        draws.forEach(show)
        spend(draws, now)
      })

    const pacePart = ({ id, policy: { buckets } }: Draw, part: number) =>
      Effect.gen(function* () {
        for (;;) {
          const now = yield* monotonicMillis
          const wait = buckets.wait(id, part, now)
          if (wait === 0) return buckets.spend(id, part, now)
          yield* Effect.sleep(wait)
        }
      })

    const pace = (work: Quotas.Work) =>
      Effect.gen(function* () {
        for (const draw of drawsOf(ids, work)) {
          const { quota } = draw.policy.buckets
          for (let rest = draw.n; rest > 0; rest -= quota) yield* pacePart(draw, Math.min(rest, quota))
        }
      })

    const opened: OpenAccount = {
      admit: (added, request, annotations = Context.empty()) =>
        Effect.suspend(() => {
          ids = { ...ids, ...added }
          const work = { requests: 1, bytes: announcedBytes(ids, request, annotations) }
          if (drawsOf(added, work).length === 0) return Effect.void
          return Effect.catch(takeFrom(added, work), (refusal) => {
            refusedBy ??= refusal
            undrawn = work
            return Context.get(annotations, TakesDeclines) ? Effect.void : Effect.fail(refusal)
          })
        }),
      take: (work) => (refusedBy === undefined ? takeFrom(ids, work) : Effect.fail(refusedBy)),
      charge,
      bodyMaxBytes: () => (refusedBy === undefined ? Infinity : refusedBodyMaxBytes),
      chargeRefused: (work) => charge({ ...undrawn, ...work }),
      pace,
      inTurn: (work) => inTurn(ids.key ?? ids.visitor ?? "", work),
      isExceeded: () => refusedBy !== undefined,
    }
    return opened
  })

  return RateLimits.of({ account })
})

/** The limits of a server, with the configured quotas. */
export const layer: Layer.Layer<RateLimits> = Layer.effect(RateLimits, make)
