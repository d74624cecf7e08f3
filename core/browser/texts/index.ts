/**
 * The texts of the banner and of the preference centre, by their language: ours, and those of a region in their place.
 */
import type { Region, PageTexts } from "../Region.ts"
import { ar } from "./ar.ts"
import { bg } from "./bg.ts"
import { cs } from "./cs.ts"
import { da } from "./da.ts"
import { de } from "./de.ts"
import { el } from "./el.ts"
import { en } from "./en.ts"
import { es } from "./es.ts"
import { et } from "./et.ts"
import { fi } from "./fi.ts"
import { fr } from "./fr.ts"
import { ga } from "./ga.ts"
import { he } from "./he.ts"
import { hr } from "./hr.ts"
import { hu } from "./hu.ts"
import { it } from "./it.ts"
import { ja } from "./ja.ts"
import { ko } from "./ko.ts"
import { lt } from "./lt.ts"
import { lv } from "./lv.ts"
import { mt } from "./mt.ts"
import { nl } from "./nl.ts"
import { pl } from "./pl.ts"
import { pt } from "./pt.ts"
import { ptBR } from "./pt-BR.ts"
import { ro } from "./ro.ts"
import { sk } from "./sk.ts"
import { sl } from "./sl.ts"
import { sv } from "./sv.ts"
import { tr } from "./tr.ts"
import { uk } from "./uk.ts"
import { zh } from "./zh.ts"

/** All our texts: in the official languages of the European Union, and in eight more. */
export const all: ReadonlyArray<PageTexts> = [
  bg,
  cs,
  da,
  de,
  el,
  en,
  es,
  et,
  fi,
  fr,
  ga,
  hr,
  hu,
  it,
  lt,
  lv,
  mt,
  nl,
  pl,
  pt,
  ro,
  sk,
  sl,
  sv,
  uk,
  tr,
  ar,
  he,
  ja,
  zh,
  ko,
  ptBR,
]

const ours: ReadonlyMap<string, PageTexts> = new Map(all.map((texts) => [texts.language, texts]))

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
  return parts.map((_, index) => parts.slice(0, parts.length - index).join("-"))
}

/** The scripts that are written from right to left and are common on the web. */
const rightToLeft: ReadonlySet<string | undefined> = new Set(["Adlm", "Arab", "Hebr", "Rohg", "Syrc", "Thaa"])

/** The direction of the script that a language is mostly written in. */
const direction = (tag: string): "ltr" | "rtl" =>
  rightToLeft.has(new Intl.Locale(tag).maximize().script) ? "rtl" : "ltr"

/** The texts of the languages of one chain, over those of another language; `undefined` where there are none. */
const inChain = (tags: ReadonlyArray<string>, texts: Own["texts"], otherwise: PageTexts): PageTexts | undefined => {
  const language = tags.find((tag) => ours.has(tag) || Object.hasOwn(texts, tag))
  if (language === undefined) return undefined
  const base = tags.map((tag) => ours.get(tag)).find((each) => each !== undefined) ?? otherwise
  const own = tags.flatMap((tag) => (Object.hasOwn(texts, tag) ? [texts[tag]!] : [])).toReversed()
  return {
    ...base,
    language,
    dir: direction(language),
    consentBanner: Object.assign({}, base.consentBanner, ...own.map((each) => each.consentBanner)),
    privacyCenter: Object.assign({}, base.privacyCenter, ...own.map((each) => each.privacyCenter)),
  }
}

/**
 * The texts in a language, or in the nearest one that is there: `de-AT`, then `de`, then the default language of the
 * region, then English. A region's own texts come before ours, text by text; what a language does not have is taken
 * from the next one.
 *
 * @param language A tag of BCP 47; anything else is treated as a language that is not there.
 */
export const of = (language: string, { defaultLanguage, texts }: Own = none): PageTexts => {
  const inEnglish = inChain(["en"], texts, en) ?? en
  const inDefault = inChain(fallbacks(defaultLanguage), texts, inEnglish) ?? inEnglish
  return inChain(fallbacks(language), texts, inDefault) ?? inDefault
}

/** The languages that there are texts in, those of the region among them, in the order of their tags. */
export const languages = ({ texts }: Pick<Own, "texts"> = none): ReadonlyArray<string> =>
  [...new Set([...ours.keys(), ...Object.keys(texts)])].toSorted()
