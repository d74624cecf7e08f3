/**
 * The handlers of visits, which need no credential.
 */
import { Clock, Context, Effect } from "effect"
import type { HttpServerRequest } from "effect/http"
import { HttpApiBuilder } from "effect/http-api"
import * as Instant from "../../../core/engine/Instant.ts"
import { Ledger } from "../../../core/Ledger.ts"
import * as LanguageLookup from "../../../core/model/LanguageLookup.ts"
import * as PublishedRegions from "../../../core/model/PublishedRegions.ts"
import * as RegionFacts from "../../../core/model/RegionFacts.ts"
import * as SiteRevision from "../../../core/regions/SiteRevision.ts"
import { Api } from "../api/Api.ts"
import { TakesDeclines } from "../api/Endpoint.ts"
import { CurrentAccount } from "../server/Account.ts"
import * as Answer from "../server/Answer.ts"
import * as BuiltScripts from "../server/BuiltScripts.ts"
import * as CompressedJson from "../server/CompressedJson.ts"
import * as ContextCookie from "../server/ContextCookie.ts"
import * as EntityTag from "../server/EntityTag.ts"
import * as Geography from "../server/Geography.ts"
import { OpenLimits } from "../server/OpenLimits.ts"
import * as PathScope from "../server/PathScope.ts"
import * as RateLimit from "../server/RateLimit.ts"
import * as Questions from "./Questions.ts"
import * as SessionOpening from "./SessionOpening.ts"
import * as VisitBody from "./VisitBody.ts"
import * as VisitJson from "./VisitJson.ts"
import * as VisitSession from "./VisitSession.ts"

/** For how long a browser may reuse the configuration, and for how long more while it asks again, in seconds. */
const [maxAge, staleAge] = [300, 86_400]

/** Only a browser may keep the answer, and not longer than until the next version of a type is published. */
const cacheControl = (next: Instant.Instant | undefined, now: Instant.Instant): string => {
  const untilNext = next === undefined ? Infinity : Math.max(0, Math.floor((next - now) / 1000))
  const fresh = Math.min(maxAge, untilNext)
  return `private, max-age=${fresh}, stale-while-revalidate=${Math.min(staleAge, untilNext - fresh)}`
}

/** The languages that a visitor wants, the most wanted first. */
const wantedLanguages = (
  language: string | undefined,
  { headers }: HttpServerRequest.HttpServerRequest,
): ReadonlyArray<string> => (language === undefined ? LanguageLookup.ofHeader(headers["accept-language"]) : [language])

/** The revision of the configuration of a visitor, and what makes its members. */
const inputOf = Effect.fnUntraced(function* (
  projectId: string,
  language: string | undefined,
  request: HttpServerRequest.HttpServerRequest,
) {
  const ledger = yield* Ledger
  const scope = yield* PathScope.find(projectId)
  const publication = PublishedRegions.current(yield* ledger.catalog, scope.project)
  const geography = yield* Geography.of(request)
  const region = PublishedRegions.ofGeography(publication, geography)
  const gpc = request.headers["sec-gpc"] === "1"
  const wanted = wantedLanguages(language, request)
  const { files } = yield* BuiltScripts.all
  const { ruleSet = [] } = RegionFacts.under(publication, region.id) ?? {}
  const input: VisitJson.VisitInput = { scope, region, ruleSet, geography, gpc, wanted, files }
  return { revision: SiteRevision.of(publication, scope.types), input }
})

const getVisit = Effect.fnUntraced(function* (
  projectId: string,
  language: string | undefined,
  request: HttpServerRequest.HttpServerRequest,
) {
  yield* (yield* OpenLimits).takeReading(request)
  const { input, revision } = yield* inputOf(projectId, language, request)
  const now = yield* Clock.currentTimeMillis
  const configuration = JSON.stringify({ revision, ...VisitJson.of(input, now) })
  // The instant is no part of the tag, so that the configuration is sent once.
  const etag = `W/${yield* EntityTag.of(configuration)}`
  const geographyHeader = yield* Geography.GeographyHeader
  const headers = {
    etag,
    "cache-control": cacheControl(VisitJson.nextPublication(input.scope, now), now),
    vary: ["Accept-Encoding, Accept-Language, Sec-GPC", geographyHeader].filter(Boolean).join(", "),
  }
  if (EntityTag.isKnown(request, etag)) return Answer.notModified(headers)
  return yield* CompressedJson.answer(request, `{"at":"${Instant.format(now)}",${configuration.slice(1)}`, headers)
})

/** The largest body of a visit that acts, in bytes: a browser sends no larger one after its page is left. */
const bodyMaxBytes = 64 * 1024

const actInVisit = Effect.fnUntraced(function* (
  projectId: string,
  areDecisionsWanted: boolean,
  request: HttpServerRequest.HttpServerRequest,
) {
  const scope = yield* PathScope.find(projectId)
  yield* SessionOpening.pageOf(request, scope)
  yield* (yield* OpenLimits).takeActing(request)
  const account = yield* (yield* RateLimit.RateLimits).account({})
  const annotations = Context.make(TakesDeclines, true)
  yield* account.admit(yield* SessionOpening.ownersOf(request, scope), request, annotations)
  const body = yield* Answer.readBody(request, { maxBytes: bodyMaxBytes, mayBeText: true })
  const now = yield* Clock.currentTimeMillis
  const { head, items } = yield* VisitBody.read(body.json, now)
  const contextId = ContextCookie.read(request, projectId) ?? head.contextId ?? undefined
  const asked = { scope, request, contextId, token: head.session ?? undefined, account }
  const found = yield* VisitSession.of(asked)
  const { session } = found
  const recorded = yield* VisitBody.record(items, scope, session).pipe(Effect.provideService(CurrentAccount, account))
  const told = VisitSession.answered(request, scope, found)
  const input = yield* inputOf(projectId, head.language ?? undefined, request)
  const configuration = head.revision === input.revision ? {} : VisitJson.of(input.input, now)
  const heads = yield* (yield* Ledger).personHeads({ ...scope, concordId: session.concordId })
  const { concordId = session.concordId } = heads
  const decisions = areDecisionsWanted ? yield* Questions.decisions(scope, { concordId }, session.id, {}) : undefined
  const answer = {
    at: Instant.format(yield* Clock.currentTimeMillis),
    revision: input.revision,
    ...configuration,
    ...told.members,
    concordId,
    expiresAt: Instant.format(session.expiresAt),
    heads: heads.events.map(({ body }) => VisitBody.eventOf(body)),
    items: recorded.bodies.map(VisitBody.eventOf),
    ...(decisions !== undefined && { decisions: JSON.parse(decisions.body).items }),
  }
  const isNew = recorded.bodies.some((event) => Date.parse(VisitBody.eventOf(event).dateCreated) >= now)
  return Answer.json(JSON.stringify(answer), isNew ? 201 : 200, {
    "cache-control": "no-store",
    ...told.headers,
  })
})

/** The handlers of the group `visit`. */
export const layer = HttpApiBuilder.group(Api, "visit", (handlers) =>
  handlers
    .handle("getVisit", ({ params, query, request }) =>
      Answer.respond(getVisit(params.projectId, query.language, request)),
    )
    .handleRaw("actInVisit", ({ params, query, request }) =>
      Answer.respond(actInVisit(params.projectId, query.decisions === "true", request)),
    ),
)
