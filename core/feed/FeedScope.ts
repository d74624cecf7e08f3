/**
 * A project as the scheduler works on it: its scope, and the revision of the catalog that it was read from, because a
 * step that was prepared against another one writes nothing.
 */
import * as CatalogOf from "../model/Catalog.ts"
import type { Catalog, ProjectScope } from "../model/Catalog.ts"

/** The scope of a project at a revision of the catalog. */
export interface FeedScope extends ProjectScope {
  readonly revision: number
}

/** The scope of a project that exists. */
export const of = (catalog: Catalog, projectId: string): FeedScope => ({
  ...CatalogOf.scope(catalog, projectId)!,
  revision: catalog.revision,
})

/** The scopes of all projects. */
export const all = (catalog: Catalog): ReadonlyArray<FeedScope> =>
  [...catalog.projects.keys()].map((id) => of(catalog, id))
