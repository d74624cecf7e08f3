/**
 * Trackers: which rule decides, what a page removes, and that nothing of a visitor is left of what pages report.
 */
import fc from "fast-check"
import { describe, expect, test } from "vitest"
import * as TrackerNames from "../../core/browser/TrackerNames.ts"
import {
  type CategorizedType,
  isPermitted,
  matches,
  matchesPattern,
  needsOf,
  type SeenTracker,
  toRemove,
  trackerCategories,
  type TrackerRule,
} from "../../core/browser/TrackerRules.ts"

/** Few letters, so that patterns often match. */
const letters = (...all: ReadonlyArray<string>) =>
  fc.array(fc.constantFrom(...all), { minLength: 1, maxLength: 6 }).map((some) => some.join(""))

const domain = fc.constantFrom("a.example", "b.a.example", "xa.example", "c.example")
const path = letters("a", "b", "/").map((text) => `/${text}`)
const seen: fc.Arbitrary<SeenTracker> = fc.oneof(
  fc.record({ type: fc.constantFrom("script" as const, "image" as const), domain, name: path }),
  fc.record({ type: fc.constantFrom("cookie" as const, "local_storage" as const), domain, name: letters("a", "b") }),
)

const types: ReadonlyArray<CategorizedType> = [
  { id: "1", category: "privacy_setting", subcategory: "analytics" },
  { id: "2", category: "privacy_setting", subcategory: "marketing" },
  { id: "3", category: "privacy_setting", subcategory: "marketing" },
  { id: "4", category: "communication", subcategory: "functional" },
]

const rule: fc.Arbitrary<TrackerRule> = fc
  .record(
    {
      type: fc.constantFrom("script" as const, "image" as const, "cookie" as const, "local_storage" as const),
      pattern: letters("a", "b", "*"),
      host: fc.constantFrom("a.example", "*.example", "c.example", "*"),
      domain,
      category: fc.constantFrom(...trackerCategories),
      consentTypes: fc.subarray(["1", "2", "9"]),
    },
    { requiredKeys: ["type", "pattern", "host", "category"] },
  )
  .map(({ host, pattern, type, ...rest }) => ({
    ...rest,
    type,
    pattern: type === "cookie" || type === "local_storage" ? pattern : `${host}/${pattern}`,
  }))

/** Two rules that differ in their category alone. */
const rules = fc
  .tuple(rule, fc.constantFrom(...trackerCategories))
  .map(([one, category]) => [one, { ...one, category }] as const)

/** The same question by a regular expression. */
const byExpression = (pattern: string, text: string): boolean =>
  new RegExp(`^${pattern.replaceAll(/[.+?^${}()|[\]\\/]/g, "\\$&").replaceAll(/\*+/g, "[^]*")}$`).test(text)

/** A category that decides. */
const decided = (category: TrackerRule["category"]) => (category === "unclassified" ? "analytics" : category)

const literals = ({ domain = "", pattern }: TrackerRule): number => (pattern + domain).replaceAll("*", "").length

describe("A pattern", () => {
  test("matches what a regular expression matches in which * stands for anything", () => {
    fc.assert(
      fc.property(letters("a", "b", "*", ".", "/"), letters("a", "b", ".", "/"), (pattern, text) => {
        expect(matchesPattern(pattern, text)).toBe(byExpression(pattern, text))
      }),
      { numRuns: 2000 },
    )
    // What is before a star and what is after it do not overlap.
    for (const [pattern, text] of [
      ["a*a", "a"],
      ["ab*b", "ab"],
      ["a*a*a", "aa"],
    ] as const) {
      expect([pattern, matchesPattern(pattern, text)]).toEqual([pattern, byExpression(pattern, text)])
    }
  })

  test("of a load is of host and path, in any case of the host; the host alone is any path", () => {
    const script = (domain: string, name: string): SeenTracker => ({ type: "script", domain, name })
    const of = (pattern: string, domain?: string): TrackerRule => ({
      type: "script",
      pattern,
      category: "analytics",
      ...(domain !== undefined && { domain }),
    })
    expect(matches(of("Stats.example"), script("stats.example", "/any/path.js"))).toBe(true)
    expect(matches(of("stats.example/a*"), script("stats.example", "/b"))).toBe(false)
    expect(matches(of("stats.example/*"), script("cdn.stats.example", "/b"))).toBe(false)
    expect(matches(of("*/b", "stats.example"), script("cdn.stats.example", "/b"))).toBe(true)
    expect(matches(of("*/b", "stats.example"), script("otherstats.example", "/b"))).toBe(false)
  })

  test("is tried in a time that no pattern can make long", () => {
    expect(matchesPattern("*a".repeat(128), "a".repeat(100_000))).toBe(true)
    expect(matchesPattern(`${"*a".repeat(127)}*b`, "a".repeat(100_000))).toBe(false)
  })
})

describe("Of several rules", () => {
  test("the most specific decides, and of those the strictest, in whatever order they are", () => {
    const cookie = (pattern: string, category: TrackerRule["category"]): TrackerRule => ({
      type: "cookie",
      pattern,
      category,
    })
    const some = [cookie("ab*", "analytics"), cookie("*", "malicious"), cookie("*ab", "functional")]
    const decides = (all: ReadonlyArray<TrackerRule>) =>
      needsOf({ type: "cookie", domain: "a.example", name: "ab" }, all, types)?.category
    expect([decides(some), decides(some.toReversed())]).toEqual(["analytics", "analytics"])
    fc.assert(
      fc.property(fc.array(rules, { maxLength: 4 }), seen, fc.nat(7), (pairs, what, shift) => {
        const rules = pairs.flat()
        const needs = needsOf(what, rules, types)
        const found = rules.filter((each) => each.category !== "unclassified" && matches(each, what))
        const longest = Math.max(...found.map(literals))
        const closest = found.filter((each) => literals(each) === longest)
        const strictest = Math.max(...closest.map(({ category }) => trackerCategories.indexOf(category)))
        expect(needs?.category).toBe(found.length === 0 ? undefined : trackerCategories[strictest])
        const again = needsOf(what, [...rules.slice(shift), ...rules.slice(0, shift)], types)
        expect(again && { ...again, consentTypes: again.consentTypes.toSorted() }).toEqual(
          needs && { ...needs, consentTypes: needs.consentTypes.toSorted() },
        )
      }),
      { numRuns: 1000 },
    )
  })

  test("a further one that is as specific permits nothing more", () => {
    fc.assert(
      fc.property(rule, rule, fc.subarray(["1", "2", "3", "9"]), (given, { category, consentTypes }, permitted) => {
        const { domain: _, ...one } = { ...given, category: decided(given.category) }
        const other = { ...one, category: decided(category), consentTypes: consentTypes ?? ["2"] }
        const [host = "", ...rest] = one.pattern.replaceAll("*", "").split("/")
        const isLoad = one.type === "script" || one.type === "image"
        const what: SeenTracker = isLoad
          ? { type: one.type, domain: host, name: `/${rest.join("/")}` }
          : { type: one.type, domain: "a.example", name: one.pattern }
        const permits = (id: string) => permitted.includes(id)
        const both = needsOf(what, [one, other], types)!
        const alone = [one, other].map((each) => isPermitted(needsOf(what, [each], types)!, permits))
        // The stricter category decides alone: what the other one needs is no matter.
        const stricter = trackerCategories.indexOf(one.category) >= trackerCategories.indexOf(other.category) ? 0 : 1
        if (isPermitted(both, permits)) expect(alone[stricter]).toBe(true)
        if (one.category === other.category && isPermitted(both, permits)) expect(alone).toEqual([true, true])
      }),
      { numRuns: 500 },
    )
  })

  test("a category needs all types of its subcategory, and its own list replaces them", () => {
    const cookie: SeenTracker = { type: "cookie", domain: "a.example", name: "ad" }
    const of = (category: TrackerRule["category"], consentTypes?: ReadonlyArray<string>) =>
      needsOf(
        cookie,
        [{ type: "cookie", pattern: "ad", category, ...(consentTypes !== undefined && { consentTypes }) }],
        types,
      )!
    expect(of("marketing").consentTypes).toEqual(["2", "3"])
    expect(of("marketing", ["1"]).consentTypes).toEqual(["1"])
    // The only type of the subcategory is no privacy setting.
    expect(of("functional").consentTypes).toEqual([])
    const all = () => true
    const none = () => false
    expect(isPermitted(of("marketing"), (id) => id === "2")).toBe(false)
    expect(isPermitted(of("marketing"), all)).toBe(true)
    expect(isPermitted(of("functional"), all)).toBe(false)
    expect(isPermitted(of("malicious", ["1"]), all)).toBe(false)
    expect([of("ignored"), of("strictly_necessary")].map((each) => isPermitted(each, none))).toEqual([true, true])
  })
})

describe("A page", () => {
  test("removes only what a tracker of a type that is not permitted matches, and all of that", () => {
    fc.assert(
      fc.property(
        fc.array(rule, { maxLength: 8 }),
        fc.array(seen, { maxLength: 6 }),
        fc.subarray(["1", "2", "3", "9"]),
        (rules, kept, permitted) => {
          const permits = (id: string) => permitted.includes(id)
          const removed = toRemove(kept, rules, types, permits)
          for (const each of kept) {
            const isKept = each.type === "cookie" || each.type === "local_storage"
            const needs = needsOf(each, rules, types)
            const isMatched = rules.some((one) => matches(one, each))
            if (removed.includes(each)) expect([isKept, isMatched]).toEqual([true, true])
            expect(removed.includes(each)).toBe(isKept && needs !== undefined && !isPermitted(needs, permits))
          }
          // What is permitted besides removes nothing more.
          const more = toRemove(kept, rules, types, () => true)
          expect(more.every((each) => removed.includes(each))).toBe(true)
        },
      ),
      { numRuns: 500 },
    )
  })
})

describe("What a page reports", () => {
  test("has no digit, no query and no address once it is shortened, and shortening it again changes nothing", () => {
    const name = fc.string({ unit: "binary", minLength: 1, maxLength: 400 })
    fc.assert(
      fc.property(fc.oneof(name, fc.webUrl({ withQueryParameters: true }), fc.emailAddress(), fc.uuid()), (text) => {
        for (const shorten of [TrackerNames.reducedName, TrackerNames.reducedPath]) {
          const short = shorten(text)
          expect(short).not.toMatch(/[0-9@%]/)
          expect(short.length).toBeLessThanOrEqual(TrackerNames.maxReducedLength)
          expect(shorten(short)).toBe(short)
        }
        expect(TrackerNames.reducedPath(text)).not.toMatch(/[?#]/)
      }),
      { numRuns: 1000 },
    )
  })

  test.each([
    ["_ga_1A2B3C4D5E", "_ga_*"],
    ["_hjSession_3512341", "_hjSession_*"],
    ["amplitude_id_f3a09bc4d2e1", "amplitude_id_*"],
    ["user-jane.doe@example.com", "*"],
    ["eyJhbGciOiJIUzI1NiJ9", "*"],
    ["session", "session"],
  ])("the name %s becomes %s", (name, expected) => {
    expect(TrackerNames.reducedName(name)).toContain(expected.replace(/^\*$/, "*"))
    if (expected !== "*") expect(TrackerNames.reducedName(name)).toBe(expected)
  })

  test.each([
    ["/gtag/js?id=G-123", "/gtag/js"],
    ["/assets/main.4f5e6a7b8c.js", "/assets/main.*.js"],
    ["/u/jane@example.com/pixel.gif", "/u/*/pixel.gif"],
    ["count.js#top", "/count.js"],
  ])("the path %s becomes %s", (path, expected) => {
    expect(TrackerNames.reducedPath(path)).toBe(expected)
  })

  test("keeps the last labels of a host, and shortens a token before them", () => {
    expect(TrackerNames.reducedDomain("A1b2c3d4e5f6a7b8c9.Track.Example.")).toBe("*.track.example")
    expect(TrackerNames.reducedDomain("cdn1.example")).toBe("cdn1.example")
  })

  test("is found again by its pattern", () => {
    const loads = fc.record({ type: fc.constant("script" as const), domain, name: fc.webPath() })
    const cookies = fc.record({
      type: fc.constant("cookie" as const),
      domain,
      name: fc.stringMatching(/^[A-Za-z0-9_.-]{1,60}$/),
    })
    fc.assert(
      fc.property(fc.oneof(loads, cookies), (what) => {
        const short = TrackerNames.reduced(what)
        const found: TrackerRule = {
          type: what.type,
          domain: short.domain,
          pattern: TrackerNames.patternOf(short),
          category: "analytics",
        }
        const bare =
          what.type === "script" ? { ...what, name: what.name.startsWith("/") ? what.name : `/${what.name}` } : what
        expect(matches(found, bare)).toBe(true)
      }),
      { numRuns: 500 },
    )
  })
})
