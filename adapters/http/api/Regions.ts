/**
 * The endpoints of regions, of their own texts, and of publishing them, for servers.
 */
import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, OpenApi } from "effect/http-api"
import { entryParameters } from "./CatalogWire.ts"
import { KeyRequired } from "./Credentials.ts"
import { about, created, inProject, Needs, paths } from "./Endpoint.ts"
import * as Problem from "./Problem.ts"
import * as RegionWire from "./RegionWire.ts"
import * as Wire from "./Wire.ts"

const regions = `${paths.project}/regions` as const
const languages = `${regions}/:id/languages` as const
const siteClient = `${paths.project}/site-client` as const
const one = {
  ...inProject,
  id: Schema.String.annotate({ description: "The id of the region, a UUID: that of the project for the default one" }),
}
const oneLanguage = {
  ...one,
  languageId: Schema.String.annotate({ description: "A tag of BCP 47, such as `de`" }),
}

/** The group `regions`. */
export const Regions = HttpApiGroup.make("regions")
  .add(
    HttpApiEndpoint.get("listRegions", regions, {
      params: inProject,
      success: RegionWire.Regions,
      error: Problem.authenticated,
    })
      .annotate(Needs, "read")
      .annotateMerge(about("List regions", "As they are published next, the default one first.")),
    HttpApiEndpoint.post("createRegion", regions, {
      params: inProject,
      payload: RegionWire.NewRegion,
      success: RegionWire.Region.pipe(created),
      error: Problem.authenticatedWithBody,
    })
      .annotate(Needs, "manage")
      .annotateMerge(about("Create a region", "A code that another region has is refused (409 `region_taken`).")),
    HttpApiEndpoint.get("getRegion", `${regions}/:id`, {
      params: one,
      success: RegionWire.Region,
      error: Problem.authenticated,
    })
      .annotate(Needs, "read")
      .annotateMerge(about("Get a region", "As it is published next.")),
    HttpApiEndpoint.patch("updateRegion", `${regions}/:id`, {
      params: one,
      payload: RegionWire.RegionChange,
      success: RegionWire.Region,
      error: Problem.authenticatedWithBody,
    })
      .annotate(Needs, "manage")
      .annotateMerge(about("Change a region", "What is left out stays; `null` puts a setting back to its template.")),
    HttpApiEndpoint.delete("deleteRegion", `${regions}/:id`, {
      params: one,
      success: RegionWire.Region,
      error: Problem.authenticatedWithBody,
    })
      .annotate(Needs, "manage")
      .annotateMerge(about("Delete a region", "Its visitors are in the default one, which cannot be deleted.")),
    HttpApiEndpoint.get("listRegionLanguages", languages, {
      params: one,
      success: RegionWire.RegionLanguages,
      error: Problem.authenticated,
    })
      .annotate(Needs, "read")
      .annotateMerge(about("List the texts of a region", "Your own, by their languages.")),
    HttpApiEndpoint.post("createRegionLanguage", languages, {
      params: one,
      payload: RegionWire.NewRegionLanguage,
      success: RegionWire.RegionLanguage.pipe(created),
      error: Problem.authenticatedWithBody,
    })
      .annotate(Needs, "manage")
      .annotateMerge(about("Give a region texts in a language", "What is left out has the words of Assent.")),
    HttpApiEndpoint.get("getRegionLanguage", `${languages}/:languageId`, {
      params: oneLanguage,
      success: RegionWire.RegionLanguage,
      error: Problem.authenticated,
    })
      .annotate(Needs, "read")
      .annotateMerge(about("Get the texts of a region in a language", "Your own alone.")),
    HttpApiEndpoint.patch("updateRegionLanguage", `${languages}/:languageId`, {
      params: oneLanguage,
      payload: RegionWire.RegionLanguageChange,
      success: RegionWire.RegionLanguage,
      error: Problem.authenticatedWithBody,
    })
      .annotate(Needs, "manage")
      .annotateMerge(about("Change the texts of a region", "What is left out stays; `null` removes a text.")),
    HttpApiEndpoint.delete("deleteRegionLanguage", `${languages}/:languageId`, {
      params: oneLanguage,
      success: RegionWire.RegionLanguage,
      error: Problem.authenticatedWithBody,
    })
      .annotate(Needs, "manage")
      .annotateMerge(about("Delete the texts of a region", "Those of Assent are shown, if there are any.")),
    HttpApiEndpoint.post("publishRegions", `${siteClient}/publish`, {
      params: inProject,
      payload: RegionWire.PublishRequest,
      success: RegionWire.Published,
      error: Problem.authenticatedWithBody,
    })
      .annotate(Needs, "manage")
      .annotateMerge(
        about(
          "Publish the regions",
          "All of them become the next revision, or an earlier revision is published again.",
        ),
      ),
    HttpApiEndpoint.get("listPublications", `${siteClient}/publications`, {
      params: inProject,
      query: entryParameters,
      success: Wire.page(RegionWire.Publication),
      error: Problem.authenticated,
    })
      .annotate(Needs, "read")
      .annotateMerge(about("List publications", "What was published, and when.")),
  )
  .middleware(KeyRequired)
  .annotateMerge(
    OpenApi.annotations({
      title: "Regions",
      description: "What visitors are shown, and under which rules their answers count, by where they are.",
    }),
  )
