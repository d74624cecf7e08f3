/** Mutants of the texts of banner and preference centre. */
import type { Part } from "./Mutant.ts"

const weight = "give both answers the same weight"
const own = "are its own in the nearest language that has them"
const falls = "fall back from a tag to its shorter forms"

export const shownTexts: Part = {
  folder: "core/browser/texts",
  tests: ["test/laws/shownTexts.test.ts"],
  mutants: [
    ["index.ts", ".toReversed()", "", own],
    ["index.ts", "dir: direction(language),", "", falls],
    ["index.ts", "texts, inEnglish) ?? inEnglish", "texts, inEnglish) ?? en", falls],
    ["index.ts", "?? otherwise", "?? en", falls],
    [
      "index.ts",
      "fallbacks(language), texts, inDefault) ?? inDefault",
      "fallbacks(language), texts, inDefault) ?? en",
      falls,
    ],
    ["de.ts", 'denyButton: "Alle ablehnen"', 'denyButton: "Mit weniger Komfort fortfahren"', weight],
    ["fr.ts", 'given: "Autorisé le {since}"', 'given: "Autorisé"', "are those of English, with the same placeholders"],
    ["nl.ts", 'acceptButton: "Alles accepteren"', 'acceptButton: "Alles accepteren!"', "neither praise nor urge"],
  ],
}
