/**
 * The laws of compliance requests: what is kept is the fold of the facts, nothing resolves a request but people, and
 * nothing is done about a person's data before identity was shown.
 */
import * as fc from "fast-check"
import { describe, expect, test } from "vitest"
import type { FactKind } from "../../core/compliance/ComplianceFact.ts"
import * as ComplianceState from "../../core/compliance/ComplianceState.ts"
import * as LegalClock from "../../core/compliance/LegalClock.ts"
import * as Transition from "../../core/compliance/Transition.ts"
import * as Stories from "../support/compliance/stories.ts"
import { times } from "../support/long.ts"

const numRuns = times(1500, 20_000)

/** Facts about the person's data. */
const aboutData: ReadonlySet<FactKind> = new Set<FactKind>([
  "task_added",
  "task_done",
  "task_undone",
  "file_attached",
  "file_downloaded",
  "packaged",
  "corrected",
  "erased",
])

const check = (law: (beginning: Stories.Beginning, moments: ReadonlyArray<Stories.Moment>) => void): void =>
  fc.assert(
    fc.property(Stories.anyBeginning, Stories.anySteps, (beginning, steps) =>
      law(beginning, Stories.play(beginning, steps)),
    ),
    { numRuns },
  )

describe("A compliance request", () => {
  test("is the fold of its facts, after each of them", () => {
    check((beginning, moments) => {
      const { fact, state } = Stories.begin(beginning)
      expect(state).toEqual(ComplianceState.fold([fact]))
      for (const { facts, state } of moments) {
        expect(state).toEqual(ComplianceState.fold(facts))
        expect(facts.map(({ ordinal }) => ordinal)).toEqual(facts.map((_, index) => index))
        expect(state.ordinal).toBe(facts.length)
      }
    })
  })

  test("is resolved by an API key, or by its requester's withdrawal, and by nothing else", () => {
    check((_, moments) => {
      for (const { before, state, step } of moments) {
        if (before.resolvedOn !== undefined || state.resolvedOn === undefined) continue
        const isKey = step.by.startsWith("key:")
        expect(isKey || (step.by === "requester" && state.resolution?.status === "withdrawn")).toBe(true)
      }
    })
  })

  test("that needs identity has no fact about the person's data before identity was shown", () => {
    check((_, moments) => {
      const { facts } = moments.at(-1) ?? { facts: [] }
      const opened = facts[0]
      if (opened?.kind !== "opened" || opened.identity !== "needed") return
      const shown = facts.findIndex(({ kind }) => kind === "verified")
      const before = shown === -1 ? facts : facts.slice(0, shown)
      expect(before.filter(({ kind }) => aboutData.has(kind))).toEqual([])
    })
  })

  test("that was reopened waits for identity again if it was never shown", () => {
    check((_, moments) => {
      for (const { state } of moments) {
        const isShown = !state.isIdentityNeeded || state.verifiedOn !== undefined
        const status = ComplianceState.statusOf(state)
        if (status === "submitted" || status === "acknowledged") expect(isShown).toBe(true)
      }
    })
  })

  test("is never due earlier because of a fact, nor because of a day that passes", () => {
    check(({ clock, holidays }, moments) => {
      const due = (state: ComplianceState.ComplianceState, today: string) =>
        LegalClock.dueIfResumed(clock, ComplianceState.clockFactsOf(state), state.resolvedOn ?? today, holidays) ?? ""
      let latest = ""
      for (const { before, state, today } of moments) {
        for (const each of [due(before, today), due(state, today)]) {
          expect(each >= latest).toBe(true)
          latest = each
        }
      }
    })
  })

  test("takes the same command again without a further fact, or refuses it", () => {
    const repeatable: ReadonlySet<Transition.Command["kind"]> = new Set<Transition.Command["kind"]>([
      "acknowledge",
      "add_task",
      "do_task",
      "undo_task",
      "attach_file",
      "remind",
      "lapse",
      "purge",
    ])
    check(({ clock, holidays }, moments) => {
      for (const { state, step, today } of moments) {
        if (!repeatable.has(step.command.kind)) continue
        const again = Transition.decide(state, step.command, { by: step.by, today, clock, holidays })
        expect(again._tag === "Refused" || again.facts.length === 0).toBe(true)
      }
    })
  })

  test("of which everything personal is gone is only denied or withdrawn any more", () => {
    check((_, moments) => {
      const allowed: ReadonlySet<FactKind> = new Set<FactKind>([
        "resolved",
        "mailed",
        "task_sent",
        "acknowledged",
        "lapsed",
        "reminded",
      ])
      for (const { before, facts } of moments) {
        if (!before.isPurged) continue
        expect(facts.slice(before.ordinal).filter(({ kind }) => !allowed.has(kind))).toEqual([])
      }
    })
  })
})
