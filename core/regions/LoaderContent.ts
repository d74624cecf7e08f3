/**
 * The configuration that the loader of a project holds. The same publication, types and script files give the same
 * bytes on every server.
 */
import type { LoaderConfiguration, LoaderType } from "../browser/LoaderConfiguration.ts"
import * as Names from "../browser/Names.ts"
import * as Snapshot from "../browser/Snapshot.ts"
import type { ScriptFiles } from "../browser/VisitAnswer.ts"
import type { ListedType, Project, ProjectTypes } from "../model/Catalog.ts"
import type { Publication } from "../model/PublishedRegions.ts"
import * as SiteRevision from "./SiteRevision.ts"
import * as StrictestSettings from "./StrictestSettings.ts"

const typeOf = (publication: Publication, type: ListedType): LoaderType => {
  const { id, required } = type
  const triple = Names.triple({ ...type, subcategory: [type.subcategory] })
  return { id, triple, name: Snapshot.nameOf({ id, triple }), required, since: SiteRevision.ofType(publication, type) }
}

/** The configuration of a loader. */
export const of = (
  project: Project,
  types: ProjectTypes,
  publication: Publication,
  files: ScriptFiles,
): LoaderConfiguration => {
  const shown = types.all.filter(({ status }) => status === "active").map((type) => typeOf(publication, type))
  return {
    project: project.id,
    revision: SiteRevision.of(publication, types),
    types: shown,
    strictest: StrictestSettings.of(publication.regions, (name) => Names.typesOf(shown, name).length > 0),
    isArchived: project.status === "archived",
    files,
  }
}

/**
 * A configuration as an expression of JavaScript that may stand in a `<script>`: no `<`, which could end the element,
 * and no line separator of Unicode, which older parsers take for the end of a line.
 */
export const script = (configuration: LoaderConfiguration): string =>
  JSON.stringify(configuration).replace(
    /[<\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  )
