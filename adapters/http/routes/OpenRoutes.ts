/**
 * The handlers that need no credential: opening a session, and health probes.
 */
import { Effect } from "effect"
import type { HttpServerRequest } from "effect/http"
import { HttpApiBuilder } from "effect/http-api"
import * as Exchange from "../../../core/formats/Exchange.ts"
import * as Instant from "../../../core/engine/Instant.ts"
import { Ledger } from "../../../core/Ledger.ts"
import { Api } from "../api/Api.ts"
import * as Wire from "../api/Wire.ts"
import * as PathScope from "../server/PathScope.ts"
import * as Answer from "../server/Answer.ts"
import { OpenLimits } from "../server/OpenLimits.ts"
import * as RateLimit from "../server/RateLimit.ts"
import * as IdempotencyKey from "../server/IdempotencyKey.ts"
import * as SessionOpening from "./SessionOpening.ts"

const decodeRequest = Exchange.decoder(Wire.SessionRequest)
const healthy = Answer.json(JSON.stringify({ status: "ok" }))

const createSession = Effect.fnUntraced(function* (projectId: string, request: HttpServerRequest.HttpServerRequest) {
  const scope = yield* PathScope.find(projectId)
  yield* SessionOpening.pageOf(request, scope)
  yield* (yield* OpenLimits).takeActing(request)
  const account = yield* (yield* RateLimit.RateLimits).account({})
  yield* account.admit(yield* SessionOpening.ownersOf(request, scope), request)
  const body = yield* Answer.readBody(request, { absent: {} })
  const { contextId } = yield* Answer.decode(decodeRequest, body.json)
  const opening = { scope, request, body, contextId: contextId ?? undefined, account }
  const opened = yield* SessionOpening.open(opening)
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
