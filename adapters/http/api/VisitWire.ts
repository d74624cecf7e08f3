/**
 * The wire schemas of a visit: what a page needs, in one round trip.
 */
import { Schema } from "effect"
import { HttpApiSchema } from "effect/http-api"
import type * as Region from "../../../core/browser/Region.ts"
import * as ConsentState from "../../../core/engine/ConsentState.ts"
import * as Exchange from "../../../core/formats/Exchange.ts"
import * as Fields from "../../../core/formats/Fields.ts"
import * as Wire from "./Wire.ts"

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
  "historyFailed",
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
export const PageTexts = Schema.Struct({
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
  texts: PageTexts,
  languages: Schema.Array(Schema.String).annotate({ description: "The languages that the project has texts in" }),
  client: Schema.Struct({ client: ScriptFile, later: ScriptFile, banner: ScriptFile, preferences: ScriptFile }),
}

const heading = {
  at: Schema.String.annotate({
    description: "The server's clock when the answer was made: earlier than now, where a browser has kept the answer",
  }),
  revision: Schema.Int.annotate({ description: "Grows with each change of what pages are told" }),
}

/** What a page needs before any act. */
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

/** A choice as a page sends it. */
export const VisitItem = Schema.Struct({
  ...Wire.VisitorItem.fields,
  externalId: Fields.writableText(1, 128).annotate({
    description: "The page's own id of the choice, such as a random UUID: the same choice is recorded once",
  }),
  consentDate: Exchange.Instant.annotate({
    description: "When it was chosen by the clock of the page. The difference to `sentAt` counts",
  }),
})

/** The members of the body of a visit that acts, besides its items. */
const acting = {
  contextId: Fields.orNull(
    Schema.String.annotate({
      description:
        "From an earlier visit of this browser, where it is not kept in a cookie: a UUID of version 4 or 7. Any other text is passed over",
    }),
  ),
  session: Fields.orNull(
    Schema.String.annotate({ description: "The token of a session. One that has ended is replaced by a new one" }),
  ),
  revision: Fields.orNull(
    Schema.Int.annotate({ description: "The revision that the page has: it is answered only where it differs" }),
  ),
  language: Fields.orNull(Exchange.Language.annotate({ description: "The wanted language: a tag of BCP 47" })),
  sentAt: Exchange.Instant.annotate({
    description: "The clock of the page when the request is sent. The dates of items are shifted by its error",
  }),
}

/** The members besides the items, as they are read. */
export const VisitHead = Schema.Struct(acting)

const VisitRequest = Schema.Struct({ ...acting, items: Schema.optionalKey(Wire.batch(VisitItem).fields.items) })

/** The body of a visit that acts: JSON, or the same sent as a text, for which a browser needs no preflight. */
export const VisitBodies = [
  VisitRequest,
  Schema.String.annotate({ description: "The same JSON as a text, for which a browser sends no preflight" }).pipe(
    HttpApiSchema.asText({ contentType: "text/plain" }),
  ),
] as const

/** A body without any item. */
export const ItemsOfVisit = Wire.batch(Schema.Unknown)

/** An event as the engine of a page reads it. */
const VisitEvent = Schema.Struct({
  id: Schema.String,
  concordId: Schema.String,
  consentType: Schema.String,
  version: Schema.Int,
  consentState: Exchange.State,
  consentAction: Exchange.Action,
  consentDate: Schema.String,
  dateCreated: Schema.String,
  expirationDate: Schema.optionalKey(Schema.String),
  externalId: Schema.optionalKey(Schema.String),
  evidence: Schema.optionalKey(Schema.Record(Schema.String, Schema.Unknown)),
}).annotate({ identifier: "VisitEvent" })

const optionalConfiguration = {
  region: Schema.optionalKey(configuration.region),
  signals: Schema.optionalKey(configuration.signals),
  ruleSet: Schema.optionalKey(configuration.ruleSet),
  types: Schema.optionalKey(configuration.types),
  trackers: Schema.optionalKey(configuration.trackers),
  texts: Schema.optionalKey(configuration.texts),
  languages: Schema.optionalKey(configuration.languages),
  client: Schema.optionalKey(configuration.client),
}

/** What a visit that acts is answered. */
export const VisitActed = Schema.Struct({
  ...heading,
  ...optionalConfiguration,
  session: Schema.String.annotate({ description: "The token to send as x-session" }),
  id: Schema.String.annotate({ description: "The id of the session" }),
  contextId: Schema.optionalKey(
    Schema.String.annotate({
      description:
        "To send with the next visit. Left out where a cookie keeps it, or the session that was sent goes on",
    }),
  ),
  concordId: Schema.String,
  expiresAt: Schema.String,
  heads: Schema.Array(VisitEvent).annotate({
    description: "At most four events of a type: enough for every decision from now on",
  }),
  items: Schema.Array(VisitEvent).annotate({ description: "The events of the items, in their order" }),
  decisions: Schema.optionalKey(
    Schema.Array(Wire.Decision).annotate({ description: "With `decisions=true`: one for each type of the project" }),
  ),
}).annotate({ identifier: "VisitActed" })

/** The query of a visit that acts. */
export const wantedDecisions = {
  decisions: Schema.optionalKey(
    Schema.Literals(["true", "false"]).annotate({
      description: "`true`: answer the decisions, too. Left out: `false`",
    }),
  ),
}
