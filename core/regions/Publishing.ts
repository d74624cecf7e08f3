/**
 * Publishing the regions of a project: all drafts at once become the next revision, or an earlier revision is
 * published again.
 */
import { Clock, Effect } from "effect"
import type { Region } from "../browser/Region.ts"
import * as CatalogChange from "../catalog/CatalogChange.ts"
import type { Instant } from "../engine/Instant.ts"
import type { LedgerContext } from "../ledger/LedgerContext.ts"
import type { Catalog, Project, ProjectScope } from "../model/Catalog.ts"
import { maxAskedTypes, maxPublicationLength, maxRevisions } from "../model/PublishLimits.ts"
import type { PublishedRevision } from "../model/PublishedRevision.ts"
import { type RegionDraft, writtenOf } from "../model/RegionDraft.ts"
import type { StoreUnavailable } from "../ports/StoreUnavailable.ts"
import * as AskedAgain from "./AskedAgain.ts"
import * as DefaultRegion from "../model/DefaultRegion.ts"
import * as PublishedRegions from "../model/PublishedRegions.ts"
import * as RegionDrafts from "./RegionDrafts.ts"
import * as Regions from "./Regions.ts"

/** What is to be published. */
export interface PublishRequest {
  /** The earlier revision that is published again. Left out: the drafts are published. */
  readonly undoTo?: number
}

/** What would be published, or was. */
export interface PublishOutcome {
  readonly publication: PublishedRegions.Publication
  /** Whether it differs from what was published before; otherwise no revision is made. */
  readonly isChanged: boolean
}

type Refused = CatalogChange.RefusedChange

const regionOf = ({ defaultLanguage, id, name, regions, settings, texts }: RegionDraft): Region => ({
  id,
  name,
  regions,
  settings,
  texts,
  defaultLanguage,
})

/** The regions that a request asks to publish; `undefined` for a revision that was never made. */
const wanted = (catalog: Catalog, project: Project, { undoTo }: PublishRequest): ReadonlyArray<Region> | undefined => {
  if (undoTo === undefined) return RegionDrafts.of(catalog, project).map(regionOf)
  if (undoTo === 0) return [DefaultRegion.of(project)]
  return PublishedRegions.all(catalog, project).find(({ revision }) => revision === undoTo)?.regions
}

/** The next publication, if it can be made. */
export const plan = (
  catalog: Catalog,
  { project, types }: Pick<ProjectScope, "project" | "types">,
  request: PublishRequest,
  now: Instant,
): PublishOutcome | Refused => {
  const current = PublishedRegions.current(catalog, project)
  const regions = wanted(catalog, project, request)
  if (regions === undefined) return CatalogChange.refused("undoTo", "unknown_revision", "is no revision of the project")
  const isChanged = JSON.stringify(regions) !== JSON.stringify(current.regions)
  if (!isChanged && current.revision > 0) return { publication: current, isChanged }
  const asked = types.all.filter(({ category }) => category === "privacy_setting").length
  const faults = [
    ...(asked > maxAskedTypes
      ? [{ field: "", code: "too_many", detail: `a region has at most ${maxAskedTypes} types of privacy_setting` }]
      : []),
    ...(JSON.stringify(regions).length > maxPublicationLength
      ? [
          {
            field: "",
            code: "too_large",
            detail: `the regions have more than ${maxPublicationLength} characters as JSON`,
          },
        ]
      : []),
  ]
  if (faults.length > 0) return CatalogChange.refusedFor(faults)
  if (current.revision >= maxRevisions) {
    return CatalogChange.conflict("", "too_many", `the project has ${maxRevisions} revisions`)
  }
  return { publication: { revision: current.revision + 1, publishedAt: now, regions }, isChanged: true }
}

/**
 * The drafts after an undo: what was undone must not come back with the next publication. A region that the revision
 * does not have is deleted.
 */
const draftsAfter = (
  catalog: Catalog,
  project: Project,
  regions: ReadonlyArray<Region>,
  now: Instant,
): ReadonlyArray<RegionDraft> => {
  const written = writtenOf(catalog, project)
  const gone = written.filter(({ id }) => !regions.some((region) => region.id === id))
  const back = regions.map((region): RegionDraft => {
    const before = written.find(({ id }) => id === region.id)
    const blank = { ...DefaultRegion.draftOf(project), dateCreated: now, dateUpdated: now }
    return { ...(before ?? blank), ...region, dateUpdated: before === undefined ? now : Regions.after(before, now) }
  })
  return [
    ...back,
    ...gone.map((each) => ({ ...each, isRemoved: true as const, dateUpdated: Regions.after(each, now) })),
  ]
}

/** What would be published, and how many people would be asked again. */
export interface PublishPreview extends PublishOutcome {
  readonly asked: AskedAgain.AskedPeopleCount
}

/** Says what a publication would do, and does nothing. */
export const preview = Effect.fnUntraced(function* (
  scope: ProjectScope,
  request: PublishRequest,
  context: LedgerContext,
): Effect.fn.Return<PublishPreview | Refused, StoreUnavailable> {
  const catalog = yield* context.store.catalog.current
  const now = yield* Clock.currentTimeMillis
  const planned = plan(catalog, scope, request, now)
  if ("_tag" in planned) return planned
  const current = PublishedRegions.current(catalog, scope.project)
  return { ...planned, asked: yield* AskedAgain.count(scope, current, planned.publication, now, context) }
})

/** Publishes. Where nothing would change, no revision is made, and the one in force is answered. */
export const publish = (
  scope: Pick<ProjectScope, "organization" | "project">,
  request: PublishRequest,
  answering: CatalogChange.Answering<PublishOutcome>,
  context: LedgerContext,
): Effect.Effect<CatalogChange.CatalogOutcome<PublishOutcome>, StoreUnavailable> => {
  const { organization, project } = scope
  const prepare = Effect.fnUntraced(function* (catalog: Catalog, now: Instant) {
    const planned = plan(catalog, { project, types: catalog.consentTypes.get(project.id)! }, request, now)
    if ("_tag" in planned) return planned
    const { regions, revision } = planned.publication
    const entry: PublishedRevision = {
      id: yield* context.random.uuidV7(),
      organization: organization.id,
      project: project.id,
      revision,
      regions,
      ...(request.undoTo !== undefined && { undoneTo: request.undoTo }),
      dateCreated: now,
      dateUpdated: now,
    }
    const drafts = request.undoTo === undefined ? [] : draftsAfter(catalog, project, regions, now)
    const entries = { ...(planned.isChanged && { publications: [entry] }), regions: drafts }
    return CatalogChange.prepared(entries, planned)
  })
  return CatalogChange.change({ owner: organization, projectId: project.id, ...answering }, prepare, context)
}
