/**
 * The HTTP API as one value: the server, the client and the OpenAPI description all follow from it.
 */
import { Schema } from "effect"
import { HttpApi, HttpApiEndpoint, HttpApiGroup, HttpApiSchema, OpenApi } from "effect/http-api"
import { KeyRequired, SessionRequired } from "./Credentials.ts"
import * as Problem from "./Problem.ts"
import * as Wire from "./Wire.ts"

const inProject = { organizationId: Schema.String, projectId: Schema.String }
const onSite = { projectId: Schema.String }
const project = "/privacy-v1/organizations/:organizationId/projects/:projectId"
const site = "/site-v1/:projectId"
const created = HttpApiSchema.status(201)
const about = (summary: string, description: string) => OpenApi.annotations({ summary, description })

/** For servers, with an API key. */
export const Privacy = HttpApiGroup.make("privacy")
  .add(
    HttpApiEndpoint.post("createConsentEvents", `${project}/consent-events`, {
      params: inProject,
      payload: Wire.batch(Wire.ServerItem),
      success: Wire.Events.pipe(created),
      error: Problem.withBody,
    }).annotateMerge(
      about("Create consent event(s)", "Records 1 to 1000 events, all of them or none, before it answers."),
    ),
    HttpApiEndpoint.get("getConsentState", `${project}/consent-state`, {
      params: inProject,
      query: { ...Wire.personParameters, ...Wire.instantParameters },
      success: Wire.Events,
      error: Problem.authenticated,
    }).annotateMerge(about("Get consent state", "The deciding event of every type whose answer is in force.")),
    HttpApiEndpoint.get("getConsentDecisions", `${project}/consent-decisions`, {
      params: inProject,
      query: { ...Wire.personParameters, ...Wire.instantParameters },
      success: Wire.Decisions,
      error: Problem.authenticated,
    }).annotateMerge(about("Get consent decisions", "One explained decision for each consent type of the project.")),
  )
  .middleware(KeyRequired)
  .annotateMerge(OpenApi.annotations({ title: "Privacy API", description: "For servers. Credential: x-api-key." }))

/** For browsers, with a session. */
export const Site = HttpApiGroup.make("site")
  .add(
    HttpApiEndpoint.post("createVisitorConsentEvents", `${site}/consent-events`, {
      params: onSite,
      payload: Wire.batch(Wire.VisitorItem),
      success: Wire.Events.pipe(created),
      error: Problem.withBody,
    }).annotateMerge(about("Create consent event(s)", "Records what the visitor answered just now.")),
    HttpApiEndpoint.get("getVisitorConsentEvents", `${site}/consent-events`, {
      params: onSite,
      query: Wire.pageParameters,
      success: Wire.EventPage,
      error: Problem.authenticated,
    }).annotateMerge(about("Get consent events", "The visitor's own events, newest first.")),
    HttpApiEndpoint.get("getVisitorConsentState", `${site}/consent-state`, {
      params: onSite,
      success: Wire.Events,
      error: Problem.authenticated,
    }).annotateMerge(about("Get consent state", "The current consent state of the visitor.")),
    HttpApiEndpoint.get("getVisitorConsentDecisions", `${site}/consent-decisions`, {
      params: onSite,
      query: Wire.instantParameters,
      success: Wire.Decisions,
      error: Problem.authenticated,
    }).annotateMerge(about("Get consent decisions", "One explained decision for each consent type of the project.")),
  )
  .middleware(SessionRequired)
  .annotateMerge(OpenApi.annotations({ title: "Site API", description: "For browsers. Credential: x-session." }))

/** What needs no credential. */
export const Open = HttpApiGroup.make("open")
  .add(
    HttpApiEndpoint.post("createSession", `${site}/session`, {
      params: onSite,
      payload: Wire.SessionRequest,
      success: Wire.OpenedSession.pipe(created),
      error: Problem.withBody,
    }).annotateMerge(about("Open a session", "The Origin must be one of the project's domains.")),
    HttpApiEndpoint.get("getHealth", `${site}/health-check`, {
      params: onSite,
      success: Wire.Health,
      error: Problem.always,
    }).annotateMerge(about("Check health", "Whether the service answers.")),
    HttpApiEndpoint.get("getLiveness", "/livez", {
      success: Wire.Health,
      error: Problem.always,
    }).annotateMerge(about("Check liveness", "Whether the process answers; if not, restart it.")),
    HttpApiEndpoint.get("getReadiness", "/readyz", {
      success: Wire.Health,
      error: Problem.always,
    }).annotateMerge(about("Check readiness", "Whether the store answers; if not, send requests elsewhere.")),
  )
  .annotateMerge(OpenApi.annotations({ title: "Open endpoints", description: "Without a credential." }))

/** Everything that is served. A query parameter nobody knows is an error; an unknown member of a body is passed over. */
export const Api = HttpApi.make("assent")
  .add(Privacy, Site, Open)
  .annotate(HttpApi.QueryParseOptions, { onExcessProperty: "error", errors: "all" })
  .annotateMerge(
    OpenApi.annotations({
      title: "Assent",
      version: "0.1.0",
      description: "Records what people agree to, and answers what their consent is, at any instant.",
      license: { name: "Apache-2.0", url: "https://www.apache.org/licenses/LICENSE-2.0" },
    }),
  )
