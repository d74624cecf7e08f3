/**
 * The handlers that need no credential: opening a session, and health probes.
 */
import { Context, Effect, Schema } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import * as Exchange from "../../../core/formats/Exchange.ts"
import * as Instant from "../../../core/engine/Instant.ts"
import { Ledger } from "../../../core/Ledger.ts"
import * as IpAddress from "../../../core/people/IpAddress.ts"
import { Api } from "../api/Api.ts"
import * as Wire from "../api/Wire.ts"
import * as PathScope from "../server/PathScope.ts"
import * as Answer from "../server/Answer.ts"
import * as ClientAddress from "../server/ClientAddress.ts"
import * as Origin from "../server/Origin.ts"
import { sessionRecordWrites, sessionWrites } from "../server/Quotas.ts"
import * as RateLimit from "../server/RateLimit.ts"
import * as IdempotencyKey from "../server/IdempotencyKey.ts"

/** The header in which a trusted proxy sends the visitor's region (ISO 3166-2); none unless configured. */
export const GeographyHeader = Context.Reference<string | undefined>("assent/http/GeographyHeader", {
  defaultValue: () => undefined,
})

const isRegion = Schema.is(Schema.String.check(Schema.isPattern(/^[A-Z]{2}(-[A-Z0-9]{1,3})?$/)))
const decodeRequest = Exchange.decoder(Wire.SessionRequest)
const healthy = Answer.json(JSON.stringify({ status: "ok" }))

/** A UUID of a version that has random bits: 4 or 7 (RFC 9562). */
const randomUuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[47][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/i

const guessable = new Answer.HttpProblem({
  status: 400,
  detail: "the Idempotency-Key of a session must be a random UUID: whoever knows it would get the session",
})

const createSession = Effect.fnUntraced(function* (projectId: string, request: Parameters<typeof Answer.readBody>[0]) {
  const ledger = yield* Ledger
  const { organization, project } = yield* PathScope.find(projectId)
  const domain = Origin.allowed(request.headers["origin"], project)
  if (domain === undefined) {
    const detail = "send an Origin header that names one of the project's domains or app origins"
    return yield* new Answer.HttpProblem({ status: 403, detail })
  }
  const address = IpAddress.shorten(yield* ClientAddress.of(request))
  const limits = yield* RateLimit.RateLimits
  const account = yield* limits.account({})
  const holder = yield* ClientAddress.holderOf(address)
  yield* account.admit(
    { ...(holder !== undefined && { address: holder }), project: project.id, organization: organization.id },
    request,
  )
  const body = yield* Answer.readBody(request, { absent: {} })
  const { contextId } = yield* Answer.decode(decodeRequest, body.json)
  const { idempotency } = yield* IdempotencyKey.of(request, `page ${project.id}`, body)
  if (idempotency !== undefined && !randomUuid.test(idempotency.key)) return yield* guessable
  yield* account.take({ writes: sessionWrites + (idempotency === undefined ? 0 : sessionRecordWrites) })
  const geographyHeader = yield* GeographyHeader
  const geography = geographyHeader === undefined ? undefined : request.headers[geographyHeader.toLowerCase()]
  const userAgent = request.headers["user-agent"]
  const outcome = yield* ledger.openSession({
    organization,
    project,
    ...(contextId != null && { contextId }),
    ipAddress: address,
    domain,
    ...(isRegion(geography) && { geography }),
    ...(userAgent !== undefined && { userAgent }),
    ...(idempotency !== undefined && { idempotency }),
  })
  const opened = yield* IdempotencyKey.orRefuse(outcome)
  const { id, concordId, expiresAt } = opened.session
  const answer = {
    session: opened.token,
    id,
    contextId: opened.contextId,
    concordId,
    expiresAt: Instant.format(expiresAt),
  }
  const headers = { "cache-control": "no-store", ...IdempotencyKey.headers(opened.isRepeated) }
  return Answer.json(JSON.stringify(answer), 201, headers)
})

/** The handlers of the group `open`. */
export const layer = HttpApiBuilder.group(Api, "open", (handlers) =>
  handlers
    .handleRaw("createSession", ({ params, request }) => Answer.respond(createSession(params.projectId, request)))
    .handle("getHealth", ({ params }) => Answer.respond(Effect.as(PathScope.find(params.projectId), healthy)))
    .handle("getLiveness", () => Effect.succeed(healthy))
    .handle("getReadiness", () =>
      Answer.respond(
        Effect.gen(function* () {
          const ledger = yield* Ledger
          yield* ledger.ready
          return healthy
        }),
      ),
    ),
)
