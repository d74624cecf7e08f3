/**
 * The endpoints of metrics.
 */
import { HttpApiEndpoint, HttpApiGroup, OpenApi } from "effect/http-api"
import { KeyRequired } from "./Credentials.ts"
import { about, inOrganization, inProject, Needs, paths } from "./Endpoint.ts"
import * as MetricsWire from "./MetricsWire.ts"
import * as Problem from "./Problem.ts"

/** The group `metrics`. */
export const Metrics = HttpApiGroup.make("metrics")
  .add(
    HttpApiEndpoint.get("getMetrics", `${paths.organization}/metrics`, {
      params: inOrganization,
      query: MetricsWire.days,
      success: MetricsWire.DayMetrics,
      error: Problem.authenticated,
    })
      .annotate(Needs, "read")
      .annotateMerge(
        about(
          "Get counts by day",
          "One item for each UTC day and project in which the key may read. At most 400 days, and 10,000 items: 422 `range_too_long`.",
        ),
      ),
    HttpApiEndpoint.get("getConsentMetrics", `${paths.project}/metrics/consent`, {
      params: inProject,
      query: MetricsWire.consent,
      success: MetricsWire.ConsentMetrics,
      error: Problem.authenticated,
    })
      .annotate(Needs, "read")
      .annotateMerge(
        about(
          "Get numbers of consent events",
          "By consent type, region or host name. Numbers of regions and host names from 1 to 4 are not shown, nor any from which one could be computed.",
        ),
      ),
    HttpApiEndpoint.get("getComplianceMetrics", `${paths.organization}/metrics/compliance`, {
      params: inOrganization,
      query: MetricsWire.compliance,
      success: MetricsWire.ComplianceMetrics,
      error: Problem.authenticated,
    })
      .annotate(Needs, "read")
      .annotateMerge(
        about(
          "Get how compliance requests ended",
          "Of those received in a year, by kind, with the median and mean days to the answer (11 CCR § 7102). `format=csv` answers a table.",
        ),
      ),
  )
  .middleware(KeyRequired)
  .annotateMerge(OpenApi.annotations({ title: "Metrics", description: "Counts by day. Nothing in them is personal." }))
