/**
 * Laws of the texts of banner and preference centre: every language says the same, neither answer is made to look
 * better, and a region's own texts are laid over ours.
 */
import fc from "fast-check"
import { readdirSync } from "node:fs"
import { describe, expect, test } from "vitest"
import type { OwnTexts, PageTexts } from "../../core/browser/Region.ts"
import * as Texts from "../../core/browser/texts/index.ts"

const european = "bg cs da de el en es et fi fr ga hr hu it lt lv mt nl pl pt ro sk sl sv".split(" ")
const others = "uk tr ar he ja zh ko pt-BR".split(" ")

/** All texts of a language by their path. */
const textsOf = (texts: object, path = ""): ReadonlyArray<readonly [string, string]> =>
  Object.entries(texts).flatMap(([name, each]: [string, unknown]) =>
    typeof each === "string" ? [[`${path}${name}`, each] as const] : textsOf(each as object, `${path}${name}.`),
  )

const textIn = (texts: PageTexts, path: string): string => new Map(textsOf(texts)).get(path)!
const placeholdersOf = (text: string): ReadonlyArray<string> => (text.match(/\{\w+\}/g) ?? []).toSorted()

/** The most characters of a text, so that it fits where it is shown. */
const boundOf = (path: string): number => {
  if (path.endsWith("Button")) return 32
  if (/Title$|title$/.test(path)) return 60
  if (/^statuses|required|pending|Link$|historyEmpty|historyFailed/.test(path)) return 100
  return path === "consentBanner.text" ? 300 : 260
}

/** Praise and urging, by language, as the beginnings of words. */
const nudges: Readonly<Record<string, RegExp>> = {
  bg: /по-добр|най-добр|препоръч|подобр|насла/iu,
  cs: /nejlep|lepší|doporuč|vylepš|užij/iu,
  da: /bedre|bedst|anbefal|forbedr|optimal/iu,
  de: /bess|best(e|m)|empf|verbess|optimal|erlebnis/iu,
  el: /καλύτερ|συνιστ|βελτι/iu,
  en: /\bbest|better|recommend|improve|enjoy|experience|please|free\b/iu,
  es: /mejor|recomend|disfrut|experiencia/iu,
  et: /param|soovita|parim/iu,
  fi: /parempi|paras|suositel|paranta|parhaa/iu,
  fr: /meilleur|recommand|améli|profit|expérience/iu,
  ga: /fearr|molta|feabhs/iu,
  hr: /bolj|preporuč|poboljš|uživa/iu,
  hu: /jobb|ajánl|javít|élmény/iu,
  it: /miglior|consigli|esperienza/iu,
  lt: /geresn|geriaus|rekomend|pagerin/iu,
  lv: /labāk|iesak|uzlabo/iu,
  mt: /aħjar|rakkomand/iu,
  nl: /beter|beste|aanbev|verbeter|optima/iu,
  pl: /leps|najlep|zaleca|polec|ulepsz/iu,
  pt: /melhor|recomend|experiência/iu,
  "pt-BR": /melhor|recomend|experiência/iu,
  ro: /mai bun|recomand|îmbunăt|experienț/iu,
  sk: /lepš|odporúč|vylepš/iu,
  sl: /boljš|priporoč|izboljš/iu,
  sv: /bättre|bäst|rekommend|förbättr|optimal/iu,
  uk: /кращ|рекоменд|покращ/iu,
  tr: /daha iyi|öner|iyileştir|deneyim/iu,
  ar: /أفضل|نوصي|تحسين/u,
  he: /טוב יותר|מומלץ|לשפר/u,
  ja: /おすすめ|推奨|改善|快適/u,
  zh: /更好|推荐|改善|最佳/u,
  ko: /추천|권장|개선|최적/u,
}

test("there is one file for each official language of the European Union, and for eight more", () => {
  const tags = Texts.all.map(({ language }) => language)
  expect(tags).toEqual([...european, ...others])
  const files = readdirSync(new URL("../../core/browser/texts/", import.meta.url)).filter((file) => file !== "index.ts")
  expect(files.toSorted()).toEqual(tags.map((tag) => `${tag}.ts`).toSorted())
  expect(Object.keys(nudges).toSorted()).toEqual(tags.toSorted())
})

describe.each(Texts.all.map((texts) => [texts.language, texts] as const))("The texts in %s", (language, texts) => {
  const english = Texts.of("en")
  const found = textsOf(texts)

  // Kills: a text is left out; a placeholder is translated, lost or invented.
  test("are those of English, with the same placeholders", () => {
    const shape = (of: PageTexts) => textsOf(of).map(([path, text]) => [path, placeholdersOf(text)])
    expect(shape(texts).toSorted()).toEqual(shape(english).toSorted())
  })

  test("are there, fit where they are shown, and are plain", () => {
    expect(found.filter(([path, text]) => text.trim() === "" && path !== "consentBanner.link")).toEqual([])
    expect(found.filter(([path, text]) => text.length > boundOf(path))).toEqual([])
    expect(found.filter(([, text]) => text !== text.trim() || text !== text.normalize("NFC"))).toEqual([])
    expect(found.filter(([, text]) => /[<>&`]|https?:|  |\p{Extended_Pictographic}/u.test(text))).toEqual([])
  })

  test("are in the language, not in English", () => {
    if (language === "en") return
    const same = found.filter(([path, text]) => text !== "" && text === textIn(english, path))
    const borrowed = new Set(["language", "dir", "privacyCenter.historyDownload"])
    expect(same.filter(([path]) => !borrowed.has(path))).toEqual([])
  })

  // Kills: a refusal that is wordier than the acceptance, or that has other words on the second layer.
  test("give both answers the same weight, in the same words on both layers", () => {
    const { consentBanner, privacyCenter } = texts
    const { acceptButton, denyButton } = consentBanner
    expect([privacyCenter.acceptAllButton, privacyCenter.declineAllButton]).toEqual([acceptButton, denyButton])
    expect(Math.abs(acceptButton.split(" ").length - denyButton.split(" ").length)).toBeLessThanOrEqual(1)
    expect(Math.max(acceptButton.length, denyButton.length)).toBeLessThanOrEqual(
      2 * Math.min(acceptButton.length, denyButton.length),
    )
    // Closing that declines says so with the words of the refusal, in the form that the language needs.
    const beginning = denyButton.slice(0, Math.ceil(denyButton.length / 3))
    expect(consentBanner.closeAndDeclineButton.startsWith(beginning)).toBe(true)
    expect(consentBanner.closeAndDeclineButton).not.toBe(consentBanner.closeButton)
    expect(new Set([acceptButton, denyButton, consentBanner.customizeButton]).size).toBe(3)
  })

  test("neither praise nor urge", () => {
    expect(found.filter(([, text]) => nudges[language]!.test(text) || /[!！¡]/u.test(text))).toEqual([])
  })

  test("say each status in words of its own", () => {
    expect(new Set(Object.values(texts.statuses)).size).toBe(Object.keys(texts.statuses).length)
  })

  test("run in the direction of their script", () => {
    expect(texts.dir).toBe(["ar", "he"].includes(language) ? "rtl" : "ltr")
    expect(Texts.of(language)).toEqual(texts)
  })
})

const tags = fc.constantFrom(
  "de",
  "de-AT",
  "de-Latn-AT",
  "DE-at",
  "pt",
  "pt-BR",
  "nb",
  "fa",
  "zh-Hant-TW",
  "xx",
  "_",
  "",
)
const text = fc.string({ minLength: 1, maxLength: 8 })
const ownTexts: fc.Arbitrary<OwnTexts> = fc.record(
  {
    consentBanner: fc.record({ title: text, text }, { requiredKeys: [] }),
    privacyCenter: fc.record({ title: text }, { requiredKeys: [] }),
  },
  { requiredKeys: [] },
)
const regions = fc.record({
  texts: fc.dictionary(fc.constantFrom("de", "de-AT", "nb", "fa", "en", "pt-BR"), ownTexts),
  defaultLanguage: fc.constantFrom("en", "de", "de-AT", "nb", "fr"),
})

describe("The texts of a region", () => {
  // Kills: own texts of a longer tag lose against those of a shorter one; a text is undefined; ours win.
  test("are its own in the nearest language that has them, and ours where it has none", () => {
    fc.assert(
      fc.property(tags, regions, (wanted, region) => {
        const shown = Texts.of(wanted, region)
        expect(textsOf(shown).map(([path]) => path)).toEqual(textsOf(Texts.of("en")).map(([path]) => path))
        expect(Texts.languages(region)).toContain(shown.language)
        const parts = shown.language.split("-")
        const chain = parts.map((_, index) => parts.slice(0, parts.length - index).join("-"))
        const own = chain.map((tag) => region.texts[tag]?.consentBanner?.title).find((title) => title !== undefined)
        if (own !== undefined) expect(shown.consentBanner.title).toBe(own)
      }),
    )
  })

  test("leave everything else as it is", () => {
    fc.assert(
      fc.property(regions, (region) => {
        const shown = Texts.of("it", region)
        expect(shown).toEqual(Texts.of("it"))
      }),
    )
  })

  test("fall back from a tag to its shorter forms, to the default language, and to English", () => {
    const region = { texts: { nb: { consentBanner: { title: "Valg" } } }, defaultLanguage: "sv" }
    expect(Texts.of("de-AT", region).language).toBe("de")
    expect(Texts.of("zh-Hant-x-a").language).toBe("zh")
    expect(Texts.of("th", region)).toEqual(Texts.of("sv"))
    expect(Texts.of("th").language).toBe("en")
    const english = { texts: { en: { consentBanner: { title: "Ours" } } }, defaultLanguage: "nb" }
    expect(Texts.of("th", english).consentBanner.title).toBe("Ours")
    expect(Texts.of("__proto__").language).toBe("en")
    expect(Texts.of("constructor").language).toBe("en")
    expect(Texts.of("nb-NO", region)).toMatchObject({
      language: "nb",
      consentBanner: { title: "Valg", denyButton: Texts.of("sv").consentBanner.denyButton },
    })
    expect(Texts.of("fa", { texts: { fa: {} }, defaultLanguage: "nb" })).toMatchObject({ language: "fa", dir: "rtl" })
  })
})
