import * as fc from "fast-check"
import { describe, expect, test } from "vitest"
import * as Period from "../../core/engine/Period.ts"
import * as Rules from "../../core/engine/Rules.ts"
import * as Ledgers from "../support/ledgers.ts"

const [half, year] = [Period.months(6), Period.months(12)]

describe("rules laid over others", () => {
  test("win field by field", () => {
    const base: Rules.Rules = { precedence: "most-recent", permits: "viewed" }
    expect(Rules.override(base, { permits: "accepted" })).toEqual({ precedence: "most-recent", permits: "accepted" })
    expect(Rules.override(base, {})).toEqual(base)
    expect(Rules.override({}, base)).toEqual(base)
  })

  test("win state by state within `maxAge`", () => {
    const base: Rules.Rules = { maxAge: { accepted: year, declined: half } }
    const over: Rules.Rules = { maxAge: { declined: year, viewed: half } }
    expect(Rules.override(base, over)).toEqual({ maxAge: { accepted: year, declined: year, viewed: half } })
  })

  test("take an age away with `null`, and leave it with nothing", () => {
    const base: Rules.Rules = { maxAge: { accepted: year, implied: half } }
    expect(Rules.override(base, { maxAge: { accepted: null } })).toEqual({ maxAge: { accepted: null, implied: half } })
    expect(Rules.override(base, { maxAge: {} })).toEqual(base)
  })

  test("are associative, and the empty rules change nothing", () => {
    const { rules } = Ledgers
    fc.assert(
      fc.property(rules, rules, rules, (a, b, c) => {
        const { override } = Rules
        expect(override(override(a, b), c)).toEqual(override(a, override(b, c)))
        expect(override(a, {})).toEqual(a)
        expect(override({}, a)).toEqual(a)
      }),
      { numRuns: 1000 },
    )
  })
})

describe("a rule of a rule set", () => {
  const type = { id: "type-1", category: "marketing", subcategory: "email" }

  test.each<[Rules.Match, boolean]>([
    [{}, true],
    [{ consentType: "type-1" }, true],
    [{ consentType: "type-2" }, false],
    [{ category: "marketing" }, true],
    [{ category: "analytics" }, false],
    [{ category: "marketing", subcategory: "email" }, true],
    [{ category: "marketing", subcategory: "phone" }, false],
    [{ label: "newsletter" }, false],
    [{ consentType: "type-1", label: "newsletter" }, false],
  ])("%j applies: %s", (match, expected) => {
    expect(Rules.matches(match, type)).toBe(expected)
  })

  test("lies over the type's own, a later one over an earlier one", () => {
    const own: Rules.Rules = {
      permits: "viewed",
      recordedExpiration: "ignore",
      maxAge: { accepted: year, viewed: year },
    }
    const set: Rules.RuleSet = [
      { match: { category: "marketing" }, rules: { permits: "implied", maxAge: { viewed: null } } },
      { match: { category: "analytics" }, rules: { precedence: "most-recent" } },
      { match: {}, rules: { permits: "accepted", maxAge: { accepted: half } } },
    ]
    expect(Rules.inForce(own, type, set)).toEqual({
      permits: "accepted",
      recordedExpiration: "ignore",
      maxAge: { accepted: half, viewed: null },
    })
    expect(Rules.inForce(own, type)).toEqual(own)
  })
})
