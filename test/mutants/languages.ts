/** Mutants of languages: lookup, translations, and which text a visitor is shown. */
import type { Part } from "./Mutant.ts"

const lookup = "is the one that bcp-47-match finds, for any ranges and languages"
const once = "is given once: the same again changes nothing, another is 409"
const stays = "stays once its version is in force, or an event names the version"
const visitor = "is shown the best of the languages that there are, and told which"
const project = "are none until they are set; then new texts are in the default one"
const files = "an export as"

const earlier = "that were the default once are those of texts that state none"

export const languages: Part = {
  folder: ".",
  tests: [
    "test/laws/languages.test.ts",
    "test/http/languages.test.ts",
    "test/cli/languages.test.ts",
    "test/cli/evidence.test.ts",
  ],
  mutants: [
    ["core/model/LanguageLookup.ts", "if (subtags.at(-1)?.length === 1) subtags.pop()", "", lookup],
    ["core/model/LanguageLookup.ts", "language?.toLowerCase() === tag", "language === tag", lookup],
    ["core/model/LanguageLookup.ts", "    subtags.pop()\n    //", "    subtags.shift()\n    //", lookup],
    ["core/model/LanguageLookup.ts", "quality >= 0 && quality <= 1 ? quality : 0", "quality", '"de;q=0, en'],
    ["core/model/LanguageLookup.ts", ".slice(0, maxCharacters)", "", "is read up to 20 ranges"],
    ["core/model/LanguageTag.ts", "if (tag.length > maxLength) return undefined", "", '"de-abcdefg1'],
    ["core/catalog/Translations.ts", "if (given !== undefined) return exists", "", once],
    ["core/catalog/Translations.ts", "  texts.url === translation.url &&\n", "", once],
    ["core/catalog/Translations.ts", "isUsed || !ConsentTypeVersions.isPlanned(version, now)", "isUsed", stays],
    [
      "core/catalog/Translations.ts",
      "isUsed || !ConsentTypeVersions.isPlanned(version, now)",
      "!ConsentTypeVersions.isPlanned(version, now)",
      stays,
    ],
    ["core/catalog/Translations.ts", " || earlierDefaults.includes(language)", "", earlier],
    ["core/catalog/Translations.ts", "isTranslated ? undefined : languages?.default", "languages?.default", earlier],
    ["core/catalog/Translations.ts", "languages.offered.includes(language)", "language !== undefined", visitor],
    ["core/catalog/Translations.ts", '[languages.default, "en"]', '["en"]', visitor],
    [
      "core/catalog/ConsentTypes.ts",
      "return isStated || languages === undefined ? texts",
      "return true ? texts",
      project,
    ],
    ["core/ledger/EventBody.ts", "    language,\n    evidence,\n", "    evidence,\n", "a file has it in a column"],
    ["core/ledger/EventBody.ts", "    language,\n    evidence,\n", "    language,\n", "an event keeps the members"],
    ["adapters/files/RecordedColumns.ts", "        event[language],\n", "        undefined,\n", files],
    ["adapters/files/RecordedColumns.ts", "JSON.stringify(event[evidence])", "undefined", files],
  ],
}
