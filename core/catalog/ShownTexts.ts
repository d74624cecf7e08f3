/**
 * The texts that people are shown of a version in one language: its own, or those of a translation.
 */
import type { ListedType, ListedVersion, Translation } from "../model/Catalog.ts"
import type { DocumentKey } from "../ports/CatalogStore.ts"

/** Texts in one language, without the document, which the store keeps separately. */
export interface ShownTexts {
  readonly name: string
  readonly description: string
  readonly url?: string
  /** Left out: not stated. */
  readonly language?: string
  /** Left out: there is no document. */
  readonly documentKey?: DocumentKey
  /** The bytes of the document as JSON in UTF-8; left out if they are not known. */
  readonly documentBytes?: number
}

/** The key under which the store keeps the document of a translation. */
export const documentKey = ({ id }: Pick<Translation, "id">): DocumentKey => ({ consentType: id, number: 1 })

/** The own texts of a version. `usual`: their language, where the version states none. */
export const ofVersion = (
  type: Pick<ListedType, "id">,
  { description, documentBytes, documentOf, language: stated, name, url }: ListedVersion,
  usual?: string,
): ShownTexts => {
  const language = stated ?? usual
  return {
    name,
    description,
    ...(url !== undefined && { url }),
    ...(language !== undefined && { language }),
    ...(documentOf !== undefined && { documentKey: { consentType: type.id, number: documentOf } }),
    ...(documentBytes !== undefined && { documentBytes }),
  }
}

/** The texts of a translation. Its address is that of the version, where it has none of its own. */
export const ofTranslation = (translation: Translation, version: Pick<ListedVersion, "url">): ShownTexts => {
  const { description, documentBytes, language, name, url = version.url } = translation
  return {
    name,
    description,
    ...(url !== undefined && { url }),
    language,
    ...(documentBytes !== undefined && { documentKey: documentKey(translation), documentBytes }),
  }
}
