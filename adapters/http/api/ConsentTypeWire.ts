/**
 * The wire schemas of consent types, their changes and their versions.
 */
import { Schema } from "effect"
import * as Fields from "../../../core/formats/Fields.ts"
import * as NewTypes from "../../../core/formats/NewTypes.ts"
import * as Catalog from "../../../core/model/Catalog.ts"
import * as Exchange from "../../../core/formats/Exchange.ts"
import * as Parameter from "./Parameter.ts"
import * as Wire from "./Wire.ts"

/** The highest number of characters of a document. */
export const documentMaxLength = 5_000_000

const texts = {
  description: Fields.orNull(Fields.writableText(0, 2000)),
  document: Fields.orNull(Fields.writableText(0, documentMaxLength)),
  url: Fields.orNull(Wire.WebAddress),
  language: Fields.orNull(
    Exchange.Language.annotate({
      description: "The language of the texts: a tag of BCP 47. Left out in a new type: the default of the project",
    }),
  ),
}

/** The texts of a version in another language. Each text that the version has is needed. */
export const TranslationTexts = Schema.Struct({
  name: Fields.writableText(5, 100),
  description: texts.description,
  document: texts.document,
  url: Fields.orNull(Wire.WebAddress.annotate({ description: "Left out: that of the version" })),
})

const publication = {
  publishedAt: Fields.orNull(
    Exchange.Instant.annotate({ description: "From when the version is in force; left out: at once" }),
  ),
  requireReaccept: Fields.orNull(
    Schema.Boolean.annotate({ description: "Answers to earlier versions lapse, and everybody is asked again" }),
  ),
  grace: Fields.orNull(Exchange.Period.annotate({ description: "How long earlier answers still count (ISO 8601)" })),
}

const conditions = {
  validStates: Fields.orNull(NewTypes.ValidStates),
  consentDuration: Fields.orNull(
    Exchange.PositivePeriod.annotate({ description: "How long an answer lasts (ISO 8601); null: for ever" }),
  ),
  status: Fields.orNull(Schema.Literals(Catalog.typeStatuses)),
  required: Fields.orNull(Schema.Boolean),
  rules: Fields.orNull(Exchange.Rules),
}

/** A new consent type. */
export const NewConsentType = Schema.Struct({
  category: Fields.Category,
  subcategory: Fields.KeptSubcategory,
  label: NewTypes.Label,
  name: Fields.orNull(Fields.writableText(5, 100).annotate({ description: "Left out: the label" })),
  ...texts,
  ...publication,
  ...conditions,
}).check(NewTypes.isKnownSubcategory)

/** A change of a consent type. A change of a text publishes the next version. */
export const ConsentTypeChange = Schema.Struct({
  category: Fields.orNull(Fields.Category),
  subcategory: Fields.orNull(Fields.Subcategory),
  label: Fields.orNull(Schema.String),
  name: Fields.orNull(Fields.writableText(5, 100)),
  ...texts,
  ...publication,
  ...conditions,
  version: Fields.orNull(
    Exchange.VersionNumber.annotate({ description: "The version the change is made to: another one in force is 409" }),
  ),
})

const version = {
  id: Schema.String.annotate({ description: "Never changes; the number of a planned version may" }),
  version: Schema.Int,
  publishedAt: Schema.String,
  dateCreated: Schema.String,
  requireReaccept: Schema.Boolean,
  grace: Schema.optionalKey(Schema.String),
}

const shown = {
  name: Schema.String,
  description: Schema.String,
  document: Schema.optionalKey(Schema.String),
  url: Schema.optionalKey(Schema.String),
  language: Schema.optionalKey(Schema.String.annotate({ description: "The language of these texts, if it is stated" })),
}

/** A consent type in an answer, with the texts in force now. */
export const ConsentType = Schema.Struct({
  id: Schema.String,
  organization: Schema.String,
  project: Schema.String,
  category: Fields.Category,
  subcategory: Schema.Tuple([Schema.String]),
  label: Schema.String,
  ...shown,
  validStates: Schema.Array(Exchange.State),
  consentDuration: Schema.optionalKey(Schema.String),
  status: Schema.Literals(Catalog.typeStatuses),
  required: Schema.Boolean,
  requireReaccept: Schema.Boolean,
  grace: Schema.optionalKey(Schema.String),
  rules: Schema.Record(Schema.String, Schema.Unknown).annotate({ description: "See semantics, section 4" }),
  version: Schema.Int.annotate({ description: "The version in force now" }),
  requireReacceptVersion: Schema.optionalKey(
    Schema.Int.annotate({ description: "The latest version that made earlier answers lapse" }),
  ),
  readOnly: Schema.Boolean,
  dateCreated: Schema.String,
  dateUpdated: Schema.String,
  versions: Schema.Array(Schema.Struct(version)),
}).annotate({ identifier: "ConsentType" })

/** A page of consent types. */
export const ConsentTypePage = Wire.page(ConsentType)

/** The texts and conditions of one version, as people were shown them. */
export const ConsentTypeVersion = Schema.Struct({
  consentType: Schema.String,
  ...shown,
  languages: Schema.optionalKey(
    Schema.Array(Schema.String).annotate({ description: "The other languages that the version has texts in" }),
  ),
  ...version,
  cancelledAt: Schema.optionalKey(Schema.String.annotate({ description: "When it was cancelled, if it was" })),
}).annotate({ identifier: "ConsentTypeVersion" })

/** A translation of a version in an answer. */
export const Translation = Schema.Struct({
  id: Schema.String,
  consentType: Schema.String,
  version: Schema.String.annotate({ description: "The id of the version" }),
  ...shown,
  dateCreated: Schema.String,
}).annotate({ identifier: "ConsentTypeTranslation" })

/** The query parameter that chooses the texts of a version. */
export const languageParameter = {
  language: Parameter.optional(Exchange.Language, "The texts in exactly this language. Left out: those of the version"),
}

/** The query parameter that says in which language visitors are shown consent types. */
export const shownLanguage = {
  language: Parameter.optional(
    Exchange.Language,
    "The wanted language, in place of the header `Accept-Language`. Where a type has no texts in it: the default of the project, English, or what there is",
  ),
}

/** The query parameters of a list of consent types; a filter selects the types that have an equal member. */
export const typeParameters = {
  ...Wire.pageParameters,
  sort: Wire.entrySort,
  category: Parameter.optional(Fields.Category, "Types of this category"),
  subcategory: Parameter.optional(Schema.String, "Types of this subcategory"),
  label: Parameter.optional(Schema.String, "Types with this label"),
  name: Parameter.optional(Schema.String, "Types with this name, as it is shown now"),
  url: Parameter.optional(Schema.String, "Types with this address, as it is shown now"),
  version: Parameter.optional(
    Wire.wholeNumber(1, Number.MAX_SAFE_INTEGER),
    "Types whose version in force has this number",
  ),
  status: Parameter.optional(Schema.Literals(Catalog.typeStatuses), "Types with this status"),
}
