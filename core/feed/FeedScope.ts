/**
 * A project as the scheduler works on it: its scope, and the revision of the catalog that it was read from, because a
 * step that was prepared against another one writes nothing.
 */
import type { Instant } from "../engine/Instant.ts"
import type { RuleSet } from "../engine/Rules.ts"
import * as CatalogOf from "../model/Catalog.ts"
import type { Catalog, ProjectScope } from "../model/Catalog.ts"
import type { Fact } from "../model/People.ts"
import * as PublishedRegions from "../model/PublishedRegions.ts"
import * as RegionFacts from "../model/RegionFacts.ts"

/** The scope of a project at a revision of the catalog. */
export interface FeedScope extends ProjectScope {
  readonly revision: number
  /** In the order of their revisions. */
  readonly publications: ReadonlyArray<PublishedRegions.Publication>
}

/** The scope of a project that exists. */
export const of = (catalog: Catalog, projectId: string): FeedScope => {
  const scope = CatalogOf.scope(catalog, projectId)!
  return { ...scope, revision: catalog.revision, publications: PublishedRegions.all(catalog, scope.project) }
}

/** The latest instant at which a type or the regions changed. */
export const learntOf = ({ publications, types }: FeedScope): Instant =>
  Math.max(types.learnt, publications.at(-1)?.publishedAt ?? types.learnt)

/** The rule sets of the regions that are published now: none of a project that has published none. */
export const ruleSetsOf = ({ publications }: Pick<FeedScope, "publications">): ReadonlyArray<RuleSet> => {
  const last = publications.at(-1)
  return last === undefined ? [] : RegionFacts.ruleSetsOf(last)
}

/** The regions of people of a project, out of any facts; nothing is known of a project that has published none. */
export const historyOf = (
  { project, publications }: FeedScope,
  facts: ReadonlyArray<Fact>,
  members: ReadonlyArray<string>,
): RegionFacts.RegionHistory =>
  publications.length === 0 ? RegionFacts.nowhere : RegionFacts.historyOf(facts, project.id, members)

/** The scopes of all projects. */
export const all = (catalog: Catalog): ReadonlyArray<FeedScope> =>
  [...catalog.projects.keys()].map((id) => of(catalog, id))
