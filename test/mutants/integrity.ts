/** Mutants of the checks of a ledger (`assent verify`). */
import type { Part } from "./Mutant.ts"

export const integrity: Part = {
  folder: "core/integrity",
  tests: ["test/faults/verified.test.ts"],
  mutants: [
    ["LogCheck.ts", "if (actual !== row.digest)", "if (false)", "finds and names a change of digest in event"],
    ["LogCheck.ts", "Lane.of(project, row.person) !== row.lane", "false", "finds an event that is there again"],
    ["LogCheck.ts", "row.recorded_at < progress.recordedAt", "false", "finds positions that were swapped"],

    ["HeadCheck.ts", "if (wrong.length > 0)", "if (false)", "finds and names a change of event_id in head"],

    ["AliasCheck.ts", "if (kind === null) unknownKinds++", "unknownKinds++", "finds nothing in an untouched"],

    ["LookupCheck.ts", "if (!isThere)", "if (false)", "finds and names a change of position in external_id"],

    ["CatalogCheck.ts", "if (!isNext && !isFirst)", "if (false)", "finds a catalog entry that is missing"],
  ],
}
