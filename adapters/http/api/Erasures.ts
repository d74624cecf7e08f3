/**
 * The endpoints that erase people, for servers.
 */
import { HttpApiEndpoint, HttpApiGroup, OpenApi } from "effect/http-api"
import { KeyRequired } from "./Credentials.ts"
import { about, InEveryProject, inOrganization, Needs, ofPerson, paths } from "./Endpoint.ts"
import * as ErasureWire from "./ErasureWire.ts"
import * as Problem from "./Problem.ts"

const erasure = `${paths.organization}/people/:concordId/erasure` as const
const erasures = `${paths.organization}/erasures` as const

/** The group `erasures`. */
export const Erasures = HttpApiGroup.make("erasures")
  .add(
    HttpApiEndpoint.post("erasePerson", erasure, {
      params: ofPerson,
      payload: ErasureWire.ErasureRequest,
      success: ErasureWire.Erased,
      error: Problem.authenticatedWithBody,
    })
      .annotate(Needs, "erase")
      .annotate(InEveryProject, true)
      .annotateMerge(
        about(
          "Erase a person",
          "Destroys what names it and its personal data, with everybody who is joined with it now. Events stay, without personal data, and are not seen as known from then on. Erased again, it gets the first answer. 404 if it was never known, 503 if the log of erasures cannot be written, and nothing is erased.",
        ),
      ),
    HttpApiEndpoint.get("getErasure", erasure, {
      params: ofPerson,
      success: ErasureWire.Erasure,
      error: Problem.authenticated,
    })
      .annotate(Needs, "read")
      .annotateMerge(about("Get the erasure of a person", "404 for a person that was not erased.")),
    HttpApiEndpoint.get("listErasures", erasures, {
      params: inOrganization,
      query: ErasureWire.pageParameters,
      success: ErasureWire.Erasures,
      error: Problem.authenticated,
    })
      .annotate(Needs, "read")
      .annotateMerge(about("List erasures", "In the order recorded. They hold random ids only.")),
    HttpApiEndpoint.post("eraseByIdentifier", erasures, {
      params: inOrganization,
      payload: ErasureWire.ErasureByIdentifier,
      success: ErasureWire.Erased,
      error: Problem.authenticatedWithBody,
    })
      .annotate(Needs, "erase")
      .annotate(InEveryProject, true)
      .annotateMerge(
        about(
          "Erase the person that an identifier names",
          "The first request is answered with 409 and `toConfirm`: the concordId, and counts. The second one sends that concordId as `confirm`. A contact point that several accounts share is refused (422 `contact_shared`): name the account.",
        ),
      ),
  )
  .middleware(KeyRequired)
  .annotateMerge(OpenApi.annotations({ title: "Erasures", description: "Erasing people, and what was erased." }))
