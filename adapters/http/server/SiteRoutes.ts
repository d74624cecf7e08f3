/**
 * The Site API: what browsers ask with a session, about their own visitor.
 */
import { Effect } from "effect"
import { Digest } from "effect/crypto"
import type { HttpServerRequest } from "effect/http"
import { HttpApiBuilder } from "effect/http-api"
import { Api } from "../api/Api.ts"
import { CurrentVisitor } from "../api/Credentials.ts"
import * as Wire from "../api/Wire.ts"
import * as Answer from "./Answer.ts"
import * as Items from "./Items.ts"
import * as Questions from "./Questions.ts"

/** The answer of a browser is nobody else's, and may have changed a moment later: it is asked for anew each time. */
const revalidated = "private, max-age=0, must-revalidate"

const encoder = new TextEncoder()

/** Answers with an `ETag` (RFC 9110, section 8.8.3), or 304 where the browser has that answer already. */
const tagged = Effect.fnUntraced(function* (request: HttpServerRequest.HttpServerRequest, body: string) {
  const digest = yield* Digest.Digest
  const etag = `"${(yield* digest.digestHex(Digest.sha256, encoder.encode(body))).slice(0, 32)}"`
  const headers = { etag, "cache-control": revalidated }
  const known = request.headers["if-none-match"]?.split(",").map((tag) => tag.trim().replace(/^W\//, ""))
  return known?.includes(etag) === true || known?.includes("*") === true
    ? Answer.notModified(headers)
    : Answer.json(body, 200, headers)
})

const recordItems = Items.recorder(Wire.VisitorItem)

/** The handlers of the group `site`. */
export const layer = HttpApiBuilder.group(Api, "site", (handlers) =>
  handlers
    .handleRaw("createVisitorConsentEvents", ({ request }) =>
      Answer.respond(
        Effect.gen(function* () {
          const { session, site } = yield* CurrentVisitor
          const body = yield* Answer.readBody(request)
          const about = { ...site, submitter: session.concordId, session }
          const bodies = yield* recordItems(body, about, Items.fromVisitor(session.concordId))
          return Answer.json(Answer.list(bodies), 201)
        }),
      ),
    )
    .handle("getVisitorConsentEvents", ({ query }) =>
      Answer.respond(
        Effect.gen(function* () {
          const { session, site } = yield* CurrentVisitor
          return Answer.json(yield* Questions.events(site, session.concordId, query))
        }),
      ),
    )
    .handle("getVisitorConsentState", ({ request }) =>
      Answer.respond(
        Effect.gen(function* () {
          const { session, site } = yield* CurrentVisitor
          return yield* tagged(request, yield* Questions.state(site, session.concordId, {}))
        }),
      ),
    )
    .handle("getVisitorConsentDecisions", ({ query }) =>
      Answer.respond(
        Effect.gen(function* () {
          const { session, site } = yield* CurrentVisitor
          return Answer.json(yield* Questions.decisions(site, session.concordId, query))
        }),
      ),
    ),
)
