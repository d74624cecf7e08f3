/**
 * The regions of a project as they are being written. Pages get them when they are published.
 */
import type { Region } from "../browser/Region.ts"
import type { Instant } from "../engine/Instant.ts"
import type { Catalog, Project } from "./Catalog.ts"

/** Settings that are kept as they were given, and that nothing reads: the answer says so. */
export type KeptSettings = Readonly<Record<string, boolean | string>>

/** A region of a project, before it is published. */
export interface RegionDraft extends Region {
  readonly organization: string
  readonly project: string
  readonly dateCreated: Instant
  readonly dateUpdated: Instant
  /** By their path in the settings, such as `consent.webflow`. Left out: none. */
  readonly kept?: KeptSettings
  /** It was deleted: it is not listed, and is not part of what is published from then on. */
  readonly isRemoved?: true
}

/** The most regions of a project, codes of a region, and languages of a region that have own texts. */
export const maxRegions = 100
export const maxCodes = 300
export const maxRegionLanguages = 50

/** The regions of a project that were written, in the order in which they were created. */
export const writtenOf = (
  { regions }: Pick<Catalog, "regions">,
  { id }: Pick<Project, "id">,
): ReadonlyArray<RegionDraft> => regions.get(id) ?? []
