/**
 * How a counterexample prints its events: as a table, in the order of `consentDate`, because the order in which a law
 * drew them says nothing, and the instants as numbers of milliseconds say little.
 */
import { stringify, toStringMethod } from "fast-check"
import type { ConsentEvent } from "../../core/engine/ConsentEvent.ts"
import type { Instant } from "../../core/engine/Instant.ts"

const columns = ["consentDate", "dateCreated", "consentState", "version", "expirationDate", "id", "person", "type"]

const text = (instant: Instant | undefined): string => (instant === undefined ? "" : new Date(instant).toISOString())

const cellsOf = (event: ConsentEvent): ReadonlyArray<string> => [
  text(event.consentDate),
  text(event.dateCreated),
  event.consentState,
  String(event.version),
  text(event.expirationDate),
  event.id,
  event.concordId,
  event.consentType,
]

/** The table, one line an event. */
export const print = (events: ReadonlyArray<ConsentEvent>): string => {
  const rows = [columns, ...events.toSorted((a, b) => a.consentDate - b.consentDate).map(cellsOf)]
  const widths = columns.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)))
  const lines = rows.map((row) => row.map((cell, column) => cell.padEnd(widths[column]!)).join("  "))
  return events.length === 0 ? stringify([]) : `\n${lines.map((line) => `  ${line.trimEnd()}\n`).join("")}`
}

/** The same events, printed as a table by fast-check. They are equal to what they were, and copies are plain. */
export const printed = (events: ReadonlyArray<ConsentEvent>): ReadonlyArray<ConsentEvent> =>
  Object.defineProperty([...events], toStringMethod, { value: () => print(events) })
