/**
 * Rules of a program without types: what is no rule is refused, because it would have no effect.
 */
import { describe, expect, test } from "vitest"
import * as Decision from "../../core/engine/Decision.ts"
import * as Period from "../../core/engine/Period.ts"
import * as Rules from "../../core/engine/Rules.ts"
import * as Terms from "../../core/engine/Terms.ts"

const type = (fields: object): Parameters<typeof Terms.make>[0] => ({ id: "t", rules: {}, versions: [], ...fields })
const month = Period.months(1)

describe("Terms.make", () => {
  test.each([
    [{ rules: { maxAge: { accepted: "P1M" } } }, "rules.maxAge.accepted: expected a period"],
    [{ rules: { maxAge: { accepted: 30 } } }, "rules.maxAge.accepted: expected a period"],
    [{ rules: { maxAge: { accepted: { months: 1 } } } }, "rules.maxAge.accepted: expected a period"],
    [{ rules: { maxAge: { accepted: Period.months(-1) } } }, "rules.maxAge.accepted: expected a period"],
    [{ rules: { maxAge: { accepted: Period.months(0.5) } } }, "rules.maxAge.accepted: expected a period"],
    [{ rules: { maxAge: { acepted: month } } }, "rules.maxAge.acepted: no such member"],
    [{ rules: { maxAge: "P1M" } }, "rules.maxAge: expected an object"],
    [{ rules: { maxage: { accepted: month } } }, "rules.maxage: no such member; there are precedence, maxAge"],
    [{ rules: { permits: "declined" } }, "rules.permits: expected accepted or implied or viewed"],
    [{ rules: { precedence: "first" } }, "rules.precedence: expected"],
    [{ rules: { recordedExpiration: false } }, "rules.recordedExpiration: expected"],
    [{ rules: [], consentDuration: "P1M" }, "consentDuration: expected a period"],
    [{ rules: "none" }, "rules: expected an object"],
    [
      { versions: [{ version: 2, publishedAt: 0, dateCreated: 0, requireReaccept: true, grace: "P1M" }] },
      "the grace of version 2",
    ],
  ])("refuses what is no rule, and names the member: %j", (fields, message) => {
    const make = () => Terms.make(type(fields))
    expect(make).toThrow(TypeError)
    expect(make).toThrow(message)
  })

  test("refuses rules that are laid over those of the type, also the second time", () => {
    const rules = { maxage: { accepted: month } } as Rules.Rules
    for (let times = 0; times < 2; times++) expect(() => Terms.make(type({}), rules)).toThrow("rules.maxage")
  })

  test("takes every rule, and members that are undefined", () => {
    const rules: Rules.Rules = {
      precedence: "most-recent",
      maxAge: { accepted: month, declined: null, implied: Period.zero },
      recordedExpiration: "ignore",
      permits: "viewed",
    }
    const terms = Terms.make(type({ consentDuration: month }), { ...rules, ...({ maxAge: undefined } as object) })
    expect(Decision.decide([], terms, 0).status).toBe("unknown")
    expect(Terms.make(type({ rules })).maxAge.accepted).toBe(month)
  })
})

test.each([
  [[{ match: { lable: "x" }, rules: {} }], "ruleSet[0].match.lable: no such member"],
  [
    [
      { match: {}, rules: {} },
      { match: {}, rules: { maxage: {} } },
    ],
    "ruleSet[1].rules.maxage: no such member",
  ],
  [[{ rules: {} }], "ruleSet[0].match: expected an object"],
  [[{ match: {}, rules: {}, until: 0 }], "ruleSet[0].until: no such member"],
])(
  "a rule set refuses a member that does not exist, because a misspelt match is one of all types: %j",
  (ruleSet, message) => {
    expect(() => Rules.inForce({}, { id: "t" }, ruleSet as unknown as Rules.RuleSet)).toThrow(message)
  },
)
