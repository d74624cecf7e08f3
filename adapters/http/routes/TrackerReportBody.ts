/**
 * The body of a report of trackers: what a page met, or what its browser blocked by a content security policy.
 */
import { Effect } from "effect"
import type { HttpServerRequest } from "effect/http"
import { isLoaded, type SeenTracker, type TrackerType } from "../../../core/browser/TrackerRules.ts"
import * as Exchange from "../../../core/formats/Exchange.ts"
import { maxReportedTrackers } from "../../../core/model/Tracker.ts"
import * as TrackerWire from "../api/TrackerWire.ts"
import * as Answer from "../server/Answer.ts"

/** The largest body of a report, in bytes. */
export const maxBytes = 16 * 1024

const decodeReport = Exchange.decoder(TrackerWire.TrackerReport)
const decodeReports = Exchange.decoder(TrackerWire.CspReports)
const decodeLegacy = Exchange.decoder(TrackerWire.LegacyCspReport)

/** The media type of a policy's report before the Reporting API. */
const legacyType = "application/csp-report"

/** What a directive of a policy keeps from loading. Others are about no tracker that a page could hold. */
const typeOfDirective = (directive: string): TrackerType | undefined => {
  if (/^(?:script-src|worker-src)/.test(directive)) return "script"
  if (/^(?:frame-src|child-src)/.test(directive)) return "iframe"
  if (directive.startsWith("img-src")) return "image"
  return /^(?:style-src|font-src|prefetch-src)/.test(directive) ? "link" : undefined
}

/** A blocked load; `undefined` for code in the page itself, and for what has no host. */
const blocked = (address: string | undefined, directive: string | undefined): SeenTracker | undefined => {
  const type = typeOfDirective(directive ?? "")
  if (type === undefined || address === undefined || !URL.canParse(address)) return undefined
  const { hostname, pathname, protocol } = new URL(address)
  return /^https?:$/.test(protocol) ? { type, domain: hostname, name: pathname } : undefined
}

const isSeen = (seen: SeenTracker | undefined): seen is SeenTracker => seen !== undefined

const ofReports = (reports: typeof TrackerWire.CspReports.Type): ReadonlyArray<SeenTracker> =>
  reports
    .filter(({ type }) => type === "csp-violation")
    .map(({ body }) => blocked(body?.blockedURL, body?.effectiveDirective))
    .filter(isSeen)
    .slice(0, maxReportedTrackers)

const ofLegacy = ({ "csp-report": report }: typeof TrackerWire.LegacyCspReport.Type): ReadonlyArray<SeenTracker> =>
  [blocked(report["blocked-uri"], report["effective-directive"] ?? report["violated-directive"])].filter(isSeen)

const hostName = /^[a-z0-9_-]+(?:\.[a-z0-9_-]+)*\.?$/

const fault = (index: number, member: string, detail: string): Answer.Violation => ({
  pointer: `/items/${index}/${member}`,
  code: "invalid",
  detail,
})

/** What is wrong with an item besides its form. */
const faultsOf = (
  { domain, name, type }: (typeof TrackerWire.TrackerReport.Type)["items"][number],
  index: number,
): ReadonlyArray<Answer.Violation> => [
  ...(hostName.test(domain.toLowerCase()) ? [] : [fault(index, "domain", "expected a host name")]),
  ...(isLoaded(type) || name != null ? [] : [fault(index, "name", "a cookie or a stored entry has a name")]),
]

const ofPage = ({ items }: typeof TrackerWire.TrackerReport.Type) => {
  const errors = items.flatMap(faultsOf)
  if (errors.length > 0)
    return Effect.fail(new Answer.HttpProblem({ status: 422, detail: "the body is not valid", errors }))
  return Effect.succeed(
    items.map(({ domain, name, path, type }): SeenTracker => ({
      type,
      domain: domain.toLowerCase(),
      name: isLoaded(type) ? (path ?? "/") : name!,
    })),
  )
}

/** Reads what a request reports. */
export const read = Effect.fnUntraced(function* (request: HttpServerRequest.HttpServerRequest) {
  const body = yield* Answer.readBody(request, { maxBytes, mayBeText: true, alsoTypes: [legacyType] })
  const mediaType = Answer.mediaTypeOf(request)
  if (mediaType === "application/reports+json") return ofReports(yield* Answer.decode(decodeReports, body.json))
  if (mediaType === legacyType) return ofLegacy(yield* Answer.decode(decodeLegacy, body.json))
  return yield* ofPage(yield* Answer.decode(decodeReport, body.json))
})
