/**
 * Regions: which one a visitor is in, and which publication is known at an instant.
 */
import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { templates } from "../../core/browser/RegionTemplates.ts"
import type { ConsentMode, Region, RegionSettings } from "../../core/browser/Region.ts"
import * as RegionRules from "../../core/browser/RegionRules.ts"
import type { ConsentEvent } from "../../core/engine/ConsentEvent.ts"
import * as Decision from "../../core/engine/Decision.ts"
import * as Period from "../../core/engine/Period.ts"
import * as Terms from "../../core/engine/Terms.ts"
import * as Catalog from "../../core/model/Catalog.ts"
import type { PublishedRevision } from "../../core/model/PublishedRevision.ts"
import * as PublishedRegions from "../../core/model/PublishedRegions.ts"
import * as SettingsForm from "../../core/regions/SettingsForm.ts"
import * as SettingsRules from "../../core/regions/SettingsRules.ts"
import * as SettingsTable from "../../core/regions/SettingsTable.ts"
import * as Ledgers from "../support/ledgers.ts"

const project: Catalog.Project = {
  id: "project",
  organization: "organization",
  number: 1,
  lanes: 1,
  name: "",
  domains: [],
  status: "active",
  dateCreated: 0,
  dateUpdated: 0,
}

const region = (id: string, regions: Region["regions"], name = id): Region => ({
  id,
  name,
  regions,
  settings: templates.gdpr,
  texts: {},
  defaultLanguage: "en",
})

const revisionOf = (revision: number, dateCreated: number, regions: ReadonlyArray<Region>): PublishedRevision => ({
  id: `${revision}`,
  organization: "organization",
  project: "project",
  revision,
  regions,
  dateCreated,
  dateUpdated: dateCreated,
})

const catalogOf = (revisions: ReadonlyArray<PublishedRevision>): Catalog.Catalog => {
  const entries = Catalog.collector()
  entries.add("projects", project)
  for (const each of revisions) entries.add("publications", each)
  return Catalog.index(entries.all(), 1)
}

const code = fc.constantFrom("US", "US-CA", "US-NY", "DE", "DE-BE", "FR")

describe("The region of a geography", () => {
  // Kills: the country first; the default first; the first region of the list.
  test("is the most granular one that names it, whatever the order of regions", () => {
    const regionsOf = fc
      .uniqueArray(code, { maxLength: 6 })
      .chain((codes) => fc.tuple(fc.constant(codes), fc.nat({ max: codes.length })))
      .map(([codes, at]) => codes.map((each) => region(each, [each])).toSpliced(at, 0, region("rest", "default")))
    fc.assert(
      fc.property(regionsOf, fc.option(code, { nil: undefined }), (regions, geography) => {
        const publication = { revision: 1, publishedAt: 0, regions }
        const found = PublishedRegions.ofGeography(publication, geography)
        const expected = [geography, geography?.slice(0, 2)].find((each) => regions.some(({ id }) => id === each))
        expect(found.id).toBe(expected ?? "rest")
      }),
    )
  })
})

describe("A publication", () => {
  test("that was never made is the template gdpr for all", () => {
    const { regions, revision } = PublishedRegions.current(catalogOf([]), project)
    expect([revision, regions.map((each) => [each.regions, each.settings])]).toEqual([0, [["default", templates.gdpr]]])
  })

  // Kills: the first instead of the last; known only after its instant.
  test("is known from its instant on, and one that is known stays what it was", () => {
    const instants = fc.array(fc.nat({ max: 9 }), { minLength: 1, maxLength: 5 }).map((all) => all.toSorted())
    fc.assert(
      fc.property(instants, fc.integer({ min: -1, max: 10 }), (all, knownAt) => {
        const revisions = all.map((at, n) => revisionOf(n + 1, at, [region("rest", "default", `${n % 2}`)]))
        const then = PublishedRegions.asOf(catalogOf(revisions), project, knownAt)
        expect(then.revision).toBe(all.filter((at) => at <= knownAt).length)
        expect(then).toEqual(PublishedRegions.asOf(catalogOf(revisions.slice(0, then.revision)), project, 1000))
      }),
    )
  })

  test("has the same objects as the one before for regions that did not change", () => {
    const first = [region("rest", "default"), region("us", ["US"])]
    const second = [region("rest", "default"), region("us", ["US"], "other")]
    const [one, two] = PublishedRegions.all(catalogOf([revisionOf(1, 1, first), revisionOf(2, 2, second)]), project)
    expect([two!.regions[0] === one!.regions[0], two!.regions[1]]).toEqual([true, second[1]])
  })
})

describe("Settings", () => {
  const kinds: ReadonlyArray<[string, fc.Arbitrary<unknown>]> = [
    ["consent.consentMode", fc.constantFrom("express", "implied")],
    ["consent.consentDuration", fc.integer({ min: 1, max: 120 })],
    ["consent.gpcCovers", fc.uniqueArray(fc.constantFrom("marketing", "analytics"))],
    ["consent.gcmMap", fc.constant({ ad_storage: ["marketing"] })],
    ["consent.consentBanner.layout", fc.constantFrom("bar", "box", "inline")],
    ["consent.consentBanner.closeButton", fc.constantFrom("none", "close", "decline")],
    ["branding.primaryColor", fc.constantFrom("#000000", "#0a0b0c")],
    ["branding.font", fc.constantFrom("Inter", "'Open Sans', sans-serif")],
    ["floatingButton.enabled", fc.boolean()],
    ["privacyCenter.consentHistory", fc.boolean()],
    ["language.default", fc.constantFrom("de", "pt-BR")],
    ["consent.webflow", fc.boolean()],
  ]
  const form = fc.record(Object.fromEntries(kinds), { requiredKeys: [] }).map((given) => {
    const made: Record<string, Record<string, unknown>> = {}
    for (const [path, value] of Object.entries(given)) {
      const names = path.split(".")
      const last = names.pop()!
      let inner: Record<string, unknown> = made
      for (const name of names) inner = (inner[name] ??= {}) as Record<string, unknown>
      inner[last] = value
    }
    return made
  })
  const template = fc.constantFrom(...Object.values(templates))
  const of = (settings: RegionSettings) => ({ settings, defaultLanguage: "en", kept: {} })

  // Kills: a setting that is read to one place and written from another; one that is not read.
  test("that are written and read again are what they were, over any settings before", () => {
    fc.assert(
      fc.property(form, template, template, (given, before, other) => {
        const read = SettingsForm.read(given, of(before), of(before))
        expect(read.faults).toEqual([])
        const written = SettingsForm.written(read)
        expect(written).toMatchObject(given)
        const again = SettingsForm.read(written, of(other), of(other))
        for (const { place } of SettingsTable.placed.filter(({ place }) => !place.startsWith("branding."))) {
          expect([place, at(again, place)]).toEqual([place, at(read, place)])
        }
        expect(SettingsForm.read({}, read, of(other))).toEqual(read)
      }),
    )
  })

  const at = ({ defaultLanguage, settings }: SettingsForm.FormSettings, place: string): unknown =>
    place
      .split(".")
      .reduce<unknown>((value, name) => (value as Record<string, unknown>)?.[name], { ...settings, defaultLanguage })

  // Kills: an exception; a prototype that is followed; a fault without a place.
  test("of any shape are read without an exception, and each fault names what was given", () => {
    const word = fc.constantFrom("consent", "gpc", "branding", "font", "__proto__", "constructor", "a/b", "consent.gpc")
    const { any } = fc.letrec((tie) => ({
      any: fc.oneof({ depthSize: "small" }, fc.jsonValue({ maxDepth: 1 }), fc.dictionary(word, tie("any"))),
    }))
    fc.assert(
      fc.property(any, (given) => {
        const { faults, settings } = SettingsForm.read(given, of(templates.gdpr), of(templates.gdpr))
        expect(faults.every(({ field }) => field === "settings" || field.startsWith("settings/"))).toBe(true)
        expect(Object.keys(settings).toSorted()).toEqual(expect.arrayContaining(Object.keys(templates.gdpr).toSorted()))
        expect(({} as Record<string, unknown>)["gpc"]).toBeUndefined()
      }),
    )
  })

  test("of every template are right, and have no warning", () => {
    for (const settings of Object.values(templates)) {
      expect(SettingsRules.faultsOf(settings)).toEqual([])
      expect(SettingsRules.warningsOf({ settings, kept: {} })).toEqual([])
    }
  })

  test.each([
    ["#000000", "#ffffff", 21],
    ["#777777", "#ffffff", 4.48],
    ["#ffffff", "#767676", 4.54],
    ["#003399", "#003399", 1],
  ])("have the contrast of WCAG: %s with %s is %d", (one, other, expected) => {
    expect(SettingsRules.contrast(one, other)).toBeCloseTo(expected, 2)
  })
})

describe("A stricter region", () => {
  const rulesOf = (consentMode: ConsentMode, consentDuration: number) =>
    RegionRules.of({ consentMode, consentDuration })
  const type = Ledgers.consentType("t").map((each) => ({ ...each, category: "privacy_setting" }))
  const events = fc.uniqueArray(Ledgers.event(), { maxLength: 5, selector: ({ id }) => id })
  const months = fc.constantFrom(1, 6, 12, 120)

  // Kills: a yes that has no end.
  test("permits nothing once every yes is older than its duration", () => {
    fc.assert(
      fc.property(type, events, months, Ledgers.at, (consentType, all, duration, at) => {
        for (const mode of ["express", "implied"] as const) {
          const { permitted } = Decision.decide(
            all,
            Terms.of(consentType, rulesOf(mode, duration), Ledgers.ends[1]),
            at,
          )
          const lasts = ({ consentDate, consentState }: ConsentEvent) =>
            consentState !== "declined" && at < Period.add(consentDate, Period.months(duration))
          if (permitted) expect(all.some(lasts)).toBe(true)
        }
      }),
    )
  })

  // Law 10. Kills: the rules of the other mode.
  test("never permits more: express, or a shorter duration of yes", () => {
    fc.assert(
      fc.property(type, events, months, months, Ledgers.at, (consentType, all, one, other, at) => {
        const permits = (mode: ConsentMode, duration: number): boolean => {
          const terms = Terms.of(consentType, rulesOf(mode, duration), Ledgers.ends[1])
          return Decision.decide(all, terms, at).permitted
        }
        const [short, long] = [Math.min(one, other), Math.max(one, other)]
        for (const mode of ["express", "implied"] as const) {
          if (permits(mode, short)) expect(permits(mode, long)).toBe(true)
          if (permits("express", one)) expect(permits("implied", one)).toBe(true)
        }
      }),
    )
  })
})
