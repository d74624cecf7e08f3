/**
 * The HTTP API as one value, from which the server, the client and the OpenAPI description are derived.
 */
import { HttpApi, OpenApi } from "effect/http-api"
import { ApiKeys } from "./ApiKeys.ts"
import { Changes } from "./Changes.ts"
import { Compliance } from "./Compliance.ts"
import { Connectors } from "./Connectors.ts"
import { ConsentTypes } from "./ConsentTypes.ts"
import { DataSystems } from "./DataSystems.ts"
import { Emails } from "./Emails.ts"
import { Erasures } from "./Erasures.ts"
import { Metrics } from "./Metrics.ts"
import { Open } from "./Open.ts"
import { Organizations } from "./Organizations.ts"
import { People } from "./People.ts"
import { Privacy } from "./Privacy.ts"
import { ProcessingRecords } from "./ProcessingRecords.ts"
import { Regions } from "./Regions.ts"
import { Site } from "./Site.ts"
import { Scripts, SiteClient } from "./SiteClient.ts"
import { SiteCompliance } from "./SiteCompliance.ts"
import { SiteTrackers, Trackers } from "./Trackers.ts"
import { Visit } from "./Visit.ts"
import { Webhooks } from "./Webhooks.ts"

/** All endpoints. An unknown query parameter is an error; an unknown member of a body is ignored. */
export const Api = HttpApi.make("assent")
  .add(Privacy, Changes, Webhooks, Compliance, Connectors, ConsentTypes, People, Erasures, Organizations, ApiKeys)
  .add(DataSystems, ProcessingRecords, Metrics, Emails, Regions, Trackers)
  .add(Site, SiteCompliance, Visit, SiteTrackers, Scripts, SiteClient, Open)
  .annotate(HttpApi.QueryParseOptions, { onExcessProperty: "error", errors: "all" })
  .annotateMerge(
    OpenApi.annotations({
      title: "Assent",
      version: "0.1.0",
      description: [
        "Records what people agree to, and answers what their consent is, at any instant.",
        "**Servers** send an API key as `x-api-key` to `/privacy-v1`; **browsers** open a session and send it as `x-session` to `/site-v1/{projectId}`.",
        "**Instants** are ISO 8601 date-times, answered in UTC with milliseconds.",
        "**Errors** are problem details (RFC 9457) that name each violation by a JSON Pointer. **Lists** take `offset` or `cursor`.",
        "Every **POST** may be sent again with the same `Idempotency-Key`, and is carried out once.",
      ].join("\n\n"),
      license: { name: "Apache-2.0", url: "https://www.apache.org/licenses/LICENSE-2.0" },
    }),
  )
