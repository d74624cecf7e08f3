/** Mutants of compliance requests: the fold of facts, transitions, the legal clock, the verification of identity. */
import type { Part } from "./Mutant.ts"

const folded = "is the fold of its facts, after each of them"
const people = "is resolved by an API key, or by its requester's"
const identity = "that needs identity has no fact about the person"
const again = "that was reopened waits for identity again"
const temporal = "agrees with Temporal whatever pauses it"
const every = "agrees with Temporal about every day"
const holiday = "is never due later because of a holiday"
const left = "of which everything personal is gone is only"
const repeated = "takes the same command again without a further"
const code = "is used once, and after neither five failures"
const paused = "is in a pause again when it is reopened"
const five = "never more than five in any day"
const ledgerDone = "of a delete or a change does the ledger's task"
const complete = "of an erasure needs that everything was erased"

const swept = "does on the days that are kept what a sweep of every day does"
const kept = "removes nothing before the whole period has passed"
const reminded = "reminds of a due date on the three days before it"

export const compliance: Part = {
  folder: "core/compliance",
  tests: [
    "test/core/identityVerification.test.ts",
    "test/core/legalClock.test.ts",
    "test/core/transition.test.ts",
    "test/laws/compliance.test.ts",
    "test/laws/legalClock.test.ts",
    "test/laws/passingTime.test.ts",
  ],
  mutants: [
    ["PassingTime.ts", "CivilDate.addMonths(on, months), days + 1)", "CivilDate.addMonths(on, months), days)", kept],
    ["PassingTime.ts", "return erased < kept ? erased : kept", "return kept", kept],
    ["PassingTime.ts", "CivilDate.addDays(dueOn, -dueSoonDays)", "CivilDate.addDays(dueOn, -4)", reminded],
    ["PassingTime.ts", ".toSorted()[0]", ".toSorted().at(-1)", swept],
    ["PassingTime.ts", " || state.reminded?.overdue === dueOn) return []", ") return []", reminded],
    ["ComplianceState.ts", "ordinal: state.ordinal + 1,", "ordinal: state.ordinal,", folded],
    [
      "ComplianceState.ts",
      "if (state.isIdentityNeeded && state.verifiedOn === undefined) return",
      "if (false) return",
      again,
    ],
    ["ComplianceState.ts", "if (!isUnverified || open.identityPauses.length === 0) return open", "return open", paused],
    [
      "ComplianceState.ts",
      "identityPauses: ended(state.identityPauses, on),\n  clarifications",
      "clarifications",
      paused,
    ],
    ["Transition.ts", "  do_task: once,", "  do_task: whileOpen,", identity],
    ["Transition.ts", "  add_task: once,", "  add_task: whileOpen,", identity],
    [
      "Transition.ts",
      'if (!isKey && !(by === "requester" && status === "withdrawn")) return refuse("transition_not_allowed")',
      "",
      people,
    ],
    ["Transition.ts", 'if (state.isPurged && !isLeft(command)) return refuse("purged_already")', "", left],
    [
      "Transition.ts",
      'task.result === result ? make() : make({ kind: "task_done"',
      'false ? make() : make({ kind: "task_done"',
      repeated,
    ],
    ["Transition.ts", 'erasure.scope === "full" && ', "", complete],
    ["Transition.ts", 'erasure.remaining.length === 0 ? [done("completed")] : []', '[done("completed")]', ledgerDone],
    ["Transition.ts", 'status === "partially_completed" ? [] : [done("no_records")]', "[]", ledgerDone],
    ["LegalClock.ts", "end = Math.max(end, CivilDate.toDays(to))", "end = CivilDate.toDays(to)", temporal],
    [
      "LegalClock.ts",
      "CivilDate.addMonths(start, answer.months + extension.months)",
      "CivilDate.addMonths(CivilDate.addMonths(start, answer.months), extension.months)",
      every,
    ],
    ["LegalClock.ts", 'clock.roll === "none" ? paused : CivilDate.nextWorkingDay(paused, holidays)', "paused", every],
    ["LegalClock.ts", "dueFrom(startOf(clock, facts) ?? today,", "dueFrom(facts.receivedOn,", temporal],
    ["CivilDate.ts", "return weekday < 5 && !holidays.has(date)", "return weekday < 5 || holidays.has(date)", holiday],
    ["CivilDate.ts", "Math.min(day, Instant.daysInMonth(target.year, target.month))", "day", every],
    [
      "IdentityVerification.ts",
      '? { outcome: "verified", verification: end(verification) }',
      '? { outcome: "verified", verification }',
      code,
    ],
    ["IdentityVerification.ts", "failures >= maxFailures", "failures > maxFailures", code],
    ["IdentityVerification.ts", "recent.length < perDay", "recent.length <= perDay", five],
  ],
}
