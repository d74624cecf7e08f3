/**
 * The default region of a project in which none was written: the template `gdpr`, so that an unknown visitor is treated
 * strictly. It has the id of the project until it is written, and afterwards.
 */
import { templates } from "../browser/RegionTemplates.ts"
import type { Project } from "./Catalog.ts"
import type { RegionDraft } from "./RegionDraft.ts"
import type { Region } from "../browser/Region.ts"

/** The default region as it is published. */
export const of = ({ id, languages }: Pick<Project, "id" | "languages">): Region => ({
  id,
  name: "default",
  regions: "default",
  settings: templates.gdpr,
  texts: {},
  defaultLanguage: languages?.default ?? "en",
})

/** The default region as a draft. */
export const draftOf = (project: Project): RegionDraft => ({
  ...of(project),
  organization: project.organization,
  project: project.id,
  dateCreated: project.dateCreated,
  dateUpdated: project.dateCreated,
})
