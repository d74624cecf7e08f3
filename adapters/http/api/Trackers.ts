/**
 * The endpoints of trackers: for servers, which say what each is for, and for pages, which report them.
 */
import { HttpApiEndpoint, HttpApiGroup, HttpApiSchema, OpenApi } from "effect/http-api"
import { KeyRequired } from "./Credentials.ts"
import {
  about,
  created,
  idOf,
  inProject,
  Needs,
  onSite,
  paths,
  SiteApi,
  TakesNoKey,
  withNotModified,
} from "./Endpoint.ts"
import * as Problem from "./Problem.ts"
import * as TrackerWire from "./TrackerWire.ts"

const trackers = `${paths.project}/trackers` as const
const one = { ...inProject, id: idOf("the tracker") }

/** The group `trackers`. */
export const Trackers = HttpApiGroup.make("trackers")
  .add(
    HttpApiEndpoint.get("listTrackers", trackers, {
      params: inProject,
      query: TrackerWire.trackers,
      success: TrackerWire.TrackerPage,
      error: Problem.authenticated,
    })
      .annotate(Needs, "read")
      .annotateMerge(about("List trackers", "Those that were written, and those that pages reported.")),
    HttpApiEndpoint.post("createTrackers", trackers, {
      params: inProject,
      payload: [TrackerWire.NewTracker, TrackerWire.NewTrackers],
      success: TrackerWire.MadeTrackers.pipe(created),
      error: Problem.authenticatedWithBody,
    })
      .annotate(Needs, "manage")
      .annotateMerge(
        about("Add trackers", "One, or several as `items`, of which all are created or none. Answers an array."),
      ),
    HttpApiEndpoint.patch("updateTracker", `${trackers}/:id`, {
      params: one,
      payload: TrackerWire.TrackerChange,
      success: TrackerWire.Tracker,
      error: Problem.authenticatedWithBody,
    })
      .annotate(Needs, "manage")
      .annotateMerge(about("Change a tracker", "What is left out stays; `null` removes a member.")),
    HttpApiEndpoint.delete("deleteTracker", `${trackers}/:id`, {
      params: one,
      success: TrackerWire.Tracker,
      error: Problem.authenticatedWithBody,
    })
      .annotate(Needs, "manage")
      .annotateMerge(about("Delete a tracker", "If pages still report it, it comes back without a category.")),
    HttpApiEndpoint.get("getTrackerScanHistory", `${paths.project}/tracker-scan-history`, {
      params: inProject,
      success: TrackerWire.ScanHistory,
      error: Problem.authenticated,
    })
      .annotate(Needs, "read")
      .annotateMerge(about("Get when trackers were found", "By day, of the trackers that are there.")),
  )
  .middleware(KeyRequired)
  .annotateMerge(
    OpenApi.annotations({ title: "Trackers", description: "What pages load and keep, and what each is for." }),
  )

/** The group `siteTrackers`. */
export const SiteTrackers = HttpApiGroup.make("siteTrackers")
  .add(
    HttpApiEndpoint.get("getTrackers", `${paths.site}/trackers`, {
      params: onSite,
      success: TrackerWire.PageTrackers,
      error: Problem.limited,
    })
      .annotate(OpenApi.Transform, withNotModified)
      .annotateMerge(about("Get trackers", "What a page holds and cleans: the trackers that have a category.")),
    HttpApiEndpoint.post("reportTrackers", `${paths.site}/trackers`, {
      params: onSite,
      payload: TrackerWire.TrackerReportBodies,
      success: TrackerWire.TakenReport.pipe(HttpApiSchema.status(202)),
      error: Problem.limitedWithBody,
    })
      .annotate(TakesNoKey, true)
      .annotateMerge(
        about(
          "Report trackers",
          "What a page met, or what its content security policy blocked. Nothing of the visitor is kept, and no tracker changes. The Origin must be one of the project's domains or app origins.",
        ),
      ),
  )
  .annotate(SiteApi, true)
  .annotateMerge(OpenApi.annotations({ title: "Trackers of pages", description: "For pages. No credential." }))
