/**
 * What a page needs before any act: the configuration of its visitor's region, and what can be asked, in one
 * language.
 */
import { Schema } from "effect"
import type { Region } from "../../../core/browser/Region.ts"
import * as Texts from "../../../core/browser/texts/index.ts"
import type { ScriptFiles, Visit, VisitType } from "../../../core/browser/VisitAnswer.ts"
import * as ConsentTypeVersions from "../../../core/catalog/ConsentTypeVersions.ts"
import * as Translations from "../../../core/catalog/Translations.ts"
import * as Instant from "../../../core/engine/Instant.ts"
import * as Period from "../../../core/engine/Period.ts"
import type { RuleSet } from "../../../core/engine/Rules.ts"
import * as Exchange from "../../../core/formats/Exchange.ts"
import type { ListedType, ListedVersion, ProjectScope } from "../../../core/model/Catalog.ts"
import * as LanguageLookup from "../../../core/model/LanguageLookup.ts"

const writeRules = Schema.encodeSync(Exchange.Rules)
const writeRuleSet = Schema.encodeSync(Exchange.RuleSet)

/** The members of a visit that do not depend on when it is asked for, as long as no version is published. */
export type Configuration = Omit<Visit, "at" | "revision">

/** What a configuration is made of. */
export interface VisitInput {
  readonly scope: ProjectScope
  readonly region: Region
  /** The rules of the region; none while nothing is published, because the types' own rules count then. */
  readonly ruleSet: RuleSet
  readonly geography: string | undefined
  /** Whether the request said `Sec-GPC: 1`. */
  readonly gpc: boolean
  /** Tags of BCP 47, the most wanted first. */
  readonly wanted: ReadonlyArray<string>
  readonly files: ScriptFiles
}

/** The types that can be asked. */
const askable = ({ types }: Pick<ProjectScope, "types">): ReadonlyArray<ListedType> =>
  types.all.filter(({ status }) => status === "active")

const versionOf = ({ dateCreated, grace, publishedAt, requireReaccept, version }: ListedVersion) => ({
  version,
  publishedAt: Instant.format(publishedAt),
  dateCreated: Instant.format(dateCreated),
  requireReaccept,
  ...(grace !== undefined && { grace: Period.format(grace) }),
})

const typeOf = (
  type: ListedType,
  scope: ProjectScope,
  wanted: ReadonlyArray<string>,
  shownLanguage: string,
  now: Instant.Instant,
): VisitType => {
  const inForce = ConsentTypeVersions.inForce(type, now)
  const { description, language, name, url } = Translations.choose(type, inForce, scope, wanted)
  const { category, consentDuration, id, label, required, rules, subcategory, validStates, versions } = type
  return {
    id,
    category,
    subcategory: [subcategory],
    label,
    version: inForce.version,
    required,
    validStates,
    name,
    description,
    ...(url !== undefined && { url }),
    ...(language !== undefined && language !== shownLanguage && { language }),
    ...(consentDuration !== undefined && { consentDuration: Period.format(consentDuration) }),
    ...(Object.keys(rules).length > 0 && { rules: writeRules(rules) }),
    versions: versions.map(versionOf),
  }
}

/** The languages that the project has texts in: those it offers, or all that it has used. */
const languagesOf = ({ project, types }: ProjectScope, { defaultLanguage, texts }: Region): ReadonlyArray<string> => {
  const used = askable({ types }).flatMap(({ id, versions }) => [
    ...versions.map(({ language }) => language),
    ...(types.translations.get(id) ?? []).map(({ language }) => language),
  ])
  const all = [defaultLanguage, ...Object.keys(texts), ...(project.languages?.offered ?? used)]
  return [...new Set(all)].filter((language) => language !== undefined).toSorted()
}

/** The texts in the language that is wanted most of those that there are texts in. */
const textsOf = (wanted: ReadonlyArray<string>, region: Region) => {
  const all = Texts.languages(region).map((language) => ({ language }))
  return Texts.of(LanguageLookup.first(wanted, all)?.language ?? region.defaultLanguage, region)
}

/** The configuration of a page at an instant. */
export const of = (
  { files, geography, gpc, region, ruleSet, scope, wanted }: VisitInput,
  now: Instant.Instant,
): Configuration => {
  const { id, name, settings } = region
  const texts = textsOf(wanted, region)
  return {
    region: { id, name, ...(geography !== undefined && { geography }), ...settings },
    signals: { gpc },
    ruleSet: writeRuleSet(ruleSet) as ReadonlyArray<unknown>,
    types: askable(scope).map((type) => typeOf(type, scope, [...wanted, texts.language], texts.language, now)),
    trackers: [],
    texts,
    languages: languagesOf(scope, region),
    client: files,
  }
}

/** The first instant after `now` at which a version is published; `undefined` if none is planned. */
export const nextPublication = (scope: ProjectScope, now: Instant.Instant): Instant.Instant | undefined => {
  const planned = askable(scope).flatMap(({ versions }) => versions.map(({ publishedAt }) => publishedAt))
  const next = planned.reduce((first, at) => (at > now ? Math.min(first, at) : first), Infinity)
  return next === Infinity ? undefined : next
}
