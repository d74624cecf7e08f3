/**
 * The texts of a version in other languages.
 *
 * A translation is immutable once it is given, because an event may say that it answers it: a correction is another
 * version. It changes no answer and publishes nothing. As long as a version is only planned, a translation can be taken
 * back. A translation is whole: it has each text that the version has, so that no one is asked in two languages.
 */
import { Effect } from "effect"
import type { Instant } from "../engine/Instant.ts"
import type { LedgerContext } from "../ledger/LedgerContext.ts"
import type { Catalog, ListedType, ListedVersion, Project, ProjectScope, Translation } from "../model/Catalog.ts"
import { maxLanguages } from "../model/Catalog.ts"
import * as LanguageLookup from "../model/LanguageLookup.ts"
import type { StoreUnavailable } from "../ports/StoreUnavailable.ts"
import * as CatalogChange from "./CatalogChange.ts"
import * as ConsentTypes from "./ConsentTypes.ts"
import * as ConsentTypeVersions from "./ConsentTypeVersions.ts"
import * as ShownTexts from "./ShownTexts.ts"

/** The texts of a translation. */
export interface TranslationTexts {
  readonly name: string
  readonly description?: string
  readonly document?: string
  readonly url?: string
}

/** Names a translation: a version by its number or its id, and a canonical tag of BCP 47. */
export interface TranslationName {
  readonly consentType: string
  readonly version: string
  readonly language: string
}

/** A translation with its document. */
export interface KeptTranslation {
  readonly translation: Translation
  readonly document: string | undefined
}

type Outcome = CatalogChange.CatalogOutcome<KeptTranslation>

/** The translations of a version, in the order in which they were given. */
export const ofVersion = (
  { translations }: ProjectScope["types"],
  consentType: string,
  { id }: Pick<ListedVersion, "id">,
): ReadonlyArray<Translation> => (translations.get(consentType) ?? []).filter(({ version }) => version === id)

/** The texts of a version in the language that is wanted most. `wanted`: tags of BCP 47, the most wanted first. */
export const choose = (
  type: ListedType,
  version: ListedVersion,
  { project, types }: Pick<ProjectScope, "project" | "types">,
  wanted: ReadonlyArray<string>,
): ShownTexts.ShownTexts => {
  const { languages } = project
  const all = ofVersion(types, type.id, version)
  // Texts that state no language are not in one that they were translated into.
  const isTranslated = all.some(({ language }) => language === languages?.default)
  const own = ShownTexts.ofVersion(type, version, isTranslated ? undefined : languages?.default)
  if (all.length === 0) return own
  const offered = languages === undefined ? all : all.filter(({ language }) => languages.offered.includes(language))
  const texts = [own, ...offered.map((each) => ShownTexts.ofTranslation(each, version))]
  const usual = languages === undefined ? ["en"] : [languages.default, "en"]
  return LanguageLookup.first([...wanted, ...usual], texts) ?? own
}

/** A type and its version that is not cancelled. */
const find = (catalog: Catalog, { id }: Project, { consentType, version }: TranslationName) => {
  const types = catalog.consentTypes.get(id)
  const type = types?.byId.get(consentType)
  if (types === undefined || type === undefined || type.isRemoved === true) return undefined
  const found = ConsentTypeVersions.find({ versions: type.versions }, version)
  return found && { type, version: found, translations: ofVersion(types, consentType, found) }
}

const missing = (field: keyof TranslationTexts): CatalogChange.CatalogFault => ({
  field,
  code: "translation_incomplete",
  detail: "is needed, because the version has one",
})

const faultsOf = (
  { description = "", document }: TranslationTexts,
  version: ListedVersion,
): ReadonlyArray<CatalogChange.CatalogFault> => [
  ...(description === "" && version.description !== "" ? [missing("description")] : []),
  ...(document === undefined && version.documentOf !== undefined ? [missing("document")] : []),
]

const isBase = CatalogChange.refused(
  "language",
  "base_language",
  "the texts of the version itself are in this language: publish another version to change them",
)
/**
 * Whether the own texts of a version are, or may have been shown as, in a language: the one that it states, or a
 * default that its project has or had.
 */
const isOwnLanguage = (
  { language: stated }: Pick<ListedVersion, "language">,
  project: Pick<Project, "languages"> | undefined,
  language: string,
): boolean => {
  if (stated !== undefined) return stated === language
  const { default: main, earlierDefaults = [] } = project?.languages ?? {}
  return language === main || earlierDefaults.includes(language)
}

const exists = CatalogChange.conflict(
  "language",
  "translation_exists",
  "the version has other texts in this language already, which may have been shown: publish another version",
)
const tooMany = CatalogChange.conflict("", "too_many", `the version has ${maxLanguages} translations already`)

const isSame = (texts: TranslationTexts, { document, translation }: KeptTranslation): boolean =>
  texts.name === translation.name &&
  (texts.description ?? "") === translation.description &&
  texts.url === translation.url &&
  texts.document === document

/** The translation of a version in a language; `undefined` if the version has no such translation. */
const existing = Effect.fnUntraced(function* (
  catalog: Catalog,
  project: Project,
  name: TranslationName,
  context: Pick<LedgerContext, "store">,
) {
  const found = find(catalog, project, name)
  const translation = found?.translations.find(({ language }) => language === name.language)
  if (found === undefined || translation === undefined) return undefined
  const texts = ShownTexts.ofTranslation(translation, found.version)
  return { translation, document: yield* ConsentTypes.documentOf(texts, context) } satisfies KeptTranslation
})

const encoder = new TextEncoder()

const made = (
  id: string,
  { consentType, language }: TranslationName,
  version: ListedVersion,
  { description = "", document, name, url }: TranslationTexts,
  { organization, project }: Pick<ProjectScope, "organization" | "project">,
  now: Instant,
): Translation => ({
  id,
  organization: organization.id,
  project: project.id,
  consentType,
  version: version.id,
  language,
  name,
  description,
  ...(url !== undefined && { url }),
  ...(document !== undefined && { documentBytes: encoder.encode(JSON.stringify(document)).length - 2 }),
  dateCreated: now,
  dateUpdated: now,
})

/** Gives a version its texts in a language. The same texts again change nothing. */
export const give = Effect.fnUntraced(function* (
  scope: Pick<ProjectScope, "organization" | "project">,
  name: TranslationName,
  texts: TranslationTexts,
  answering: CatalogChange.Answering<KeptTranslation>,
  context: LedgerContext,
): Effect.fn.Return<Outcome, StoreUnavailable> {
  const { organization, project } = scope
  const before = yield* existing(yield* context.store.catalog.current, project, name, context)
  if (before !== undefined && isSame(texts, before)) return { _tag: "Changed", value: before }
  const prepare = Effect.fnUntraced(function* (catalog: Catalog, now: Instant) {
    const found = find(catalog, project, name)
    if (found === undefined) return CatalogChange.notFound
    const { translations, version } = found
    const given = yield* existing(catalog, project, name, context)
    // Given by a request at the same time.
    if (given !== undefined && isSame(texts, given)) {
      return CatalogChange.prepared({ translations: [given.translation] }, given)
    }
    if (given !== undefined) return exists
    if (isOwnLanguage(version, catalog.projects.get(project.id), name.language)) return isBase
    const faults = faultsOf(texts, version)
    if (faults.length > 0) return CatalogChange.refusedFor(faults)
    if (translations.length >= maxLanguages) return tooMany
    const translation = made(yield* context.random.uuidV7(), name, version, texts, scope, now)
    const { document } = texts
    const documents = document === undefined ? [] : [{ ...ShownTexts.documentKey(translation), document }]
    return CatalogChange.prepared({ translations: [translation] }, { translation, document }, documents)
  })
  return yield* CatalogChange.change<KeptTranslation>({ owner: organization, ...answering }, prepare, context)
})

const mayBeShown = CatalogChange.conflict(
  "version",
  "version_in_force",
  "the version is or was in force, or an event names it, so its texts may have been shown: publish another version",
)

/**
 * Takes a translation back, as long as its version is only planned and no event names the version. The events of the
 * type that are being recorded are waited for.
 */
export const takeBack = Effect.fnUntraced(function* (
  { organization, project }: Pick<ProjectScope, "organization" | "project">,
  name: TranslationName,
  answering: CatalogChange.Answering<KeptTranslation>,
  context: LedgerContext,
): Effect.fn.Return<Outcome, StoreUnavailable> {
  const { consentType } = name
  const prepare = Effect.fnUntraced(function* (catalog: Catalog, now: Instant) {
    const found = find(catalog, project, name)
    const given = yield* existing(catalog, project, name, context)
    if (found === undefined || given === undefined) return CatalogChange.notFound
    const used = yield* context.store.events.usedVersions(project, consentType)
    const { version } = found
    const isUsed = used.has(version.version) || used.has(0)
    if (isUsed || !ConsentTypeVersions.isPlanned(version, now)) return mayBeShown
    const translation: Translation = { ...given.translation, isRemoved: true, dateUpdated: now }
    return CatalogChange.prepared({ translations: [translation] }, { ...given, translation })
  })
  const made = CatalogChange.change<KeptTranslation>({ owner: organization, ...answering }, prepare, context)
  return yield* context.answerHorizon.alone(consentType, made)
})
