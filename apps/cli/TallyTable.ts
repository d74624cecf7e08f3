/**
 * Writes the tally of an import as tables for a terminal.
 */
import * as ConsentState from "../../core/engine/ConsentState.ts"
import type { ImportTally } from "../../core/transfer/Intake.ts"
import * as Table from "./Table.ts"

/** The ledger into which the rows were imported. */
interface Ledger {
  readonly store: string
  readonly project: string
}

/** Writes the tables, with a line feed at the end. */
export const write = (tally: ImportTally, { project, store }: Ledger, isDryRun: boolean): string => {
  const { consentStates, faults, recorded, recordedBefore, rejected, rows } = tally
  const states = ConsentState.all.filter((state) => consentStates[state] > 0)
  const parts = [
    Table.write(
      [isDryRun ? "what would become of the rows" : "what became of the rows", ""],
      [
        [isDryRun ? "would be recorded" : "recorded", Table.count(recorded)],
        ...states.map((state) => [`  ${state}`, Table.count(consentStates[state])]),
        ["recorded before", Table.count(recordedBefore)],
        ["rejected", Table.count(rejected)],
        ["all", Table.count(rows)],
      ],
    ),
  ]
  const reasons = Object.entries(faults).toSorted(([, a], [, b]) => b - a)
  if (reasons.length > 0) {
    parts.push(
      Table.write(
        ["what is wrong", "rows"],
        reasons.map(([code, of]) => [code, Table.count(of)]),
      ),
    )
  }
  parts.push(`ledger ${store}, project ${project}${isDryRun ? ": nothing was recorded" : ""}`)
  return `${parts.join("\n\n")}\n`
}
