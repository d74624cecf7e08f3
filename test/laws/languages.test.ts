/**
 * Languages: the lookup of RFC 4647, section 3.4, agrees with bcp-47-match; headers; and everything that speaks to
 * people has the same words in the same languages.
 */
import { lookup } from "bcp-47-match"
import fc from "fast-check"
import { readdirSync } from "node:fs"
import { describe, expect, test } from "vitest"
import * as PackageLanguages from "../../core/access-package/PackageLanguages.ts"
import * as MailLanguages from "../../core/mail/MailLanguages.ts"
import * as LanguageLookup from "../../core/model/LanguageLookup.ts"
import * as LanguageTag from "../../core/model/LanguageTag.ts"
import * as PageLanguages from "../../core/requester-page/PageLanguages.ts"

// Few subtags, so that tags share beginnings; a single letter announces an extension or a private use.
const subtag = fc.constantFrom("latn", "at", "AT", "1996", "u", "x", "co", "phonebk")
const tag = fc
  .tuple(fc.constantFrom("de", "pt", "zh"), fc.array(subtag, { maxLength: 4 }))
  .map(([language, others]) => [language, ...others].join("-"))
const tags = fc.array(tag, { maxLength: 6 })

describe("The language that is looked up", () => {
  // Kills: subtags are cut from the front; a single letter stays; letters are compared by their case; the last range.
  test("is the one that bcp-47-match finds, for any ranges and languages", () => {
    fc.assert(
      fc.property(tags, tags, (wanted, there) => {
        const all = there.map((language) => ({ language }))
        // It takes the first language that any shortening of a range finds: the longest ones must come first.
        const longestFirst = there.toSorted((a, b) => b.split("-").length - a.split("-").length)
        expect(LanguageLookup.first(wanted, all)?.language).toBe(lookup(longestFirst, wanted))
      }),
      { numRuns: 2000 },
    )
  })

  test("is none among texts whose language is not known", () => {
    expect(LanguageLookup.first(["de"], [{}, { language: "en" }])).toBeUndefined()
  })
})

describe("A header Accept-Language", () => {
  test.each([
    ["de-at, en;q=0.5, fr;q=0.9", ["de-AT", "fr", "en"]],
    ["en;q=0.5,de;q=0.5", ["en", "de"]],
    ["de;q=0, en;q=2, fr;q=x, es;q=", []],
    ["*, pt-br ; Q=0.3", ["pt-BR"]],
    ["iw", ["he"]],
    ["", []],
    ["_, a b, 123456789, ö", []],
  ])("%j names %j", (header, expected) => {
    expect(LanguageLookup.ofHeader(header)).toEqual(expected)
  })

  test("is read up to 20 ranges and 1,024 characters, whatever its length", () => {
    const languages = Array.from({ length: 25 }, (_, index) => `a${String.fromCharCode(97 + index)}`)
    expect(LanguageLookup.ofHeader(languages.join())).toHaveLength(20)
    expect(LanguageLookup.ofHeader(`${"a".repeat(1024)},de`)).toEqual([])
    expect(LanguageLookup.ofHeader(`de${";".repeat(65_536)}`)).toEqual(["de"])
    expect(LanguageLookup.ofHeader(undefined)).toEqual([])
  })
})

describe("A tag", () => {
  test.each([
    ["DE-at", "de-AT"],
    ["zh-hant-tw", "zh-Hant-TW"],
    ["de-x-private", "de-x-private"],
    ["x-private", undefined],
    ["de_AT", undefined],
    ["", undefined],
    ["german", "german"],
    ["de\u0000", undefined],
    ["de-abcdefg1-abcdefg2-abcdefg3-abcdefg4", undefined],
  ])("%j is %j", (text, canonical) => {
    expect(LanguageTag.canonical(text)).toBe(canonical)
  })

  test("in canonical form stays what it is", () => {
    fc.assert(
      fc.property(tag, (text) => {
        const canonical = LanguageTag.canonical(text)
        fc.pre(canonical !== undefined)
        expect(LanguageTag.canonical(canonical)).toBe(canonical)
      }),
    )
  })
})

/** The names of all words, and what each is: a text, a number of texts, or a function of a number of arguments. */
const shapeOf = (words: unknown, path = ""): ReadonlyArray<string> => {
  if (typeof words === "function") return [`${path} takes ${words.length}`]
  if (typeof words !== "object" || words === null) return [`${path} is a ${typeof words}`]
  if (Array.isArray(words)) return [`${path} has ${words.length}`, ...words.flatMap((each) => shapeOf(each, path))]
  return Object.entries(words).flatMap(([name, each]) => shapeOf(each, `${path}/${name}`))
}

/** The texts of words: those of functions with a mark for each argument. */
const textsOf = (words: unknown): ReadonlyArray<string> => {
  if (typeof words === "string") return [words]
  if (typeof words !== "object" || words === null) return []
  return Object.values(words).flatMap(textsOf)
}

const speakers = [
  { folder: "core/mail", all: MailLanguages.all, of: MailLanguages.of },
  { folder: "core/requester-page", all: PageLanguages.all, of: PageLanguages.of },
  { folder: "core/access-package", all: PackageLanguages.all, of: PackageLanguages.of },
] as const

describe.each(speakers)("The words of $folder", ({ all, folder, of }) => {
  test("are one file for each language that Assent speaks, and nothing else", () => {
    const files = readdirSync(new URL(`../../${folder}/words`, import.meta.url)).map((file) => file.replace(".ts", ""))
    expect(files.toSorted()).toEqual(["de", "en", "es", "fr"])
    expect(all.map(({ language }) => language).toSorted()).toEqual(files.toSorted())
  })

  test("have the same names in each language, and none is empty", () => {
    for (const words of all) {
      expect([words.language, shapeOf(words).toSorted()]).toEqual([words.language, shapeOf(all[0]).toSorted()])
      expect(textsOf(words).filter((text) => text.trim() === "")).toEqual([])
    }
  })

  test("are of the first wanted language that has some, or English", () => {
    expect(of(["nl", "de-AT", "fr"]).language).toBe("de")
    expect(of(["nl"]).language).toBe("en")
    expect(of([]).language).toBe("en")
  })
})

test("every folder of words belongs to something that is checked here", () => {
  const folders = readdirSync(new URL("../../core", import.meta.url), { recursive: true, encoding: "utf8" })
  const found = folders.filter((path) => path.endsWith("/words")).map((path) => `core/${path.replace("/words", "")}`)
  expect(found.toSorted()).toEqual(speakers.map(({ folder }) => folder as string).toSorted())
})

test("a request of a visitor is in the first wanted language that mails have, or in the most wanted one", () => {
  expect(MailLanguages.preferred(["nl", "de-AT"], [])).toBe("de-AT")
  expect(MailLanguages.preferred(["nl", "sv"], [])).toBe("nl")
  expect(MailLanguages.preferred(["nl", "de-AT"], [{ language: "nl" }])).toBe("nl")
  expect(MailLanguages.preferred([], [])).toBeUndefined()
})
