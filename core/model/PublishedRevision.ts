/**
 * A revision of the published configuration of a project, as the catalog keeps it: it never changes.
 */
import type { Region } from "../browser/Region.ts"
import type { Instant } from "../engine/Instant.ts"

/** The regions of a project from an instant on. */
export interface PublishedRevision {
  readonly id: string
  readonly organization: string
  readonly project: string
  /** From 1, without a gap. */
  readonly revision: number
  /** The default one is the first. */
  readonly regions: ReadonlyArray<Region>
  /** The earlier revision that it publishes again. Left out: it published the drafts. */
  readonly undoneTo?: number
  /** When it was published. */
  readonly dateCreated: Instant
  readonly dateUpdated: Instant
}

/**
 * Makes a function that gives a revision the objects of the one before for the regions that did not change, because
 * most revisions change one region, and all of them stay in memory. It is called with the revisions in their order.
 */
export const sharing = (): ((next: PublishedRevision) => PublishedRevision) => {
  const last = new Map<string, ReadonlyMap<string, { readonly region: Region; readonly text: string }>>()
  return (next) => {
    const before = last.get(next.project)
    const regions = next.regions.map((region) => {
      const text = JSON.stringify(region)
      const same = before?.get(region.id)
      return same?.text === text ? same : { region, text }
    })
    last.set(next.project, new Map(regions.map((each) => [each.region.id, each])))
    return { ...next, regions: regions.map(({ region }) => region) }
  }
}
