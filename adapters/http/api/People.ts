/**
 * The endpoints of people and their joins, for servers.
 */
import { HttpApiEndpoint, HttpApiGroup, OpenApi } from "effect/http-api"
import { KeyRequired } from "./Credentials.ts"
import { about, InEveryProject, idOf, inOrganization, Needs, ofPerson, paths } from "./Endpoint.ts"
import * as PeopleWire from "./PeopleWire.ts"
import * as Problem from "./Problem.ts"
import * as Wire from "./Wire.ts"

const person = `${paths.organization}/people/:concordId` as const

/** The group `people`. */
export const People = HttpApiGroup.make("people")
  .add(
    HttpApiEndpoint.get("getPerson", person, {
      params: ofPerson,
      query: Wire.cursorParameters,
      success: PeopleWire.Person,
      error: Problem.authenticated,
    })
      .annotate(Needs, "read")
      .annotateMerge(
        about(
          "Get a person",
          "Who it was joined with, the kinds of identifiers that name it, and the facts with their evidence: 1,000 members and facts a page.",
        ),
      ),
    HttpApiEndpoint.get("getPersonData", `${person}/data`, {
      params: ofPerson,
      success: PeopleWire.PersonData,
      error: Problem.authenticated,
    })
      .annotate(Needs, "handle")
      .annotate(InEveryProject, true)
      .annotateMerge(
        about(
          "Get everything held about a person",
          "For a person that asks what is kept about it: kinds of identifiers, sessions, personal data in clear, facts, erasures, decisions with their explanation and all events, of it and of everybody joined with it. One object of any length, streamed; one that is not closed is not complete.",
        ),
      ),
    HttpApiEndpoint.post("releaseIdentifier", `${person}/identifiers/release`, {
      params: ofPerson,
      payload: PeopleWire.Release,
      success: PeopleWire.Fact,
      error: Problem.authenticatedWithBody,
    })
      .annotate(Needs, "manage")
      .annotateMerge(
        about(
          "Release an identifier",
          "It names no one from now on, by a fact: for an address or a number that changed hands. 404 if it names neither this person nor one joined with it. What was recorded stays, and so does every answer as known before.",
        ),
      ),
    HttpApiEndpoint.post("renameAccounts", `${paths.organization}/people/identifiers/rename`, {
      params: inOrganization,
      payload: PeopleWire.Renames,
      success: PeopleWire.Renamed,
      error: Problem.authenticatedWithBody,
    })
      .annotate(Needs, "manage")
      .annotateMerge(
        about(
          "Rename accounts",
          "Each userId is replaced by another one for the same person, by a fact each, at one instant: all of them or none. The same rename again records nothing.",
        ),
      ),
    HttpApiEndpoint.delete("undoJoin", `${person}/joins/:joinId`, {
      params: { ...ofPerson, joinId: idOf("the fact that joined the person") },
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
