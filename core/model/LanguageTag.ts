/**
 * Tags of languages: BCP 47 (RFC 5646), in the form that ECMA-402 calls canonical, such as `de`, `pt-BR` or `zh-Hant`.
 */

/** The most characters of a tag: longer ones are not needed to name a language (RFC 5646, section 4.4.1). */
export const maxLength = 35

/** What a tag must be, in messages. */
export const expected = `expected a language tag of BCP 47 with at most ${maxLength} characters, such as de or pt-BR`

/** The canonical form of a tag; `undefined` for any other text. */
export const canonical = (tag: string): string | undefined => {
  if (tag.length > maxLength) return undefined
  try {
    return Intl.getCanonicalLocales(tag)[0]
  } catch {
    return undefined
  }
}
