import * as fc from "fast-check"
import { expect, test } from "vitest"
import * as ColumnBuilder from "../../core/ColumnBuilder.ts"
import * as Columns from "../../core/Columns.ts"
import type { ConsentEvent } from "../../core/ConsentEvent.ts"
import * as DiffLine from "../../core/DiffLine.ts"
import * as Instant from "../../core/Instant.ts"
import * as Period from "../../core/Period.ts"
import * as Rules from "../../core/Rules.ts"
import * as Simulation from "../../core/Simulation.ts"
import * as Steps from "../../core/Steps.ts"
import * as Tally from "../../core/Tally.ts"
import * as Terms from "../../core/Terms.ts"
import * as WhatIf from "../../core/WhatIf.ts"
import * as Ledgers from "../support/ledgers.ts"

const window = fc
  .tuple(Ledgers.at, Ledgers.at)
  .filter(([a, b]) => a !== b)
  .map(([a, b]) => ({ from: Math.min(a, b), until: Math.max(a, b) }))

const reading: fc.Arbitrary<WhatIf.Reading> = fc.record({
  types: fc.tuple(Ledgers.consentType("type-1"), Ledgers.consentType("type-2")),
  rules: Ledgers.ruleSet,
})

const question = fc
  .record({ before: reading, after: reading, window, knownAt: Ledgers.knownAt })
  .map(({ window, ...rest }) => ({ ...rest, ...window, step: Period.months(12 * 200) }))

/** The batches of a ledger whose events come person by person, in no order within a person. */
const batches = (ledger: ReadonlyArray<ConsentEvent>, knownAt: Instant.Instant): ReadonlyArray<Columns.Columns> => {
  const builder = ColumnBuilder.make(knownAt, true)
  const taken: Array<Columns.Columns> = []
  const people = Map.groupBy(ledger, ({ concordId }) => concordId)
  for (const person of [...people.keys()].toSorted()) {
    const events = people.get(person) ?? []
    const ids = { at: (row: number) => events[row]?.id ?? "" }
    for (const [row, event] of events.entries()) {
      builder.add(
        event.concordId,
        event.consentType,
        Columns.stateIndex(event.consentState),
        event.version,
        event.consentDate,
        event.dateCreated,
        event.expirationDate ?? NaN,
        ids,
        row,
      )
    }
    taken.push(builder.take())
  }
  return [...taken, builder.end()]
}

/** The same by the timelines of section 3.3: every pair's stretches. */
const pairs = (ledger: ReadonlyArray<ConsentEvent>, question: WhatIf.Question) =>
  [...Map.groupBy(ledger, ({ concordId, consentType }) => `${concordId} ${consentType}`)]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([pair, events]) => {
      const [concordId = "", consentType = ""] = pair.split(" ")
      const read = ({ types, rules }: WhatIf.Reading): Simulation.Reading => {
        const type = types.find(({ id }) => id === consentType)!
        return { events, terms: Terms.make(type, Rules.inForce(type.rules, type, rules), question.knownAt) }
      }
      const [before, after] = [read(question.before), read(question.after)]
      return {
        concordId,
        consentType,
        stretches: [...Simulation.compare(before, after, question)],
        differences: [...Simulation.diff(before, after, question)],
      }
    })

// Kills: Sweep, an instant at which something lapses still live, the tie of a yes and a no given to the yes, a passive answer
// as old as the choice, the greater of two lapses, a version of its own; Tally, asking or permission of the wrong side.
test("A fold over columns writes the lines and the totals that the timelines give.", () => {
  fc.assert(
    fc.property(Ledgers.ledger, question, (ledger, question) => {
      const steps = Steps.make(question, question.step)!
      const fold = WhatIf.make(question, steps, true)
      const text = batches(ledger, question.knownAt).map(fold.fold).join("")
      const expected = pairs(ledger, question)
      const lines = expected.flatMap(({ concordId, consentType, differences }) =>
        differences.map((each) => `${JSON.stringify(DiffLine.fromDifference(concordId, consentType, each))}\n`),
      )
      expect(text).toBe(lines.join(""))

      const figures = Tally.figures(fold.totals, steps)
      const known = ledger.filter(({ dateCreated }) => dateCreated <= question.knownAt)
      expect(figures.events).toBe(known.length)
      const count = (test: (before: Simulation.Side["outcome"], after: Simulation.Side["outcome"]) => boolean) => {
        const those = expected.filter(({ differences }) =>
          differences.some(({ before, after }) => test(before.outcome, after.outcome)),
        )
        return { people: new Set(those.map(({ concordId }) => concordId)).size, pairs: those.length }
      }
      expect(figures.changed).toEqual(count(() => true))
      expect(figures.losesPermission).toEqual(count((before, after) => before.permitted && !after.permitted))
      expect(figures.gainsPermission).toEqual(count((before, after) => !before.permitted && after.permitted))
      expect(figures.mustBeAskedAgain).toEqual(count((before, after) => !before.askAgain && after.askAgain))
      expect(figures.population.pairs).toBe(expected.length)

      const holds =
        (at: Instant.Instant) =>
        ({ from, until }: Simulation.Window) =>
          from <= at && at < until
      for (const [index, day] of figures.days.entries()) {
        const there = expected.map(({ stretches }) => stretches.find(holds(day.at))!)
        expect(day.permittedBefore).toBe(there.filter(({ before }) => before.outcome.permitted).length)
        expect(day.permittedAfter).toBe(there.filter(({ after }) => after.outcome.permitted).length)
        const end = figures.days[index + 1]?.at ?? question.until
        const begins = expected.flatMap(({ stretches }) =>
          stretches.filter(({ from, before, after }, at) => {
            const last = stretches[at - 1]
            const asked = last === undefined ? before.outcome.askAgain : last.after.outcome.askAgain
            return from >= day.at && from < end && after.outcome.askAgain && !asked
          }),
        )
        expect(day.askedAfter).toBe(begins.length)
      }
      for (const { consentType, status, before, after } of figures.statusDays ?? []) {
        for (const [index, { at }] of figures.days.entries()) {
          const there = expected
            .filter((pair) => pair.consentType === consentType)
            .map(({ stretches }) => stretches.find(holds(at))!)
          expect(before[index]).toBe(there.filter(({ before }) => before.outcome.status === status).length)
          expect(after[index]).toBe(there.filter(({ after }) => after.outcome.status === status).length)
        }
      }
      for (const { consentType, before, after, pairs } of figures.transitions) {
        const those = expected.filter(
          (pair) =>
            pair.consentType === consentType &&
            pair.differences.some(
              (each) => each.before.outcome.status === before && each.after.outcome.status === after,
            ),
        )
        expect(pairs).toBe(those.length)
      }
      expect(figures.reasons.reduce((sum, { pairs }) => sum + pairs, 0)).toBeGreaterThanOrEqual(figures.changed.pairs)
      expect(fold.examples.length > 0).toBe(figures.changed.pairs > 0)
    }),
    { numRuns: 1000 },
  )
})

// Kills: Tally.add, a count forgotten; chooseExamples, one person twice.
test("Folds of disjoint people, added up, give the totals of one fold.", () => {
  fc.assert(
    fc.property(Ledgers.ledger, question, (ledger, question) => {
      const steps = Steps.make(question, question.step)!
      const whole = WhatIf.make(question, steps, false)
      const totals = Tally.empty(steps)
      const examples: Array<WhatIf.Candidate> = []
      for (const columns of batches(ledger, question.knownAt)) {
        whole.fold(columns)
        const part = WhatIf.make(question, steps, false)
        part.fold(columns)
        Tally.add(totals, part.totals)
        examples.push(...part.examples)
      }
      expect(Tally.figures(totals, steps)).toEqual(Tally.figures(whole.totals, steps))
      expect(WhatIf.chooseExamples(examples, totals.reasons)).toEqual(
        WhatIf.chooseExamples(whole.examples, whole.totals.reasons),
      )
    }),
    { numRuns: 1000 },
  )
})

test("The steps of a window begin where the calendar says, and every instant is in one.", () => {
  fc.assert(
    fc.property(window, Ledgers.duration, Ledgers.at, ({ from, until }, step, at) => {
      const near = { from, until: Math.min(until, from + 40 * 86_400_000) }
      const steps = Steps.make(near, step)
      if (steps === undefined) return
      const index = [...steps.starts].filter((start) => start < at).length
      expect(Steps.before(steps, at)).toBe(index)
      for (const [index, start] of steps.starts.entries()) {
        expect(Steps.before(steps, start)).toBe(index)
        expect(Steps.holding(steps, start)).toBe(index)
        expect(start).toBe(
          Period.add(near.from, {
            months: step.months * index,
            days: step.days * index,
            millis: step.millis * index,
          }),
        )
      }
    }),
    { numRuns: 1000 },
  )
})
