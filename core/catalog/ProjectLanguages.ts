/**
 * Setting the languages of a project: in which of them people are answered.
 */
import { Effect } from "effect"
import type { Instant } from "../engine/Instant.ts"
import type { LedgerContext } from "../ledger/LedgerContext.ts"
import type { Catalog, Project, ProjectLanguages, ProjectScope } from "../model/Catalog.ts"
import { maxLanguages } from "../model/Catalog.ts"
import type { StoreUnavailable } from "../ports/StoreUnavailable.ts"
import * as CatalogChange from "./CatalogChange.ts"

const faultsOf = ({ default: main, offered }: ProjectLanguages): ReadonlyArray<CatalogChange.CatalogFault> => [
  ...(offered.length > maxLanguages
    ? [{ field: "offered", code: "too_many", detail: `takes at most ${maxLanguages}` }]
    : []),
  ...(offered.includes(main)
    ? []
    : [
        { field: "offered", code: "default_not_offered", detail: "must have the default language among its languages" },
      ]),
]

/** The defaults that the languages before had, without the one of now. */
const earlierOf = (
  { languages: before }: Pick<Project, "languages">,
  main: string,
): Pick<ProjectLanguages, "earlierDefaults"> => {
  const all = before === undefined ? [] : [...(before.earlierDefaults ?? []), before.default]
  const earlierDefaults = [...new Set(all)].filter((language) => language !== main)
  return earlierDefaults.length === 0 ? {} : { earlierDefaults }
}

/** Sets the languages of a project, in place of those before. No answer and no text changes. */
export const set = Effect.fnUntraced(function* (
  { organization, project }: Pick<ProjectScope, "organization" | "project">,
  { default: main, offered }: ProjectLanguages,
  answering: CatalogChange.Answering<ProjectLanguages>,
  context: LedgerContext,
): Effect.fn.Return<CatalogChange.CatalogOutcome<ProjectLanguages>, StoreUnavailable> {
  const languages = { default: main, offered: [...new Set(offered)] }
  const prepare = (catalog: Catalog, now: Instant) =>
    Effect.sync((): CatalogChange.Prepared<ProjectLanguages> | CatalogChange.RefusedChange => {
      const before = catalog.projects.get(project.id)
      if (before === undefined) return CatalogChange.notFound
      const faults = faultsOf(languages)
      if (faults.length > 0) return CatalogChange.refusedFor(faults)
      const kept = { ...languages, ...earlierOf(before, main) }
      const entries = { projects: [{ ...before, languages: kept, dateUpdated: now }] }
      return { _tag: "Prepared", entries, value: languages }
    })
  return yield* CatalogChange.change({ owner: organization, ...answering }, prepare, context)
})
