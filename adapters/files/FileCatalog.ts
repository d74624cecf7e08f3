/**
 * The consent types of a ledger in files, each with its terms at `knownAt` under the rules of a rules.json.
 */
import * as ConsentType from "../../core/engine/ConsentType.ts"
import type { Instant } from "../../core/engine/Instant.ts"
import * as Rules from "../../core/engine/Rules.ts"
import * as Terms from "../../core/engine/Terms.ts"

/** A consent type, and the terms its events are read under. */
export interface TypeEntry {
  readonly type: ConsentType.ConsentType
  readonly terms: Terms.Terms
}

/** Looks up consent types by id. A type that no types.json describes has the default rules and version 1. */
export interface FileCatalog {
  readonly knownAt: Instant
  readonly get: (id: string) => TypeEntry
  /** The indices of the rules that match neither a type of types.json nor a type that has been looked up so far. */
  readonly unmatched: () => ReadonlyArray<number>
}

/** How many types that occur only in events are cached. When there are more, the cache is emptied. */
const maxRemembered = 10_000

/** Makes a catalog; the ids of `types` are unique. */
export const make = (
  types: ReadonlyArray<ConsentType.ConsentType>,
  ruleSet: Rules.RuleSet,
  knownAt: Instant,
): FileCatalog => {
  const unmatched = new Set(ruleSet.keys())
  const prepare = (type: ConsentType.ConsentType): TypeEntry => {
    for (const index of unmatched) {
      const rule = ruleSet[index]
      if (rule !== undefined && Rules.matches(rule.match, type)) unmatched.delete(index)
    }
    return { type, terms: Terms.of(type, ruleSet, knownAt) }
  }
  const known = new Map(types.map((type) => [type.id, prepare(type)]))
  const others = new Map<string, TypeEntry>()
  return {
    knownAt,
    get: (id) => {
      const found = known.get(id) ?? others.get(id)
      if (found !== undefined) return found
      const entry = prepare(ConsentType.unknown(id))
      if (others.size >= maxRemembered) others.clear()
      others.set(id, entry)
      return entry
    },
    unmatched: () => [...unmatched],
  }
}
