/**
 * The wire schemas of a visit: what a page is told in one round trip.
 */
import { Schema } from "effect"
import type * as Region from "../../../core/browser/Region.ts"
import * as ConsentState from "../../../core/engine/ConsentState.ts"
import * as Exchange from "../../../core/formats/Exchange.ts"
import * as Fields from "../../../core/formats/Fields.ts"

/** A group of texts, all of which are there. */
const texts = <Name extends string>(...names: ReadonlyArray<Name>) =>
  Schema.Struct(
    Object.fromEntries(names.map((name) => [name, Schema.String])) as {
      readonly [Each in Name]: typeof Schema.String
    },
  )

/** The texts of the banner. */
export const BannerTexts = texts<keyof Region.BannerTexts>(
  "title",
  "text",
  "link",
  "acceptButton",
  "denyButton",
  "customizeButton",
  "closeButton",
  "closeAndDeclineButton",
)

/** The texts of the preference centre. */
export const PreferenceTexts = texts<keyof Region.PreferenceTexts>(
  "title",
  "text",
  "saveButton",
  "acceptAllButton",
  "declineAllButton",
  "closeButton",
  "settingsButton",
  "doNotSellLink",
  "limitUseLink",
  "required",
  "historyTitle",
  "historyEmpty",
  "historyDownload",
  "undoButton",
  "pending",
  "signalHonoured",
  "signalConflict",
  "acceptAnywayButton",
  "reloadQuestion",
  "reloadButton",
  "notNowButton",
  "changed",
)

const StatusTexts = texts<keyof Region.StatusTexts>(
  "given",
  "givenUntil",
  "implied",
  "impliedUntil",
  "requested",
  "refused",
  "refusedUntil",
  "withdrawn",
  "expired",
  "invalidated",
  "unknown",
)

/** All texts in one language. */
export const ShownTexts = Schema.Struct({
  language: Schema.String.annotate({ description: "A tag of BCP 47" }),
  dir: Schema.Literals(["ltr", "rtl"]),
  consentBanner: BannerTexts,
  privacyCenter: PreferenceTexts,
  placeholders: texts<keyof Region.PlaceholderTexts>("text", "loadOnceButton", "alwaysAllowButton"),
  statuses: StatusTexts,
}).annotate({ identifier: "VisitTexts" })

const Branding = Schema.Struct({
  primaryColor: Schema.optionalKey(Schema.String),
  secondaryColor: Schema.optionalKey(Schema.String),
  font: Schema.optionalKey(Schema.String),
  logoUrl: Schema.optionalKey(Schema.String),
  buttonRadius: Schema.optionalKey(Schema.Finite),
  cardRadius: Schema.optionalKey(Schema.Finite),
})

const Banner = Schema.Struct({
  enabled: Schema.Boolean,
  layout: Schema.Literals(["bar", "box", "inline"]),
  position: Schema.Literals(["bottom", "top", "bottom-left", "bottom-right", "center"]),
  theme: Schema.Literals(["brand", "light", "dark", "auto"]),
  closeButton: Schema.Literals(["none", "close", "decline"]),
  denyButton: Schema.Boolean,
  customizeButton: Schema.Boolean,
})

/** The region of the visitor, with its settings. */
export const VisitRegion = Schema.Struct({
  id: Schema.String,
  name: Schema.String,
  geography: Schema.optionalKey(
    Schema.String.annotate({ description: "Where the visitor is (ISO 3166-2), as your proxy told it" }),
  ),
  consentMode: Schema.Literals(["express", "implied"]),
  blockingMode: Schema.Literals(["disabled", "discovery", "permissive", "strict", "sealed"]),
  consentDuration: Schema.Int.annotate({ description: "In months" }),
  impliedConsentDelay: Schema.Int.annotate({ description: "In seconds" }),
  gpc: Schema.Boolean,
  gpcCovers: Schema.Array(Schema.String),
  doNotSell: Schema.Boolean,
  limitPii: Schema.Boolean,
  gcm: Schema.Literals(["disabled", "basic", "advanced"]),
  gcmMap: Schema.optionalKey(Schema.Record(Schema.String, Schema.Array(Schema.String))),
  urlPassthrough: Schema.Boolean,
  microsoftUET: Schema.Boolean,
  afterWithdrawal: Schema.Literals(["reload", "ask", "none"]),
  floatingButton: Schema.Boolean,
  consentHistory: Schema.Boolean,
  banner: Banner,
  branding: Branding,
}).annotate({ identifier: "VisitRegion" })

const VisitType = Schema.Struct({
  id: Schema.String,
  category: Fields.Category,
  subcategory: Schema.Tuple([Schema.String]),
  label: Schema.String,
  version: Schema.Int.annotate({ description: "The number of the version in force, whose texts these are" }),
  required: Schema.Boolean,
  validStates: Schema.Array(Schema.Literals(ConsentState.all)),
  name: Schema.String,
  description: Schema.String,
  url: Schema.optionalKey(Schema.String),
  language: Schema.optionalKey(
    Schema.String.annotate({ description: "The language of its texts, where it is not that of the answer" }),
  ),
  consentDuration: Schema.optionalKey(Schema.String),
  rules: Schema.optionalKey(
    Schema.Record(Schema.String, Schema.Unknown).annotate({ description: "The type's own rules" }),
  ),
  versions: Schema.Array(
    Schema.Struct({
      version: Schema.Int,
      publishedAt: Schema.String,
      dateCreated: Schema.String,
      requireReaccept: Schema.Boolean,
      grace: Schema.optionalKey(Schema.String),
    }),
  ),
}).annotate({ identifier: "VisitType" })

const ScriptFile = Schema.Struct({
  src: Schema.String.annotate({ description: "Relative to `/site-v1/{projectId}`" }),
  integrity: Schema.String.annotate({ description: "For Subresource Integrity" }),
})

/** What a page needs before its visitor does anything, besides the instant and the revision. */
const configuration = {
  region: VisitRegion,
  signals: Schema.Struct({
    gpc: Schema.Boolean.annotate({ description: "Whether the request said `Sec-GPC: 1`" }),
  }),
  ruleSet: Schema.Array(Schema.Unknown).annotate({
    description: "The rules of the region, as in rules.json, laid over those of the types",
  }),
  types: Schema.Array(VisitType),
  trackers: Schema.Array(Schema.Unknown),
  texts: ShownTexts,
  languages: Schema.Array(Schema.String).annotate({ description: "The languages that the project has texts in" }),
  client: Schema.Struct({ client: ScriptFile, banner: ScriptFile, preferences: ScriptFile }),
}

const heading = {
  at: Schema.String.annotate({
    description: "The server's clock when the answer was made: earlier than now, where a browser has kept the answer",
  }),
  revision: Schema.Int.annotate({ description: "Grows with each change of what pages are told" }),
}

/** What a page is told before any act. */
export const Visit = Schema.Struct({ ...heading, ...configuration }).annotate({ identifier: "Visit" })

/** The query of a visit. */
export const wantedLanguage = {
  language: Schema.optionalKey(
    Exchange.Language.pipe(
      Schema.annotateEncoded({
        description:
          "The wanted language, in place of the header `Accept-Language`. Where there are no texts in it: the default of the region",
      }),
    ),
  ),
}
