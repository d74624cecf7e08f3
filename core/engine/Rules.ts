/**
 * How long answers last, which answer decides, and what permits (semantics, section 4).
 *
 * Rules are partial: every field may be left out. When one is laid over another, its fields win one by one, and within
 * `maxAge` its states one by one. Laying rules over each other is associative, and empty rules change nothing.
 */
import type { ConsentState } from "./ConsentState.ts"
import type { Period } from "./Period.ts"
import * as RulesCheck from "./RulesCheck.ts"

/** Which of several events decides (semantics, section 3.2). */
export type Precedence = "explicit-first" | "most-recent"

/** The weakest consent state that permits, in the order accepted, implied, viewed. */
export type Permits = "accepted" | "implied" | "viewed"

/** The age at which an event of each state lapses. `null` means never, also where the rules below set an age. */
export type MaxAge = { readonly [State in ConsentState]?: Period | null }

/** Rules, each field optional. */
export interface Rules {
  /** Default `explicit-first`. */
  readonly precedence?: Precedence
  /** Default: no state ages. */
  readonly maxAge?: MaxAge
  /** Whether an event's own `expirationDate` counts. Default `honor`. */
  readonly recordedExpiration?: "honor" | "ignore"
  /** Default `implied`. */
  readonly permits?: Permits
}

/**
 * The consent types that an entry of a rule set applies to: every field given must be equal. Without fields: all types.
 */
export interface Match {
  /** The id of a consent type. */
  readonly consentType?: string
  readonly category?: string
  readonly subcategory?: string
  readonly label?: string
}

/** Rules, and the types that they apply to. */
export interface RuleSetEntry {
  readonly match: Match
  readonly rules: Rules
}

/** A list of rules, in which a later entry is laid over an earlier one. */
export type RuleSet = ReadonlyArray<RuleSetEntry>

/** The fields of a consent type that a rule can match: its id and its triple. */
export interface Matchable {
  readonly id: string
  readonly category?: string
  readonly subcategory?: string
  readonly label?: string
}

/** Whether a rule set entry applies to a consent type. */
export const matches = (match: Match, type: Matchable): boolean =>
  (match.consentType === undefined || match.consentType === type.id) &&
  (match.category === undefined || match.category === type.category) &&
  (match.subcategory === undefined || match.subcategory === type.subcategory) &&
  (match.label === undefined || match.label === type.label)

/** Lays `over` over `base`: each field that `over` has wins, and within `maxAge` each state that it has. */
export const override = (base: Rules, over: Rules): Rules => ({
  ...base,
  ...over,
  ...((base.maxAge ?? over.maxAge) && { maxAge: { ...base.maxAge, ...over.maxAge } }),
})

/**
 * The rules in force for a type: its own, with every matching entry of the rule set laid over them, in order. Throws a
 * `TypeError` that names the member, if the rule set has one that does not exist, because an entry with a misspelt
 * match would apply to all types.
 */
export const inForce = (own: Rules, type: Matchable, ruleSet: RuleSet = []): Rules => {
  if (ruleSet.length === 0) return own
  RulesCheck.ofRuleSet(ruleSet)
  return ofChecked(own, type, ruleSet)
}

/** {@link inForce} of a rule set that was checked before, such as one that a server of the ledger has answered. */
export const ofChecked = (own: Rules, type: Matchable, ruleSet: RuleSet): Rules =>
  ruleSet.reduce((rules, entry) => (matches(entry.match, type) ? override(rules, entry.rules) : rules), own)
