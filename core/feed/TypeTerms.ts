/**
 * The terms of a consent type as they are known now, and as they were right before an instant: what an answer was
 * before something changed it.
 */
import type { Instant } from "../engine/Instant.ts"
import * as Instants from "../engine/Instant.ts"
import * as Terms from "../engine/Terms.ts"
import type { ListedType, ProjectTypes } from "../model/Catalog.ts"

/** The terms of one type over time. */
export interface TypeTerms {
  /** With everything that the catalog has. */
  readonly now: Terms.Terms
  /** Since when the rules, the duration and the versions known have been those of {@link now}. */
  readonly since: Instant
  /** When the rules or the duration changed last; before that, when the type was created. */
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

const make = (type: ListedType): TypeTerms => {
  const now = Terms.of(type, [], Instants.max)
  const resets = (type.history ?? []).map(({ knownUntil }) => knownUntil)
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
      const { reacceptances, ...terms } = Terms.of(type, [], at - 1)
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
  const all = new Map([...types.byId.values()].map((type) => [type.id, make(type)]))
  made.set(types, all)
  return all
}

/** For how many instants earlier terms are kept. */
const mostKnown = 1000
