/**
 * Regions: which one a visitor is in, and which publication is known at an instant.
 */
import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { templates } from "../../core/browser/RegionTemplates.ts"
import type { Region } from "../../core/browser/Region.ts"
import * as Catalog from "../../core/model/Catalog.ts"
import type { PublishedRevision } from "../../core/model/PublishedRevision.ts"
import * as PublishedRegions from "../../core/regions/PublishedRegions.ts"

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
