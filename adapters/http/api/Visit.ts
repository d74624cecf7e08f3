/**
 * The visit: the one request of a page, before and with the first act of its visitor.
 */
import { HttpApiEndpoint, HttpApiGroup, OpenApi } from "effect/http-api"
import { about, onSite, paths, SiteApi, withNotModified } from "./Endpoint.ts"
import * as Problem from "./Problem.ts"
import * as VisitWire from "./VisitWire.ts"

/** The group `visit`. */
export const Visit = HttpApiGroup.make("visit")
  .add(
    HttpApiEndpoint.get("getVisit", `${paths.site}/visit`, {
      params: onSite,
      query: VisitWire.wantedLanguage,
      success: VisitWire.Visit,
      error: Problem.limited,
    })
      .annotate(OpenApi.Transform, withNotModified)
      .annotateMerge(
        about(
          "Get what a page needs",
          "The region, its rules, the consent types and all texts in one language. Nothing is stored.",
        ),
      ),
  )
  .annotate(SiteApi, true)
  .annotateMerge(OpenApi.annotations({ title: "Visits", description: "For pages. No credential." }))
