/**
 * Credentials: looks up the API key or the session that a request is sent with, by the hash of its secret.
 *
 * A request with an API key is counted, authorized, and waits for the positions it names, in this order: nothing is
 * waited for, and no body is read, before the credential, the path and the role are checked.
 */
import { Context, Effect, Layer, Option, Redacted } from "effect"
import { HttpRouter, HttpServerRequest } from "effect/http"
import type { HttpApiEndpoint } from "effect/http-api"
import { Ledger } from "../../../core/Ledger.ts"
import type { Project } from "../../../core/model/Catalog.ts"
import { WorkingPlace } from "../../../core/ledger/WorkingPlace.ts"
import { CurrentKey, CurrentVisitor, KeyRequired, SessionRequired } from "../api/Credentials.ts"
import { RepeatableAfterEnd } from "../api/Endpoint.ts"
import { CurrentAccount } from "./Account.ts"
import * as Answer from "./Answer.ts"
import * as Authorize from "./Authorize.ts"
import * as IpAddress from "../../../core/people/IpAddress.ts"
import * as ClientAddress from "./ClientAddress.ts"
import * as AwaitPositions from "./AwaitPositions.ts"
import * as PathScope from "./PathScope.ts"
import * as Positions from "./Positions.ts"
import * as RateLimit from "./RateLimit.ts"
import * as RequestLog from "./RequestLog.ts"
import { StillAllowed } from "./StillAllowed.ts"
import * as WaitingRequests from "./WaitingRequests.ts"

/** 401 with the challenge that RFC 9110, section 11.6.1, demands: the name of the header to send. */
const unauthorized = (header: string) =>
  new Answer.HttpProblem({
    status: 401,
    detail: `send a valid ${header} header`,
    headers: { "www-authenticate": header },
  })

/** The answer of an endpoint that finds the session ended. */
export const sessionEnded = unauthorized("x-session")

const keyOf = Effect.fnUntraced(function* (secret: string) {
  const ledger = yield* Ledger
  const key = yield* ledger.apiKey(secret)
  return Option.isSome(key) ? key.value : yield* unauthorized("x-api-key")
})

/** Accepts requests with a valid API key that may call the endpoint. */
export const keyLayer = Layer.effect(
  KeyRequired,
  Effect.gen(function* () {
    const ledger = yield* Ledger
    const limits = yield* RateLimit.RateLimits
    const placeOf = WaitingRequests.make()
    const callerOf = Effect.fnUntraced(function* (secret: string, endpoint: HttpApiEndpoint.Top) {
      const { params } = yield* HttpRouter.RouteContext
      const key = yield* keyOf(secret)
      yield* RequestLog.add({ caller: "key", keyId: key.id, organizationId: key.organization })
      const request = yield* HttpServerRequest.HttpServerRequest
      const account = yield* limits.account({})
      yield* account.admit({ key: key.id, organization: key.organization }, request, endpoint.annotations)
      const own = yield* AwaitPositions.authorized(Authorize.authorize(key, endpoint, params), endpoint)
      if (own.scope !== undefined)
        yield* account.admit({ project: own.scope.project.id }, request, endpoint.annotations)
      const again = Effect.gen(function* () {
        const key = yield* keyOf(secret)
        return { key, ...(yield* Authorize.authorize(key, endpoint, params)) }
      }).pipe(Effect.provideService(Ledger, ledger))
      const place = placeOf(key.organization, request)
      const positions = yield* AwaitPositions.requested(endpoint)
      const waiting = AwaitPositions.waitFor(own.scope ?? own, positions)
      const hasWaited = positions.size > 0 && (yield* Effect.provideService(waiting, WorkingPlace, place))
      const check = Effect.map(again, ({ scope }) => scope)
      const current = hasWaited ? yield* again : { key, ...own }
      return (context: Context.Context<never>) =>
        Context.add(context, CurrentKey, current).pipe(
          Context.add(CurrentAccount, account),
          Context.add(WorkingPlace, place),
          Context.add(StillAllowed, check),
        )
    })
    return KeyRequired.of({
      apiKey: (httpEffect, { credential, endpoint }) =>
        callerOf(Redacted.value(credential), endpoint).pipe(
          Effect.matchEffect({
            onSuccess: (add) => Effect.flatMap(Effect.updateContext(httpEffect, add), Positions.addCatalogRevision),
            onFailure: Answer.refuse,
          }),
          Effect.provideService(Ledger, ledger),
        ),
    })
  }),
)

/** Whether a request is accepted with an ended session, because it may repeat the request that ended it. */
const mayRepeat = (endpoint: HttpApiEndpoint.Top, request: HttpServerRequest.HttpServerRequest): boolean =>
  Context.get(endpoint.annotations, RepeatableAfterEnd) && request.headers["idempotency-key"] !== undefined

/** Accepts requests with a live session of the project in the path. */
export const sessionLayer = Layer.effect(
  SessionRequired,
  Effect.gen(function* () {
    const ledger = yield* Ledger
    const limits = yield* RateLimit.RateLimits
    /** The session of a token, live or, where the request may repeat, ended. */
    const sessionOf = Effect.fnUntraced(function* (token: string, project: Project, mayRepeat: boolean) {
      const live = yield* ledger.liveSession(project, token)
      if (Option.isSome(live)) return { session: live.value, isLive: true }
      const ended = mayRepeat ? yield* ledger.endedSession(project, token) : Option.none()
      return Option.isSome(ended) ? { session: ended.value, isLive: false } : yield* sessionEnded
    })

    const visitorOf = Effect.fnUntraced(function* (token: string, endpoint: HttpApiEndpoint.Top) {
      const { params } = yield* HttpRouter.RouteContext
      const request = yield* HttpServerRequest.HttpServerRequest
      const scopeNow = Effect.provideService(PathScope.find(params["projectId"] ?? ""), Ledger, ledger)
      const scope = yield* scopeNow
      const { isLive, session } = yield* sessionOf(token, scope.project, mayRepeat(endpoint, request))
      yield* RequestLog.add({ caller: "session" })
      const account = yield* limits.account({})
      // Where the session's own address cannot be opened, the quota is that of the address of the request.
      const opened = session.ipAddress ?? IpAddress.shorten(yield* ClientAddress.of(request))
      const address = yield* ClientAddress.holderOf(opened)
      const ids = { session: session.id, visitor: session.concordId, ...(address !== undefined && { address }) }
      const owners = { project: scope.project.id, organization: scope.organization.id }
      yield* account.admit({ ...ids, ...owners }, request, endpoint.annotations)
      const check = Effect.gen(function* () {
        const now = yield* sessionOf(token, scope.project, !isLive)
        return now.isLive === isLive ? yield* scopeNow : yield* sessionEnded
      })
      const isUsed = isLive && !account.isExceeded()
      const visitor = { session: isUsed ? yield* ledger.useSession(scope.project, session) : session, scope, isLive }
      return (context: Context.Context<never>) =>
        Context.add(context, CurrentVisitor, visitor).pipe(
          Context.add(CurrentAccount, account),
          Context.add(StillAllowed, check),
        )
    })
    return SessionRequired.of({
      session: (httpEffect, { credential, endpoint }) =>
        Effect.matchEffect(visitorOf(Redacted.value(credential), endpoint), {
          onSuccess: (add) => Effect.updateContext(httpEffect, add),
          onFailure: Answer.refuse,
        }),
    })
  }),
)
