/**
 * Who may do what: checks credentials, that what a path names belongs to who asks, and the permission that the endpoint
 * declares. In this order, so that nobody learns of what is another's.
 */
import { Context, Effect, Layer, Option, Redacted } from "effect"
import { HttpRouter, HttpServerRequest } from "effect/http"
import type { HttpApiEndpoint } from "effect/http-api"
import type { ApiKey, Organization, ProjectScope } from "../../../core/model/Catalog.ts"
import { Ledger } from "../../../core/Ledger.ts"
import * as PositionsOf from "../../../core/ledger/Positions.ts"
import * as Role from "../../../core/model/Role.ts"
import { CurrentKey, CurrentVisitor, KeyRequired, SessionRequired } from "../api/Credentials.ts"
import { Needs } from "../api/Endpoint.ts"
import * as Answer from "./Answer.ts"
import * as Positions from "./Positions.ts"
import * as RateLimit from "./RateLimit.ts"
import * as RequestLog from "./RequestLog.ts"

const noOrganization = new Answer.HttpProblem({ status: 404, detail: "there is no such organization" })
const noProject = new Answer.HttpProblem({ status: 404, detail: "there is no such project" })

/** The project of a path on the Site API. */
export const projectOfPath = Effect.fnUntraced(function* (projectId: string) {
  const ledger = yield* Ledger
  const scope = yield* ledger.projectScope(projectId)
  if (Option.isNone(scope)) return yield* noProject
  yield* RequestLog.add({ projectId: scope.value.project.id, organizationId: scope.value.organization.id })
  return scope.value
})

/** The API key of the request, and the project of its path. */
export const inProject = Effect.gen(function* () {
  const { key, scope } = yield* CurrentKey
  if (scope === undefined) return yield* Effect.die("the path of the endpoint names no project")
  return { key, scope }
})

/** RFC 9110, section 11.6.1, wants a challenge: here it is the name of the header to send. */
const unauthorized = (header: string) =>
  new Answer.HttpProblem({
    status: 401,
    detail: `send a valid ${header} header`,
    headers: { "www-authenticate": header },
  })

type Params = Readonly<Record<string, string | undefined>>

/** The key of a secret. */
const keyOf = Effect.fnUntraced(function* (secret: string) {
  const ledger = yield* Ledger
  const key = yield* ledger.apiKey(secret)
  return Option.isSome(key) ? key.value : yield* unauthorized("x-api-key")
})

const organizationOf = Effect.fnUntraced(function* (key: ApiKey) {
  const ledger = yield* Ledger
  return (yield* ledger.catalog).organizations.get(key.organization)!
})

/** What is asked. Only an answer can be of too little: what is recorded or changed is never kept waiting. */
const isQuestion = (endpoint: HttpApiEndpoint.Top): boolean =>
  endpoint.method === "GET" || Context.get(endpoint.annotations, Needs) === "read"

/** The organization and the project that a path names, if they are the key's own. */
const ownOf = Effect.fnUntraced(function* (key: ApiKey, { organizationId, projectId }: Params) {
  if (organizationId !== undefined && organizationId.toLowerCase() !== key.organization) {
    return yield* projectId === undefined ? noOrganization : noProject
  }
  const organization: Organization = yield* organizationOf(key)
  if (projectId === undefined) return { organization, scope: undefined }
  const scope: ProjectScope = yield* projectOfPath(projectId)
  return scope.organization.id === key.organization ? { organization, scope } : yield* noProject
})

/** Whether the key has the permission of the endpoint, in the project of the path. */
const permit = (key: ApiKey, endpoint: HttpApiEndpoint.Top, scope: ProjectScope | undefined) => {
  const role = Role.roleIn(key, scope?.project.id)
  const needed = Context.get(endpoint.annotations, Needs)
  if (needed === undefined) return Effect.die(`${endpoint.identifier} declares no permission`)
  if (Role.may(role, needed)) return Effect.void
  return new Answer.HttpProblem({ status: 403, detail: `the API key's role ${role} does not permit to ${needed} here` })
}

/** Looks the API key up by the hash of its secret. */
export const keyLayer = Layer.effect(
  KeyRequired,
  Effect.gen(function* () {
    const ledger = yield* Ledger
    const count = yield* RateLimit.counter("key")
    const callerOf = Effect.fnUntraced(function* (secret: string, endpoint: HttpApiEndpoint.Top) {
      const { params } = yield* HttpRouter.RouteContext
      let key = yield* keyOf(secret)
      yield* RequestLog.add({ caller: "key", keyId: key.id, organizationId: key.organization })
      yield* count(key.id)
      const asked = isQuestion(endpoint) ? yield* Positions.requested : PositionsOf.none
      if (asked.size > 0) {
        yield* Positions.waitFor({ organization: yield* organizationOf(key) }, asked)
        // What was waited for may say that the key is revoked, or what it may do.
        key = yield* keyOf(secret)
      }
      const own = yield* ownOf(key, params)
      yield* permit(key, endpoint, own.scope)
      if (own.scope !== undefined) yield* Positions.waitFor(own.scope, asked)
      return { key, ...own }
    })
    return KeyRequired.of({
      apiKey: (httpEffect, { credential, endpoint }) =>
        callerOf(Redacted.value(credential), endpoint).pipe(
          Effect.matchEffect({
            onSuccess: (caller) =>
              Effect.flatMap(Effect.provideService(httpEffect, CurrentKey, caller), Positions.addCatalogRevision),
            onFailure: Answer.refuse,
          }),
          Effect.provideService(Ledger, ledger),
        ),
    })
  }),
)

/** Whether a request may come again after it has ended its own session. */
const mayComeAgain = (endpoint: HttpApiEndpoint.Top, request: HttpServerRequest.HttpServerRequest): boolean =>
  endpoint.identifier === "identify" && request.headers["idempotency-key"] !== undefined

/** Looks the session up by the hash of its token, in the project of the path. */
export const sessionLayer = Layer.effect(
  SessionRequired,
  Effect.gen(function* () {
    const ledger = yield* Ledger
    const count = yield* RateLimit.counter("session")
    const visitorOf = Effect.fnUntraced(function* (token: string, endpoint: HttpApiEndpoint.Top) {
      const { params } = yield* HttpRouter.RouteContext
      const request = yield* HttpServerRequest.HttpServerRequest
      const scope = yield* projectOfPath(params["projectId"] ?? "").pipe(Effect.provideService(Ledger, ledger))
      const session = yield* ledger.liveSession(scope.project, token)
      if (Option.isSome(session)) {
        yield* RequestLog.add({ caller: "session" })
        yield* count(session.value.id)
        return { session: yield* ledger.useSession(session.value), scope, isLive: true }
      }
      if (!mayComeAgain(endpoint, request)) return yield* unauthorized("x-session")
      const ended = yield* ledger.endedSession(scope.project, token)
      if (Option.isNone(ended)) return yield* unauthorized("x-session")
      yield* RequestLog.add({ caller: "session" })
      yield* count(ended.value.id)
      return { session: ended.value, scope, isLive: false }
    })
    return SessionRequired.of({
      session: (httpEffect, { credential, endpoint }) =>
        Effect.matchEffect(visitorOf(Redacted.value(credential), endpoint), {
          onSuccess: (visitor) => Effect.provideService(httpEffect, CurrentVisitor, visitor),
          onFailure: Answer.refuse,
        }),
    })
  }),
)

/** What an endpoint answers where a session has ended. */
export const sessionEnded = unauthorized("x-session")
