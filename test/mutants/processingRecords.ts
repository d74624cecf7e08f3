/** Mutants of the record of processing: its gaps, rows and cells. */
import type { Part } from "./Mutant.ts"

const gaps = "asks for the one thing that is missing"
const vendor = "counts a vendor as a recipient"
const rows = "has a row for each activity and data system"
const processor = "has what is done for others in the record of a processor"
const project = "of a project has the data systems that concern it"
const formula = "as CSV is read back by another reader"

export const processingRecords: Part = {
  folder: "core",
  tests: ["test/core/recordGaps.test.ts", "test/core/processingRecords.test.ts"],
  mutants: [
    ["data-systems/RecordGaps.ts", `safeguard.trim() === ""`, `safeguard === ""`, gaps],
    ["data-systems/RecordGaps.ts", " && system.vendor === undefined", "", vendor],
    ["data-systems/RecordGaps.ts", "crossBorder && transfers.length === 0", "transfers.length === 0", vendor],
    ["data-systems/ProcessingRecords.ts", `status === "active" &&`, `status !== "archived" &&`, processor],
    ["data-systems/ProcessingRecords.ts", "projectIds.length === 0 || ", "", project],
    [
      "data-systems/ProcessingRecords.ts",
      "if (lowA !== lowB) return lowA < lowB ? -1 : 1",
      "if (lowA !== lowB) return 0",
      rows,
    ],
    ["processing-records/RecordCsv.ts", "const safe = isFormula(text) ?", "const safe = false ?", formula],
    ["processing-records/RecordCsv.ts", `safe.replace(inner, "$1'")`, "safe", "as CSV starts no formula"],
  ],
}
