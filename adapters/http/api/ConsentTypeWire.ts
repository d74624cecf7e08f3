/**
 * The wire schemas of consent types, their changes and their versions.
 */
import { Schema } from "effect"
import * as Fields from "../../../core/formats/Fields.ts"
import * as Catalog from "../../../core/model/Catalog.ts"
import * as ConsentState from "../../../core/engine/ConsentState.ts"
import * as Exchange from "../../../core/formats/Exchange.ts"
import * as Wire from "./Wire.ts"

/** The subcategories of every category except `custom`, which allows any. */
export const subcategories = [
  "analytics",
  "do_not_sell",
  "functional",
  "global_privacy_control",
  "limit_pii_use",
  "marketing",
  "strictly_necessary",
  "unclassified",
  "email",
  "phone",
  "privacy_policy",
  "terms_of_service",
  "cookie_policy",
  "data_protection_agreement",
] as const

/** The highest number of characters of a document. */
export const documentMaxLength = 5_000_000

const Label = Schema.String.check(
  Schema.isPattern(/^[a-z0-9_*]{1,128}$/, {
    message: "expected 1 to 128 characters: small letters, digits, _ and *",
  }),
)

const States = Schema.Array(Schema.Literals(ConsentState.all)).check(
  Schema.isMinLength(1, { message: "expected at least 1 consent state" }),
  Schema.makeFilter((states) => new Set(states).size === states.length || "names a consent state twice"),
)

const texts = {
  description: Fields.orNull(Fields.writableText(0, 2000)),
  document: Fields.orNull(Fields.writableText(0, documentMaxLength)),
  url: Fields.orNull(Wire.WebAddress),
}

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
  validStates: Fields.orNull(States),
  consentDuration: Fields.orNull(
    Exchange.PositivePeriod.annotate({ description: "How long an answer lasts (ISO 8601); null: for ever" }),
  ),
  status: Fields.orNull(Schema.Literals(Catalog.typeStatuses)),
  required: Fields.orNull(Schema.Boolean),
  rules: Fields.orNull(Exchange.Rules),
}

/** Checks that the category allows the subcategory. */
const isKnownSubcategory = Schema.makeFilter(
  ({ category, subcategory }: { category?: string | null; subcategory?: unknown }) => {
    const name = Array.isArray(subcategory) ? subcategory[0] : subcategory
    const isKnown = category === "custom" || subcategories.some((known) => known === name)
    return isKnown || { path: ["subcategory"], issue: `expected one of ${subcategories.join(", ")}` }
  },
)

/** A new consent type. */
export const NewConsentType = Schema.Struct({
  category: Fields.Category,
  subcategory: Fields.KeptSubcategory,
  label: Label,
  name: Fields.orNull(Fields.writableText(5, 100).annotate({ description: "Left out: the label" })),
  ...texts,
  ...publication,
  ...conditions,
}).check(isKnownSubcategory)

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
  ...version,
  cancelledAt: Schema.optionalKey(Schema.String.annotate({ description: "When it was cancelled, if it was" })),
}).annotate({ identifier: "ConsentTypeVersion" })

/** The query parameters of a list of consent types; a filter selects the types that have an equal member. */
export const typeParameters = {
  ...Wire.pageParameters,
  sort: Schema.optionalKey(Schema.Literals(["dateCreated", "name"])),
  category: Schema.optionalKey(Fields.Category),
  subcategory: Schema.optionalKey(Schema.String),
  label: Schema.optionalKey(Schema.String),
  name: Schema.optionalKey(Schema.String),
  url: Schema.optionalKey(Schema.String),
  version: Schema.optionalKey(Wire.wholeNumber(1, Number.MAX_SAFE_INTEGER)),
  status: Schema.optionalKey(Schema.Literals(Catalog.typeStatuses)),
}
