/** Mutants of the exchange formats. */
import type { Part } from "./Mutant.ts"

export const formats: Part = {
  folder: "core/formats",
  tests: ["test/http/worstBodies.test.ts", "test/core/decisionLine.test.ts"],
  mutants: [
    ["Exchange.ts", "value.slice(0, maxItems + 1).map(inner)", "value.map(inner)", "public keys", "subcategories"],
    ["Exchange.ts", "      .slice(0, listMaxLength + 1)\n", "", "of rules that are not known"],
    [
      "Exchange.ts",
      "Result.isFailure(all) ? all.failure : decoded.failure",
      "all.failure",
      "a violation after the part",
    ],
    ["TypeLine.ts", "subcategory: [subcategory]", "subcategory: [label ?? subcategory]", "the name of the type"],
    ["TypeLine.ts", "JSON.stringify(of(type)).slice(1, -1)", '`"consentType":"${type.id}"`', "a decision as text"],
    ["Exchange.ts", 'const person = concordId === undefined ? "" :', "const person =", "a decision as text"],
  ],
}
