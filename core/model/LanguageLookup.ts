/**
 * Finds the best of some languages for those that are wanted: the lookup of RFC 4647, section 3.4. A wanted tag is
 * shortened from its end until one of them is the same: `de-AT` finds `de`.
 */
import type { Project } from "./Catalog.ts"
import * as LanguageTag from "./LanguageTag.ts"

/**
 * Returns the first language that is the wanted tag, or the longest shortening of it, in any case of letters;
 * `undefined` if none is.
 */
export const find = <Of extends { readonly language?: string | undefined }>(
  wanted: string,
  all: ReadonlyArray<Of>,
): Of | undefined => {
  const subtags = wanted.toLowerCase().split("-")
  while (subtags.length > 0) {
    const tag = subtags.join("-")
    const found = all.find(({ language }) => language?.toLowerCase() === tag)
    if (found !== undefined) return found
    subtags.pop()
    // A single letter announces the subtag after it, and says nothing alone.
    if (subtags.at(-1)?.length === 1) subtags.pop()
  }
  return undefined
}

/** Returns the best language for the first of the wanted tags that has one; `undefined` if none has. */
export const first = <Of extends { readonly language?: string | undefined }>(
  wanted: ReadonlyArray<string>,
  all: ReadonlyArray<Of>,
): Of | undefined => {
  for (const tag of wanted) {
    const found = find(tag, all)
    if (found !== undefined) return found
  }
  return undefined
}

/** The languages to look words up in, the most wanted first: the stated one, and the default of the project. */
export const ofProject = ({ languages }: Pick<Project, "languages">, stated: string): ReadonlyArray<string> =>
  languages === undefined ? [stated] : [stated, languages.default]

/** The most ranges of a header that are read, and the most characters, which hold that number of ranges. */
const [maxRanges, maxCharacters] = [20, 1024]

/** The quality of a range (RFC 9110, section 12.4.2): 1 where it has none, 0 for one that is not valid. */
const qualityOf = (parameters: ReadonlyArray<string>): number => {
  const given = parameters.find((parameter) => /^\s*q\s*=/i.test(parameter))
  if (given === undefined) return 1
  const quality = Number(given.slice(given.indexOf("=") + 1))
  return quality >= 0 && quality <= 1 ? quality : 0
}

/**
 * The languages that a header `Accept-Language` names (RFC 9110, section 12.5.4), the most wanted first; of those that
 * are wanted alike, in their order. Only the first 20 ranges are read. `*` and texts that are no tag are left out.
 */
export const ofHeader = (header: string | undefined): ReadonlyArray<string> => {
  const ranges = (header ?? "").slice(0, maxCharacters).split(",", maxRanges)
  const read = ranges.flatMap((range) => {
    const [text = "", ...parameters] = range.split(";")
    const tag = LanguageTag.canonical(text.trim())
    const quality = qualityOf(parameters)
    return tag === undefined || quality === 0 ? [] : [{ tag, quality }]
  })
  return read.toSorted((a, b) => b.quality - a.quality).map(({ tag }) => tag)
}
