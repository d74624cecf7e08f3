/**
 * Trackers: cookies, stored entries and loads of a page, and which consent types they need. The page decides by these
 * rules what it holds, and what it removes when permission ends.
 *
 * A pattern is literal but for `*`, which stands for any characters, none included. It is no regular expression, so
 * that no pattern makes a page slow.
 */

/** What a tracker is. The first four are loaded, from a host and a path; the others are kept under a name. */
export const trackerTypes = ["script", "iframe", "image", "link", "cookie", "local_storage", "session_storage"] as const

/** One of {@link trackerTypes}. */
export type TrackerType = (typeof trackerTypes)[number]

/**
 * What a tracker is for, the strictest last. `ignored` and `strictly_necessary` need no permission, and `malicious`
 * gets none. `unclassified` says that no one has decided yet: it decides nothing.
 */
export const trackerCategories = [
  "unclassified",
  "ignored",
  "strictly_necessary",
  "functional",
  "analytics",
  "marketing",
  "malicious",
] as const

/** One of {@link trackerCategories}. */
export type TrackerCategory = (typeof trackerCategories)[number]

/** A tracker as a page reads it. */
export interface TrackerRule {
  readonly type: TrackerType
  /** Of a load: host and path; the host alone stands for all of its paths. Otherwise of the name. */
  readonly pattern: string
  /** A host name, which stands for its sub-domains as well. Left out: any. */
  readonly domain?: string
  readonly category: TrackerCategory
  /** The ids of the consent types that it needs, in place of those of its category. Left out: those of its category. */
  readonly consentTypes?: ReadonlyArray<string>
}

/** A load, a cookie or a stored entry of a page. */
export interface SeenTracker {
  readonly type: TrackerType
  /** Of a load, the host that it comes from; otherwise the host that it is kept for. In lower case. */
  readonly domain: string
  /** Of a load, its path, which begins with a slash; otherwise the name. */
  readonly name: string
}

/** What the rules say of a load, a cookie or a stored entry. */
export interface TrackerNeeds {
  readonly category: TrackerCategory
  /** The ids of the consent types that must all be permitted. */
  readonly consentTypes: ReadonlyArray<string>
}

/** A consent type that categories can name: by its category and subcategory. */
export interface CategorizedType {
  readonly id: string
  readonly category: string
  readonly subcategory: string
}

/** Whether something of this type is loaded from a host, and not kept under a name. */
export const isLoaded = (type: TrackerType): boolean => trackerTypes.indexOf(type) < 4

/** Whether a text matches a pattern. The time grows with the length of the text times that of the pattern at most. */
export const matchesPattern = (pattern: string, text: string): boolean => {
  const [first = "", ...rest] = pattern.split("*")
  const last = rest.pop()
  if (last === undefined) return text === pattern
  if (!text.startsWith(first)) return false
  let from = first.length
  for (const part of rest) {
    const at = text.indexOf(part, from)
    if (at < 0) return false
    from = at + part.length
  }
  return text.length - last.length >= from && text.endsWith(last)
}

const isOfDomain = (domain: string, host: string): boolean =>
  matchesPattern(domain, host) || matchesPattern(`*.${domain}`, host)

/** The pattern of a load with its host in lower case, and any path where it names none. */
const loadPattern = (pattern: string): string => {
  const slash = pattern.indexOf("/")
  return slash < 0 ? `${pattern.toLowerCase()}/*` : `${pattern.slice(0, slash).toLowerCase()}${pattern.slice(slash)}`
}

/** Whether a rule is about a load, a cookie or a stored entry. */
export const matches = (rule: TrackerRule, seen: SeenTracker): boolean => {
  if (rule.type !== seen.type) return false
  if (rule.domain !== undefined && !isOfDomain(rule.domain, seen.domain)) return false
  return isLoaded(rule.type)
    ? matchesPattern(loadPattern(rule.pattern), `${seen.domain}${seen.name}`)
    : matchesPattern(rule.pattern, seen.name)
}

/** How specific a rule is: the number of characters that it states of the pattern and of the domain. */
export const specificity = ({ domain = "", pattern }: Pick<TrackerRule, "domain" | "pattern">): number =>
  `${pattern}${domain}`.replaceAll("*", "").length

const strictness = ({ category }: Pick<TrackerRule, "category">): number => trackerCategories.indexOf(category)

const typesOf = (
  { category, consentTypes }: TrackerRule,
  types: ReadonlyArray<CategorizedType>,
): ReadonlyArray<string> =>
  consentTypes ??
  types.flatMap((type) => (type.category === "privacy_setting" && type.subcategory === category ? [type.id] : []))

/**
 * What the rules say: the most specific one decides. Of several that are equally specific the strictest category does,
 * and if they name different consent types, all of them are needed. `undefined` if no rule decides.
 */
export const needsOf = (
  seen: SeenTracker,
  rules: ReadonlyArray<TrackerRule>,
  types: ReadonlyArray<CategorizedType>,
): TrackerNeeds | undefined => {
  const found = rules.filter((rule) => rule.category !== "unclassified" && matches(rule, seen))
  if (found.length === 0) return undefined
  const longest = Math.max(...found.map(specificity))
  const closest = found.filter((rule) => specificity(rule) === longest)
  const strictest = Math.max(...closest.map(strictness))
  const deciding = closest.filter((rule) => strictness(rule) === strictest)
  const ids = deciding.map((rule) => typesOf(rule, types))
  return {
    category: trackerCategories[strictest]!,
    // One that needs no type of the project is one that nothing can permit.
    consentTypes: ids.some(({ length }) => length === 0) ? [] : [...new Set(ids.flat())],
  }
}

/** Whether something may load, or stay, while `permits` says which consent types are permitted. */
export const isPermitted = (
  { category, consentTypes }: TrackerNeeds,
  permits: (consentType: string) => boolean,
): boolean => {
  if (category === "ignored" || category === "strictly_necessary") return true
  return category !== "malicious" && consentTypes.length > 0 && consentTypes.every(permits)
}

/** What a page removes of what is kept: only what a tracker matches that is not permitted. */
export const toRemove = (
  kept: ReadonlyArray<SeenTracker>,
  rules: ReadonlyArray<TrackerRule>,
  types: ReadonlyArray<CategorizedType>,
  permits: (consentType: string) => boolean,
): ReadonlyArray<SeenTracker> =>
  kept.filter((seen) => {
    const needs = isLoaded(seen.type) ? undefined : needsOf(seen, rules, types)
    return needs !== undefined && !isPermitted(needs, permits)
  })
