/**
 * The due scans of a project: for each lane, one for each of these periods, and one for each of them and each lead
 * time.
 *
 * An answer lapses by itself at the `expirationDate` of an event, or a period after its `consentDate`: the age that the
 * rules of a type allow to a state, or the duration of a type.
 */
import * as ConsentState from "../engine/ConsentState.ts"
import * as Period from "../engine/Period.ts"
import type * as Rules from "../engine/Rules.ts"
import type { ListedType } from "../model/Catalog.ts"

/** What a due scan looks for. */
export interface FeedPeriod {
  /** After its `consentDate` an event lapses; left out: at its `expirationDate`. */
  readonly period: Period.Period | undefined
  /** How long before the lapse it is announced; left out: when it has lapsed. */
  readonly lead: Period.Period | undefined
  /** The name of the place of the scan, in each lane. */
  readonly name: string
}

/** What the name of the place of every due scan begins with, and of nothing else. */
const prefix = /^(age |expiration($| ))/

/** Whether a place is that of a due scan. */
export const isNameOf = (name: string): boolean => prefix.test(name)

/** Whether the place of a due scan is of one that tells a lead time before. */
export const isLead = (name: string): boolean => name.includes(" lead ")

/** The name of the place of a due scan. */
export const nameOf = (period: Period.Period | undefined, lead: Period.Period | undefined): string => {
  const source = period === undefined ? "expiration" : `age ${Period.format(period)}`
  return lead === undefined ? source : `${source} lead ${Period.format(lead)}`
}

/** The periods after which events of types lapse, or events under rule sets of regions, each once. */
const periodsOf = (
  types: Iterable<ListedType>,
  ruleSets: ReadonlyArray<Rules.RuleSet>,
): ReadonlyArray<Period.Period> => {
  const periods = new Map<string, Period.Period>()
  const add = (period: Period.Period | null | undefined): void => {
    if (period != null) periods.set(Period.format(period), period)
  }
  for (const { consentDuration, rules } of types) {
    add(consentDuration)
    for (const state of ConsentState.all) add(rules.maxAge?.[state])
  }
  for (const { rules } of ruleSets.flat()) for (const state of ConsentState.all) add(rules.maxAge?.[state])
  return [...periods.values()]
}

/**
 * What the due scans of a project look for: its types as they are now, also deleted ones, the rule sets of its regions,
 * and its lead times.
 */
export const of = (
  types: Iterable<ListedType>,
  ruleSets: ReadonlyArray<Rules.RuleSet>,
  leads: ReadonlyArray<Period.Period> = [],
): ReadonlyArray<FeedPeriod> =>
  [undefined, ...periodsOf(types, ruleSets)].flatMap((period) =>
    [undefined, ...leads].map((lead) => ({ period, lead, name: nameOf(period, lead) })),
  )
