/**
 * What a process knows of a project's sources of changes between two ticks of the scheduler, so that it asks the store
 * only where something can be due. All of it can be lost: it only saves questions.
 */
import * as Instant from "../engine/Instant.ts"
import type { Project, ProjectTypes } from "../model/Catalog.ts"
import type { LedgerContext } from "../ledger/LedgerContext.ts"
import type { LaneEnd } from "../ports/FeedStore.ts"
import type { FeedScope } from "./FeedScope.ts"

/** What is known of one lane. */
interface LaneWatch {
  /** The position of the next event when the due scans last looked. */
  position: number
  /** When they last looked, by a clock that may be set back. */
  lookedAt: Instant.Instant
  /** The first instant at which one of them can find something, if no event is recorded until then. */
  nextAt: Instant.Instant
}

/** What is known of a project. */
export interface ProjectWatch {
  /** The entries of the catalog that were looked at last. */
  types: ProjectTypes | undefined
  project: Project | undefined
  publications: number
  /** When the catalog has something to tell, if it is not changed. */
  catalogAt: Instant.Instant
  readonly lanes: Map<number, LaneWatch>
  /** For each lane of the organization, the number of identity changes that were looked at. */
  readonly identity: Map<number, number>
  /** The ends of the lanes as they were last read, and when. */
  ends: ReadonlyArray<LaneEnd>
  endsAt: Instant.Instant
  /** The earliest `expirationDate` that was recorded here since the due scans last looked. */
  soonest: Instant.Instant
  /** The instants of the last two ticks in which everything was announced that was due, the earlier one first. */
  doneAt: readonly [Instant.Instant | undefined, Instant.Instant | undefined]
}

/** The projects that were looked at, by their numbers. */
export type Watches = Map<number, ProjectWatch>

/** Of each ledger, by its signal. */
const watches = new WeakMap<LedgerContext["feedSignal"], Watches>()

/** The projects that a ledger has looked at. */
export const all = ({ feedSignal }: Pick<LedgerContext, "feedSignal">): Watches => {
  const known = watches.get(feedSignal) ?? new Map<number, ProjectWatch>()
  watches.set(feedSignal, known)
  return known
}

/** What is known of a project; nothing at first. */
export const of = ({ project }: FeedScope, watches: Watches): ProjectWatch => {
  const known = watches.get(project.number)
  if (known !== undefined) return known
  const made: ProjectWatch = {
    types: undefined,
    project: undefined,
    publications: 0,
    catalogAt: Instant.min,
    lanes: new Map(),
    identity: new Map(),
    ends: [],
    endsAt: Instant.min,
    soonest: Instant.max,
    doneAt: [undefined, undefined],
  }
  watches.set(project.number, made)
  return made
}

/** Whether the catalog can have something to tell of a project. */
export const isCatalogDue = (watch: ProjectWatch, scope: FeedScope, now: Instant.Instant): boolean =>
  watch.types !== scope.types ||
  watch.project !== scope.project ||
  watch.publications !== scope.publications.length ||
  watch.catalogAt <= now

/** The first instant at which something is known to be due in one of the projects. */
export const nextAt = (watches: Watches): Instant.Instant => {
  let next = Instant.max
  for (const { catalogAt, lanes, soonest } of watches.values()) {
    next = Math.min(next, catalogAt, soonest)
    for (const lane of lanes.values()) next = Math.min(next, lane.nextAt)
  }
  return next
}
