/**
 * Credentials: looks up the API key or the session that a request is sent with, by the hash of its secret.
 *
 * A request with an API key is counted, waits for the positions it names, and is authorized, in this order.
 */
import { Context, Effect, Layer, Option, Redacted } from "effect"
import { HttpRouter, HttpServerRequest } from "effect/http"
import type { HttpApiEndpoint } from "effect/http-api"
import { Ledger } from "../../../core/Ledger.ts"
import { CurrentKey, CurrentVisitor, KeyRequired, SessionRequired } from "../api/Credentials.ts"
import { RepeatableAfterEnd } from "../api/Endpoint.ts"
import type { Session } from "../../../core/ports/LedgerStore.ts"
import { CurrentAccount } from "./Account.ts"
import * as Answer from "./Answer.ts"
import * as Authorize from "./Authorize.ts"
import * as AwaitPositions from "./AwaitPositions.ts"
import * as PathScope from "./PathScope.ts"
import * as Positions from "./Positions.ts"
import * as RateLimit from "./RateLimit.ts"
import * as RequestLog from "./RequestLog.ts"

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
    const callerOf = Effect.fnUntraced(function* (secret: string, endpoint: HttpApiEndpoint.Top) {
      const { params } = yield* HttpRouter.RouteContext
      let key = yield* keyOf(secret)
      yield* RequestLog.add({ caller: "key", keyId: key.id, organizationId: key.organization })
      const request = yield* HttpServerRequest.HttpServerRequest
      const account = yield* limits.account({})
      yield* account.admit({ key: key.id, organization: key.organization }, request, endpoint.annotations)
      const positions = yield* AwaitPositions.requested(endpoint)
      if (positions.size > 0) {
        yield* AwaitPositions.waitFor({ organization: yield* Authorize.organizationOf(key) }, positions)
        // The catalog at those positions may hold that the key is revoked, or has another role.
        key = yield* keyOf(secret)
      }
      const own = yield* Authorize.authorize(key, endpoint, params)
      if (own.scope !== undefined) yield* AwaitPositions.waitFor(own.scope, positions)
      if (own.scope !== undefined)
        yield* account.admit({ project: own.scope.project.id }, request, endpoint.annotations)
      return { account, caller: { key, ...own } }
    })
    return KeyRequired.of({
      apiKey: (httpEffect, { credential, endpoint }) =>
        callerOf(Redacted.value(credential), endpoint).pipe(
          Effect.matchEffect({
            onSuccess: ({ account, caller }) =>
              httpEffect.pipe(
                Effect.provideService(CurrentKey, caller),
                Effect.provideService(CurrentAccount, account),
                Effect.flatMap(Positions.addCatalogRevision),
              ),
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
    const visitorOf = Effect.fnUntraced(function* (token: string, endpoint: HttpApiEndpoint.Top) {
      const { params } = yield* HttpRouter.RouteContext
      const request = yield* HttpServerRequest.HttpServerRequest
      const scope = yield* PathScope.find(params["projectId"] ?? "").pipe(Effect.provideService(Ledger, ledger))
      /** The account of a session's visitor. */
      const accountOf = Effect.fnUntraced(function* ({ concordId, id, ipAddress }: Session) {
        const account = yield* limits.account({})
        const ids = { session: id, visitor: concordId, address: ipAddress }
        const owners = { project: scope.project.id, organization: scope.organization.id }
        yield* account.admit({ ...ids, ...owners }, request, endpoint.annotations)
        return account
      })
      const session = yield* ledger.liveSession(scope.project, token)
      if (Option.isSome(session)) {
        yield* RequestLog.add({ caller: "session" })
        const account = yield* accountOf(session.value)
        const used = account.isExceeded() ? session.value : yield* ledger.useSession(session.value)
        return { account, visitor: { session: used, scope, isLive: true } }
      }
      if (!mayRepeat(endpoint, request)) return yield* unauthorized("x-session")
      const ended = yield* ledger.endedSession(scope.project, token)
      if (Option.isNone(ended)) return yield* unauthorized("x-session")
      yield* RequestLog.add({ caller: "session" })
      return {
        account: yield* accountOf(ended.value),
        visitor: { session: ended.value, scope, isLive: false },
      }
    })
    return SessionRequired.of({
      session: (httpEffect, { credential, endpoint }) =>
        Effect.matchEffect(visitorOf(Redacted.value(credential), endpoint), {
          onSuccess: ({ account, visitor }) =>
            httpEffect.pipe(
              Effect.provideService(CurrentVisitor, visitor),
              Effect.provideService(CurrentAccount, account),
            ),
          onFailure: Answer.refuse,
        }),
    })
  }),
)
