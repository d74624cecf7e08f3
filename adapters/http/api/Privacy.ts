/**
 * The endpoints of events and answers, for servers.
 */
import { HttpApiEndpoint, HttpApiGroup, OpenApi } from "effect/http-api"
import * as ItemLine from "../../../core/formats/ItemLine.ts"
import { KeyRequired } from "./Credentials.ts"
import { about, created, idOf, inProject, Needs, paths, StreamsRows, TakesDeclines } from "./Endpoint.ts"
import * as ImportWire from "./ImportWire.ts"
import * as Problem from "./Problem.ts"
import * as Wire from "./Wire.ts"

const question = {
  ...Wire.personParameters,
  ...Wire.instantParameters,
  ...Wire.regionParameters,
  ...Wire.cursorParameters,
}

/** The group `privacy`. */
export const Privacy = HttpApiGroup.make("privacy")
  .add(
    HttpApiEndpoint.post("createConsentEvents", `${paths.project}/consent-events`, {
      params: inProject,
      payload: Wire.recordRequest(ItemLine.ItemLine),
      success: Wire.RecordedEvents.pipe(created),
      error: Problem.authenticatedWithBody,
    })
      .annotate(Needs, "record")
      .annotate(TakesDeclines, true)
      .annotateMerge(
        about(
          "Create consent event(s)",
          "Records 1 to 1000 events, all of them or none, before it answers. A refusal is recorded whatever is wrong with its dates, its version or some of its identifiers, and for everybody that its identifiers name.",
        ),
      ),
    HttpApiEndpoint.post("importConsentEvents", `${paths.project}/consent-events/import`, {
      params: inProject,
      query: ImportWire.parameters,
      payload: ImportWire.Rows,
      success: ImportWire.Imported,
      error: Problem.authenticatedWithBody,
    })
      .annotate(Needs, "record")
      .annotate(StreamsRows, true)
      .annotateMerge(
        about(
          "Import consent event(s)",
          "Takes in rows while they arrive: records the good ones, in blocks of 1000, and names the others by line. Sent again, the same rows are recorded once.",
        ),
      ),
    HttpApiEndpoint.get("listConsentEvents", `${paths.project}/consent-events`, {
      params: inProject,
      query: Wire.eventParameters,
      success: Wire.EventPage,
      error: Problem.authenticated,
    })
      .annotate(Needs, "read")
      .annotateMerge(about("List consent events", "Newest first. Dates limit `consentDate`; `endDate` is exclusive.")),
    HttpApiEndpoint.get("getConsentEvent", `${paths.project}/consent-events/:id`, {
      params: { ...inProject, id: idOf("the event") },
      success: Wire.Event,
      error: Problem.authenticated,
    })
      .annotate(Needs, "read")
      .annotateMerge(about("Get a consent event", "As it was answered when it was recorded.")),
    HttpApiEndpoint.get("getConsentState", `${paths.project}/consent-state`, {
      params: inProject,
      query: question,
      success: Wire.EventAnswer,
      error: Problem.authenticated,
    })
      .annotate(Needs, "read")
      .annotateMerge(about("Get consent state", "The deciding event of every type whose answer is in force.")),
    HttpApiEndpoint.get("getConsentDecisions", `${paths.project}/consent-decisions`, {
      params: inProject,
      query: question,
      success: Wire.Decisions,
      error: Problem.authenticated,
    })
      .annotate(Needs, "read")
      .annotateMerge(
        about("Get consent decisions", "One explained decision for each consent type of the project, of one person."),
      ),
    HttpApiEndpoint.post("askConsentDecisions", `${paths.project}/consent-decisions`, {
      params: inProject,
      payload: Wire.DecisionQuestions,
      success: Wire.Decisions,
      error: Problem.authenticatedWithBody,
    })
      .annotate(Needs, "read")
      .annotateMerge(
        about("Ask for many decisions", "1 to 1000 questions about people and types, answered in the order given."),
      ),
  )
  .middleware(KeyRequired)
  .annotateMerge(
    OpenApi.annotations({ title: "Events and answers", description: "For servers. Credential: x-api-key." }),
  )
