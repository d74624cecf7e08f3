/** Mutants of erasures that keep identifiers: of the stores, of the keys, of their replay and of the answers. */
import type { Part } from "./Mutant.ts"

const deletes = "an erasure that keeps identifiers delet"
const guards = "a write with a part under a key that an"
const alike = "law 9, held: questions are answered as without it"
const since = "is erased as the log says, at the same instants, and what was recorded since stays"
const began = "is not erased by an erasure that only began and was followed"
const again = "is given when it is sent again, with one erasure"
const refused = "is refused, and nothing is erased, without a ground"

export const heldErasures: Part = {
  folder: ".",
  tests: [
    "test/contract/contract.test.ts",
    "test/faults/heldErasures.test.ts",
    "test/http/complianceAnswers.test.ts",
    "test/laws/heldErasures.test.ts",
  ],
  mutants: [
    ["adapters/sqlite/ErasureWriter.ts", "scope === undefined ? persons : []", "persons", deletes, alike],
    ["adapters/sqlite/PersonalWriter.ts", "WHERE ?3 IS NOT NULL AND lane", "WHERE ?3 IS NULL AND lane", guards],
    ["adapters/memory/PersonalStore.ts", "heldOf(organization, concordId).length > 0 && !isThere", "false", guards],
    ["core/ports/UsedKeys.ts", "if (!own.has(concordId)) used.set(concordId, unknown)", "", guards],
    ["core/people/ErasureReplay.ts", "each.id === id || (!isKept", "(!isKept", since],
    ["core/people/ErasureReplay.ts", "(!isKept && each.recordedAt >= recordedAt)", "false", began],
    ["core/ledger/Recording.ts", "isRefused: attempts > 0", "isRefused: false", "another ledger, which holds the key"],
    ["core/people/Erasing.ts", "find(({ id }) => id === held.id)", "find(() => false)", again],
    ["adapters/erasure-log/ErasureLine.ts", 'kind === "held_begun" && { scope: "held" }', "false && {}", since],
    ["core/compliance-requests/ErasingAnswer.ts", "if (asked.ground === undefined) return groundMissing", "", refused],
    [
      "core/compliance-requests/ErasingAnswer.ts",
      'command.status === "completed" ? heldIsPartial',
      "false ? heldIsPartial",
      refused,
    ],
  ],
}
