/**
 * The laws of passing time: a sweep that looks only on the days that are kept misses nothing, does nothing before its
 * first day, ends, and resolves no request.
 */
import * as fc from "fast-check"
import { describe, expect, test } from "vitest"
import * as CivilDate from "../../core/compliance/CivilDate.ts"
import type { FactBody } from "../../core/compliance/ComplianceFact.ts"
import * as ComplianceState from "../../core/compliance/ComplianceState.ts"
import * as LegalClock from "../../core/compliance/LegalClock.ts"
import * as PassingTime from "../../core/compliance/PassingTime.ts"
import * as Transition from "../../core/compliance/Transition.ts"
import { commandOf } from "../../core/compliance-requests/RetentionSweep.ts"
import * as Stories from "../support/compliance/stories.ts"
import { times } from "../support/long.ts"

const numRuns = times(120, 4000)

const anyKeptFor: fc.Arbitrary<PassingTime.KeptFor> = fc.record({
  files: fc.constantFrom({ months: 0, days: 7 }, { months: 0, days: 30 }, { months: 12, days: 0 }),
  requests: fc.constantFrom({ months: 1, days: 0 }, { months: 24, days: 0 }),
})

type State = ComplianceState.ComplianceState

/** One request after its story, with everything that a sweep decides by. */
interface Swept extends Stories.Beginning {
  readonly keptFor: PassingTime.KeptFor
  state: State
}

const stepsOf = ({ clock, holidays, keptFor, state }: Swept) => PassingTime.stepsOf(state, clock, holidays, keptFor)

/** What a sweep of a day does, and the facts of it. */
const sweep = (swept: Swept, today: string): ReadonlyArray<FactBody> => {
  const { clock, holidays } = swept
  const all: Array<FactBody> = []
  for (;;) {
    const what = PassingTime.due(stepsOf(swept), today)
    if (what === undefined) return all
    const decided = Transition.decide(swept.state, commandOf(what), { by: "engine", today, clock, holidays })
    if (decided._tag === "Refused") throw new Error(`${what}: ${decided.code}`)
    // Every step makes a fact, so a sweep ends.
    expect(decided.facts).not.toEqual([])
    for (const body of decided.facts) {
      all.push(body)
      swept.state = ComplianceState.apply(swept.state, Stories.stamp(body, swept.state.ordinal, today, "engine"))!
    }
    expect(all.length).toBeLessThan(6)
  }
}

const check = (law: (swept: Swept, today: string) => void): void =>
  fc.assert(
    fc.property(Stories.anyBeginning, Stories.anySteps, anyKeptFor, (beginning, steps, keptFor) => {
      const last = Stories.play(beginning, steps).at(-1)
      const state = last?.state ?? Stories.begin(beginning).state
      law({ ...beginning, keptFor, state }, last?.today ?? beginning.on)
    }),
    { numRuns },
  )

describe("Passing time", () => {
  test("does on the days that are kept what a sweep of every day does, and resolves nothing", () => {
    check((swept, today) => {
      const daily = { ...swept }
      const facts: Array<readonly [string, FactBody]> = []
      const expected: Array<readonly [string, FactBody]> = []
      let next: string | undefined = today
      for (let ahead = 0; ahead < 900; ahead++) {
        const day = CivilDate.addDays(today, ahead)
        expected.push(...sweep(daily, day).map((body) => [day, body] as const))
        if (next === undefined || day < next) continue
        facts.push(...sweep(swept, day).map((body) => [day, body] as const))
        next = PassingTime.sweepOn(stepsOf(swept), day)
        if (next !== undefined) expect(next > day).toBe(true)
      }
      expect(facts).toEqual(expected)
      expect(swept.state).toEqual(daily.state)
      expect(facts.filter(([, { kind }]) => kind === "resolved")).toEqual([])
    })
  })

  test("removes nothing before the whole period has passed, and a whole erasure at most a week after its end", () => {
    check((swept, today) => {
      const { keptFor, state } = swept
      const { erasure, files, isPurged, resolvedOn } = state
      const [all, own] = [PassingTime.purgeDate(state, keptFor), PassingTime.filePurgeDate(state, keptFor)]
      if (resolvedOn === undefined || isPurged) return expect([all, own]).toEqual([undefined, undefined])
      const end = (kept: PassingTime.KeptPeriod) =>
        CivilDate.addDays(CivilDate.addMonths(resolvedOn, kept.months), kept.days)
      if (erasure?.scope === "full") {
        const isEnded = state.resolutionMailEndedOn !== undefined
        expect(all! <= CivilDate.addDays(resolvedOn, 7)).toBe(true)
        expect(all === CivilDate.addDays(resolvedOn, 7) || isEnded).toBe(true)
      } else {
        // A server whose clock is an hour ahead does it an hour early, which is still after the whole period.
        expect(all! > end(keptFor.requests)).toBe(true)
      }
      expect(own === undefined).toBe(files.length === 0)
      if (own !== undefined) expect(own === all || own > end(keptFor.files)).toBe(true)
      for (const day of [today, CivilDate.addDays(all!, -1)]) {
        const what = PassingTime.due(stepsOf(swept), day)
        if (day < all!) expect(what).not.toBe("purge_private")
      }
    })
  })

  test("reminds of a due date on the three days before it and after it, once each", () => {
    check((swept, today) => {
      const { clock, holidays } = swept
      const seen = new Set<string>()
      for (let ahead = 0; ahead < 200; ahead++) {
        const day = CivilDate.addDays(today, ahead)
        const facts = ComplianceState.clockFactsOf(swept.state)
        const { dueDate } = LegalClock.read(clock, facts, day, holidays)
        for (const fact of sweep(swept, day)) {
          if (fact.kind !== "reminded") continue
          const key = `${fact.of} ${fact.dueOn}`
          expect([seen.has(key), fact.dueOn]).toEqual([false, dueDate])
          seen.add(key)
          const left = CivilDate.daysBetween(day, fact.dueOn)
          expect(fact.of === "overdue" ? left < 0 : left >= 0 && left <= 3).toBe(true)
        }
      }
    })
  })
})
