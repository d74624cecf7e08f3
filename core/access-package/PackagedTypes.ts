/**
 * The consent types of an access package: the texts of each version that an event of the people names, also in the
 * languages that the events name, with the long ones as they were shown.
 */
import { Effect, Stream } from "effect"
import * as ShownTexts from "../catalog/ShownTexts.ts"
import * as Translations from "../catalog/Translations.ts"
import * as Instant from "../engine/Instant.ts"
import type { LedgerContext } from "../ledger/LedgerContext.ts"
import type { Catalog, ListedType, ListedVersion, ProjectTypes } from "../model/Catalog.ts"
import type * as JsonPages from "../people/JsonPages.ts"
import type { AnsweredVersions, PackageSummary } from "./PackageSummary.ts"

/** More characters than any text has. */
const anyLength = 2 ** 31 - 1

/** The versions of a type with one of these numbers: also cancelled ones, which an event may name. */
const versionsOf = (type: ListedType, numbers: AnsweredVersions): ReadonlyArray<ListedVersion> =>
  [...type.versions, ...(type.cancelled ?? []).filter(({ isNamed }) => isNamed)].filter(({ version }) =>
    numbers.has(version),
  )

const typeJson = ({ category, id, label, project, subcategory }: ListedType, versions: ReadonlyArray<unknown>) =>
  JSON.stringify({ id, project, category, subcategory: [subcategory], label, versions })

const versionJson = (
  { publishedAt, version }: ListedVersion,
  texts: ReturnType<typeof textsJson>,
  translations: ReadonlyArray<unknown>,
) => ({
  version,
  publishedAt: Instant.format(publishedAt),
  ...texts,
  ...(translations.length > 0 && { translations }),
})

const textsJson = ({ description, language, name, url }: ShownTexts.ShownTexts, document: string | undefined) => ({
  ...(language !== undefined && { language }),
  name,
  description,
  ...(url !== undefined && { url }),
  ...(document !== undefined && { document }),
})

/** Texts with their document. */
const withDocument = Effect.fnUntraced(function* (
  texts: ShownTexts.ShownTexts,
  { store }: Pick<LedgerContext, "store">,
) {
  const { documentKey: key } = texts
  const [document] = key === undefined ? [] : yield* store.catalog.documents([key], anyLength)
  return textsJson(texts, document)
})

/** One type, with its long texts: read one after the other, because one may be of a megabyte. */
const read = Effect.fnUntraced(function* (
  { type, types }: { readonly type: ListedType; readonly types: ProjectTypes },
  numbers: AnsweredVersions,
  context: Pick<LedgerContext, "store">,
) {
  const written: Array<unknown> = []
  for (const version of versionsOf(type, numbers)) {
    const translations: Array<unknown> = []
    for (const each of Translations.ofVersion(types, type.id, version)) {
      if (numbers.get(version.version)?.has(each.language) !== true) continue
      translations.push(yield* withDocument(ShownTexts.ofTranslation(each, version), context))
    }
    const own = yield* withDocument(ShownTexts.ofVersion(type, version), context)
    written.push(versionJson(version, own, translations))
  }
  return [typeJson(type, written)]
})

/** The types that events name, in the order of their projects and of their ids. */
export const pages = (
  catalog: Catalog,
  answered: PackageSummary["answered"],
  context: Pick<LedgerContext, "store">,
): JsonPages.Pages =>
  Stream.suspend(() => {
    const types = [...answered].flatMap(([project, ofProject]) =>
      [...ofProject]
        .toSorted(([a], [b]) => (a < b ? -1 : 1))
        .flatMap(([id, numbers]) => {
          const types = catalog.consentTypes.get(project)
          const type = types?.byId.get(id)
          return types === undefined || type === undefined ? [] : [{ type, types, numbers }]
        }),
    )
    return Stream.mapEffect(Stream.fromIterable(types), ({ numbers, ...of }) => read(of, numbers, context))
  })
