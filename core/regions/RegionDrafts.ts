/**
 * The regions of a project that are published next. There is always a default one, which has the id of the project.
 */
import * as Texts from "../browser/texts/index.ts"
import type { Catalog, Project } from "../model/Catalog.ts"
import { type RegionDraft, writtenOf } from "../model/RegionDraft.ts"
import * as DefaultRegion from "../model/DefaultRegion.ts"

/** The regions of a project, the default one first, then in the order in which they were created. */
export const of = (catalog: Pick<Catalog, "regions">, project: Project): ReadonlyArray<RegionDraft> => {
  const written = writtenOf(catalog, project)
  const rest = written.find(({ regions }) => regions === "default") ?? DefaultRegion.draftOf(project)
  return [rest, ...written.filter(({ id }) => id !== rest.id)]
}

/** The region of an id. */
export const find = (catalog: Pick<Catalog, "regions">, project: Project, id: string): RegionDraft | undefined =>
  of(catalog, project).find((each) => each.id === id)

/** Whether a region can show texts in a language: its own, or ours. */
export const hasTexts = (texts: RegionDraft["texts"], language: string): boolean =>
  Texts.languages({ texts }).includes(language)
