/**
 * The terms of a consent type as they are known now, and as they were right before an instant: what an answer was
 * before something changed it. A person that was in a region has terms of its own: the rules of the region count from
 * the fact that it is there on, and change with the publications.
 */
import type { Instant } from "../engine/Instant.ts"
import * as Instants from "../engine/Instant.ts"
import * as Rules from "../engine/Rules.ts"
import * as Terms from "../engine/Terms.ts"
import type { ListedType, ProjectTypes } from "../model/Catalog.ts"
import type { RegionHistory } from "../model/RegionFacts.ts"
import * as RegionFacts from "../model/RegionFacts.ts"
import * as FeedScopes from "./FeedScope.ts"
import type { FeedScope } from "./FeedScope.ts"

/** The terms of one type over time. */
export interface TypeTerms {
  /** With everything that the catalog has. */
  readonly now: Terms.Terms
  /** Since when the rules, the duration and the versions known have been those of {@link now}. */
  readonly since: Instant
  /** When the rules, those of a region too, or the duration changed last; before that, when the type was created. */
  readonly reset: Instant
  /** Each instant at which they changed. */
  readonly resets: ReadonlyArray<Instant>
  /**
   * As known right before an instant, and without what asks again from that very instant on: the terms that would have
   * been in force at it, had only time passed. The same object as {@link now} if nothing has changed since.
   */
  readonly before: (at: Instant) => Terms.Terms
  /** Whether the terms themselves change what is answered from this instant on. */
  readonly changeAt: (at: Instant) => boolean
}

/** The rules of regions that are laid over those of a type, over time. */
interface Regional {
  readonly at: (knownAt: Instant) => Rules.RuleSet
  /** Each instant at which they may change, in ascending order. */
  readonly changes: ReadonlyArray<Instant>
}

const ofNoRegion: Regional = { at: () => [], changes: [] }

const rulesAt = (type: ListedType, { at }: Regional, knownAt: Instant): string =>
  JSON.stringify(Rules.inForce({}, type, at(knownAt)))

const make = (type: ListedType, regional: Regional): TypeTerms => {
  const now = Terms.of(type, regional.at(Instants.max), Instants.max)
  const ofType = (type.history ?? []).map(({ knownUntil }) => knownUntil)
  const ofRegions = regional.changes.filter((at) => rulesAt(type, regional, at) !== rulesAt(type, regional, at - 1))
  const resets = ofRegions.length === 0 ? ofType : [...new Set([...ofType, ...ofRegions])].toSorted((a, b) => a - b)
  const published = type.versions.flatMap(({ dateCreated, requireReaccept }) => (requireReaccept ? [dateCreated] : []))
  const since = [...resets, ...published].reduce((latest, each) => Math.max(latest, each), type.dateCreated)
  const asked = new Set(now.reacceptances.map(({ at }) => at))
  const known = new Map<Instant, Terms.Terms>()
  return {
    now,
    since,
    reset: resets.at(-1) ?? type.dateCreated,
    resets,
    before: (at) => {
      if (at > since && !asked.has(at)) return now
      const before = known.get(at)
      if (before !== undefined) return before
      const { reacceptances, ...terms } = Terms.of(type, regional.at(at - 1), at - 1)
      const without = { ...terms, reacceptances: reacceptances.filter((each) => each.at !== at) }
      if (known.size < mostKnown) known.set(at, without)
      return without
    },
    changeAt: (at) => asked.has(at) || resets.includes(at),
  }
}

/** The terms of the types of a project, by the id of the type. */
export type TermsByType = ReadonlyMap<string, TypeTerms>

const made = new WeakMap<ProjectTypes, TermsByType>()

/** The terms of all types of a project, deleted ones too: made once for each revision of its types. */
export const of = (types: ProjectTypes): TermsByType => {
  const before = made.get(types)
  if (before !== undefined) return before
  const all = new Map([...types.byId.values()].map((type) => [type.id, make(type, ofNoRegion)]))
  made.set(types, all)
  return all
}

/** The terms of a type for people with a history of regions; `undefined`: the project has no such type. */
export const under = (
  { publications, types }: Pick<FeedScope, "publications" | "types">,
  id: string,
  history: RegionHistory,
): TypeTerms | undefined => {
  const type = types.byId.get(id)
  if (type === undefined || history.length === 0) return of(types).get(id)
  const changes = [...history.map(({ at }) => at), ...publications.map(({ publishedAt }) => publishedAt)]
  return make(type, {
    at: (knownAt) => RegionFacts.ruleSetAt(history, publications, knownAt),
    changes: [...new Set(changes)].toSorted((a, b) => a - b),
  })
}

/**
 * The terms of a type for everyone that it has: without a region, and for each rule set of a region that is published
 * now, as if people had always been in it. For what may lapse; whose terms count is known with the person.
 */
export const anyOf = (scope: Pick<FeedScope, "publications" | "types">, id: string): ReadonlyArray<Terms.Terms> => {
  const own = of(scope.types).get(id)
  if (own === undefined || scope.publications.length === 0) return own === undefined ? [] : [own.now]
  const type = scope.types.byId.get(id)!
  const before = variants.get(type)
  if (before?.count === scope.publications.length) return before.terms
  const ofRegions = FeedScopes.ruleSetsOf(scope).map((ruleSet) => Terms.of(type, ruleSet, Instants.max))
  const terms = [own.now, ...ofRegions]
  variants.set(type, { count: scope.publications.length, terms })
  return terms
}

/** The terms of {@link anyOf}, and the number of publications that they were made of. */
const variants = new WeakMap<ListedType, { readonly count: number; readonly terms: ReadonlyArray<Terms.Terms> }>()

/** For how many instants earlier terms are kept. */
const mostKnown = 1000
