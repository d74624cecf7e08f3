/**
 * The own texts of a region in its languages, in place of those that come with Assent.
 */
import type { OwnTexts } from "../browser/Region.ts"
import type { Effect } from "effect"
import * as CatalogChange from "../catalog/CatalogChange.ts"
import type { LedgerContext } from "../ledger/LedgerContext.ts"
import type { ProjectScope } from "../model/Catalog.ts"
import { maxRegionLanguages, type RegionDraft } from "../model/RegionDraft.ts"
import type { StoreUnavailable } from "../ports/StoreUnavailable.ts"
import * as OwnTextChecks from "./OwnTextChecks.ts"
import * as RegionDrafts from "./RegionDrafts.ts"
import * as Regions from "./Regions.ts"

/** The own texts of one language. */
export interface LanguageTexts extends OwnTexts {
  /** A canonical tag of BCP 47. */
  readonly language: string
  /** Whether it is shown where there are no texts in a language of the visitor. */
  readonly isDefault: boolean
}

/** Names the texts of a region in a language. */
export interface RegionLanguage {
  /** The id of the region. */
  readonly region: string
  /** A canonical tag of BCP 47. */
  readonly language: string
}

type Scope = Pick<ProjectScope, "organization" | "project">
type Given = Readonly<Record<string, unknown>>
type Answering = CatalogChange.Answering<RegionDraft>
type Outcome = Effect.Effect<CatalogChange.CatalogOutcome<RegionDraft>, StoreUnavailable>

/** The own texts of a region in a language, if there are any. */
export const find = ({ defaultLanguage, texts }: RegionDraft, language: string): LanguageTexts | undefined =>
  Object.hasOwn(texts, language) ? { language, isDefault: language === defaultLanguage, ...texts[language] } : undefined

/** All own texts of a region, in the order of their tags. */
export const all = (region: RegionDraft): ReadonlyArray<LanguageTexts> =>
  Object.keys(region.texts)
    .toSorted()
    .map((language) => find(region, language)!)

/** What is wrong with texts by themselves. */
export const faultsOf = (given: Given): ReadonlyArray<CatalogChange.CatalogFault> =>
  OwnTextChecks.read(given, {}).faults

const withTexts = (before: RegionDraft, language: string, given: Given): RegionDraft | CatalogChange.RefusedChange => {
  const last = Object.hasOwn(before.texts, language) ? before.texts[language]! : {}
  const { faults, texts } = OwnTextChecks.read(given, last)
  if (faults.length > 0) return CatalogChange.refusedFor(faults)
  return { ...before, texts: { ...before.texts, [language]: texts } }
}

/** Gives a region texts in a language that it has none in. */
export const create = (
  scope: Scope,
  { language, region }: RegionLanguage,
  given: Given,
  answering: Answering,
  context: LedgerContext,
): Outcome =>
  Regions.replace(
    scope,
    region,
    (before) => {
      if (Object.hasOwn(before.texts, language)) {
        return CatalogChange.conflict("language", "exists", "the region has texts in this language: change those")
      }
      if (Object.keys(before.texts).length >= maxRegionLanguages) {
        return CatalogChange.conflict(
          "",
          "too_many",
          `the region has ${maxRegionLanguages} languages: delete one first`,
        )
      }
      return withTexts(before, language, given)
    },
    answering,
    context,
  )

/** Changes texts; what is left out stays, and `null` removes a text, so that ours is shown. */
export const update = (
  scope: Scope,
  { language, region }: RegionLanguage,
  given: Given,
  answering: Answering,
  context: LedgerContext,
): Outcome =>
  Regions.replace(
    scope,
    region,
    (before) => (Object.hasOwn(before.texts, language) ? withTexts(before, language, given) : CatalogChange.notFound),
    answering,
    context,
  )

/** Deletes the own texts of a language: ours are shown, where there are any. */
export const remove = (
  scope: Scope,
  { language, region }: RegionLanguage,
  answering: Answering,
  context: LedgerContext,
): Outcome =>
  Regions.replace(
    scope,
    region,
    (before) => {
      if (!Object.hasOwn(before.texts, language)) return CatalogChange.notFound
      const texts = Object.fromEntries(Object.entries(before.texts).filter(([tag]) => tag !== language))
      return RegionDrafts.hasTexts(texts, before.defaultLanguage)
        ? { ...before, texts }
        : CatalogChange.conflict("", "is_default", "the default language of the region would have no texts")
    },
    answering,
    context,
  )
