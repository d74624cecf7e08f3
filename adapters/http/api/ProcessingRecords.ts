/**
 * The endpoints of the record of processing activities, for servers.
 */
import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, HttpApiSchema, OpenApi } from "effect/http-api"
import * as RecordQuery from "../../../core/data-systems/RecordQuery.ts"
import * as Fields from "../../../core/formats/Fields.ts"
import { KeyRequired } from "./Credentials.ts"
import { about, inOrganization, Needs, paths } from "./Endpoint.ts"
import * as Parameter from "./Parameter.ts"
import * as Problem from "./Problem.ts"

const mediaTypes = Object.values(RecordQuery.formats)
  .map(({ mediaType }) => mediaType.split(";", 1)[0]!)
  .filter((mediaType) => mediaType !== "application/json")

/** The record in one of its formats. As JSON it has members of its own, and as JSON-LD those of the vocabulary. */
const Written = [
  Schema.Record(Schema.String, Schema.Unknown).annotate({ identifier: "ProcessingRecord" }),
  HttpApiSchema.StreamUint8Array({ contentType: mediaTypes as [string, ...Array<string>] }),
] as const

const query = {
  as: Parameter.optional(
    Schema.Literals(RecordQuery.capacities),
    "`processor`: what the organization does for others (article 30(2)). Left out: `controller` (article 30(1))",
  ),
  by: Parameter.optional(
    Schema.Literals(RecordQuery.groupings),
    "`system`: a row for each data system. Left out: `activity`, a row for each activity and data system",
  ),
  format: Parameter.optional(
    Schema.Literals(RecordQuery.formatNames),
    "`fides`: a manifest of fideslang in YAML; `jsonld`: in terms of the Data Privacy Vocabulary. Left out: `json`",
  ),
  project: Parameter.optional(Fields.Uuid, "Only data systems that concern this project. Left out: all", "uuid"),
}

const Count = Schema.Int

/** A manifest of fideslang. */
const Manifest = [
  Schema.String.annotate({ description: "YAML 1.2 without tags, at most 5 MiB" }).pipe(
    HttpApiSchema.asText({ contentType: "application/yaml" }),
  ),
  Schema.Struct({
    system: Schema.optionalKey(
      Schema.Array(Schema.Record(Schema.String, Schema.Unknown)).annotate({
        description: "Data systems as fideslang describes them, at most 1000",
      }),
    ),
  }).annotate({ identifier: "FidesManifest" }),
] as const

/** What an import did, or would do. */
const Imported = Schema.Struct({
  dryRun: Schema.Boolean,
  created: Count,
  changed: Count,
  unchanged: Count,
  systems: Schema.Array(
    Schema.Struct({
      fidesKey: Schema.String,
      id: Schema.String,
      name: Schema.String,
      outcome: Schema.Literals(["created", "changed", "unchanged"]),
      members: Schema.Array(Schema.String).annotate({ description: "The members that have changed" }),
    }),
  ),
  attributes: Schema.Array(
    Schema.Struct({
      family: Schema.String,
      id: Schema.String,
      name: Schema.String,
      fidesKey: Schema.optionalKey(Schema.String),
    }),
  ).annotate({ description: "The attributes that were created, because none had their key or name" }),
  unmapped: Schema.Array(Schema.Struct({ member: Schema.String, because: Schema.String, count: Count })).annotate({
    description: "What the manifest says and was not taken over, and how often",
  }),
}).annotate({ identifier: "ImportedManifest" })

/** The group `processingRecords`. */
export const ProcessingRecords = HttpApiGroup.make("processingRecords")
  .add(
    HttpApiEndpoint.get("getProcessingRecord", `${paths.organization}/register`, {
      params: inOrganization,
      query,
      success: Written,
      error: Problem.authenticated,
    })
      .annotate(Needs, "read")
      .annotateMerge(
        about(
          "Get the record of processing activities",
          "What article 30 of the GDPR asks for, from the data systems in use. The same revision of the catalog makes the same bytes. How contacts are reached is not answered to a role that only reads.",
        ),
      ),
    HttpApiEndpoint.post("importDataSystems", `${paths.organization}/data-systems/import`, {
      params: inOrganization,
      query: {
        dryRun: Parameter.optional(
          Schema.Literals(["true", "false"]),
          "`true`: say what would happen, and change nothing",
        ),
      },
      payload: Manifest,
      success: Imported,
      error: Problem.authenticatedWithBody,
    })
      .annotate(Needs, "manage")
      .annotateMerge(
        about(
          "Import data systems",
          "Takes over the data systems of a manifest of fideslang, all of them or none. They are found again by `fides_key`, so that the same manifest again changes nothing.",
        ),
      ),
  )
  .middleware(KeyRequired)
  .annotateMerge(
    OpenApi.annotations({
      title: "Record of processing",
      description: "The record of processing activities (GDPR, article 30), and the exchange with fideslang.",
    }),
  )
