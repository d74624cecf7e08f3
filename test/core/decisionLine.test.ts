import * as fc from "fast-check"
import { expect, test } from "vitest"
import * as Decision from "../../core/engine/Decision.ts"
import * as Terms from "../../core/engine/Terms.ts"
import * as Exchange from "../../core/formats/Exchange.ts"
import * as Ledgers from "../support/ledgers.ts"

const word = fc.constantFrom("news", "", 'a "quoted" one', "é, \u2028 and \ud83d\ude00")
const optional = fc.option(word, { nil: undefined })
const name = fc.record({ id: word, category: optional, subcategory: optional, label: optional })

const named = ({ id, ...parts }: { readonly id: string }) => ({ id, ...Exchange.present(parts) })

// Kills: TypeLine.text leaves out the name, or escapes nothing; Exchange.decisionToText writes an unknown person.
test("a decision as text is its line as JSON, however often its type was named before", () => {
  fc.assert(
    fc.property(Ledgers.story, Ledgers.at, fc.array(fc.tuple(name, optional), { minLength: 2 }), (story, at, asked) => {
      const decision = Decision.decide(story.events, Terms.make(story.type, story.rules, at), at)
      const types = asked.map(([type]) => named(type))
      for (const repeated of [types, types]) {
        for (const [index, type] of repeated.entries()) {
          const concordId = asked[index]![1]
          const line = Exchange.decisionToLine(concordId, type, decision)
          expect(Exchange.decisionToText(concordId, type, decision)).toBe(JSON.stringify(line))
        }
      }
    }),
  )
})

test("the name of the type follows its id; the parts that no types.json gives are left out", () => {
  const decision = Decision.decide([], Terms.make({ id: "news", rules: {}, versions: [] }, {}, 0), 0)
  const whole = { id: "news", category: "communication", subcategory: "email", label: "newsletter" }
  expect(Object.entries(Exchange.decisionToLine("ann", whole, decision)).slice(0, 6)).toEqual([
    ["concordId", "ann"],
    ["consentType", "news"],
    ["category", "communication"],
    ["subcategory", ["email"]],
    ["label", "newsletter"],
    ["at", "1970-01-01T00:00:00.000Z"],
  ])
  expect(
    Object.keys(Exchange.decisionToLine("ann", { id: "news", label: "newsletter" }, decision)).slice(1, 4),
  ).toEqual(["consentType", "label", "at"])
  expect(Object.keys(Exchange.decisionToLine("ann", { id: "news" }, decision)).slice(1, 3)).toEqual([
    "consentType",
    "at",
  ])
})
