/** Mutants of import, export, restoring, moving and dry runs. */
import type { Part } from "./Mutant.ts"

const plannedAgain = "A block that has to be planned again"
const grown = "The same rows with others among them"
const howMany = "A dry run says how many answers change"

const claiming = "A row with an identifier that named no person"

export const transfer: Part = {
  folder: "core/transfer",
  tests: [
    "test/cli/import.test.ts",
    "test/cli/importRefusals.test.ts",
    "test/cli/peopleSelect.test.ts",
    "test/core/rowCounts.test.ts",
    "test/contract/dryRun.test.ts",
    "test/contract/exporting.test.ts",
    "test/faults/moved.long.test.ts",
    "test/laws/importing.test.ts",
  ],
  mutants: [
    [
      "Importing.ts",
      "return { idempotencyRecord, beforeAppend",
      "return { beforeAppend",
      "Whenever an import is killed",
    ],
    [
      "Importing.ts",
      "...(after !== undefined && { after })",
      "",
      "Rows in blocks are recorded, refused and answered about as requests with one item each, one after the other (slow memory)",
    ],
    ["Importing.ts", "if (after === undefined || ImportRun.isInTurn(run)) yield* awaitTurn", "", plannedAgain],
    [
      "Importing.ts",
      "    remaining = remaining.filter(([index]) => others.has(index))",
      "    remaining = []",
      "A row that was refused is recorded once its reason is gone",
    ],
    ["Importing.ts", "    if ((yield* tagOf(same)) !== tag) continue", "", "With a mapping that was put right"],
    [
      "Importing.ts",
      "recorded.delete(event)",
      "recorded.has(event)",
      "is taken in line by line: what is good recorded",
    ],

    ["BlockPipeline.ts", "isAsPlanned ? previous.sent : Effect.undefined", "previous.sent", plannedAgain],
    [
      "Intake.ts",
      "  const rows = block.map(({ text }) => text)",
      "  const rows = good.map(({ value }) => JSON.stringify(value))",
      "With a mapping that was completed",
    ],

    ["Moving.ts", "row.leaf === actual", "true", "from a ledger that lacks an event"],
    ["Moving.ts", "yield* expectWhole(heads, given)", "", "from a ledger that lacks an event"],
    ["Moving.ts", "yield* expectSame(given, kept)", "", "where the target stores other rows"],
    ["Moving.ts", "yield* expectStill(from, given, digest)", "", "where any table of the source is written to"],

    ["Restoring.ts", 'event.consentState !== "declined" && ', "", "taken back into an empty ledger"],

    ["KnownRows.ts", "    known.add(item)\n", "", grown],
    ["KnownRows.ts", "filter(({ id }) => run.known.of(id) === 0)", "filter(() => true)", grown],
    ["KnownRows.ts", "    if (!isBefore(event.id, run)) return\n", "", "Equal rows of a file are as many events"],
    ["KnownRows.ts", ": hasExpiration(item, recorded))", ": true)", "over a mapping that reads rows otherwise"],
    [
      "KnownRows.ts",
      "return claimedConsentDate === draft.consentDate",
      "return false",
      "records nothing twice of refusals whose dates",
    ],
    ["KnownRows.ts", "return free[before]?.id", "return free[0]?.id", grown],
    ["KnownRows.ts", "if (ofItem[0]!.isClaiming || ", "if (", claiming],
    [
      "Importing.ts",
      "!isExamined || run.options.keepRefusals",
      "!isExamined",
      "Where refusals are kept, a row whose person changes",
    ],
    ["ReleasedRows.ts", "    known.add(item.item)\n", "", "Rows that were recorded before a"],
    [
      "ReleasedRows.ts",
      "scope.organization, hashes, dateCreated)",
      "scope.organization, hashes)",
      "Rows that were recorded before a",
    ],
    ["ReleasedRows.ts", "event.isDatedByLedger === true && now", "false && now", "A refusal without a date"],
    [
      "Importing.ts",
      "({ draft, isReleased, item }) => isReleased && draft",
      "({ draft, item }) => false && draft",
      "Rows that were recorded before a",
    ],
    ["Importing.ts", "boolean => isReleased\n", "boolean => false\n", "A refusal of before a release"],
    ["Importing.ts", "    dates.refusals++\n", "", "also of those that are known"],
    ["Importing.ts", "  options.foresee(stop)\n", "", "and standard input is judged block by block"],
    ["DateCheck.ts", "if (!isOfType(refusal)) continue", "", "do not count if their row is refused"],
    ["Importing.ts", "...tried, ...known", "...tried", "is known as a block from then on"],
    ["AnswerChanges.ts", "- Number(isChanged(before, standing))", "", howMany],
    ["AnswerChanges.ts", "if (was && !is) counts.examples.delete(key)", "", howMany],
    ["AnswerChanges.ts", "Heads.fold(ofKey.filter(({ id }) => isBefore(id, run)))", "Heads.fold(ofKey)", howMany],
    ["AnswerChanges.ts", "isBefore(survivor, run) && mayHide(ofKey, run)", "false", "Where refusals are kept"],
    ["AnswerChanges.ts", "&& !isRefusal(now)", "&& now.permitted", "Where refusals are kept, a yes that has expired"],
    ["AnswerChanges.ts", "standing.permitted || !isOverturned(before, after)", "true", "Where refusals are kept"],
    ["DryRunStore.ts", "[...below.events, ...above.events]", "below.events", howMany],
    ["ImportRun.ts", "replaced > refusals * maxReplaced", "replaced > refusals", "stop an import before its first row"],
    ["RowCounts.ts", "older = recent", "older = older", "What is counted remembers at least"],

    ["DryRunStore.ts", "found ?? below[index]", "below[index]", "A dry run says what then"],
    ["DryRunStore.ts", "found ?? below[index]", "found", "A dry run says what then"],
    ["DryRunStore.ts", "revision: each.revision - own[index]!.revision", "", "an append of a dry run"],
    ["DryRunStore.ts", "below.revision + above.revision", "below.revision", "an append of a dry run"],
    ["DryRunStore.ts", "above[index]!.named ?? own.named", "above[index]!.named", "aliases of a dry run"],
    ["DryRunStore.ts", "heldInBoth(own, above[index]!)", "own", "aliases of a dry run"],
    [
      "DryRunStore.ts",
      "found === undefined ? store.idempotencyRecord(owner, hash)",
      "found === undefined ? Effect.succeed(found)",
      "A dry run says what then",
    ],
    ["Selecting.ts", "line.from <= at && at < line.until", "true", "leaves out a person that has said no"],
    [
      "Selecting.ts",
      "keys.every((key) => pairs.has(key))",
      "keys.some((key) => pairs.has(key))",
      "leaves out a person that",
    ],
    ["Selecting.ts", "items.some(({ decision }) => DiffRead.isRefusal(decision))", "false", "leaves out a person that"],
  ],
}
