/**
 * What needs no credential: opening a session, and health checks.
 */
import { Context, Effect, Option, Schema } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import * as Exchange from "../../../core/Exchange.ts"
import * as Instant from "../../../core/Instant.ts"
import { Ledger } from "../../../core/ledger/Ledger.ts"
import { Api } from "../api/Api.ts"
import * as Wire from "../api/Wire.ts"
import * as Access from "./Access.ts"
import * as Answer from "./Answer.ts"
import * as Origin from "./Origin.ts"

/** The header in which a trusted proxy tells the visitor's region (ISO 3166-2); none unless configured. */
export const GeographyHeader = Context.Reference<string | undefined>("assent/http/GeographyHeader", {
  defaultValue: () => undefined,
})

const isRegion = Schema.is(Schema.String.check(Schema.isPattern(/^[A-Z]{2}(-[A-Z0-9]{1,3})?$/)))
const decodeRequest = Exchange.decoder(Wire.SessionRequest)
const healthy = Answer.json(JSON.stringify({ status: "ok" }))

const createSession = Effect.fnUntraced(function* (projectId: string, request: Parameters<typeof Answer.readBody>[0]) {
  const ledger = yield* Ledger
  const { organization, project } = yield* Access.openSite(projectId)
  const domain = Origin.allowed(request.headers["origin"], project)
  if (domain === undefined) {
    const detail = "send an Origin header that names one of the project's domains"
    return yield* new Answer.Problem({ status: 403, detail })
  }
  const { contextId } = yield* Answer.decode(decodeRequest, yield* Answer.readBody(request, {}))
  const geographyHeader = yield* GeographyHeader
  const geography = geographyHeader === undefined ? undefined : request.headers[geographyHeader.toLowerCase()]
  const userAgent = request.headers["user-agent"]
  const opened = yield* ledger.openSession({
    organization,
    project,
    ...(contextId != null && { contextId }),
    ipAddress: Option.getOrElse(request.remoteAddress, () => ""),
    domain,
    ...(isRegion(geography) && { geography }),
    ...(userAgent !== undefined && { userAgent }),
  })
  const { id, concordId, expiresAt } = opened.session
  const body = {
    session: opened.token,
    id,
    contextId: opened.contextId,
    concordId,
    expiresAt: Instant.format(expiresAt),
  }
  return Answer.json(JSON.stringify(body), 201, { "cache-control": "no-store" })
})

/** The handlers of the group `open`. */
export const layer = HttpApiBuilder.group(Api, "open", (handlers) =>
  handlers
    .handleRaw("createSession", ({ params, request }) => Answer.respond(createSession(params.projectId, request)))
    .handle("getHealth", () => Effect.succeed(healthy))
    .handle("getLiveness", () => Effect.succeed(healthy))
    .handle("getReadiness", () =>
      Answer.respond(
        Effect.gen(function* () {
          const ledger = yield* Ledger
          yield* ledger.catalog
          return healthy
        }),
      ),
    ),
)
