/** Mutants of the model: people and the admission of events. */
import type { Part } from "./Mutant.ts"

const oneWhile = "People are one exactly while the joins between them stand"

export const model: Part = {
  folder: "core/model",
  tests: ["test/faults/interleavings.test.ts", "test/laws/joinedLedger.test.ts", "test/laws/joins.test.ts"],
  mutants: [
    ["People.ts", "!undone.has(id)", "true", "Join then undo gives back both people's answers", oneWhile],
    ["People.ts", "if (join.survivor === member) members.add(join.member)", "", oneWhile],

    [
      "Admission.ts",
      'if (draft.consentState === "declined") return []',
      "",
      "Whatever is interleaved, lost and killed",
    ],
  ],
}
