/**
 * The script files of pages, and what a site pastes to load them.
 */
import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, HttpApiSchema, OpenApi } from "effect/http-api"
import { KeyRequired } from "./Credentials.ts"
import { about, inProject, Needs, onSite, paths, PublicFile, withNotModified } from "./Endpoint.ts"
import * as Problem from "./Problem.ts"

const Script = Schema.String.pipe(HttpApiSchema.asText({ contentType: "text/javascript" }))

/** The name of a file in a path: the SHA-256 of its bytes. */
const file = Schema.String.annotate({
  description: "The SHA-256 of the file in lower-case hexadecimal, and `.js`",
})

const Snippet = Schema.Struct({
  html: Schema.String.annotate({ description: "To paste as the first element of `<head>`, before any other script" }),
  src: Schema.String.annotate({ description: "The address of the loader as it is now: it never changes" }),
  integrity: Schema.String.annotate({ description: "The hash by which a browser checks it (Subresource Integrity)" }),
  revision: Schema.Int.annotate({ description: "Grows with each change of what pages are told" }),
}).annotate({ identifier: "SiteClient" })

/** The group `scripts`. */
export const Scripts = HttpApiGroup.make("scripts")
  .add(
    HttpApiEndpoint.get("getSiteClient", `${paths.site}/site-client`, {
      params: onSite,
      success: Script,
      error: Problem.always,
    })
      .annotate(OpenApi.Transform, withNotModified)
      .annotateMerge(
        about(
          "Get the loader",
          "The script that a page has before all others, with the project's published configuration inside.",
        ),
      ),
    HttpApiEndpoint.get("getSiteClientFile", `${paths.site}/site-client/:file`, {
      params: { ...onSite, file },
      success: Script,
      error: Problem.always,
    })
      .annotate(OpenApi.Transform, withNotModified)
      .annotateMerge(
        about("Get a script file by its hash", "It never changes, and is kept for two years after it was replaced."),
      ),
    HttpApiEndpoint.get("getWidget", `${paths.site}/widget`, {
      params: onSite,
      success: Script,
      error: Problem.always,
    })
      .annotate(OpenApi.Transform, withNotModified)
      .annotateMerge(about("Get the widget", "The banner and the preference centre in one file.")),
  )
  .annotate(PublicFile, true)
  .annotateMerge(OpenApi.annotations({ title: "Script files", description: "For pages. Without a credential." }))

/** The group `siteClient`. */
export const SiteClient = HttpApiGroup.make("siteClient")
  .add(
    HttpApiEndpoint.get("getSiteClientSnippet", `${paths.project}/site-client`, {
      params: inProject,
      success: Snippet,
      error: Problem.authenticated,
    })
      .annotate(Needs, "read")
      .annotateMerge(
        about(
          "Get what a site pastes",
          "A script element that loads exactly the loader of now. It keeps that configuration until it is pasted again; the address without a hash follows each publication.",
        ),
      ),
  )
  .middleware(KeyRequired)
  .annotateMerge(OpenApi.annotations({ title: "Site client", description: "For servers. Credential: x-api-key." }))
