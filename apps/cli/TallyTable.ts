/**
 * Writes the tally of an import as tables for a terminal.
 */
import * as ConsentState from "../../core/engine/ConsentState.ts"
import type { AnswersTally, ImportTally } from "../../core/transfer/Intake.ts"
import * as Table from "./Table.ts"

/** The ledger into which the rows were imported. */
interface Ledger {
  readonly store: string
  readonly project: string
}

/** A table of the rows by a name, the most frequent first; no table if there are none. */
const counts = (title: string, rows: Readonly<Record<string, number>>): ReadonlyArray<string> => {
  const entries = Object.entries(rows).toSorted(([, a], [, b]) => b - a)
  if (entries.length === 0) return []
  return [
    Table.write(
      [title, "rows"],
      entries.map(([name, of]) => [name, Table.count(of)]),
    ),
  ]
}

/** The answers that would change, and the lines of rows after which a refusal would no longer stand. */
const ofAnswers = ({ changed, examples, refusalsOverturned }: AnswersTally): ReadonlyArray<string> => {
  const rows = [
    ["would change", Table.count(changed)],
    ["  refusals that would no longer stand", Table.count(refusalsOverturned)],
  ]
  const lines = examples.map(({ consentType, line }) => [`line ${line}`, consentType])
  return [
    Table.write(["answers about a person and a consent type", ""], rows),
    ...(lines.length === 0 ? [] : [Table.write(["a refusal would no longer stand", "consent type"], lines)]),
  ]
}

/** The most characters of a line of text. */
const maxWidth = 98

/** Writes the tables, and the names of the columns that are not read, with a line feed at the end. */
export const write = (
  tally: ImportTally,
  { project, store }: Ledger,
  isDryRun: boolean,
  unread: ReadonlyArray<string>,
): string => {
  const { consentStates, faults, leftOut = {}, recorded, recordedBefore, rejected, rows, skipped = 0 } = tally
  const { alsoRecorded = 0, answers, replacedDates = 0 } = tally
  const states = ConsentState.all.filter((state) => consentStates[state] > 0)
  const parts = [
    Table.write(
      [isDryRun ? "what would become of the rows" : "what became of the rows", ""],
      [
        [isDryRun ? "would be recorded" : "recorded", Table.count(recorded)],
        ...states.map((state) => [`  ${state}`, Table.count(consentStates[state])]),
        ...(replacedDates > 0 ? [["refusals dated by the import", Table.count(replacedDates)]] : []),
        ...(alsoRecorded > 0 ? [["refusals of further people", Table.count(alsoRecorded)]] : []),
        ["recorded before", Table.count(recordedBefore)],
        ["rejected", Table.count(rejected)],
        ...(skipped > 0 ? [["left out by the mapping", Table.count(skipped)]] : []),
        ["all", Table.count(rows)],
      ],
    ),
  ]
  parts.push(...counts("what is wrong", faults), ...counts("recorded without", leftOut))
  if (answers !== undefined) parts.push(...ofAnswers(answers))
  if (unread.length > 0) {
    parts.push(Table.wrap(`columns that are not read: ${unread.join(", ")}`, maxWidth).join("\n"))
  }
  parts.push(`ledger ${store}, project ${project}${isDryRun ? ": nothing was recorded" : ""}`)
  return `${parts.join("\n\n")}\n`
}
