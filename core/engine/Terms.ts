/**
 * The terms under which the events of one consent type are read: the rules in force with their defaults filled in, the
 * type's duration, and the re-acceptances known at `knownAt` (semantics, sections 3 and 4).
 *
 * They are prepared once for each type and `knownAt`, and used for any number of people and instants.
 */
import type { ConsentState } from "./ConsentState.ts"
import * as ConsentType from "./ConsentType.ts"
import * as Instant from "./Instant.ts"
import * as Period from "./Period.ts"
import * as Rules from "./Rules.ts"
import * as RulesCheck from "./RulesCheck.ts"

/**
 * A version that must be accepted again: answers to earlier versions lapse at `at`, its publication plus its grace
 * period.
 */
export interface Reacceptance {
  readonly version: number
  readonly at: Instant.Instant
}

/** Everything that a decision depends on, except the events and the instant asked about. */
export interface Terms {
  /** Only events and versions with `dateCreated` ≤ `knownAt` are seen. */
  readonly knownAt: Instant.Instant
  readonly precedence: Rules.Precedence
  readonly permits: Rules.Permits
  readonly recordedExpiration: "honor" | "ignore"
  readonly maxAge: { readonly [State in ConsentState]: Period.Period | null }
  readonly consentDuration: Period.Period | null
  /** Earliest first; at the same instant the lower version first. */
  readonly reacceptances: ReadonlyArray<Reacceptance>
}

/** Makes the terms of a type as it was known at `knownAt`, with a rule set laid over the rules that it had then. */
export const of = (type: ConsentType.ConsentType, ruleSet: Rules.RuleSet, knownAt: Instant.Instant): Terms => {
  const known = ConsentType.knownAt(type, knownAt)
  return make(known, Rules.inForce(known.rules, known, ruleSet), knownAt)
}

/**
 * Makes the terms of a type as it was known at `knownAt`, by default at the last instant, so that every event and
 * version is known. `rules` are the rules in force, by default those that the type had of its own.
 *
 * Throws a `TypeError` that names the member, if the type or the rules have a period that is not one, or a member that
 * does not exist: it would have no effect, and an answer would count for longer than it may.
 */
export const make = (
  type: ConsentType.ConsentType,
  rules?: Rules.Rules,
  knownAt: Instant.Instant = Instant.max,
): Terms => {
  RulesCheck.ofType(type)
  if (rules !== undefined) RulesCheck.ofRules(rules)
  const known = ConsentType.knownAt(type, knownAt)
  return fill(known, rules ?? known.rules, knownAt)
}

/** {@link of} a type without earlier states, and of a rule set that was checked before, as a page has them. */
export const ofChecked = (type: ConsentType.ConsentType, ruleSet: Rules.RuleSet, knownAt: Instant.Instant): Terms =>
  fill(type, Rules.ofChecked(type.rules, type, ruleSet), knownAt)

const fill = (type: ConsentType.ConsentType, rules: Rules.Rules, knownAt: Instant.Instant): Terms => ({
  knownAt,
  precedence: rules.precedence ?? "explicit-first",
  permits: rules.permits ?? "implied",
  recordedExpiration: rules.recordedExpiration ?? "honor",
  maxAge: {
    declined: rules.maxAge?.declined ?? null,
    accepted: rules.maxAge?.accepted ?? null,
    implied: rules.maxAge?.implied ?? null,
    viewed: rules.maxAge?.viewed ?? null,
  },
  consentDuration: type.consentDuration ?? null,
  reacceptances: type.versions
    .filter((version) => version.requireReaccept && version.dateCreated <= knownAt)
    .map(({ version, publishedAt, grace }) => ({ version, at: Period.add(publishedAt, grace ?? Period.zero) }))
    .toSorted((a, b) => a.at - b.at || a.version - b.version),
})
