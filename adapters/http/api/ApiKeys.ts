/**
 * The endpoints of API keys, for owners.
 */
import { HttpApiEndpoint, HttpApiGroup, OpenApi } from "effect/http-api"
import { KeyRequired } from "./Credentials.ts"
import { about, created, idOf, inOrganization, Needs, paths } from "./Endpoint.ts"
import * as Problem from "./Problem.ts"
import * as CatalogWire from "./CatalogWire.ts"

const keys = `${paths.organization}/api-keys` as const
const one = { ...inOrganization, id: idOf("the API key") }

/** The group `apiKeys`. */
export const ApiKeys = HttpApiGroup.make("apiKeys")
  .add(
    HttpApiEndpoint.get("listApiKeys", keys, {
      params: inOrganization,
      query: CatalogWire.entryParameters,
      success: CatalogWire.ApiKeyPage,
      error: Problem.authenticated,
    })
      .annotate(Needs, "manage-keys")
      .annotateMerge(about("List API keys", "Those that are not revoked, without their secrets.")),
    HttpApiEndpoint.post("createApiKey", keys, {
      params: inOrganization,
      payload: CatalogWire.NewApiKey,
      success: CatalogWire.MadeApiKey.pipe(created),
      error: Problem.authenticatedWithBody,
    })
      .annotate(Needs, "manage-keys")
      .annotateMerge(about("Create an API key", "Its secret is answered now and never again.")),
    HttpApiEndpoint.patch("updateApiKey", `${keys}/:id`, {
      params: one,
      payload: CatalogWire.ApiKeyChange,
      success: CatalogWire.ApiKey,
      error: Problem.authenticatedWithBody,
    })
      .annotate(Needs, "manage-keys")
      .annotateMerge(about("Change an API key", "Its name, roles, or when it expires.")),
    HttpApiEndpoint.delete("deleteApiKey", `${keys}/:id`, {
      params: one,
      success: CatalogWire.ApiKey,
      error: Problem.changing,
    })
      .annotate(Needs, "manage-keys")
      .annotateMerge(about("Revoke an API key", "From this moment it opens nothing.")),
  )
  .middleware(KeyRequired)
  .annotateMerge(OpenApi.annotations({ title: "API keys", description: "For owners: who may do what." }))
