/** Mutants of the checks of a ledger (`assent verify`). */
import type { Part } from "./Mutant.ts"

export const integrity: Part = {
  folder: "core/integrity",
  tests: ["test/cli/kept.test.ts", "test/faults/verified.long.test.ts"],
  mutants: [
    ["LogCheck.ts", "if (actual !== row.leaf)", "if (false)", "finds and names a change of leaf in event"],
    ["LogCheck.ts", "Lane.of(project, row.person) !== row.lane", "false", "finds an event that is there again"],
    ["LogCheck.ts", "row.recorded_at < progress.recordedAt", "false", "finds positions that were swapped"],
    ["LogCheck.ts", "before.digest !== progress.digest", "false", "finds what an earlier report contradicts"],
    ["LogCheck.ts", "if (now < events)", "if (false)", "accepts an earlier report of a log that has grown"],

    ["HeadCheck.ts", "if (wrong.length > 0)", "if (false)", "finds and names a change of event_id in head"],

    ["AliasCheck.ts", "if (kind === null) unknownKinds++", "unknownKinds++", "finds nothing in an untouched"],

    ["LookupCheck.ts", "row.person !== person", "false", "finds and names a change of person in external_id"],

    ["ErasureCheck.ts", "if (!erased.has(row.person)) continue", "continue", "finds rows that are left of an erased"],
    ["ErasureCheck.ts", "if (erasure.common !== common)", "if (false)", "finds rows that are left of an erased"],
    ["ErasureCheck.ts", "needed.has(lane) && !has_erased", "false", "finds rows that are left of an erased"],
    [
      "ErasureCheck.ts",
      "for (const person of missing)",
      "for (const person of [])",
      "finds rows that are left of an erased",
    ],
    ["PersonalCheck.ts", "if (order > 0)", "if (false)", "finds personal data and keys that are in another"],
    [
      "PersonalCheck.ts",
      "2 * part.nonce.length === digits.nonce",
      "part.nonce.length > 0",
      "finds personal data and keys that are in another",
    ],
    ["PersonalCheck.ts", "=== digits.wrapped", "> 0", "finds personal data and keys that are in another"],

    ["FeedCheck.ts", "if (number !== progress.number)", "if (false)", "finds changes that are not"],
    ["FeedCheck.ts", "if (recorded_at < of.raised)", "if (false)", "finds changes that are not"],
    ["FeedCheck.ts", "if (before_position < progress.position)", "if (false)", "finds changes that are not"],
    [
      "FeedCheck.ts",
      "last_recorded_at > least && raisedBy.has(head)",
      "last_recorded_at > least",
      "finds changes that",
    ],
    ["IdentityChangeCheck.ts", "if (missing.size === 0) return", "return", "finds changes that are not"],

    ["CatalogCheck.ts", "if (!isNext && !isFirst)", "if (false)", "finds a catalog entry that is missing"],

    ["MailCheck.ts", "row.nonce !== null && !hasKey", "false", "finds mails and files"],
    ["RequestFileCheck.ts", "bytes === file.size ? undefined", "true ? undefined", "finds mails and files"],
  ],
}
