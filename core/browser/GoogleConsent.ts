/**
 * Google Consent Mode v2: what a page tells Google's scripts, from what is permitted. Pure.
 */

/** The consent types of Google that a permission can grant. */
export const types = [
  "ad_storage",
  "ad_user_data",
  "ad_personalization",
  "analytics_storage",
  "functionality_storage",
  "personalization_storage",
] as const

/** A consent type of Google. */
export type GoogleType = (typeof types)[number]

/** The subcategories that must all be permitted for each of Google's types. */
export type GoogleMap = Readonly<Partial<Record<GoogleType, ReadonlyArray<string>>>>

const advertising = ["marketing", "do_not_sell"]

/** The map of a region that has none of its own. */
export const defaultMap: Readonly<Record<GoogleType, ReadonlyArray<string>>> = {
  ad_storage: advertising,
  ad_user_data: advertising,
  ad_personalization: advertising,
  analytics_storage: ["analytics"],
  functionality_storage: ["functional"],
  personalization_storage: ["functional"],
}

/** The subcategory that a project need not have: without such a type, nothing is sold. */
const optional = "do_not_sell"

/** Answers of a page, as far as this projection asks for them. */
export interface Answers {
  /** Whether all types of a subcategory are permitted; false where there is none. */
  readonly permits: (subcategory: string) => boolean
  /** Whether the project has a type of a subcategory. */
  readonly has: (subcategory: string) => boolean
}

/** Whether each of Google's types is granted. */
export const grants = ({ has, permits }: Answers, map: GoogleMap = defaultMap): Readonly<Record<GoogleType, boolean>> =>
  Object.fromEntries(
    types.map((name) => {
      const needs = map[name] ?? defaultMap[name]
      return [name, needs.every((each) => (each === optional && !has(each)) || permits(each))]
    }),
  ) as Record<GoogleType, boolean>

/** How Google spells an answer. */
export type Word = "granted" | "denied"

/** Grants in Google's words. */
export const words = (grants: Readonly<Record<GoogleType, boolean>>): Readonly<Record<GoogleType, Word>> =>
  Object.fromEntries(types.map((name) => [name, grants[name] ? "granted" : "denied"])) as Record<GoogleType, Word>

/** What is denied before anything is known. Security needs no consent. */
export const denied: Readonly<Record<string, Word>> = {
  ...words(grants({ has: () => true, permits: () => false })),
  security_storage: "granted",
}
