/**
 * The handlers of visits, which need no credential.
 */
import { Clock, Effect } from "effect"
import type { HttpServerRequest } from "effect/http"
import { HttpApiBuilder } from "effect/http-api"
import * as Instant from "../../../core/engine/Instant.ts"
import { Ledger } from "../../../core/Ledger.ts"
import * as LanguageLookup from "../../../core/model/LanguageLookup.ts"
import * as PublishedRegions from "../../../core/regions/PublishedRegions.ts"
import * as SiteRevision from "../../../core/regions/SiteRevision.ts"
import { Api } from "../api/Api.ts"
import * as Answer from "../server/Answer.ts"
import * as BuiltScripts from "../server/BuiltScripts.ts"
import * as EntityTag from "../server/EntityTag.ts"
import * as Geography from "../server/Geography.ts"
import * as PathScope from "../server/PathScope.ts"
import * as VisitJson from "./VisitJson.ts"

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
  const input: VisitJson.VisitInput = { scope, region, geography, gpc, wanted, files }
  return { revision: SiteRevision.of(publication, scope.types), input }
})

const getVisit = Effect.fnUntraced(function* (
  projectId: string,
  language: string | undefined,
  request: HttpServerRequest.HttpServerRequest,
) {
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
  return Answer.json(`{"at":"${Instant.format(now)}",${configuration.slice(1)}`, 200, headers)
})

/** The handlers of the group `visit`. */
export const layer = HttpApiBuilder.group(Api, "visit", (handlers) =>
  handlers.handle("getVisit", ({ params, query, request }) =>
    Answer.respond(getVisit(params.projectId, query.language, request)),
  ),
)
