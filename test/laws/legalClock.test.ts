/** The legal clock against a second statement of it on Temporal's calendar, and the laws that protect the person. */
import * as fc from "fast-check"
import { describe, expect, test } from "vitest"
import * as CivilDate from "../../core/compliance/CivilDate.ts"
import { reference, requestKinds } from "../../core/compliance/ClockPack.ts"
import * as LegalClock from "../../core/compliance/LegalClock.ts"
import * as ClockPacks from "../../rule-packs/clock/ClockPacks.ts"
import * as Oracle from "../support/compliance/clockOracle.ts"
import * as Stories from "../support/compliance/stories.ts"
import { times } from "../support/long.ts"

const numRuns = times(3000, 60_000)

const anyClock = fc
  .tuple(fc.constantFrom(...ClockPacks.all), fc.constantFrom(...requestKinds))
  .map(([pack, kind]) => pack.clocks[kind])

const anyPauses = (first: string) =>
  fc.array(
    fc.tuple(fc.nat(40), fc.option(fc.nat(40), { nil: undefined })).map(([from, length]) => {
      const begin = CivilDate.addDays(first, from)
      return length === undefined ? { from: begin } : { from: begin, to: CivilDate.addDays(begin, length) }
    }),
    { maxLength: 4 },
  )

/** Facts of a clock, and a day no earlier than any of them. */
const anyReading = Stories.anyDay.chain((receivedOn) =>
  fc
    .record({
      receivedOn: fc.constant(receivedOn),
      isIdentityNeeded: fc.boolean(),
      verifiedAfter: fc.option(fc.nat(60), { nil: undefined }),
      identityPauses: anyPauses(receivedOn),
      clarifications: anyPauses(receivedOn),
      isExtended: fc.boolean(),
      today: fc.integer({ min: 80, max: 200 }).map((days) => CivilDate.addDays(receivedOn, days)),
    })
    .map(({ today, verifiedAfter, ...facts }) => ({
      today,
      facts: {
        ...facts,
        ...(verifiedAfter !== undefined && { verifiedOn: CivilDate.addDays(receivedOn, verifiedAfter) }),
      } satisfies LegalClock.ClockFacts,
    })),
)

describe("The legal clock", () => {
  test("agrees with Temporal about every day of forty years, in every pack", () => {
    const facts = { isIdentityNeeded: false, identityPauses: [], clarifications: [] }
    const holidays = new Set(["2000-01-03", "2010-12-24", "2012-02-29", "2024-05-01"])
    const step = times(5, 1)
    for (let day = CivilDate.toDays("2000-01-01"); day < CivilDate.toDays("2040-01-01"); day += step) {
      const receivedOn = CivilDate.fromDays(day)
      for (const pack of ClockPacks.all) {
        for (const kind of requestKinds) {
          const clock = pack.clocks[kind]
          const asked = { ...facts, receivedOn, isExtended: day % 2 === 0 }
          const due = LegalClock.dueIfResumed(clock, asked, receivedOn, holidays)
          if (due !== Oracle.due(clock, asked, receivedOn, holidays)) {
            expect.fail(`${reference(pack)} ${kind} ${receivedOn}: ${due}`)
          }
        }
      }
    }
  })

  test("agrees with Temporal whatever pauses it, whoever is late, and whichever days are holidays", () => {
    fc.assert(
      fc.property(anyClock, anyReading, Stories.anyHolidays, (clock, { facts, today }, holidays) => {
        expect(LegalClock.dueIfResumed(clock, facts, today, holidays)).toBe(Oracle.due(clock, facts, today, holidays))
      }),
      { numRuns },
    )
  })

  test("is never due later because of a holiday that is not known", () => {
    fc.assert(
      fc.property(
        anyClock,
        anyReading,
        Stories.anyHolidays,
        Stories.anyHolidays,
        (clock, { facts, today }, some, more) => {
          const known = LegalClock.dueIfResumed(clock, facts, today, some) ?? ""
          const all = LegalClock.dueIfResumed(clock, facts, today, new Set([...some, ...more])) ?? ""
          expect(known <= all).toBe(true)
        },
      ),
      { numRuns },
    )
  })

  test("is due no earlier for a request that came later", () => {
    fc.assert(
      fc.property(anyClock, anyReading, fc.nat(40), Stories.anyHolidays, (clock, { facts, today }, later, holidays) => {
        const { receivedOn } = facts
        // Nothing that happened to it can be before it came.
        const since = CivilDate.addDays(receivedOn, later)
        const move = (pause: LegalClock.Pause): LegalClock.Pause => ({
          ...pause,
          from: CivilDate.addDays(pause.from, 40),
          ...(pause.to !== undefined && { to: CivilDate.addDays(pause.to, 40) }),
        })
        const moved = {
          ...facts,
          identityPauses: facts.identityPauses.map(move),
          clarifications: facts.clarifications.map(move),
          ...(facts.verifiedOn !== undefined && { verifiedOn: CivilDate.addDays(facts.verifiedOn, 40) }),
        }
        const end = CivilDate.addDays(today, 40)
        const early = LegalClock.dueIfResumed(clock, moved, end, holidays) ?? ""
        const late = LegalClock.dueIfResumed(clock, { ...moved, receivedOn: since }, end, holidays) ?? ""
        expect(early <= late).toBe(true)
      }),
      { numRuns },
    )
  })

  test("says how many days are left until the day it is due, or would be if it went on today", () => {
    fc.assert(
      fc.property(anyClock, anyReading, Stories.anyHolidays, (clock, { facts, today }, holidays) => {
        const { daysLeft, dueDate, isOverdue, isPaused } = LegalClock.read(clock, facts, today, holidays)
        const due = LegalClock.dueIfResumed(clock, facts, today, holidays)
        expect(daysLeft).toBe(due === undefined ? undefined : CivilDate.daysBetween(today, due))
        expect(dueDate).toBe(isPaused ? undefined : due)
        expect(isOverdue).toBe(dueDate !== undefined && today > dueDate)
      }),
      { numRuns },
    )
  })
})
