/**
 * The rules of a region, as a rule set over the project's own types (semantics, section 4).
 */
import * as Period from "../engine/Period.ts"
import type { RuleSet } from "../engine/Rules.ts"
import type { RegionSettings } from "./Region.ts"

/**
 * The rule set of a region: which states permit, and how long answers last. It is about `privacy_setting` alone,
 * because terms and newsletters do not depend on where their reader is.
 */
export const of = ({
  consentDuration,
  consentMode,
}: Pick<RegionSettings, "consentDuration" | "consentMode">): RuleSet => {
  const age = Period.months(consentDuration)
  const permits = consentMode === "express" ? "accepted" : "implied"
  const rules = { permits, maxAge: { accepted: age, declined: age, implied: age } } as const
  return [{ match: { category: "privacy_setting" }, rules }]
}
