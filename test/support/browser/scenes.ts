/**
 * Scenes for the tests of the banner and of the preference centre: a project with five types in one region.
 */
import type { RegionSettings, PageTexts } from "../../../core/browser/Region.ts"
import type { Visit, VisitEvent, VisitRegion, VisitType } from "../../../core/browser/VisitAnswer.ts"
import type { Scene } from "./page/Scene.ts"
import { en } from "../../../core/browser/texts/en.ts"

/** The instant of the pages. */
export const at = "2026-11-30T12:00:00.000Z"

const day = 86_400_000

/** The instant a number of days before that of the pages. */
export const daysBefore = (days: number): string => new Date(Date.parse(at) - days * day).toISOString()

const type = (subcategory: string, name: string, description: string, more: Partial<VisitType> = {}): VisitType => ({
  id: `type-${subcategory}`,
  category: "privacy_setting",
  subcategory: [subcategory],
  label: "site",
  version: 1,
  required: false,
  validStates: ["accepted", "declined"],
  name,
  description,
  versions: [{ version: 1, publishedAt: daysBefore(700), dateCreated: daysBefore(700), requireReaccept: false }],
  ...more,
})

export const types = {
  necessary: type(
    "strictly_necessary",
    "Necessary",
    "Keeps you signed in, remembers your basket and protects forms. The site does not work without it.",
    { required: true },
  ),
  functional: type(
    "functional",
    "Preferences",
    "Remembers your language, your text size and the shop that is nearest to you.",
  ),
  analytics: type(
    "analytics",
    "Statistics",
    "Counts visits and shows us which pages are slow. Kept for 14 months by Stats Ltd.",
    {
      url: "https://site.example/statistics",
    },
  ),
  marketing: type(
    "marketing",
    "Advertising",
    "Lets our partners show you ads for things that you have looked at here.",
  ),
  social: type("social", "Embedded media", "Shows videos and maps of other sites, which learn that you were here."),
} as const

/** The types of a scene after a text of the statistics was changed and must be accepted again. */
export const changedAnalytics: VisitType = {
  ...types.analytics,
  version: 2,
  description: "Counts visits, and now also records where on a page you click. Kept for 14 months by Stats Ltd.",
  versions: [
    ...types.analytics.versions,
    { version: 2, publishedAt: daysBefore(3), dateCreated: daysBefore(3), requireReaccept: true },
  ],
}

/** A region as the template `gdpr` makes it. */
export const settings: RegionSettings = {
  consentMode: "express",
  blockingMode: "disabled",
  consentDuration: 6,
  impliedConsentDelay: 0,
  gpc: true,
  gpcCovers: ["marketing"],
  doNotSell: false,
  limitPii: false,
  gcm: "disabled",
  urlPassthrough: false,
  microsoftUET: false,
  afterWithdrawal: "reload",
  floatingButton: false,
  consentHistory: true,
  banner: {
    enabled: true,
    layout: "bar",
    position: "bottom",
    theme: "light",
    closeButton: "none",
    denyButton: true,
    customizeButton: true,
  },
  branding: {},
}

let events = 0

/** An event of a type, a number of days before the instant of the pages. */
export const event = (
  { id, version }: VisitType,
  consentState: VisitEvent["consentState"],
  days: number,
  more: Partial<VisitEvent> = {},
): VisitEvent => ({
  id: `event-${(events += 1)}`,
  concordId: "person",
  consentType: id,
  version,
  consentState,
  consentAction: "user_click",
  consentDate: daysBefore(days),
  dateCreated: daysBefore(days),
  ...more,
})

const file = { src: "/", integrity: "" }

/** Texts with a link to the policy of a site, as a project would have it. */
export const own = (texts: PageTexts): PageTexts => ({
  ...texts,
  consentBanner: { ...texts.consentBanner, link: "[Privacy policy](https://site.example/privacy)" },
})

/** What may differ from the scene of a first visit. */
export interface Difference extends Partial<Omit<Scene, "visit">> {
  readonly region?: Partial<Omit<VisitRegion, "banner">>
  readonly banner?: Partial<RegionSettings["banner"]>
  readonly types?: ReadonlyArray<VisitType>
  readonly texts?: PageTexts
}

/** A scene: a first visit, but for the difference. */
export const scene = ({
  region,
  banner,
  types: shown = Object.values(types),
  texts = own(en),
  ...rest
}: Difference = {}): Scene => {
  const visit: Visit = {
    at,
    revision: 1,
    region: { id: "region", name: "Europe", ...settings, ...region, banner: { ...settings.banner, ...banner } },
    signals: { gpc: rest.gpc ?? false },
    ruleSet: [],
    types: shown,
    trackers: [],
    texts,
    languages: ["en"],
    client: { client: file, later: file, banner: file, preferences: file },
  }
  return { events: [], at, gpc: false, network: "online", ...rest, visit }
}
