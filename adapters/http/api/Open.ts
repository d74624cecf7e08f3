/**
 * Endpoints that need no credential.
 */
import { HttpApiEndpoint, HttpApiGroup, OpenApi } from "effect/http-api"
import { about, created, onSite, paths, Probe, SiteApi } from "./Endpoint.ts"
import * as Problem from "./Problem.ts"
import * as Wire from "./Wire.ts"

/** The group `open`. */
export const Open = HttpApiGroup.make("open")
  .add(
    HttpApiEndpoint.post("createSession", `${paths.site}/session`, {
      params: onSite,
      payload: Wire.SessionRequest,
      success: Wire.OpenedSession.pipe(created),
      error: Problem.limitedWithBody,
    })
      .annotate(SiteApi, true)
      .annotateMerge(about("Open a session", "The Origin must be one of the project's domains or app origins.")),
    HttpApiEndpoint.get("getHealth", `${paths.site}/health-check`, {
      params: onSite,
      success: Wire.Health,
      error: Problem.always,
    })
      .annotate(SiteApi, true)
      .annotate(Probe, true)
      .annotateMerge(about("Check health", "Whether the service answers.")),
    HttpApiEndpoint.get("getLiveness", "/livez", {
      success: Wire.Health,
      error: Problem.always,
    })
      .annotate(Probe, true)
      .annotateMerge(about("Check liveness", "Whether the process answers; if not, restart it.")),
    HttpApiEndpoint.get("getReadiness", "/readyz", {
      success: Wire.Health,
      error: Problem.always,
    })
      .annotate(Probe, true)
      .annotateMerge(about("Check readiness", "Whether the store answers; if not, send requests elsewhere.")),
  )
  .annotateMerge(OpenApi.annotations({ title: "Sessions and health", description: "Without a credential." }))
