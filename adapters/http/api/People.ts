/**
 * The endpoints of people and their joins, for servers.
 */
import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, OpenApi } from "effect/http-api"
import { KeyRequired } from "./Credentials.ts"
import { about, inOrganization, Needs, paths } from "./Endpoint.ts"
import * as PeopleWire from "./PeopleWire.ts"
import * as Problem from "./Problem.ts"
import * as Wire from "./Wire.ts"

const person = `${paths.organization}/people/:concordId` as const
const one = { ...inOrganization, concordId: Schema.String.annotate({ description: "UUID", format: "uuid" }) }

/** The group `people`. */
export const People = HttpApiGroup.make("people")
  .add(
    HttpApiEndpoint.get("getPerson", person, {
      params: one,
      query: Wire.cursorParameters,
      success: PeopleWire.Person,
      error: Problem.authenticated,
    })
      .annotate(Needs, "read")
      .annotateMerge(
        about(
          "Get a person",
          "Who it was joined with, and the facts that tell, with their evidence: 1,000 of each a page.",
        ),
      ),
    HttpApiEndpoint.delete("undoJoin", `${person}/joins/:joinId`, {
      params: { ...one, joinId: Schema.String.annotate({ description: "The id of a fact", format: "uuid" }) },
      success: PeopleWire.Person,
      error: Problem.changing,
    })
      .annotate(Needs, "manage")
      .annotateMerge(
        about("Undo a join", "By a fact of its own: from now on both people have their own answers again."),
      ),
  )
  .middleware(KeyRequired)
  .annotateMerge(OpenApi.annotations({ title: "People", description: "Who is who, and how that is known." }))
