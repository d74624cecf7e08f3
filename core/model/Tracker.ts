/**
 * The trackers of a project: what its pages load and keep, and what each is for.
 */
import type { TrackerCategory, TrackerType } from "../browser/TrackerRules.ts"
import type { Instant } from "../engine/Instant.ts"
import type { Catalog, Project } from "./Catalog.ts"

/** Where a tracker comes from: someone wrote it, or a page reported it. */
export const trackerOrigins = ["manual", "autoscan"] as const

/** How a tracker was recognized; kept as it is given. */
export const trackerMatches = ["new", "project", "global"] as const

/** A tracker of a project. */
export interface Tracker {
  readonly id: string
  readonly organization: string
  readonly project: string
  readonly dateCreated: Instant
  readonly dateUpdated: Instant
  readonly name: string
  readonly type: TrackerType
  /** The name under which a page reported it. */
  readonly detectedName?: string
  readonly company?: string
  readonly description?: string
  /** The host name that it is loaded from or kept for, which stands for its sub-domains as well. Left out: any. */
  readonly domain?: string
  /** Of a load: host and path. Of a cookie or a stored entry: its name. `*` stands for any characters. */
  readonly pattern: string
  readonly category: TrackerCategory
  /** The ids of the consent types that it needs, in place of those of its category. */
  readonly consentTypes?: ReadonlyArray<string>
  readonly origin: (typeof trackerOrigins)[number]
  readonly matchType: (typeof trackerMatches)[number]
  readonly matchedTrackerId?: string
  readonly overrideFields?: ReadonlyArray<string>
  /** How long it stays, in the words of its company. */
  readonly expiration?: string
  /** It was deleted: it is not listed, and pages do not get it. */
  readonly isRemoved?: true
}

/** The most trackers of a project that have a category: pages get all of them. */
export const maxClassified = 2000

/** The most trackers of a project without a category: what pages report besides is dropped. */
export const maxUnclassified = 5000

/** The most consent types that a tracker names, and trackers that are created or reported at once. */
export const maxTrackerTypes = 100
export const maxCreatedTrackers = 100
export const maxReportedTrackers = 50

/** The trackers of a project that were not deleted, in the order in which they were created. */
export const trackersOf = (
  { trackers }: Pick<Catalog, "trackers">,
  { id }: Pick<Project, "id">,
): ReadonlyArray<Tracker> => trackers.get(id) ?? []

/** Those that pages get: what has no category decides nothing. */
export const classifiedOf = (trackers: ReadonlyArray<Tracker>): ReadonlyArray<Tracker> =>
  trackers.filter(({ category }) => category !== "unclassified")
