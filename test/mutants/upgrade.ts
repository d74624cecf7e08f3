/** Mutants of upgrades. */
import type { Part } from "./Mutant.ts"

const otherwise = "is as it was where a row reads back otherwise"
const once = "commits once to the personal data of a session and of a fact"
const repeated = "answers requests that are repeated as the first time"
const cutOff = "that is cut off at any write goes on where it was"

export const upgrade: Part = {
  folder: "core/transfer",
  tests: ["test/faults/upgraded.long.test.ts"],
  mutants: [
    ["UpgradedParts.ts", 'if (kind === "event" || kind === "profile") return', "if (kind !== id) return", once],
    [
      "UpgradedParts.ts",
      "if (key === undefined) return yield* lost",
      "if (key === null) return yield* lost",
      "keys that are",
    ],
    ["Upgrading.ts", "before.length !== after.length || !before.every(isSame)", "!before.every(isSame)", otherwise],
    ["Upgrading.ts", "!before.every(isSame)", "false", otherwise],
    ["Upgrading.ts", "(yield* Sha256.hex(digest, row.body)) === row.digest", "true", "with an altered event"],
    ["Upgrading.ts", "  yield* whole.count\n", "", "with a missing event"],
    [
      "Upgrading.ts",
      '  if ((yield* upgrade.count("external_id")) !== (yield* upgrade.countBefore("external_id"))) {',
      "  if (false) {",
      otherwise,
    ],
    ["Upgrading.ts", "places.get(`write ${name}`)", "undefined", cutOff],
    ["UpgradedRows.ts", "digest: own === leaf ? composed : leaf", "digest: composed", otherwise],
    ["UpgradedRows.ts", "tokens.get(row.hash) ?? noOne", "noOne", "names the people of used identity tokens"],
    [
      "UpgradedTexts.ts",
      "const { context: _context, ...members } =",
      "const { ...members } =",
      "names the people of used identity tokens",
    ],
    ["UpgradedAnswers.ts", "const facts = factsIn(answer)", "const facts: ReadonlyArray<AnsweredFact> = []", repeated],
  ],
}
