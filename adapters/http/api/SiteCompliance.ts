/**
 * The endpoints of compliance requests that a browser calls with a session, about its own visitor.
 */
import { HttpApiEndpoint, HttpApiGroup, HttpApiSchema, OpenApi } from "effect/http-api"
import * as ComplianceBodies from "./ComplianceBodies.ts"
import * as ComplianceQuery from "./ComplianceQuery.ts"
import * as ComplianceWire from "./ComplianceWire.ts"
import { SessionRequired } from "./Credentials.ts"
import { about, created, idOf, onSite, paths, SiteApi, TakesDeclines } from "./Endpoint.ts"
import * as Problem from "./Problem.ts"

const requests = `${paths.site}/compliance-requests` as const
const one = { ...onSite, id: idOf("the compliance request") }

/** The group `siteCompliance`. */
export const SiteCompliance = HttpApiGroup.make("siteCompliance")
  .add(
    HttpApiEndpoint.post("createVisitorComplianceRequest", requests, {
      params: onSite,
      payload: ComplianceBodies.OwnRequest,
      success: ComplianceWire.OwnComplianceRequest.pipe(created),
      error: Problem.authenticatedWithBody,
    })
      .annotate(TakesDeclines, true)
      .annotateMerge(
        about(
          "Create a compliance request of the visitor",
          "A `do_not_sell` counts at once. The answer does not depend on who is known: it cannot tell whether anything is held.",
        ),
      ),
    HttpApiEndpoint.get("listVisitorComplianceRequests", requests, {
      params: onSite,
      query: ComplianceQuery.own,
      success: ComplianceWire.OwnComplianceRequestPage,
      error: Problem.authenticated,
    }).annotateMerge(
      about(
        "List the visitor's compliance requests",
        "Those that the visitor opened in this project, the newest first.",
      ),
    ),
    HttpApiEndpoint.get("getVisitorComplianceRequest", `${requests}/:id`, {
      params: one,
      success: ComplianceWire.OwnComplianceRequest,
      error: Problem.authenticated,
    }).annotateMerge(about("Get a compliance request of the visitor", "Another person's is 404.")),
    HttpApiEndpoint.post("sendVisitorComplianceCode", `${requests}/:id/verification`, {
      params: one,
      success: HttpApiSchema.Accepted,
      error: Problem.authenticatedWithBody,
    }).annotateMerge(
      about(
        "Mail the visitor a new code",
        "Answered alike if the visitor has no such request, or it takes no code. Once a minute and 5 times a day.",
      ),
    ),
    HttpApiEndpoint.post("verifyVisitorComplianceRequest", `${requests}/:id/verify`, {
      params: one,
      payload: ComplianceBodies.Verification,
      success: ComplianceWire.OwnComplianceRequest,
      error: Problem.authenticatedWithBody,
    }).annotateMerge(
      about(
        "Show the identity of the visitor",
        "By the code that was mailed, or an identity token. Whatever is wrong with a code is answered as `code_not_valid`.",
      ),
    ),
    HttpApiEndpoint.post("withdrawVisitorComplianceRequest", `${requests}/:id/withdraw`, {
      params: one,
      success: ComplianceWire.OwnComplianceRequest,
      error: Problem.authenticatedWithBody,
    }).annotateMerge(
      about(
        "Withdraw a compliance request of the visitor",
        "It ends as `withdrawn`. What a `do_not_sell` recorded stays.",
      ),
    ),
  )
  .middleware(SessionRequired)
  .annotate(SiteApi, true)
  .annotateMerge(
    OpenApi.annotations({
      title: "Compliance requests of visitors",
      description: "For browsers. Credential: x-session.",
    }),
  )
