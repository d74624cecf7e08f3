/**
 * The wire schemas of regions, of their own texts, and of what is published of them.
 *
 * Settings and texts are described here, and checked by `core/regions`, so that one answer has everything that is
 * wrong with a body.
 */
import { Schema } from "effect"
import { names as templateNames } from "../../../core/browser/RegionTemplates.ts"
import { en } from "../../../core/browser/texts/en.ts"
import * as Fields from "../../../core/formats/Fields.ts"
import { horizonDays, maxExamined } from "../../../core/model/PublishLimits.ts"
import { maxCodes } from "../../../core/model/RegionDraft.ts"
import * as CountryCodes from "../../../core/regions/CountryCodes.ts"
import { maxLengthOf } from "../../../core/regions/OwnTextChecks.ts"
import { googleTypes } from "../../../core/regions/SettingChecks.ts"

const { orNull } = Fields
const truth = orNull(Schema.Boolean)
const unread = orNull(Schema.Boolean.annotate({ description: "Kept, without effect" }))
const whole = (minimum: number, maximum: number, description: string) =>
  orNull(Schema.Int.check(Schema.isBetween({ minimum, maximum })).annotate({ description }))
const subcategories = Schema.Array(Schema.String)

const branding = Schema.Struct({
  primaryColor: orNull(Schema.String.annotate({ description: "`#rrggbb`, behind the texts of buttons" })),
  secondaryColor: orNull(
    Schema.String.annotate({ description: "`#rrggbb`, of the texts of buttons: a contrast of 4.5:1" }),
  ),
  font: orNull(Schema.String.annotate({ description: "Names of CSS font families" })),
  logoUrl: orNull(Schema.String.annotate({ description: "An https address" })),
  buttonRadius: whole(0, 64, "In CSS pixels"),
  cardRadius: whole(0, 64, "In CSS pixels"),
  poweredByConcord: unread,
})

const consentBanner = Schema.Struct({
  enabled: orNull(Schema.Boolean.annotate({ description: "`false`: the page shows nothing by itself" })),
  layout: orNull(Schema.Literals(["bar", "box", "inline"])),
  position: orNull(Schema.Literals(["bottom", "top", "bottom-left", "bottom-right", "center"])),
  theme: orNull(Schema.Literals(["brand", "light", "dark", "auto"])),
  closeButton: orNull(
    Schema.Union([Schema.Literals(["none", "close", "decline"]), Schema.Boolean]).annotate({
      description: "What closing does: nothing is recorded, or everything is declined. `true` is `close`",
    }),
  ),
  denyButton: orNull(Schema.Boolean.annotate({ description: "Must be `true` where `consentMode` is `express`" })),
  customizeButton: truth,
  policy: unread,
  title: unread,
  showGooglePrivacyPolicy: unread,
})

const consent = Schema.Struct({
  consentMode: orNull(
    Schema.Literals(["express", "implied"]).annotate({
      description: "Nothing counts without a click, or passive states count as well",
    }),
  ),
  blockingMode: orNull(Schema.Literals(["disabled", "discovery", "permissive", "strict", "sealed"])),
  consentDuration: whole(1, 120, "In months"),
  impliedConsentDelay: whole(0, 3600, "Seconds of visible time after which a passive answer counts"),
  gpc: orNull(Schema.Boolean.annotate({ description: "Global Privacy Control is recorded as a refusal" })),
  gpcCovers: orNull(
    subcategories.annotate({ description: "Declined by it besides `do_not_sell` and `global_privacy_control`" }),
  ),
  doNotSell: truth,
  limitPii: truth,
  gcm: orNull(Schema.Literals(["disabled", "basic", "advanced"])),
  gcmMap: orNull(
    Schema.Record(Schema.Literals(googleTypes), Schema.optionalKey(subcategories)).annotate({
      description: "The subcategories that permit each consent type of Google",
    }),
  ),
  urlPassthrough: truth,
  microsoftUET: truth,
  afterWithdrawal: orNull(Schema.Literals(["reload", "ask", "none"])),
  consentBanner: orNull(consentBanner),
  tcfConfig: orNull(Schema.Struct({ enabled: orNull(Schema.Literal(false)) })),
  crossSiteTracking: orNull(Schema.Literal(false)),
  crossDeviceConsent: unread,
  hideUnusedCategories: unread,
  privacyMode: orNull(Schema.String.annotate({ description: "Kept, without effect" })),
  gcmPolicy: unread,
  webflow: unread,
  wordpress: unread,
})

/** The settings of a region. `null`: as in the template. */
const RegionSettings = Schema.Struct({
  branding: orNull(branding),
  consent: orNull(consent),
  floatingButton: orNull(Schema.Struct({ enabled: truth })),
  privacyCenter: orNull(Schema.Struct({ consentHistory: truth })),
  placeholders: orNull(Schema.Struct({ enabled: unread })),
  language: orNull(Schema.Struct({ default: orNull(Schema.String) })),
}).annotate({ identifier: "RegionSettings" })

const RegionName = Fields.writableText(1, 256)
const Code = Schema.String.check(
  Schema.makeFilter(
    (text: string) => CountryCodes.canonical(text) !== undefined || "expected a code such as US or US-CA (ISO 3166)",
  ),
)
const RegionCodes = Schema.Union([
  Schema.Literal("default"),
  Schema.Array(Code).check(
    Schema.isMinLength(1, { message: `expected 1 to ${maxCodes} codes` }),
    Schema.isMaxLength(maxCodes, { message: `expected 1 to ${maxCodes} codes` }),
  ),
]).annotate({ description: "ISO 3166-1 or 3166-2: `US` matches `US-CA` where no other region does" })
const Template = Schema.Literals(templateNames as ["gdpr", ...typeof templateNames]).annotate({
  description: "Settings to begin with, in place of those before. A new region: `gdpr`, if left out",
})

const described = { name: RegionName, regions: RegionCodes, template: orNull(Template) }
const change = { name: orNull(RegionName), regions: orNull(RegionCodes), template: orNull(Template) }

/** A new region. */
export const NewRegion = Schema.Struct({ ...described, settings: orNull(RegionSettings) })

/** A change of a region. */
export const RegionChange = Schema.Struct({ ...change, settings: orNull(RegionSettings) })

/** A new region and a change, without their settings, which are checked apart. */
export const NewRegionFields = Schema.Struct(described)
export const RegionChangeFields = Schema.Struct(change)

const Warning = Schema.Struct({
  pointer: Schema.String,
  code: Schema.Literal("no_effect"),
  detail: Schema.String,
})

/** A region. */
export const Region = Schema.Struct({
  id: Schema.String,
  name: Schema.String,
  regions: RegionCodes,
  settings: RegionSettings,
  languages: Schema.Array(Schema.String).annotate({ description: "Those that have texts of their own" }),
  organization: Schema.String,
  project: Schema.String,
  dateCreated: Schema.String,
  dateUpdated: Schema.String,
  warnings: Schema.Array(Warning).annotate({ description: "Settings that have no effect" }),
}).annotate({ identifier: "Region" })

/** All regions of a project. */
export const Regions = Schema.Struct({ count: Schema.Int, items: Schema.Array(Region) })

const texts = <Part extends object>(part: Part) =>
  Schema.Struct(
    Object.fromEntries(
      Object.keys(part).map((name) => [
        name,
        orNull(Schema.String.annotate({ description: `At most ${maxLengthOf(name)} characters` })),
      ]),
    ),
  )

const ownTexts = {
  consentBanner: orNull(texts(en.consentBanner)),
  privacyCenter: orNull(texts(en.privacyCenter)),
}

/** Texts in a new language. */
export const NewRegionLanguage = Schema.Struct({
  language: Schema.String.annotate({ description: "A tag of BCP 47, such as `de`" }),
  ...ownTexts,
})

/** A change of texts: `null` removes one, so that ours is shown. */
export const RegionLanguageChange = Schema.Struct(ownTexts)

/** The texts of a region in a language. */
export const RegionLanguage = Schema.Struct({
  language: Schema.String,
  isDefault: Schema.Boolean,
  ...ownTexts,
}).annotate({ identifier: "RegionLanguage" })

/** All own texts of a region. */
export const RegionLanguages = Schema.Struct({ count: Schema.Int, items: Schema.Array(RegionLanguage) })

/** What to publish. */
export const PublishRequest = Schema.Struct({
  dryRun: orNull(Schema.Boolean.annotate({ description: "Nothing is published, and it is told what would change" })),
  undoTo: orNull(
    Schema.Int.check(Schema.isGreaterThanOrEqualTo(0)).annotate({
      description: "The revision that is published again; 0: as before the first",
    }),
  ),
})

const publication = {
  revision: Schema.Int,
  publishedAt: Schema.String,
  undoneTo: Schema.optionalKey(Schema.Int.annotate({ description: "The revision that it published again" })),
  regions: Schema.Array(Schema.Struct({ id: Schema.String, name: Schema.String, regions: RegionCodes })),
}

/** A publication. */
export const Publication = Schema.Struct(publication).annotate({ identifier: "Publication" })

const asked = Schema.Struct({
  people: Schema.Int,
  regions: Schema.Array(
    Schema.Struct({
      region: Schema.String,
      people: Schema.Int,
      days: Schema.Array(Schema.Struct({ day: Schema.String, people: Schema.Int })),
    }),
  ),
  examined: Schema.Int.annotate({ description: "How many people were looked at" }),
  isComplete: Schema.Boolean.annotate({ description: `Whether that was everyone: at most ${maxExamined} are` }),
})

/** A publication that was made, or would be. */
export const Published = Schema.Struct({
  ...publication,
  isChanged: Schema.Boolean.annotate({ description: "`false`: nothing differs, and no revision is made" }),
  asked: Schema.optionalKey(
    asked.annotate({
      description: `Of a dry run: who would be asked again within ${horizonDays} days, by region and day of UTC`,
    }),
  ),
}).annotate({ identifier: "Published" })
