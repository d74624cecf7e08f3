/**
 * The region that a question is answered under (semantics, sections 3 and 4).
 *
 * A visitor's own question is about the region of its session. Any other is about the region of the person's latest
 * session in the project; of joined people, the latest session of them all. Nothing is read while the project has
 * published no regions, nor of a person without facts.
 */
import { Effect } from "effect"
import type { Instant } from "../engine/Instant.ts"
import * as Instants from "../engine/Instant.ts"
import type { Catalog, Project } from "../model/Catalog.ts"
import type { StoreUnavailable } from "../ports/StoreUnavailable.ts"
import * as PublishedRegions from "../model/PublishedRegions.ts"
import * as RegionFacts from "../model/RegionFacts.ts"
import type { AskedPeople } from "./AskedPeople.ts"
import type { LedgerContext } from "./LedgerContext.ts"

/** The types' own rules count, and those of no region. */
export const none = "none"

/** The region of everyone that no other region matches. */
export const byDefault = "default"

/** The id of a region, {@link none} or {@link byDefault}. Left out of a question: where the person was last. */
export type AskedRegion = string

/**
 * The region of a question about people, as known at an instant; `undefined`: the types' own rules count. An id that is
 * not published any more stands for the default region.
 */
export const of = Effect.fnUntraced(function* (
  asked: AskedRegion | undefined,
  project: Project,
  catalog: Catalog,
  { facts, isErased, members }: AskedPeople,
  knownAt: Instant,
): Effect.fn.Return<RegionFacts.CountedRegion | undefined, StoreUnavailable> {
  const publication = PublishedRegions.asOf(catalog, project, knownAt)
  if (asked === none || publication.revision === 0) return undefined
  if (asked !== undefined) return RegionFacts.under(publication, asked === byDefault ? undefined : asked)
  if (isErased === true) return undefined
  const known = yield* facts
  if (known.length === 0) return undefined
  const history = RegionFacts.historyOf(known, project.id, yield* members(knownAt))
  const stay = RegionFacts.stayAt(history, knownAt)
  return stay && RegionFacts.under(publication, stay.region)
})

/**
 * Whether a question may ask for a region: for {@link none}, or for one that the project has published, as known at an
 * instant or, left out, now.
 */
export const isKnown = Effect.fnUntraced(function* (
  project: Project,
  asked: string,
  knownAt: Instant | undefined,
  { store }: Pick<LedgerContext, "store">,
): Effect.fn.Return<boolean, StoreUnavailable> {
  if (asked === none) return true
  const publication = PublishedRegions.asOf(yield* store.catalog.current, project, knownAt ?? Instants.max)
  return publication.revision > 0 && PublishedRegions.byId(publication, asked) !== undefined
})
