/**
 * Every setting of a region: where it stands in the settings of a request, what it may be, and what it becomes.
 */
import * as LanguageTag from "../model/LanguageTag.ts"
import * as Check from "./SettingChecks.ts"

/** One setting. */
export interface RegionSetting {
  /** Where it stands in the settings of a request, such as `consent.gpc`. */
  readonly path: string
  /**
   * What it becomes in {@link import("../browser/Region.ts").RegionSettings}, such as `banner.layout`, or the
   * `defaultLanguage` of the region. Left out: it is kept as it was given, and nothing reads it.
   */
  readonly place?: string
  readonly check: Check.SettingCheck
}

const setting = (path: string, place: string, check: Check.SettingCheck): RegionSetting => ({ path, place, check })

const language: Check.SettingCheck = (given) => {
  const value = typeof given === "string" ? LanguageTag.canonical(given) : undefined
  return value === undefined ? { code: "language_not_valid", detail: LanguageTag.expected } : { value }
}

const noScript = Check.never(
  "custom_script_not_supported",
  "must be null, because settings of a region are not code",
  null,
)

/** Settings that nothing reads, because what they are about is not there. */
const kept: ReadonlyArray<RegionSetting> = [
  { path: "branding.poweredByConcord", check: Check.truth },
  { path: "consent.consentBanner.policy", check: Check.truth },
  { path: "consent.consentBanner.title", check: Check.truth },
  { path: "consent.consentBanner.showGooglePrivacyPolicy", check: Check.truth },
  { path: "consent.privacyMode", check: Check.line(64) },
  { path: "consent.hideUnusedCategories", check: Check.truth },
  { path: "consent.gcmPolicy", check: Check.truth },
  { path: "consent.webflow", check: Check.truth },
  { path: "consent.wordpress", check: Check.truth },
  { path: "consent.crossDeviceConsent", check: Check.truth },
  { path: "placeholders.enabled", check: Check.truth },
]

/** Settings of which one value alone can be had. They are not kept, because they say nothing. */
const refused: ReadonlyArray<RegionSetting> = [
  {
    path: "consent.crossSiteTracking",
    check: Check.never("cross_site_tracking_not_supported", "must be false", false, null),
  },
  {
    path: "consent.tcfConfig.enabled",
    check: Check.never("tcf_not_supported", "must be false: the TCF of IAB Europe is not supported", false, null),
  },
  { path: "consent.customScript", check: noScript },
  { path: "customScript", check: noScript },
]

/** Every setting. */
export const all: ReadonlyArray<RegionSetting> = [
  setting("branding.primaryColor", "branding.primaryColor", Check.colour),
  setting("branding.secondaryColor", "branding.secondaryColor", Check.colour),
  setting("branding.font", "branding.font", Check.fontFamily),
  setting("branding.logoUrl", "branding.logoUrl", Check.httpsAddress),
  setting("branding.buttonRadius", "branding.buttonRadius", Check.whole(0, 64)),
  setting("branding.cardRadius", "branding.cardRadius", Check.whole(0, 64)),
  setting("consent.consentMode", "consentMode", Check.oneOf("express", "implied")),
  setting(
    "consent.blockingMode",
    "blockingMode",
    Check.oneOf("disabled", "discovery", "permissive", "strict", "sealed"),
  ),
  setting("consent.consentDuration", "consentDuration", Check.whole(1, 120)),
  setting("consent.impliedConsentDelay", "impliedConsentDelay", Check.whole(0, 3600)),
  setting("consent.gpc", "gpc", Check.truth),
  setting("consent.gpcCovers", "gpcCovers", Check.subcategoryList),
  setting("consent.doNotSell", "doNotSell", Check.truth),
  setting("consent.limitPii", "limitPii", Check.truth),
  setting("consent.gcm", "gcm", Check.oneOf("disabled", "basic", "advanced")),
  setting("consent.gcmMap", "gcmMap", Check.googleMap),
  setting("consent.urlPassthrough", "urlPassthrough", Check.truth),
  setting("consent.microsoftUET", "microsoftUET", Check.truth),
  setting("consent.afterWithdrawal", "afterWithdrawal", Check.oneOf("reload", "ask", "none")),
  setting("consent.consentBanner.enabled", "banner.enabled", Check.truth),
  setting("consent.consentBanner.layout", "banner.layout", Check.oneOf("bar", "box", "inline")),
  setting(
    "consent.consentBanner.position",
    "banner.position",
    Check.oneOf("bottom", "top", "bottom-left", "bottom-right", "center"),
  ),
  setting("consent.consentBanner.theme", "banner.theme", Check.oneOf("brand", "light", "dark", "auto")),
  setting("consent.consentBanner.closeButton", "banner.closeButton", Check.closeButton),
  setting("consent.consentBanner.denyButton", "banner.denyButton", Check.truth),
  setting("consent.consentBanner.customizeButton", "banner.customizeButton", Check.truth),
  setting("floatingButton.enabled", "floatingButton", Check.truth),
  setting("privacyCenter.consentHistory", "consentHistory", Check.truth),
  setting("language.default", "defaultLanguage", language),
  ...kept,
  ...refused,
]

/** The settings that become something, by their path and by what they become. */
export const placed: ReadonlyArray<RegionSetting & { readonly place: string }> = all.flatMap((each) =>
  each.place === undefined ? [] : [{ ...each, place: each.place }],
)

const byPath: ReadonlyMap<string, RegionSetting> = new Map(all.map((each) => [each.path, each]))

/** The setting of a path. */
export const find = (path: string): RegionSetting | undefined => byPath.get(path)

/** Whether a path leads to settings, and is not itself a setting. */
export const isSection = (path: string): boolean => all.some((each) => each.path.startsWith(`${path}.`))
