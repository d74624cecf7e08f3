/**
 * Opens sessions for pages, which need no credential: only the pages of the project get one, within limits that are
 * checked before anything is written.
 */
import { Effect } from "effect"
import type { HttpServerRequest } from "effect/http"
import { Ledger } from "../../../core/Ledger.ts"
import type { ProjectScope } from "../../../core/model/Catalog.ts"
import * as IpAddress from "../../../core/people/IpAddress.ts"
import * as PublishedRegions from "../../../core/model/PublishedRegions.ts"
import * as RegionFacts from "../../../core/model/RegionFacts.ts"
import * as Answer from "../server/Answer.ts"
import * as ClientAddress from "../server/ClientAddress.ts"
import * as Geography from "../server/Geography.ts"
import * as IdempotencyKey from "../server/IdempotencyKey.ts"
import { OpenLimits } from "../server/OpenLimits.ts"
import * as Origin from "../server/Origin.ts"
import { sessionRecordWrites, sessionWrites } from "../server/Quotas.ts"
import type * as RateLimit from "../server/RateLimit.ts"

/** What a session is opened by. The caller has checked the page and drawn the request. */
export interface Opening {
  readonly scope: ProjectScope
  readonly request: HttpServerRequest.HttpServerRequest
  /** Whose key makes the request repeatable; left out: it takes none. */
  readonly body?: Answer.Body
  readonly contextId: string | undefined
  readonly account: RateLimit.OpenAccount
}

const unlisted = new Answer.HttpProblem({
  status: 403,
  detail: "send an Origin header that names one of the project's domains or app origins",
})

const guessable = new Answer.HttpProblem({
  status: 400,
  detail: "the Idempotency-Key of a session must be a random UUID: whoever knows it would get the session",
})

/** A UUID of a version that has random bits: 4 or 7 (RFC 9562). */
const randomUuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[47][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/i

/** The name of the page that a request comes from; fails with 403 if it is not one of the project's. */
export const pageOf = (
  { headers }: HttpServerRequest.HttpServerRequest,
  { project }: ProjectScope,
): Effect.Effect<string, Answer.HttpProblem> => {
  const domain = Origin.allowed(headers["origin"], project)
  return domain === undefined ? Effect.fail(unlisted) : Effect.succeed(domain)
}

/** The holders of quotas that a request without a session is drawn from. */
export const ownersOf = Effect.fnUntraced(function* (
  request: HttpServerRequest.HttpServerRequest,
  { organization, project }: ProjectScope,
) {
  const address = yield* ClientAddress.holderOf(IpAddress.shorten(yield* ClientAddress.of(request)))
  return { ...(address !== undefined && { address }), project: project.id, organization: organization.id }
})

/** Opens a session for the visitor that the `contextId` names, or for a new one. */
export const open = Effect.fnUntraced(function* ({ account, body, contextId, request, scope }: Opening) {
  const ledger = yield* Ledger
  const limits = yield* OpenLimits
  const { organization, project } = scope
  const { idempotency } = body === undefined ? {} : yield* IdempotencyKey.of(request, `page ${project.id}`, body)
  if (idempotency !== undefined && !randomUuid.test(idempotency.key)) return yield* guessable
  const isKnown = contextId !== undefined && (yield* ledger.knowsContext(scope, contextId))
  if (!isKnown) yield* limits.takeNewVisitor(project.id)
  yield* account.take({ writes: sessionWrites + (idempotency === undefined ? 0 : sessionRecordWrites) })
  const geography = yield* Geography.of(request)
  const publication = PublishedRegions.current(yield* ledger.catalog, project)
  const region = RegionFacts.under(publication, PublishedRegions.ofGeography(publication, geography).id)
  const userAgent = request.headers["user-agent"]
  const outcome = yield* ledger.openSession({
    organization,
    project,
    ...(contextId !== undefined && { contextId }),
    ipAddress: IpAddress.shorten(yield* ClientAddress.of(request)),
    domain: yield* pageOf(request, scope),
    ...(geography !== undefined && { geography }),
    ...(region !== undefined && { region: region.id }),
    ...(userAgent !== undefined && { userAgent }),
    ...(idempotency !== undefined && { idempotency }),
  })
  return yield* IdempotencyKey.orRefuse(outcome)
})
