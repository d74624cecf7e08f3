/**
 * The endpoint of the change feed, for servers.
 */
import { HttpApiEndpoint, HttpApiGroup, OpenApi } from "effect/http-api"
import * as ChangeWire from "./ChangeWire.ts"
import { KeyRequired } from "./Credentials.ts"
import { about, inProject, Needs, paths } from "./Endpoint.ts"
import * as Problem from "./Problem.ts"

/** The group `changes`. */
export const Changes = HttpApiGroup.make("changes")
  .add(
    HttpApiEndpoint.get("listChanges", `${paths.project}/changes`, {
      params: inProject,
      query: ChangeWire.parameters,
      success: ChangeWire.ChangePage,
      error: Problem.following,
    })
      .annotate(Needs, "read")
      .annotateMerge(
        about(
          "List changes",
          "Every event, and every answer that changed without one, in the order in which they were recorded of each person. Follow `mark`, and with `wait` for as long as you like. With `Accept: text/event-stream` the changes come as server-sent events, whose ids are marks.",
        ),
      ),
  )
  .middleware(KeyRequired)
  .annotateMerge(
    OpenApi.annotations({ title: "Changes", description: "The change feed, for servers. Credential: x-api-key." }),
  )
