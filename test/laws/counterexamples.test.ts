/** A law that fails prints something to read. */
import * as fc from "fast-check"
import { expect, test } from "vitest"
import * as Ledgers from "../support/ledgers.ts"

/** What a law prints that fails for any five events. */
const messageOf = (arbitrary: fc.Arbitrary<{ readonly events: ReadonlyArray<unknown> }>): string =>
  fc.defaultReportMessage(fc.check(fc.property(arbitrary, ({ events }) => events.length < 5)))!

// Kills: EventTable.print keeps the order of the events; Ledgers.story gives events without a table.
test.each([
  ["a story", Ledgers.story],
  ["a ledger", Ledgers.ledger.map((events) => ({ events }))],
])("The counterexample of a law about %s has its events as a table by consentDate.", (_, arbitrary) => {
  const lines = messageOf(arbitrary).split("\n")
  const header = lines.findIndex((line) => /^ +consentDate +dateCreated +consentState +version/.test(line))
  const rows = lines.slice(header + 1, header + 6)
  const dates = rows.map((row) => /^ +(\d{4}-\d\d-\d\dT[\d:.]+Z) /.exec(row)?.[1])
  expect(header).toBeGreaterThan(0)
  expect(dates).toEqual(dates.toSorted())
  expect(dates).not.toContain(undefined)
  expect(Math.max(...rows.map(({ length }) => length))).toBeLessThan(170)
})
