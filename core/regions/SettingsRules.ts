/**
 * What settings of a region must be together, and which of them have no effect.
 */
import type { RegionSettings } from "../browser/Region.ts"
import type { CatalogFault } from "../catalog/CatalogChange.ts"
import * as SettingsForm from "./SettingsForm.ts"

/** The least contrast of a text with what is behind it (WCAG 2.2, success criterion 1.4.3). */
export const minContrast = 4.5

const channel = (colour: string, at: number): number => {
  const part = Number.parseInt(colour.slice(at, at + 2), 16) / 255
  return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4
}

const luminance = (colour: string): number =>
  0.2126 * channel(colour, 1) + 0.7152 * channel(colour, 3) + 0.0722 * channel(colour, 5)

/** The contrast of two colours `#rrggbb`, from 1 to 21 (WCAG 2.2). */
export const contrast = (one: string, other: string): number => {
  const [light, dark] = [luminance(one), luminance(other)].toSorted((a, b) => b - a) as [number, number]
  return (light + 0.05) / (dark + 0.05)
}

/** Everything that is wrong with settings which are right one by one. */
export const faultsOf = ({
  banner,
  branding: { primaryColor, secondaryColor },
  consentMode,
}: RegionSettings): ReadonlyArray<CatalogFault> => [
  ...(consentMode === "express" && !banner.denyButton
    ? [
        {
          field: SettingsForm.fieldOf("consent.consentBanner.denyButton"),
          code: "express_without_refuse",
          detail: "must be true where consentMode is express: refusing is as easy as accepting",
        },
      ]
    : []),
  // Without a secondary colour the texts of actions are white.
  ...(primaryColor !== undefined && contrast(primaryColor, secondaryColor ?? "#ffffff") < minContrast
    ? [
        {
          field: SettingsForm.fieldOf(
            secondaryColor === undefined ? "branding.primaryColor" : "branding.secondaryColor",
          ),
          code: "contrast_too_low",
          detail:
            secondaryColor === undefined
              ? `must have a contrast of ${minContrast}:1 with white, because there is no secondaryColor`
              : `must have a contrast of ${minContrast}:1 with primaryColor, which is behind it`,
        },
      ]
    : []),
]

/** A setting that was taken, and has no effect. */
export interface SettingWarning {
  readonly field: string
  readonly detail: string
}

type Case = readonly [path: string, has: boolean, detail: string]

/** The settings of a region that have no effect, and why. */
export const warningsOf = ({
  kept,
  settings,
}: Pick<SettingsForm.FormSettings, "kept" | "settings">): ReadonlyArray<SettingWarning> => {
  const { banner, blockingMode, branding, consentMode, gcm, gcmMap, gpc, gpcCovers } = settings
  const { primaryColor, secondaryColor } = branding
  const hasColours = primaryColor !== undefined || secondaryColor !== undefined
  const cases: ReadonlyArray<Case> = [
    [
      "consent.blockingMode",
      blockingMode === "strict" || blockingMode === "sealed",
      "elements that are marked up are held, and others are not recognized yet",
    ],
    [
      "consent.impliedConsentDelay",
      consentMode === "express" && settings.impliedConsentDelay > 0,
      "consentMode is express",
    ],
    ["consent.gpcCovers", !gpc && gpcCovers.length > 0, "gpc is false"],
    ["consent.gcmMap", gcm === "disabled" && gcmMap !== undefined, "gcm is disabled"],
    ["consent.urlPassthrough", gcm === "disabled" && settings.urlPassthrough, "gcm is disabled"],
    ["branding.primaryColor", hasColours && banner.theme !== "brand", "the theme of the banner is not brand"],
    ["branding.secondaryColor", primaryColor === undefined && secondaryColor !== undefined, "there is no primaryColor"],
  ]
  const without = cases.filter(([, has]) => has).map(([path, , detail]) => ({ path, detail: `no effect: ${detail}` }))
  const unread = Object.entries(kept)
    // Nothing happens anyway where a setting says that nothing should.
    .filter(([, value]) => value !== false)
    .map(([path]) => ({ path, detail: "kept, without effect" }))
  return [...without, ...unread].map(({ detail, path }) => ({ field: SettingsForm.fieldOf(path), detail }))
}
