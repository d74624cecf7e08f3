import { createHash } from "node:crypto"
import * as fc from "fast-check"
import { expect, test } from "vitest"
import * as EventColumnBuilder from "../../core/simulation/EventColumnBuilder.ts"
import * as EventColumns from "../../core/simulation/EventColumns.ts"
import type { ConsentEvent } from "../../core/engine/ConsentEvent.ts"
import * as ConsentType from "../../core/engine/ConsentType.ts"
import * as DiffLine from "../../core/formats/DiffLine.ts"
import * as Examples from "../../core/simulation/Examples.ts"
import * as Instant from "../../core/engine/Instant.ts"
import * as Period from "../../core/engine/Period.ts"
import * as UnsortedEvents from "../../core/simulation/UnsortedEvents.ts"
import * as Rules from "../../core/engine/Rules.ts"
import * as Comparison from "../../core/engine/Comparison.ts"
import type * as Outcome from "../../core/engine/Outcome.ts"
import * as Steps from "../../core/simulation/Steps.ts"
import * as Totals from "../../core/simulation/Totals.ts"
import * as Terms from "../../core/engine/Terms.ts"
import * as Simulation from "../../core/simulation/Simulation.ts"
import * as Ledgers from "../support/ledgers.ts"
import { times } from "../support/long.ts"

const window = fc
  .tuple(Ledgers.at, Ledgers.at)
  .filter(([a, b]) => a !== b)
  .map(([a, b]) => ({ from: Math.min(a, b), until: Math.max(a, b) }))

const reading: fc.Arbitrary<Simulation.TypesAndRules> = fc.record({
  types: fc.tuple(Ledgers.consentType("type-1"), Ledgers.consentType("type-2")),
  rules: Ledgers.ruleSet,
})

const question = fc
  .record({ baseline: reading, candidate: reading, window, knownAt: Ledgers.knownAt })
  .map(({ window, ...rest }) => ({ ...rest, ...window, step: Period.months(12 * 200) }))

/** The batches of a ledger whose events come person by person, in no order within a person. */
const batches = (
  ledger: ReadonlyArray<ConsentEvent>,
  knownAt: Instant.Instant,
): ReadonlyArray<EventColumns.EventColumns> => {
  const builder = EventColumnBuilder.make(knownAt, true)
  const taken: Array<EventColumns.EventColumns> = []
  const people = Map.groupBy(ledger, ({ concordId }) => concordId)
  for (const person of [...people.keys()].toSorted()) {
    const events = people.get(person) ?? []
    const ids = { at: (row: number) => events[row]?.id ?? "" }
    for (const [row, event] of events.entries()) {
      const slot = builder.add(event.concordId, event.consentType)
      slot.state = EventColumns.stateIndex(event.consentState)
      slot.version = event.version
      slot.consentDate = event.consentDate
      slot.dateCreated = event.dateCreated
      slot.expirationDate = event.expirationDate ?? NaN
      slot.ids = ids
      slot.row = row
    }
    taken.push(builder.flush())
  }
  return [...taken, builder.finish()]
}

/**
 * A UUID for a name. There are two beginnings, one with the sign bit of a number set, so that the ends must be
 * compared, too.
 */
const uuid = (name: string): string => {
  const digits = createHash("sha256").update(name).digest("hex")
  return `${digits[0]! < "8" ? "0" : "f"}0000000-0000-0000-0000-0000${digits.slice(1, 9)}`
}

/** The same events as the rows of a table: grouped by person, and in no order within a person. */
const rowsOf = (ledger: ReadonlyArray<ConsentEvent>): UnsortedEvents.UnsortedEvents => {
  const events = ledger.toSorted((a, b) => (a.concordId < b.concordId ? -1 : a.concordId > b.concordId ? 1 : 0))
  const typeIds = [...new Set(events.map(({ consentType }) => consentType))].toSorted()
  const words = (id: string): ReadonlyArray<number> =>
    [24, 16, 8, 0].map((at) => Number.parseInt(id.replaceAll("-", "").slice(at, at + 8), 16))
  return {
    events: events.length,
    typeIds,
    concordIds: Uint32Array.from(events.flatMap(({ concordId }) => words(concordId))),
    ids: Uint32Array.from(events.flatMap(({ id }) => words(id))),
    types: Uint32Array.from(events, ({ consentType }) => typeIds.indexOf(consentType)),
    states: Uint8Array.from(events, ({ consentState }) => EventColumns.stateIndex(consentState)),
    versions: Float64Array.from(events, ({ version }) => version),
    consentDates: Float64Array.from(events, ({ consentDate }) => consentDate),
    datesCreated: Float64Array.from(events, ({ dateCreated }) => dateCreated),
    expirationDates: Float64Array.from(events, ({ expirationDate }) => expirationDate ?? NaN),
  }
}

/** The events of columns, in order, each with its person and type; and how the people and types are divided. */
const spelledOut = (columns: EventColumns.EventColumns) => {
  const typeOf = (pair: number) => columns.typeIds[columns.pairTypes[pair]!]!
  const starts = (ends: Uint32Array, index: number) => (index === 0 ? 0 : ends[index - 1]!)
  const range = (low: number, high: number) => Array.from({ length: high - low }, (_, index) => low + index)
  return range(0, columns.people).map((person) => {
    const concordId = columns.concordIds.at(person)!
    const pairs = range(starts(columns.personEnds, person), columns.personEnds[person]!)
    return {
      concordId,
      pairs: pairs.map((pair) => ({
        consentType: typeOf(pair),
        events: range(starts(columns.pairEnds, pair), columns.pairEnds[pair]!).map((index) =>
          EventColumns.event(columns, index, concordId, ConsentType.unknown(typeOf(pair))),
        ),
      })),
    }
  })
}

/** Whether nothing is permitted without a new answer, and the person has not said no. */
const isNeeded = ({ permitted, status }: Outcome.Outcome): boolean =>
  !permitted && ["expired", "invalidated", "requested", "unknown"].includes(status)

/** The same result by the timelines of section 3.3: the stretches of each pair. */
const pairs = (ledger: ReadonlyArray<ConsentEvent>, question: Simulation.SimulationQuestion) =>
  [...Map.groupBy(ledger, ({ concordId, consentType }) => `${concordId} ${consentType}`)]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([pair, events]) => {
      const [concordId = "", consentType = ""] = pair.split(" ")
      const read = ({ types, rules }: Simulation.TypesAndRules): Comparison.Reading => {
        const type = types.find(({ id }) => id === consentType)!
        return { events, terms: Terms.make(type, Rules.inForce(type.rules, type, rules), question.knownAt) }
      }
      const [before, after] = [read(question.baseline), read(question.candidate)]
      return {
        concordId,
        consentType,
        type: question.baseline.types.find(({ id }) => id === consentType)!,
        stretches: [...Comparison.compare(before, after, question)],
        differences: [...Comparison.diff(before, after, question)],
      }
    })

// Kills: in Sweep, an event is still live at the instant of its lapse, a tie of yes and no is given to the yes, a
// passive answer as old as the choice counts, the later of two lapses counts, or a version invalidates its own answers;
// TotalsCounter reads asking or permission of the wrong side, or a lapsed refusal must be asked again.
test("A fold over columns writes the lines and the totals that the timelines give.", () => {
  fc.assert(
    fc.property(Ledgers.ledger, question, (ledger, question) => {
      const steps = Steps.make(question, question.step)!
      const fold = Simulation.make(question, steps, true)
      const text = batches(ledger, question.knownAt).map(fold.fold).join("")
      const expected = pairs(ledger, question)
      const lines = expected.flatMap(({ concordId, differences, type }) =>
        differences.map((each) => `${JSON.stringify(DiffLine.fromDifference(concordId, type, each))}\n`),
      )
      expect(text).toBe(lines.join(""))

      const figures = Totals.figures(fold.totals, steps)
      const known = ledger.filter(({ dateCreated }) => dateCreated <= question.knownAt)
      expect(figures.events).toBe(known.length)
      const count = (test: (before: Comparison.Side["outcome"], after: Comparison.Side["outcome"]) => boolean) => {
        const those = expected.filter(({ differences }) =>
          differences.some(({ before, after }) => test(before.outcome, after.outcome)),
        )
        return { people: new Set(those.map(({ concordId }) => concordId)).size, pairs: those.length }
      }
      expect(figures.changed).toEqual(count(() => true))
      expect(figures.losesPermission).toEqual(count((before, after) => before.permitted && !after.permitted))
      expect(figures.gainsPermission).toEqual(count((before, after) => !before.permitted && after.permitted))
      const isAsked = (before: Outcome.Outcome, after: Outcome.Outcome) => !before.askAgain && after.askAgain
      expect(figures.mustBeAskedAgain).toEqual(count((before, after) => isAsked(before, after) && isNeeded(after)))
      expect(figures.mayBeAskedAgain).toEqual(count((before, after) => isAsked(before, after) && !isNeeded(after)))
      expect(figures.population.pairs).toBe(expected.length)

      const holds =
        (at: Instant.Instant) =>
        ({ from, until }: Comparison.Window) =>
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
        expect(day.mustAskAfter).toBe(begins.filter(({ after }) => isNeeded(after.outcome)).length)
        expect(day.mayAskAfter).toBe(begins.filter(({ after }) => !isNeeded(after.outcome)).length)
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
    { numRuns: times(150, 1000) },
  )
})

// Kills: UnsortedEvents orders without `dateCreated` or the id, keeps the same event twice, or keeps events not known
// yet.
test("Rows put in order are the columns that are built event by event.", () => {
  fc.assert(
    fc.property(Ledgers.ledger, Ledgers.knownAt, fc.boolean(), (ledger, knownAt, isTwice) => {
      const named = ledger.map((event) => ({ ...event, id: uuid(event.id), concordId: uuid(event.concordId) }))
      const events = isTwice ? [...named, ...named.toReversed()] : named
      const built = batches(events, knownAt).flatMap(spelledOut)
      expect(spelledOut(UnsortedEvents.sorter(knownAt)(rowsOf(events)))).toEqual(built)
    }),
    { numRuns: times(150, 1000) },
  )
})

// Kills: Totals.add forgets a count; Examples.choose takes one person twice.
test("Folds of disjoint people, added up, give the totals of one fold.", () => {
  fc.assert(
    fc.property(Ledgers.ledger, question, (ledger, question) => {
      const steps = Steps.make(question, question.step)!
      const whole = Simulation.make(question, steps, false)
      const totals = Totals.empty(steps)
      const examples: Array<Examples.PossibleExample> = []
      for (const columns of batches(ledger, question.knownAt)) {
        whole.fold(columns)
        const part = Simulation.make(question, steps, false)
        part.fold(columns)
        Totals.add(totals, part.totals)
        examples.push(...part.examples)
      }
      expect(Totals.figures(totals, steps)).toEqual(Totals.figures(whole.totals, steps))
      expect(Examples.choose(examples, totals.reasons)).toEqual(Examples.choose(whole.examples, whole.totals.reasons))
    }),
    { numRuns: times(150, 1000) },
  )
})

// Kills: a shape leaves out when a difference begins, or the consent type; every pair of a shape is kept as an example;
// the greatest shapes are kept; looks come in the order of shapes.
test("Examples of one reason differ in their consent type, their statuses or the part of the window they begin in.", () => {
  const year = 365 * 86_400_000
  const question: Simulation.SimulationQuestion = {
    from: 0,
    until: year,
    knownAt: year,
    step: Period.months(12),
    baseline: { types: [], rules: [] },
    candidate: { types: [], rules: [{ match: {}, rules: { maxAge: { accepted: Period.days(1) } } }] },
  }
  const event = (person: number, day: number, consentType: string): ConsentEvent => ({
    id: `${person}`,
    concordId: `${person}`.padStart(4, "0"),
    consentType,
    version: 1,
    consentState: "accepted",
    consentAction: "user_click",
    consentDate: day * 86_400_000,
    dateCreated: day * 86_400_000,
  })
  const examplesOf = (ledger: ReadonlyArray<ConsentEvent>, folds: number) => {
    const steps = Steps.make(question, question.step)!
    const totals = Totals.empty(steps)
    const parts = Array.from({ length: folds }, () => Simulation.make(question, steps, false))
    for (const [index, columns] of batches(ledger, question.knownAt).entries()) parts[index % folds]!.fold(columns)
    for (const part of parts) Totals.add(totals, part.totals)
    return Examples.choose(
      parts.flatMap(({ examples }) => examples),
      totals.reasons,
    ).map(({ consentType, intervals }) => `${consentType} ${intervals[0]!.from / 86_400_000}`)
  }
  const alike = Array.from({ length: 300 }, (_, person) => event(person, 9 + (person % 3) * 100, "newsletter"))
  for (const folds of [1, 2, 7]) {
    expect(examplesOf(alike, folds).toSorted()).toEqual(["newsletter 10", "newsletter 110", "newsletter 210"])
  }
  // One of another type among many: it is an example although most are of the first type.
  const others = Array.from({ length: 360 }, (_, person) => event(person, person, "newsletter"))
  const mixed = [...others, event(400, 50, "calls")]
  const found = examplesOf(mixed, 1)
  expect(found).toHaveLength(Examples.max)
  expect(new Set(found).size).toBe(Examples.max)
  expect(examplesOf(mixed, 3)).toEqual(found)
  // The shapes are the same when the people come in another order.
  const reversed = mixed.map((each) => ({ ...each, concordId: String(9999 - Number(each.concordId)) }))
  const shapesOf = (all: ReadonlyArray<string>) =>
    all.map((each) => each.replace(/\d+$/, (day) => `${Math.floor((Number(day) / 365) * 12)}`)).toSorted()
  expect(shapesOf(examplesOf(reversed, 1))).toEqual(shapesOf(found))
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
    { numRuns: times(150, 1000) },
  )
})

// Kills: EventColumnBuilder.isFull counts events only; EventColumnBuilder.endPerson grows the columns for events only.
test("People of whom nothing is known at `knownAt` fill a batch like others, and none of them is lost", () => {
  const builder = EventColumnBuilder.make(0, false)
  const count = 2 * EventColumnBuilder.batchEvents + 1000
  const batches: Array<EventColumns.EventColumns> = []
  const add = (index: number, dateCreated: Instant.Instant, type = "type-1") => {
    const slot = builder.add(String(index).padStart(8, "0"), type)
    Object.assign(slot, { state: 0, version: 1, consentDate: 0, dateCreated, expirationDate: NaN, row: 0 })
    if (builder.isFull()) batches.push(builder.flush())
  }
  for (let index = 0; index < count; index++) add(index, 1)
  // One person with more pairs than the columns have room for, after those of others, of which the last is known.
  for (let type = 0; type < 2 * EventColumnBuilder.batchEvents - 500; type++) add(count, 1, `type-${type}`)
  add(count, 0, "type-a")
  batches.push(builder.finish())
  for (const { concordIds, pairEnds, pairTypes, pairs, people, personEnds } of batches) {
    expect(people).toBe(personEnds.length)
    expect([concordIds.at(people - 1), concordIds.at(people)]).toEqual([expect.any(String), undefined])
    expect([pairs, pairTypes.length]).toEqual([pairEnds.length, pairs])
    expect(people).toBeLessThanOrEqual(EventColumnBuilder.batchEvents + 1)
  }
  expect(batches.reduce((sum, { people }) => sum + people, 0)).toBe(count + 1)
  const { events, pairEnds } = batches.at(-1)!
  expect([events, pairEnds.at(-1)]).toEqual([1, 1])
})
