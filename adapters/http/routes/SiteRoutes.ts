/**
 * The handlers of the Site API, which browsers call with a session, about their own visitor.
 */
import { Clock, Context, Effect, Schema } from "effect"
import type { HttpServerRequest } from "effect/http"
import { HttpApiBuilder } from "effect/http-api"
import type * as Instant from "../../../core/engine/Instant.ts"
import { isUuid } from "../../../core/ledger/Identifiers.ts"
import { Ledger } from "../../../core/Ledger.ts"
import * as AskedRegion from "../../../core/ledger/AskedRegion.ts"
import type { Session } from "../../../core/ports/LedgerStore.ts"
import { Api } from "../api/Api.ts"
import { CurrentVisitor } from "../api/Credentials.ts"
import * as Wire from "../api/Wire.ts"
import * as Answer from "../server/Answer.ts"
import * as EntityTag from "../server/EntityTag.ts"
import * as Identifications from "./Identifications.ts"
import * as Items from "./Items.ts"
import * as Pages from "./Pages.ts"
import * as Profiles from "./Profiles.ts"
import * as Questions from "./Questions.ts"
import * as IdempotencyKey from "../server/IdempotencyKey.ts"
import * as ShownLanguage from "./ShownLanguage.ts"

/**
 * The seconds for which a browser may reuse a consent state. 0 unless configured, so that an answer that is given on
 * another page counts at once.
 */
export const StateMaxAge = Context.Reference<number>("assent/http/StateMaxAge", { defaultValue: () => 0 })

/** Only the browser may cache the answer, and only until the consent state changes by itself. */
const cacheControl = (maxAge: number, nextChangeAt: Instant.Instant | undefined, now: Instant.Instant): string => {
  const untilChange = nextChangeAt === undefined ? Infinity : Math.max(0, Math.floor((nextChangeAt - now) / 1000))
  return `private, max-age=${Math.min(maxAge, untilChange)}, must-revalidate`
}

/**
 * Answers with an `ETag` (RFC 9110, section 8.8.3), or 304 if the browser has that answer already. The tags of two
 * people differ, even if their answers are the same.
 */
const tagged = Effect.fnUntraced(function* (
  request: HttpServerRequest.HttpServerRequest,
  concordId: string,
  { body, nextChangeAt }: { readonly body: string; readonly nextChangeAt: Instant.Instant | undefined },
) {
  const etag = yield* EntityTag.of(`${concordId}\n${body}`)
  const now = yield* Clock.currentTimeMillis
  const headers = { etag, "cache-control": cacheControl(yield* StateMaxAge, nextChangeAt, now) }
  return EntityTag.isKnown(request, etag) ? Answer.notModified(headers) : Answer.json(body, 200, headers)
})

const recordItems = Items.recorder(Wire.VisitorItem, Wire.batch(Schema.Unknown))
const noEvent = new Answer.HttpProblem({ status: 404, detail: "the visitor has no such event" })

/** A question is about the region of its session, and where that is not known, about the default one. */
const ownRegion = ({ region = AskedRegion.byDefault }: Session) => ({ region })

/** The event of an id, if it is about the visitor or a person joined with the visitor; otherwise 404. */
const ownEvent = Effect.fnUntraced(function* (id: string) {
  const ledger = yield* Ledger
  const { session, scope } = yield* CurrentVisitor
  const event = isUuid(id) ? yield* ledger.event(scope.project, id.toLowerCase()) : undefined
  if (event === undefined) return yield* noEvent
  const isOwn = yield* ledger.areOne(scope.organization, session.concordId, event.concordId)
  return isOwn ? event : yield* noEvent
})

/** The handlers of the group `site`. */
export const layer = HttpApiBuilder.group(Api, "site", (handlers) =>
  handlers
    .handleRaw("createVisitorConsentEvents", ({ request }) =>
      Answer.respond(
        Effect.gen(function* () {
          const { session, scope } = yield* CurrentVisitor
          const body = yield* Answer.readBody(request)
          const idempotency = yield* IdempotencyKey.of(request, session.id, body)
          const about = { ...scope, submitter: session.concordId, session, ...idempotency }
          return yield* recordItems(body.json, about, Items.fromVisitor(session.concordId))
        }),
      ),
    )
    .handle("getVisitorConsentEvents", ({ query }) =>
      Answer.respond(
        Effect.gen(function* () {
          yield* Pages.check(query)
          const ledger = yield* Ledger
          const { session, scope } = yield* CurrentVisitor
          const outcome = yield* ledger.list(scope, session.id, { ...query, concordId: session.concordId })
          return yield* Pages.answer(outcome, ({ body }) => body)
        }),
      ),
    )
    .handle("getVisitorConsentEvent", ({ params }) =>
      Answer.respond(Effect.map(ownEvent(params.id), ({ body }) => Answer.json(body))),
    )
    .handle("getVisitorConsentState", ({ query, request }) =>
      Answer.respond(
        Effect.gen(function* () {
          const { session, scope } = yield* CurrentVisitor
          const { concordId, id } = session
          const asked = { ...query, ...ownRegion(session) }
          return yield* tagged(request, concordId, yield* Questions.state(scope, { concordId }, id, asked))
        }),
      ),
    )
    .handle("getVisitorConsentDecisions", ({ query }) =>
      Answer.respond(
        Effect.gen(function* () {
          const { session, scope } = yield* CurrentVisitor
          const { concordId, id } = session
          const asked = { ...query, ...ownRegion(session) }
          return Answer.json((yield* Questions.decisions(scope, { concordId }, id, asked)).body)
        }),
      ),
    )
    .handle("getVisitorConsentTypes", ({ query, request }) =>
      Answer.respond(ShownLanguage.listTypes(query, request.headers["accept-language"])),
    )
    .handleRaw("identify", ({ request }) => Answer.respond(Identifications.identify(request)))
    .handleRaw("keepProfile", ({ request }) => Answer.respond(Profiles.keep(request))),
)
