/**
 * The texts of the banner and of the preference centre, by their language: ours, and those of a region in their place.
 */
import type { Region, ShownTexts } from "../Region.ts"
import { en } from "./en.ts"

/** All our texts. */
export const all: ReadonlyArray<ShownTexts> = [en]

const ours: ReadonlyMap<string, ShownTexts> = new Map(all.map((texts) => [texts.language, texts]))

/** The texts of a region and the language that it falls back to. */
type Own = Pick<Region, "texts" | "defaultLanguage">

const none: Own = { texts: {}, defaultLanguage: "en" }

/** A tag in its canonical form; `undefined` for what is not a tag of BCP 47. */
const canonical = (tag: string): string | undefined => {
  try {
    return Intl.getCanonicalLocales(tag)[0]
  } catch {
    return undefined
  }
}

/** A tag and its shorter forms, the longest first: `de-AT`, `de` (RFC 4647, section 3.4). */
const fallbacks = (tag: string): ReadonlyArray<string> => {
  const parts = (canonical(tag) ?? "").split("-")
  const tags = parts.map((_, index) => parts.slice(0, parts.length - index))
  // A subtag of one character introduces what follows it, and means nothing at the end.
  return tags.filter((each) => each.at(-1)!.length > 1).map((each) => each.join("-"))
}

/** The texts of the languages of one chain; `undefined` where there are none. */
const inChain = (tags: ReadonlyArray<string>, { texts, defaultLanguage }: Own): ShownTexts | undefined => {
  const language = tags.find((tag) => ours.has(tag) || Object.hasOwn(texts, tag))
  if (language === undefined) return undefined
  const found = tags.find((tag) => ours.has(tag)) ?? fallbacks(defaultLanguage).find((tag) => ours.has(tag)) ?? "en"
  const base = ours.get(found)!
  const own = tags.flatMap((tag) => (Object.hasOwn(texts, tag) ? [texts[tag]!] : [])).toReversed()
  return {
    ...base,
    language,
    consentBanner: Object.assign({}, base.consentBanner, ...own.map((each) => each.consentBanner)),
    privacyCenter: Object.assign({}, base.privacyCenter, ...own.map((each) => each.privacyCenter)),
  }
}

/**
 * The texts in a language, or in the nearest one that is there: `de-AT`, then `de`, then the default language of the
 * region, then English. A region's own texts come before ours, text by text.
 *
 * @param language A tag of BCP 47; anything else is treated as a language that is not there.
 */
export const of = (language: string, region: Own = none): ShownTexts =>
  inChain(fallbacks(language), region) ?? inChain(fallbacks(region.defaultLanguage), region) ?? ours.get("en")!

/** The languages that there are texts in, those of the region among them, in the order of their tags. */
export const languages = ({ texts }: Pick<Own, "texts"> = none): ReadonlyArray<string> =>
  [...new Set([...ours.keys(), ...Object.keys(texts)])].toSorted()
