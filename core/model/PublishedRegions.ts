/**
 * The published configuration of a project's site client: its regions, by numbered revisions.
 *
 * A publication is never changed, so the configuration as known at any instant can be read (semantics, section 3).
 */
import type { Region } from "../browser/Region.ts"
import * as Instant from "../engine/Instant.ts"
import type { Catalog, Project } from "./Catalog.ts"
import type { PublishedRevision } from "./PublishedRevision.ts"
import * as DefaultRegion from "./DefaultRegion.ts"

/** A revision of the configuration. */
export interface Publication {
  /** From 1; 0: nothing was published, and every visitor is treated by the template `gdpr`. */
  readonly revision: number
  readonly publishedAt: Instant.Instant
  /** At least one, of which one is the default. */
  readonly regions: ReadonlyArray<Region>
}

/** The regions of a project that has published none. */
const unpublished = (project: Project): Publication => ({
  revision: 0,
  publishedAt: project.dateCreated,
  regions: [DefaultRegion.of(project)],
})

const publicationOf = ({ dateCreated, regions, revision }: PublishedRevision): Publication => ({
  revision,
  publishedAt: dateCreated,
  regions,
})

/** The publications of revisions, so that the same one is the same object. */
const made = new WeakMap<PublishedRevision | Project, Publication>()

const once = <Of extends PublishedRevision | Project>(of: Of, make: (of: Of) => Publication): Publication => {
  const last = made.get(of) ?? make(of)
  made.set(of, last)
  return last
}

/** All publications of a project, in the order of their revisions. */
export const all = ({ publications }: Pick<Catalog, "publications">, { id }: Project): ReadonlyArray<Publication> =>
  (publications.get(id) ?? []).map((each) => once(each, publicationOf))

/** The publication in force, as known at an instant. */
export const asOf = (
  { publications }: Pick<Catalog, "publications">,
  project: Project,
  knownAt: Instant.Instant,
): Publication => {
  const last = publications.get(project.id)?.findLast(({ dateCreated }) => dateCreated <= knownAt)
  return last === undefined ? once(project, unpublished) : once(last, publicationOf)
}

/** The publication in force. */
export const current = (catalog: Pick<Catalog, "publications">, project: Project): Publication =>
  asOf(catalog, project, Instant.max)

/** The region of an id. */
export const byId = ({ regions }: Publication, id: string): Region | undefined => regions.find((each) => each.id === id)

/**
 * The region of a geography (ISO 3166-2): the one that names it, else the one that names its country, else the default
 * one, also where the geography is not known.
 */
export const ofGeography = ({ regions }: Publication, geography: string | undefined): Region => {
  const named = (code: string | undefined) =>
    code === undefined ? undefined : regions.find((each) => each.regions !== "default" && each.regions.includes(code))
  return named(geography) ?? named(geography?.slice(0, 2)) ?? regions.find((each) => each.regions === "default")!
}
