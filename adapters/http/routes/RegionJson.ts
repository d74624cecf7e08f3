/**
 * Regions, their texts and publications as JSON.
 */
import * as Instant from "../../../core/engine/Instant.ts"
import type { PublishedRevision } from "../../../core/model/PublishedRevision.ts"
import type { RegionDraft } from "../../../core/model/RegionDraft.ts"
import type { PublishOutcome, PublishPreview } from "../../../core/regions/Publishing.ts"
import type { Publication } from "../../../core/model/PublishedRegions.ts"
import * as SettingsForm from "../../../core/regions/SettingsForm.ts"
import * as SettingsRules from "../../../core/regions/SettingsRules.ts"

/** A region. */
export const write = (region: RegionDraft): string => {
  const { dateCreated, dateUpdated, defaultLanguage, id, kept = {}, name, regions, settings, texts } = region
  const warnings = SettingsRules.warningsOf({ settings, kept })
  return JSON.stringify({
    id,
    name,
    regions,
    settings: SettingsForm.written({ settings, defaultLanguage, kept }),
    languages: Object.keys(texts).toSorted(),
    organization: region.organization,
    project: region.project,
    dateCreated: Instant.format(dateCreated),
    dateUpdated: Instant.format(dateUpdated),
    warnings: warnings.map(({ detail, field }) => ({ pointer: `/${field}`, code: "no_effect", detail })),
  })
}

const shown = ({ publishedAt, regions, revision }: Publication) => ({
  revision,
  publishedAt: Instant.format(publishedAt),
  regions: regions.map(({ id, name, regions: codes }) => ({ id, name, regions: codes })),
})

/** A publication that was made. */
export const writePublication = ({ dateCreated, undoneTo, ...revision }: PublishedRevision): string =>
  JSON.stringify({ ...shown({ ...revision, publishedAt: dateCreated }), ...(undoneTo !== undefined && { undoneTo }) })

/** What publishing did, or would do. */
export const writeOutcome = ({ isChanged, publication }: PublishOutcome): string =>
  JSON.stringify({ ...shown(publication), isChanged })

/** What publishing would do, and the people that would be asked again. */
export const writePreview = ({ asked, isChanged, publication }: PublishPreview): string =>
  JSON.stringify({ ...shown(publication), isChanged, asked })
