/** Mutants of what metrics estimate or hide. */
import type { Part } from "./Mutant.ts"

const attack = "cannot be computed from any answers, nor from their differences"
const next = "is not the month of a small group, nor of the group that comes next"
const estimates = "a day of visitors is estimated within 5 %, and small numbers are nearly exact"

export const smallCells: Part = {
  folder: "core/metrics",
  tests: ["test/laws/smallCells.test.ts", "test/core/uniqueVisitors.test.ts"],
  mutants: [
    ["SmallCells.ts", "isSmall(sum) || sum === next", "isSmall(sum)", next],
    ["SmallCells.ts", "hidden.length < 2 || total === hidden.length", "hidden.length < 2", attack],
    ["SmallCells.ts", "if (hidden.size + monthOnly.size === 1) {", "if (false) {", attack],
    ["SmallCells.ts", "!hidden.has(group) && days.get(group)!.some(isSmall)", "false", attack],
    [
      "SmallCells.ts",
      "if (others.length === 0) return withheld(sums)",
      "if (others.length === 0) monthOnly.clear()",
      attack,
    ],
    ["SmallCells.ts", "while (isSmall(together(day)))", "while (false)", "are together no small number on a day"],
    ["UniqueVisitors.ts", "(z + counts[rank]!) / 2", "(z + counts[rank]!) / 2.2", estimates],
    ["UniqueVisitors.ts", "mix((hash ^ word) + 0x85ebca77), first)", "hash, first)", estimates],
    ["UniqueVisitors.ts", "Math.max(rank, b[index]!)", "rank", "merged registers are those of all visitors"],
  ],
}
