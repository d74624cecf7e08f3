/**
 * The endpoints of connectors, for servers: where a data system takes the tasks of compliance requests by itself.
 */
import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, OpenApi } from "effect/http-api"
import * as Fields from "../../../core/formats/Fields.ts"
import { KeyRequired } from "./Credentials.ts"
import { about, idOf, inOrganization, Needs, paths } from "./Endpoint.ts"
import * as Problem from "./Problem.ts"

const Identity = Schema.Struct({
  type: Schema.Literals(["email", "phone"]),
  format: Schema.Literals(["raw", "sha256"]),
})

const url = Fields.writableText(1, 2048).annotate({
  description: "`https`, and no inner address. Each task is one POST to it",
})

const profile = Schema.Literals(["assent", "opendsr"]).annotate({
  description: "The form of a task. `opendsr`: the request of OpenDSR 2.0, for `view` and `delete` alone",
})

const identities = Schema.Array(Identity)
  .check(Schema.isMinLength(1), Schema.isMaxLength(4))
  .annotate({ description: "What the data system is told of the person, where it was shown to be the person's" })

/** A connector that is set. */
export const ConnectorFields = Schema.Struct({
  url,
  profile: Fields.orNull(profile).annotate({ description: "Left out: `assent`" }),
  identities: Fields.orNull(identities).annotate({ description: "Left out: the e-mail address as it is" }),
  isActive: Fields.orNull(Schema.Boolean).annotate({ description: "Whether it gets tasks. Left out: true" }),
  certificate: Fields.orNull(Fields.writableText(0, 16_384)).annotate({
    description: "A certificate in PEM: callbacks must be signed with its key, as OpenDSR says. Left out: none",
  }),
})

/** A connector. */
export const Connector = Schema.Struct({
  dataSystem: Schema.String,
  url,
  profile,
  identities,
  isActive: Schema.Boolean,
  certificate: Schema.optionalKey(Schema.String),
  generation: Schema.Int.annotate({ description: "The number of its secret, from 1" }),
  overlapUntil: Schema.optionalKey(
    Schema.String.annotate({ description: "Until when the secret before it signs as well" }),
  ),
}).annotate({ identifier: "Connector" })

/** A connector, with its secret where it is a new one. */
export const ConnectorWithSecret = Schema.Struct({
  ...Connector.fields,
  secret: Schema.optionalKey(
    Schema.String.annotate({ description: "`whsec_…`, of a new one alone. It is answered here and never again" }),
  ),
}).annotate({ identifier: "ConnectorWithSecret" })

const connector = `${paths.organization}/data-systems/:id/connector` as const
const ofSystem = { ...inOrganization, id: idOf("the data system") }

/** The group `connectors`. */
export const Connectors = HttpApiGroup.make("connectors")
  .add(
    HttpApiEndpoint.get("getConnector", connector, {
      params: ofSystem,
      success: Connector,
      error: Problem.authenticated,
    })
      .annotate(Needs, "read")
      .annotateMerge(about("Get the connector of a data system", "Without its secret.")),
    HttpApiEndpoint.put("setConnector", connector, {
      params: ofSystem,
      payload: ConnectorFields,
      success: ConnectorWithSecret,
      error: Problem.authenticatedWithBody,
    })
      .annotate(Needs, "manage")
      .annotateMerge(
        about(
          "Set the connector of a data system",
          "Replaces one that is there, which keeps its secret. The secret of a new one is answered now and never again.",
        ),
      ),
    HttpApiEndpoint.delete("deleteConnector", connector, {
      params: ofSystem,
      success: Connector,
      error: Problem.changing,
    })
      .annotate(Needs, "manage")
      .annotateMerge(about("Delete the connector of a data system", "Tasks that wait for it are left to staff.")),
    HttpApiEndpoint.post("rotateConnectorSecret", `${connector}/secret`, {
      params: ofSystem,
      success: ConnectorWithSecret,
      error: Problem.changing,
    })
      .annotate(Needs, "manage")
      .annotateMerge(
        about("Give a connector a new secret", "Both secrets sign for a day, the newest first. It is answered once."),
      ),
  )
  .middleware(KeyRequired)
  .annotateMerge(
    OpenApi.annotations({
      title: "Connectors",
      description: "Where data systems take tasks of compliance requests, signed by Standard Webhooks.",
    }),
  )
