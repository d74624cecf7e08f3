/**
 * The Site API: endpoints that a browser calls with a session, about its own visitor.
 */
import { HttpApiEndpoint, HttpApiGroup, OpenApi } from "effect/http-api"
import { SessionRequired } from "./Credentials.ts"
import {
  about,
  created,
  idOf,
  onSite,
  paths,
  RepeatableAfterEnd,
  SiteApi,
  TakesDeclines,
  withNotModified,
} from "./Endpoint.ts"
import * as PeopleWire from "./PeopleWire.ts"
import * as Problem from "./Problem.ts"
import * as CatalogWire from "./CatalogWire.ts"
import * as ConsentTypeWire from "./ConsentTypeWire.ts"
import * as Wire from "./Wire.ts"

/** The group `site`. */
export const Site = HttpApiGroup.make("site")
  .add(
    HttpApiEndpoint.post("createVisitorConsentEvents", `${paths.site}/consent-events`, {
      params: onSite,
      payload: Wire.batch(Wire.VisitorItem),
      success: Wire.Events.pipe(created),
      error: Problem.authenticatedWithBody,
    })
      .annotate(TakesDeclines, true)
      .annotateMerge(about("Create consent event(s) of the visitor", "Records what the visitor answered just now.")),
    HttpApiEndpoint.get("getVisitorConsentEvents", `${paths.site}/consent-events`, {
      params: onSite,
      query: Wire.ownEventParameters,
      success: Wire.EventPage,
      error: Problem.authenticated,
    }).annotateMerge(about("List the visitor's consent events", "The visitor's own events, newest first.")),
    HttpApiEndpoint.get("getVisitorConsentEvent", `${paths.site}/consent-events/:id`, {
      params: { ...onSite, id: idOf("the event") },
      success: Wire.Event,
      error: Problem.authenticated,
    }).annotateMerge(about("Get a consent event of the visitor", "Another person's is 404.")),
    HttpApiEndpoint.get("getVisitorConsentState", `${paths.site}/consent-state`, {
      params: onSite,
      query: Wire.cursorParameters,
      success: Wire.EventAnswer,
      error: Problem.authenticated,
    })
      .annotateMerge(about("Get the visitor's consent state", "The current consent state of the visitor."))
      .annotate(OpenApi.Transform, withNotModified),
    HttpApiEndpoint.get("getVisitorConsentDecisions", `${paths.site}/consent-decisions`, {
      params: onSite,
      query: { ...Wire.instantParameters, ...Wire.cursorParameters },
      success: Wire.Decisions,
      error: Problem.authenticated,
    }).annotateMerge(
      about("Get the visitor's consent decisions", "One explained decision for each consent type of the project."),
    ),
    HttpApiEndpoint.get("getVisitorConsentTypes", `${paths.site}/consent-types`, {
      params: onSite,
      query: { ...CatalogWire.entryParameters, ...ConsentTypeWire.shownLanguage },
      success: ConsentTypeWire.ConsentTypePage,
      error: Problem.authenticated,
    }).annotateMerge(
      about("List active consent types", "What the visitor can be asked, in its language where there are texts in it."),
    ),
    HttpApiEndpoint.post("identify", `${paths.site}/identify`, {
      params: onSite,
      payload: PeopleWire.Identification,
      success: PeopleWire.Identified,
      error: Problem.authenticatedWithBody,
    })
      .annotate(RepeatableAfterEnd, true)
      .annotateMerge(
        about("Identify the visitor", "With a signed proof. Ends the session it is sent with, and answers a new one."),
      ),
    HttpApiEndpoint.post("keepProfile", `${paths.site}/profile`, {
      params: onSite,
      payload: PeopleWire.Profile,
      success: PeopleWire.KeptProfile,
      error: Problem.authenticatedWithBody,
    }).annotateMerge(
      about("Keep the visitor's profile", "In place of what was told before. Identifiers are not kept."),
    ),
  )
  .middleware(SessionRequired)
  .annotate(SiteApi, true)
  .annotateMerge(OpenApi.annotations({ title: "Visitors", description: "For browsers. Credential: x-session." }))
