/** Mutants of regions: their codes, settings and texts, what is published of them, and the dry run. */
import type { Part } from "./Mutant.ts"

const granular = "is the most granular one that names it, whatever the order of regions"
const known = "is known from its instant on, and one that is known stays what it was"
const shared = "has the same objects as the one before for regions that did not change"
const again = "that are written and read again are what they were, over any settings before"
const contrast = "have the contrast of WCAG"
const stricter = "never permits more: express, or a shorter duration of yes"
const ageless = "permits nothing once every yes is older than its duration"
const taken = "share no code, and the default one stays"
const atOnce = "are refused for all that is wrong with them at once"
const unread = "that have no effect are kept, and said to have none"
const language = "make a language the default one, and stay as long as it is"
const undone = "is what pages are told, until the next one; an earlier one can be published again"
const exact = "says how many would be asked again, and publishing asks exactly those"

export const publishing: Part = {
  folder: "core",
  tests: ["test/laws/regions.test.ts", "test/http/regions.test.ts"],
  mutants: [
    ["model/PublishedRegions.ts", "named(geography) ?? ", "", granular],
    ["model/PublishedRegions.ts", "dateCreated <= knownAt", "dateCreated < knownAt", known],
    ["model/PublishedRegions.ts", "?.findLast(", "?.find(", known],
    ["model/PublishedRevision.ts", "same?.text === text ? same : { region, text }", "{ region, text }", shared],
    ["regions/SettingsForm.ts", "if (value !== undefined) setAt(form, path, value)", "", again],
    ["regions/SettingsRules.ts", "part <= 0.04045", "part <= 1", contrast],
    ["regions/SettingsRules.ts", ".filter(([, value]) => value !== false)", "", unread],
    ["regions/SettingsRules.ts", 'consentMode === "express" && !banner.denyButton', "false", atOnce],
    ["browser/RegionRules.ts", 'consentMode === "express"', 'consentMode !== "express"', stricter],
    ["browser/RegionRules.ts", "accepted: age, ", "", ageless],
    ["browser/RegionRules.ts", ", implied: age", "", ageless],
    ["regions/Regions.ts", "takenCode(region.regions, others) ?? region", "region", taken],
    ["regions/OwnTextChecks.ts", "!SettingChecks.isHttps(address!)", "false", atOnce],
    ["regions/RegionLanguages.ts", "RegionDrafts.hasTexts(texts, before.defaultLanguage)", "true", language],
    [
      "regions/Publishing.ts",
      "request.undoTo === undefined ? [] : draftsAfter(catalog, project, regions, now)",
      "[]",
      undone,
    ],
    ["regions/AskedAgain.ts", " || asked >= firstAsked(events, before, now)", "", exact],
    ["regions/AskedAgain.ts", "changeOf(group.region)", "changeOf(undefined)", exact],
  ],
}
