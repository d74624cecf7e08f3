/**
 * The endpoints of compliance requests, for servers.
 */
import { HttpApiEndpoint, HttpApiGroup, HttpApiSchema, OpenApi } from "effect/http-api"
import * as ComplianceBodies from "./ComplianceBodies.ts"
import * as ComplianceFileWire from "./ComplianceFileWire.ts"
import * as ComplianceQuery from "./ComplianceQuery.ts"
import * as ComplianceWire from "./ComplianceWire.ts"
import { KeyRequired } from "./Credentials.ts"
import {
  about,
  created,
  idOf,
  inOrganization,
  inProject,
  Needs,
  paths,
  StreamsFile,
  TakesDeclines,
} from "./Endpoint.ts"
import * as Problem from "./Problem.ts"

const requests = `${paths.project}/compliance-requests` as const
const one = { ...inProject, id: idOf("the compliance request") }
const oneFile = { ...one, fileId: idOf("the file") }

/** The group `compliance`. */
export const Compliance = HttpApiGroup.make("compliance")
  .add(
    HttpApiEndpoint.get("listOrganizationComplianceRequests", `${paths.organization}/compliance-requests`, {
      params: inOrganization,
      query: ComplianceQuery.ofOrganization,
      success: ComplianceWire.ComplianceRequestPage,
      error: Problem.authenticated,
    })
      .annotate(Needs, "read")
      .annotateMerge(
        about(
          "List compliance requests of the organization",
          "Of the projects in which the key may read. What is personal is left out where it may not handle requests.",
        ),
      ),
    HttpApiEndpoint.get("listComplianceRequests", requests, {
      params: inProject,
      query: ComplianceQuery.ofProject,
      success: ComplianceWire.ComplianceRequestPage,
      error: Problem.authenticated,
    })
      .annotate(Needs, "read")
      .annotateMerge(
        about(
          "List compliance requests",
          "Of the project, the last received first. What is personal is left out for a role that only reads.",
        ),
      ),
    HttpApiEndpoint.post("createComplianceRequests", requests, {
      params: inProject,
      payload: ComplianceBodies.NewRequests,
      success: ComplianceWire.ComplianceRequests.pipe(created),
      error: Problem.authenticatedWithBody,
    })
      .annotate(Needs, "handle")
      .annotate(TakesDeclines, true)
      .annotateMerge(
        about(
          "Create compliance request(s)",
          "Opens 1 to 100 requests that came to you by letter, mail or phone, all of them or none. A `do_not_sell` records the refusals at once.",
        ),
      ),
    HttpApiEndpoint.get("getComplianceRequest", `${requests}/:id`, {
      params: one,
      success: ComplianceWire.ComplianceRequest,
      error: Problem.authenticated,
    })
      .annotate(Needs, "read")
      .annotateMerge(about("Get a compliance request", "What is personal is left out for a role that only reads.")),
    HttpApiEndpoint.patch("updateComplianceRequest", `${requests}/:id`, {
      params: one,
      payload: ComplianceBodies.RequestChange,
      success: ComplianceWire.ComplianceRequest,
      error: Problem.authenticatedWithBody,
    })
      .annotate(Needs, "handle")
      .annotateMerge(
        about(
          "Work on a compliance request",
          "Notes, `verify`, tasks, `clarification`, `extension`, `reopen` and `status` in this order, all of them or none.",
        ),
      ),
    HttpApiEndpoint.post("sendComplianceCode", `${requests}/:id/verification`, {
      params: one,
      success: ComplianceWire.ComplianceRequest.pipe(HttpApiSchema.status(202)),
      error: Problem.authenticatedWithBody,
    })
      .annotate(Needs, "handle")
      .annotateMerge(
        about(
          "Mail the requester a code",
          "To the address that was typed. It ends the codes before it. Once a minute and 5 times a day.",
        ),
      ),
    HttpApiEndpoint.post("buildCompliancePackage", `${requests}/:id/package`, {
      params: one,
      success: ComplianceWire.ComplianceRequest.pipe(HttpApiSchema.status(202)),
      error: Problem.authenticatedWithBody,
    })
      .annotate(Needs, "handle")
      .annotateMerge(
        about(
          "Build the access package",
          "A ZIP of everything that is held about the subject of a `view`, built after this answer. It becomes a file of origin `package`, and does the ledger's task.",
        ),
      ),
    HttpApiEndpoint.post("attachComplianceFile", `${requests}/:id/files`, {
      params: one,
      query: ComplianceFileWire.uploadParameters,
      payload: ComplianceFileWire.Upload,
      success: ComplianceWire.ComplianceRequest.pipe(created),
      error: Problem.authenticatedWithBody,
    })
      .annotate(Needs, "handle")
      .annotate(StreamsFile, true)
      .annotateMerge(
        about(
          "Attach a file to a compliance request",
          "One part `file` of a form, or the bytes themselves with `fileName`: at most 10 MiB, 20 files and 100 MiB a request. Name, media type and content must agree.",
        ),
      ),
    HttpApiEndpoint.get("downloadComplianceFile", `${requests}/:id/files/:fileId`, {
      params: oneFile,
      success: ComplianceFileWire.Bytes,
      error: Problem.authenticated,
    })
      .annotate(Needs, "handle")
      .annotateMerge(
        about("Download a file of a compliance request", "Its bytes, as an attachment. Every download is recorded."),
      ),
    HttpApiEndpoint.delete("removeComplianceFile", `${requests}/:id/files/:fileId`, {
      params: oneFile,
      success: ComplianceWire.ComplianceRequest,
      error: Problem.authenticatedWithBody,
    })
      .annotate(Needs, "handle")
      .annotateMerge(about("Remove a file from a compliance request", "Its bytes are removed at once.")),
    HttpApiEndpoint.post("noteBouncedMail", `${paths.project}/mails/:mailId/bounce`, {
      params: { ...inProject, mailId: idOf("the mail: the part of its Message-ID before the @") },
      success: ComplianceWire.Mail,
      error: Problem.authenticatedWithBody,
    })
      .annotate(Needs, "handle")
      .annotateMerge(
        about(
          "Note that a mail came back",
          "For the relay's webhook of bounces. The mail is failed then, and its request shows it; the same again changes nothing.",
        ),
      ),
    HttpApiEndpoint.get("listOrganizationComplianceEvents", `${paths.organization}/compliance-requests-events`, {
      params: inOrganization,
      query: ComplianceQuery.events,
      success: ComplianceWire.ComplianceEventPage,
      error: Problem.authenticated,
    })
      .annotate(Needs, "read")
      .annotateMerge(
        about(
          "List what happened to compliance requests of the organization",
          "Of the projects in which the key may read, the latest first. Nothing of it is personal.",
        ),
      ),
    HttpApiEndpoint.get("listComplianceEvents", `${paths.project}/compliance-requests-events`, {
      params: inProject,
      query: ComplianceQuery.events,
      success: ComplianceWire.ComplianceEventPage,
      error: Problem.authenticated,
    })
      .annotate(Needs, "read")
      .annotateMerge(about("List what happened to compliance requests", "Of the project, the latest first.")),
  )
  .middleware(KeyRequired)
  .annotateMerge(
    OpenApi.annotations({
      title: "Compliance requests",
      description: "What people ask for under a law: to see, change or delete their data, or not to sell it.",
    }),
  )
