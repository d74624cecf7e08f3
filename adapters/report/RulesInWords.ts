/**
 * Writes rules in sentences: the own rules of consent types, versions that must be agreed to again, and a rule set.
 *
 * It reads the exact candidate or baseline of a summary: a rule set, or an object with `rules` and `types` (the
 * contents of rules.json and types.json). What it does not recognise gets no sentence; the report shows the exact text
 * as well.
 */
import { Result } from "effect"
import type { ConsentState as State } from "../../core/engine/ConsentState.ts"
import type { ConsentType } from "../../core/engine/ConsentType.ts"
import * as Exchange from "../../core/formats/Exchange.ts"
import type { Instant } from "../../core/engine/Instant.ts"
import type { Match, Permits, Precedence, RuleSet, Rules } from "../../core/engine/Rules.ts"
import type { Summary } from "../../core/simulation/Summary.ts"
import * as Words from "./Words.ts"

type Names = Summary["consentTypes"]

const withAge: { readonly [S in State]: (duration: string) => string } = {
  accepted: (duration) => `a yes counts for ${duration}`,
  declined: (duration) => `after a no, nobody is asked again for ${duration}`,
  implied: (duration) => `implied consent counts for ${duration}`,
  viewed: (duration) => `a question that was only seen counts for ${duration}`,
}

const withoutAge: { readonly [S in State]: string } = {
  accepted: "a yes does not grow old",
  declined: "after a no, nobody is asked again",
  implied: "implied consent does not grow old",
  viewed: "a question that was only seen does not grow old",
}

const precedences: { readonly [P in Precedence]: string } = {
  "explicit-first": "a clear yes or no outweighs anything implied or seen",
  "most-recent": "whatever came last decides",
}

const permitting: { readonly [P in Permits]: string } = {
  accepted: "only a yes permits",
  implied: "a yes or implied consent permits",
  viewed: "even a question that was only seen permits",
}

const recorded = {
  honor: "an end date recorded with an answer counts",
  ignore: "an end date recorded with an answer is left aside",
} as const

/** The order of the sentences. */
const states: ReadonlyArray<State> = ["accepted", "declined", "implied", "viewed"]

/** Rules in sentences without a subject; empty if nothing is set. */
export const describe = ({ precedence, maxAge, recordedExpiration, permits }: Rules): ReadonlyArray<string> => {
  const ages = states.flatMap((state) => {
    const age = maxAge?.[state]
    if (age === undefined) return []
    return [age === null ? withoutAge[state] : withAge[state](Words.duration(age))]
  })
  return [
    ...ages,
    ...(precedence === undefined ? [] : [precedences[precedence]]),
    ...(recordedExpiration === undefined ? [] : [recorded[recordedExpiration]]),
    ...(permits === undefined ? [] : [permitting[permits]]),
  ]
}

const nameOf = (id: string, names: Names): string => names.find((type) => type.id === id)?.name ?? id

const scope = ({ consentType, category, subcategory, label }: Match, names: Names): string => {
  const parts = [
    ...(consentType === undefined ? [] : [`“${nameOf(consentType, names)}”`]),
    ...(category === undefined ? [] : [`category “${category}”`]),
    ...(subcategory === undefined ? [] : [`subcategory “${subcategory}”`]),
    ...(label === undefined ? [] : [`label “${label}”`]),
  ]
  return parts.length === 0 ? "For every consent type" : `For ${parts.join(", ")}`
}

const sentences = (ruleSet: RuleSet, names: Names): ReadonlyArray<string> =>
  ruleSet.flatMap(({ match, rules }) => {
    const described = describe(rules)
    return described.length === 0 ? [] : [`${scope(match, names)}: ${described.join("; ")}.`]
  })

const decodeRuleSet = Exchange.decoder(Exchange.RuleSet)
const decodeTypes = Exchange.decoder(Exchange.Types)

const isObject = (value: unknown): value is { readonly rules?: unknown; readonly types?: unknown } =>
  typeof value === "object" && value !== null && !Array.isArray(value)

const ofType = (type: ConsentType, names: Names, from: Instant): ReadonlyArray<string> => {
  const name = `“${nameOf(type.id, names)}”`
  const { consentDuration } = type
  const described = [
    ...(consentDuration === undefined
      ? []
      : [`an answer recorded without an end date counts for ${Words.duration(consentDuration)}`]),
    ...describe(type.rules),
  ]
  const reaccepted = type.versions.flatMap(({ version, publishedAt, requireReaccept, grace }) => {
    if (!requireReaccept || publishedAt < from) return []
    const wait = grace === undefined ? "" : `, within ${Words.duration(grace)}`
    return [`${name}: version ${version}, on ${Words.date(publishedAt)}, must be agreed to anew${wait}.`]
  })
  return [...(described.length === 0 ? [] : [`${name}: ${described.join("; ")}.`]), ...reaccepted]
}

/** The sentences for a candidate or baseline; empty if nothing in it is recognised. */
export const from = (given: unknown, { consentTypes, from: start }: Summary): ReadonlyArray<string> => {
  const { rules, types } = isObject(given) ? given : { rules: given, types: undefined }
  const ruleSet = decodeRuleSet(rules ?? [])
  const file = decodeTypes(types)
  return [
    ...(Result.isSuccess(ruleSet) ? sentences(ruleSet.success, consentTypes) : []),
    ...(Result.isSuccess(file)
      ? Exchange.typesFromFile(file.success).flatMap((type) => ofType(type, consentTypes, start))
      : []),
  ]
}
