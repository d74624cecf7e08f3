/**
 * Refuses rules that are not rules, because a misspelt or unreadable rule would silently have no effect, and an answer
 * would count for longer than the rule says. Data from outside goes through `assent/exchange`, which reports all
 * faults; this check is for programs without types. Each object is checked once.
 */
import * as ConsentState from "./ConsentState.ts"
import type { ConsentType } from "./ConsentType.ts"
import type { Rules, RuleSet } from "./Rules.ts"

/** The members of rules whose value is a word, with their words. */
const words: Readonly<Record<string, ReadonlyArray<string>>> = {
  precedence: ["explicit-first", "most-recent"],
  recordedExpiration: ["honor", "ignore"],
  permits: ["accepted", "implied", "viewed"],
}
const members = ["precedence", "maxAge", "recordedExpiration", "permits"]
const matchMembers = ["consentType", "category", "subcategory", "label"]

const refuse = (place: string, expected: string): never => {
  throw new TypeError(`${place}: ${expected}`)
}

const checkMembers = (place: string, value: unknown, known: ReadonlyArray<string>): void => {
  if (typeof value !== "object" || value === null) refuse(place, `expected an object with ${known.join(", ")}`)
  for (const member of Object.keys(value as object)) {
    if (!known.includes(member)) refuse(`${place}.${member}`, `no such member; there are ${known.join(", ")}`)
  }
}

const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0

const checkPeriod = (place: string, value: unknown): void => {
  if (value === undefined || value === null) return
  const { days, millis, months } = value as {
    readonly days?: unknown
    readonly millis?: unknown
    readonly months?: unknown
  }
  if (isCount(months) && isCount(days) && isCount(millis)) return
  refuse(place, `expected a period, such as Period.months(13); Period.parse("P13M") reads one`)
}

const checkRules = (place: string, rules: Rules): void => {
  checkMembers(place, rules, members)
  for (const member in words) {
    const value = (rules as Readonly<Record<string, unknown>>)[member]
    const known = words[member]!
    if (value !== undefined && !known.includes(value as string)) {
      refuse(`${place}.${member}`, `expected ${known.join(" or ")}`)
    }
  }
  const { maxAge } = rules
  if (maxAge === undefined) return
  checkMembers(`${place}.maxAge`, maxAge, ConsentState.all)
  for (const state of ConsentState.all) checkPeriod(`${place}.maxAge.${state}`, maxAge[state])
}

const checked = new WeakSet<object>()

const once = <A extends object>(value: A, check: (value: A) => void): void => {
  if (checked.has(value)) return
  check(value)
  checked.add(value)
}

/** Throws a `TypeError` that names the member, if rules are not rules. */
export const ofRules = (rules: Rules): void => {
  if (typeof rules !== "object" || rules === null) return checkMembers("rules", rules, members)
  once(rules, (value) => checkRules("rules", value))
}

/** Throws a `TypeError` that names the member, if a type has rules or periods that are not any. */
export const ofType = (type: ConsentType): void => {
  ofRules(type.rules)
  once(type, ({ consentDuration, versions }) => {
    checkPeriod("consentDuration", consentDuration)
    for (const { grace, version } of versions) checkPeriod(`the grace of version ${version}`, grace)
  })
}

/** Throws a `TypeError` that names the member, if a rule set is not one. */
export const ofRuleSet = (ruleSet: RuleSet): void =>
  once(ruleSet, (entries) => {
    for (const [index, entry] of entries.entries()) {
      const place = `ruleSet[${index}]`
      checkMembers(place, entry, ["match", "rules"])
      checkMembers(`${place}.match`, entry.match, matchMembers)
      checkRules(`${place}.rules`, entry.rules)
    }
  })
