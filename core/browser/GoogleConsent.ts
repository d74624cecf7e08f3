/**
 * Google Consent Mode v2: what a page tells Google's scripts, from what is permitted. Pure.
 */

const advertising = ["marketing", "do_not_sell"]

/** The subcategories that must all be permitted for each of Google's types, in a region that has no map of its own. */
export const defaultMap = {
  ad_storage: advertising,
  ad_user_data: advertising,
  ad_personalization: advertising,
  analytics_storage: ["analytics"],
  functionality_storage: ["functional"],
  personalization_storage: ["functional"],
} as const

/** A consent type of Google that a permission can grant. */
export type GoogleType = keyof typeof defaultMap

/** What each of Google's types needs: subcategories that must all be permitted. */
export type GoogleMap = Readonly<Partial<Record<GoogleType, ReadonlyArray<string>>>>

/** How Google spells an answer. */
export type Word = "granted" | "denied"

/** An answer for each of Google's types. */
export type Words = Readonly<Partial<Record<GoogleType, Word>>>

/** A subcategory that a project need not have: without such a type, nothing is sold. */
const optional = "do_not_sell"

/**
 * The map of several regions for a project, of which the strictest counts: each of Google's types with every
 * subcategory that some region names. A region that leaves one out has ours.
 */
export const mapOf = (
  maps: ReadonlyArray<Readonly<Record<string, ReadonlyArray<string>>>>,
  has: (subcategory: string) => boolean,
): GoogleMap => {
  const needs = (name: GoogleType) => new Set(maps.flatMap((map) => map[name] ?? defaultMap[name]))
  const kept = (name: GoogleType) => [...needs(name)].filter((each) => each !== optional || has(each))
  return Object.fromEntries((Object.keys(defaultMap) as Array<GoogleType>).map((name) => [name, kept(name)]))
}

/** What is granted: each of Google's types for which everything that it needs is permitted. */
export const wordsOf = (map: GoogleMap, permits: (subcategory: string) => boolean): Words =>
  Object.fromEntries(Object.entries(map).map(([name, needs]) => [name, needs.every(permits) ? "granted" : "denied"]))
