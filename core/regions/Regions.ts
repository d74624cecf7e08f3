/**
 * Creating, changing and deleting the regions of a project. Pages get a change when it is published.
 */
import { Effect } from "effect"
import type { RegionTemplate } from "../browser/RegionTemplates.ts"
import { templates } from "../browser/RegionTemplates.ts"
import * as CatalogChange from "../catalog/CatalogChange.ts"
import type { Instant } from "../engine/Instant.ts"
import type { LedgerContext } from "../ledger/LedgerContext.ts"
import type { Catalog, Project, ProjectScope } from "../model/Catalog.ts"
import { maxRegions, type RegionDraft } from "../model/RegionDraft.ts"
import type { StoreUnavailable } from "../ports/StoreUnavailable.ts"
import * as CountryCodes from "./CountryCodes.ts"
import * as DefaultRegion from "../model/DefaultRegion.ts"
import * as RegionDrafts from "./RegionDrafts.ts"
import * as SettingsForm from "./SettingsForm.ts"
import * as SettingsRules from "./SettingsRules.ts"

/** What a request says of a region. A member that is left out stays as it is. */
export interface RegionFields {
  readonly name?: string
  readonly regions?: "default" | ReadonlyArray<string>
  /** Settings to begin with; on a change, in place of all settings before. */
  readonly template?: RegionTemplate
  /** Laid over what was there. Nothing is known of it yet. */
  readonly settings?: unknown
}

/** A new region. */
export type NewRegion = RegionFields & Required<Pick<RegionFields, "name" | "regions">>

type Answering = CatalogChange.Answering<RegionDraft>
type Outcome = CatalogChange.CatalogOutcome<RegionDraft>
type Prepared = CatalogChange.Prepared<RegionDraft> | CatalogChange.RefusedChange
type Faults = ReadonlyArray<CatalogChange.CatalogFault>

/** `dateUpdated` tells states apart, so it always grows. */
export const after = (before: Pick<RegionDraft, "dateUpdated">, now: Instant): Instant =>
  Math.max(now, before.dateUpdated + 1)

const taken = (field: string, detail: string): CatalogChange.RefusedChange =>
  CatalogChange.conflict(field, "region_taken", detail)

/** The codes of a request in upper case, each once, and those that are no codes. */
const codesOf = (given: ReadonlyArray<string>) => {
  const read = given.map(CountryCodes.canonical)
  const faults = read.flatMap((code, index) =>
    code === undefined
      ? [
          {
            field: `regions/${index}`,
            code: "unknown_region",
            detail: "expected a code such as US or US-CA (ISO 3166)",
          },
        ]
      : [],
  )
  return { codes: [...new Set(read.filter((code) => code !== undefined))], faults }
}

/** The first code of a region that another one has. */
const takenCode = (
  codes: RegionDraft["regions"],
  others: ReadonlyArray<RegionDraft>,
): CatalogChange.RefusedChange | undefined => {
  if (codes === "default") return taken("regions", "there is a default region already: change that one")
  const used = new Set(others.flatMap(({ regions }) => (regions === "default" ? [] : regions)))
  const index = codes.findIndex((code) => used.has(code))
  return index < 0 ? undefined : taken(`regions/${index}`, `${codes[index]} is a code of another region`)
}

const strict = { settings: templates.gdpr, defaultLanguage: "en" }

/** What is wrong with single settings, whatever region they are for. */
export const settingFaults = (settings: unknown): Faults =>
  SettingsForm.read(settings, { ...strict, kept: {} }, strict).faults

/** What is wrong with the settings of a new region. */
export const newSettingFaults = (settings: unknown, template: RegionTemplate | undefined): Faults => {
  const from = { settings: templates[template ?? "gdpr"], defaultLanguage: "en" }
  const read = SettingsForm.read(settings, { ...from, kept: {} }, from)
  return [...read.faults, ...SettingsRules.faultsOf(read.settings)]
}

/** The state of a region after a change, with everything that is wrong with it. */
const next = (
  before: RegionDraft,
  { name, regions, settings, template }: RegionFields,
  project: Project,
): { readonly region: RegionDraft; readonly faults: Faults } => {
  const { kept: keptBefore = {}, ...rest } = before
  const main = DefaultRegion.of(project)
  const origin = { settings: templates[template ?? "gdpr"], defaultLanguage: main.defaultLanguage }
  const from =
    template === undefined
      ? { settings: before.settings, defaultLanguage: before.defaultLanguage, kept: keptBefore }
      : { ...origin, kept: {} }
  const read = SettingsForm.read(settings, from, origin)
  const { codes, faults } =
    regions === undefined || regions === "default" ? { codes: regions, faults: [] } : codesOf(regions)
  const hasKept = Object.keys(read.kept).length > 0
  const region = {
    ...rest,
    ...(name !== undefined && { name }),
    ...(codes !== undefined && { regions: codes }),
    settings: read.settings,
    defaultLanguage: read.defaultLanguage,
    ...(hasKept && { kept: read.kept }),
  }
  const isShown = RegionDrafts.hasTexts(region.texts, read.defaultLanguage)
  const language = {
    field: SettingsForm.fieldOf("language.default"),
    code: "language_without_texts",
    detail: "must be a language in which there are texts: give your own first",
  }
  return {
    region,
    faults: [...faults, ...read.faults, ...SettingsRules.faultsOf(read.settings), ...(isShown ? [] : [language])],
  }
}

/** Creates a region, from a template: `gdpr` unless another one is named. */
export const create = (
  { organization, project }: Pick<ProjectScope, "organization" | "project">,
  { template = "gdpr", ...fields }: NewRegion,
  answering: Answering,
  context: LedgerContext,
): Effect.Effect<Outcome, StoreUnavailable> => {
  const prepare = Effect.fnUntraced(function* (catalog: Catalog, now: Instant): Effect.fn.Return<Prepared> {
    const all = RegionDrafts.of(catalog, project)
    const id = yield* context.random.uuidV7()
    const blank = { ...DefaultRegion.draftOf(project), id, dateCreated: now, dateUpdated: now }
    const { faults, region } = next(blank, { ...fields, template }, project)
    if (faults.length > 0) return CatalogChange.refusedFor(faults)
    if (all.length >= maxRegions) {
      return CatalogChange.conflict("", "too_many", `the project has ${maxRegions} regions already: delete one first`)
    }
    return takenCode(region.regions, all) ?? CatalogChange.prepared({ regions: [region] }, region)
  })
  return CatalogChange.change({ owner: organization, ...answering }, prepare, context)
}

/** Replaces a region by its next state. */
export const replace = (
  { organization, project }: Pick<ProjectScope, "organization" | "project">,
  id: string,
  make: (before: RegionDraft, all: ReadonlyArray<RegionDraft>) => RegionDraft | CatalogChange.RefusedChange,
  answering: Answering,
  context: LedgerContext,
): Effect.Effect<Outcome, StoreUnavailable> => {
  const prepare = (catalog: Catalog, now: Instant) =>
    Effect.sync((): Prepared => {
      const all = RegionDrafts.of(catalog, project)
      const before = all.find((each) => each.id === id)
      if (before === undefined) return CatalogChange.notFound
      const made = make(before, all)
      if ("_tag" in made) return made
      const value = { ...made, dateUpdated: after(before, now) }
      return CatalogChange.prepared({ regions: [value] }, value)
    })
  return CatalogChange.change({ owner: organization, ...answering }, prepare, context)
}

/** Changes a region. The default one stays the default. */
export const update = (
  scope: Pick<ProjectScope, "organization" | "project">,
  id: string,
  fields: RegionFields,
  answering: Answering,
  context: LedgerContext,
): Effect.Effect<Outcome, StoreUnavailable> =>
  replace(
    scope,
    id,
    (before, all) => {
      const { faults, region } = next(before, fields, scope.project)
      if (faults.length > 0) return CatalogChange.refusedFor(faults)
      if (before.regions === "default") {
        return region.regions === "default"
          ? region
          : CatalogChange.conflict("regions", "is_default", "the default region is for all that no other region names")
      }
      const others = all.filter((each) => each.id !== id)
      return takenCode(region.regions, others) ?? region
    },
    answering,
    context,
  )

/** Deletes a region. */
export const remove = (
  scope: Pick<ProjectScope, "organization" | "project">,
  id: string,
  answering: Answering,
  context: LedgerContext,
): Effect.Effect<Outcome, StoreUnavailable> =>
  replace(
    scope,
    id,
    (before) =>
      before.regions === "default"
        ? CatalogChange.conflict("", "is_default", "the default region cannot be deleted")
        : { ...before, isRemoved: true },
    answering,
    context,
  )
