/**
 * The endpoints of consent types, for servers.
 */
import { HttpApiEndpoint, HttpApiGroup, OpenApi } from "effect/http-api"
import { KeyRequired } from "./Credentials.ts"
import { about, idOf, inProject, Needs, paths } from "./Endpoint.ts"
import * as Problem from "./Problem.ts"
import * as ConsentTypeWire from "./ConsentTypeWire.ts"
import { Schema } from "effect"

const types = `${paths.project}/consent-types` as const
const anyVersion = Schema.String.annotate({ description: "The number of the version, from 1, or its id" })
const one = { ...inProject, id: idOf("the consent type") }
const translation = {
  ...one,
  version: anyVersion,
  language: Schema.String.annotate({ description: "The language of the texts: a tag of BCP 47, such as `de`" }),
}

/** The group `consentTypes`. */
export const ConsentTypes = HttpApiGroup.make("consentTypes")
  .add(
    HttpApiEndpoint.get("listConsentTypes", types, {
      params: inProject,
      query: ConsentTypeWire.typeParameters,
      success: ConsentTypeWire.ConsentTypePage,
      error: Problem.authenticated,
    })
      .annotate(Needs, "read")
      .annotateMerge(about("List consent types", "In the order they were made; those whose members are equal.")),
    HttpApiEndpoint.post("createConsentType", types, {
      params: inProject,
      payload: ConsentTypeWire.NewConsentType,
      success: ConsentTypeWire.ConsentType,
      error: Problem.authenticatedWithBody,
    })
      .annotate(Needs, "manage")
      .annotateMerge(
        about("Create a consent type", "Publishes its version 1. Category, subcategory and label are unique together."),
      ),
    HttpApiEndpoint.patch("updateConsentType", `${types}/:id`, {
      params: one,
      payload: ConsentTypeWire.ConsentTypeChange,
      success: ConsentTypeWire.ConsentType,
      error: Problem.authenticatedWithBody,
    })
      .annotate(Needs, "manage")
      .annotateMerge(
        about("Change a consent type", "A change of a text publishes the next version. No event is touched."),
      ),
    HttpApiEndpoint.delete("deleteConsentType", `${types}/:id`, {
      params: one,
      success: ConsentTypeWire.ConsentType,
      error: Problem.changing,
    })
      .annotate(Needs, "manage")
      .annotateMerge(about("Delete a consent type", "A type that has events is archived. Refusals are still taken.")),
    HttpApiEndpoint.get("getConsentTypeVersion", `${types}/:id/versions/:version`, {
      params: {
        ...one,
        version: anyVersion,
      },
      query: ConsentTypeWire.languageParameter,
      success: ConsentTypeWire.ConsentTypeVersion,
      error: Problem.authenticated,
    })
      .annotate(Needs, "read")
      .annotateMerge(about("Get a version of a consent type", "What was shown.")),
    HttpApiEndpoint.delete("cancelConsentTypeVersion", `${types}/:id/versions/:version`, {
      params: { ...one, version: Schema.String.annotate({ description: "The id of the version" }) },
      success: ConsentTypeWire.ConsentType,
      error: Problem.changing,
    })
      .annotate(Needs, "manage")
      .annotateMerge(
        about(
          "Cancel a version of a consent type",
          "Only before it is in force (409 `version_in_force`): from then on it is as if it had never been scheduled.",
        ),
      ),
    HttpApiEndpoint.put("giveTranslation", `${types}/:id/versions/:version/texts/:language`, {
      params: translation,
      payload: ConsentTypeWire.TranslationTexts,
      success: ConsentTypeWire.Translation,
      error: Problem.authenticatedWithBody,
    })
      .annotate(Needs, "manage")
      .annotateMerge(
        about(
          "Translate a version of a consent type",
          "Given once: the same texts again change nothing, and others are 409 `translation_exists`.",
        ),
      ),
    HttpApiEndpoint.delete("takeTranslationBack", `${types}/:id/versions/:version/texts/:language`, {
      params: translation,
      success: ConsentTypeWire.Translation,
      error: Problem.changing,
    })
      .annotate(Needs, "manage")
      .annotateMerge(
        about(
          "Take a translation back",
          "Only before the version is in force and while no event names it (409 `version_in_force`).",
        ),
      ),
  )
  .middleware(KeyRequired)
  .annotateMerge(OpenApi.annotations({ title: "Consent types", description: "What people are asked." }))
