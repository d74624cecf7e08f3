/**
 * The visit: the one request of a page, before and with the first act of its visitor.
 */
import { HttpApiEndpoint, HttpApiGroup, OpenApi } from "effect/http-api"
import {
  about,
  created,
  onSite,
  paths,
  SiteApi,
  TakesCookie,
  TakesDeclines,
  TakesNoKey,
  withNotModified,
} from "./Endpoint.ts"
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
  .add(
    HttpApiEndpoint.post("actInVisit", `${paths.site}/visit`, {
      params: onSite,
      query: VisitWire.wantedDecisions,
      payload: VisitWire.VisitBodies,
      success: [VisitWire.VisitActed, VisitWire.VisitActed.pipe(created)],
      error: Problem.limitedWithBody,
    })
      .annotate(TakesDeclines, true)
      .annotate(TakesNoKey, true)
      .annotateMerge(
        about(
          "Act in a visit",
          "Records what the visitor chose, in the session that is sent or in a new one, and answers what a page needs to decide by itself. 201 where something was recorded. The Origin must be one of the project's domains or app origins.",
        ),
      ),
  )
  .annotate(SiteApi, true)
  .annotate(TakesCookie, true)
  .annotateMerge(OpenApi.annotations({ title: "Visits", description: "For pages. No credential." }))
