/**
 * How long answers last, which answer decides, and what permits (semantics, section 4).
 *
 * Rules are partial: every field may be left out. Laid one over another, the later wins field by field, within
 * `maxAge` state by state; laying rules over others is associative, and the empty rules change nothing.
 */
import type { ConsentState } from "./ConsentState.ts"
import type { Period } from "./Period.ts"

/** Which event decides when several could: see semantics, section 3.2. */
export type Precedence = "explicit-first" | "most-recent"

/** The weakest consent state that permits, in the order accepted, implied, viewed. */
export type Permits = "accepted" | "implied" | "viewed"

/** The age at which an event of each state lapses; `null` says never, and undoes an age laid beneath. */
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

/** What a rule of a rule set applies to: every field given must be equal. No field: everything. */
export interface Match {
  /** The id of a consent type. */
  readonly consentType?: string
  readonly category?: string
  readonly subcategory?: string
  readonly label?: string
}

/** Rules for the types that match. */
export interface RuleSetEntry {
  readonly match: Match
  readonly rules: Rules
}

/** A list of rules; a later entry is laid over an earlier one. */
export type RuleSet = ReadonlyArray<RuleSetEntry>

/** What a rule can be matched with: a consent type's id and triple. */
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

/** `over` laid over `base`: each field of `over` that is there wins, within `maxAge` each state. */
export const override = (base: Rules, over: Rules): Rules => ({
  ...base,
  ...over,
  ...((base.maxAge ?? over.maxAge) && { maxAge: { ...base.maxAge, ...over.maxAge } }),
})

/** The rules in force for a type: its own, and over them, in order, every entry of the rule set that matches. */
export const inForce = (own: Rules, type: Matchable, ruleSet: RuleSet = []): Rules =>
  ruleSet.reduce((rules, entry) => (matches(entry.match, type) ? override(rules, entry.rules) : rules), own)
