/**
 * The handlers of trackers: for servers, and for pages, which need no credential.
 */
import { Effect, Layer, Result, type Schema } from "effect"
import type { HttpServerRequest } from "effect/http"
import { HttpApiBuilder } from "effect/http-api"
import * as Exchange from "../../../core/formats/Exchange.ts"
import { Ledger } from "../../../core/Ledger.ts"
import { classifiedOf, type Tracker, trackersOf } from "../../../core/model/Tracker.ts"
import * as ScanHistory from "../../../core/trackers/ScanHistory.ts"
import * as TrackerReports from "../../../core/trackers/TrackerReports.ts"
import type { TrackerChange, TrackerFields } from "../../../core/trackers/Trackers.ts"
import { Api } from "../api/Api.ts"
import * as TrackerWire from "../api/TrackerWire.ts"
import * as Answer from "../server/Answer.ts"
import * as CompressedJson from "../server/CompressedJson.ts"
import * as EntityTag from "../server/EntityTag.ts"
import { OpenLimits } from "../server/OpenLimits.ts"
import * as PathScope from "../server/PathScope.ts"
import * as RateLimit from "../server/RateLimit.ts"
import * as CatalogChanges from "./CatalogChanges.ts"
import * as Pages from "./Pages.ts"
import * as SessionOpening from "./SessionOpening.ts"
import * as TrackerJson from "./TrackerJson.ts"
import * as TrackerReportBody from "./TrackerReportBody.ts"

type HttpRequest = HttpServerRequest.HttpServerRequest
type Query = {
  readonly [Name in keyof typeof TrackerWire.trackers]?: Schema.Schema.Type<(typeof TrackerWire.trackers)[Name]>
}

const decodeOne = Exchange.decoder(TrackerWire.NewTracker)
const decodeSeveral = Exchange.decoder(TrackerWire.NewTrackers)
const decodeChange = Exchange.decoder(TrackerWire.TrackerChange)

const hasItems = (value: unknown): boolean => typeof value === "object" && value !== null && "items" in value

const fieldsOf = (given: typeof TrackerWire.NewTracker.Type): TrackerFields => ({
  ...Exchange.present(given),
  name: given.name,
  type: given.type,
})

/** One tracker, or several under `items`. */
const decodeNew = (value: unknown) =>
  hasItems(value)
    ? Result.map(decodeSeveral(value), ({ items }) => ({ isList: true, items: items.map(fieldsOf) }))
    : Result.map(decodeOne(value), (given) => ({ isList: false, items: [fieldsOf(given)] }))

/** The members of a change that `null` does not remove. */
const required = ["category", "matchType", "name", "origin", "pattern", "type"] as const

/** A change: `null` removes a member that may be missing, and leaves the others as they are. */
const changeOf = (given: typeof TrackerWire.TrackerChange.Type): TrackerChange =>
  Object.fromEntries(
    Object.entries(given).filter(([name, value]) => value !== null || !required.some((each) => each === name)),
  )

const all = Effect.gen(function* () {
  const ledger = yield* Ledger
  const { scope } = yield* PathScope.current
  return trackersOf(yield* ledger.catalog, scope.project)
})

const list = Effect.fnUntraced(function* (query: Query) {
  yield* Pages.check(query)
  const ledger = yield* Ledger
  const { key, scope } = yield* PathScope.current
  const { category, cursor, limit, offset, order, origin, sort, type } = query
  const filter = Exchange.present({ category, origin, type })
  const wanted = (yield* all).filter((tracker) =>
    Object.entries(filter).every(([member, value]) => tracker[member as keyof Tracker] === value),
  )
  const page = yield* ledger.listEntries(
    scope.organization,
    ["trackers", scope.project.id, key.id, filter],
    wanted,
    Exchange.present({ cursor, limit, offset, order, sort }),
    Pages.bytesOf(TrackerJson.write),
  )
  return yield* Pages.answer(page, TrackerJson.write)
})

const create = Effect.fnUntraced(function* (request: HttpRequest) {
  const { trackers } = yield* Ledger
  const { scope } = yield* PathScope.current
  const { fields, ...idempotency } = yield* CatalogChanges.read(request, decodeNew)
  const answering = { ...idempotency, answer: TrackerJson.writeAll }
  return yield* CatalogChanges.answer(yield* trackers.create(scope, fields, answering), TrackerJson.writeAll, 201)
})

const update = Effect.fnUntraced(function* (request: HttpRequest, id: string) {
  const { trackers } = yield* Ledger
  const { scope } = yield* PathScope.current
  const { fields, ...idempotency } = yield* CatalogChanges.read(request, decodeChange)
  const answering = { ...idempotency, answer: TrackerJson.write }
  const outcome = yield* trackers.update(scope, id.toLowerCase(), changeOf(fields), answering)
  return yield* CatalogChanges.answer(outcome, TrackerJson.write)
})

const remove = Effect.fnUntraced(function* (request: HttpRequest, id: string) {
  const { trackers } = yield* Ledger
  const { scope } = yield* PathScope.current
  const answering = { ...(yield* CatalogChanges.withoutBody(request)), answer: TrackerJson.write }
  return yield* CatalogChanges.answer(yield* trackers.remove(scope, id.toLowerCase(), answering), TrackerJson.write)
})

/** For how long a browser may reuse the trackers, as it may reuse a visit. */
const cacheControl = "private, max-age=300, stale-while-revalidate=86400"

const ofPage = Effect.fnUntraced(function* (projectId: string, request: HttpRequest) {
  yield* (yield* OpenLimits).takeReading(request)
  const ledger = yield* Ledger
  const scope = yield* PathScope.find(projectId)
  const trackers = classifiedOf(trackersOf(yield* ledger.catalog, scope.project))
  const body = Answer.list(trackers.map(TrackerJson.writeForPage))
  const etag = `W/${yield* EntityTag.of(body)}`
  const headers = { etag, "cache-control": cacheControl, vary: "Accept-Encoding" }
  if (EntityTag.isKnown(request, etag)) return Answer.notModified(headers)
  return yield* CompressedJson.answer(request, body, headers)
})

const report = Effect.fnUntraced(function* (projectId: string, request: HttpRequest) {
  const { trackers } = yield* Ledger
  const scope = yield* PathScope.find(projectId)
  yield* SessionOpening.pageOf(request, scope)
  yield* (yield* OpenLimits).takeReport(request)
  const account = yield* (yield* RateLimit.RateLimits).account({})
  yield* account.admit(yield* SessionOpening.ownersOf(request, scope), request)
  const seen = yield* TrackerReportBody.read(request)
  yield* trackers.takeReport(scope, seen)
  return Answer.json(JSON.stringify({ accepted: seen.length }), 202)
})

/** The handlers of the group `trackers`. */
export const layer = HttpApiBuilder.group(Api, "trackers", (handlers) =>
  handlers
    .handle("listTrackers", ({ query }) => Answer.respond(list(query)))
    .handleRaw("createTrackers", ({ request }) => Answer.respond(create(request)))
    .handleRaw("updateTracker", ({ params, request }) => Answer.respond(update(request, params.id)))
    .handle("deleteTracker", ({ params, request }) => Answer.respond(remove(request, params.id)))
    .handle("getTrackerScanHistory", () =>
      Answer.respond(Effect.map(all, (trackers) => Answer.json(TrackerJson.writeHistory(ScanHistory.of(trackers))))),
    ),
)

const siteHandlers = HttpApiBuilder.group(Api, "siteTrackers", (handlers) =>
  handlers
    .handle("getTrackers", ({ params, request }) => Answer.respond(ofPage(params.projectId, request)))
    .handleRaw("reportTrackers", ({ params, request }) => Answer.respond(report(params.projectId, request))),
)

/** The handlers of the group `siteTrackers`. */
export const site = Layer.merge(siteHandlers, Layer.effectDiscard(TrackerReports.showCounter))
