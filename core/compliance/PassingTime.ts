/**
 * What passing time does to a compliance request: it lapses, staff is reminded of its due date, and what is personal of
 * it is removed. Nothing of this resolves a request.
 *
 * What is due follows from the state alone, and is due on every day from its first one on until its fact is recorded.
 * So a sweep that is late, doubled or killed does the same, once.
 */
import type { Period } from "../engine/Period.ts"
import * as CivilDate from "./CivilDate.ts"
import type { Clock } from "./ClockPack.ts"
import type { Reminder } from "./ComplianceFact.ts"
import * as ComplianceState from "./ComplianceState.ts"
import * as LegalClock from "./LegalClock.ts"

/** For how long something is kept: whole months and days. */
export type KeptPeriod = Pick<Period, "months" | "days">

/** For how long what is personal of a resolved request is kept. */
export interface KeptFor {
  readonly files: KeptPeriod
  /** Everything personal of it. */
  readonly requests: KeptPeriod
}

/** The periods of projects that state none: 11 CCR 7101 wants requests to be kept for at least 24 months. */
export const defaultKeptFor: KeptFor = { files: { months: 0, days: 30 }, requests: { months: 24, days: 0 } }

/** Something that is to be done. */
export interface TimedStep {
  readonly what: "lapse" | "purge_files" | "purge_private" | Reminder
  /** The first day on which it is done, and the last; left out: it has none. */
  readonly from: CivilDate.CivilDate
  readonly to?: CivilDate.CivilDate
}

/** How many days before the due date staff is reminded. */
export const dueSoonDays = 3

/** For how many days what is personal of a request that erased its person is kept, if no mail of its end has ended. */
export const keptAfterErasureDays = 7

/** After this number of days, a sweep looks at a closed request again, because periods may have changed. */
export const lookedAtDays = 7

type State = ComplianceState.ComplianceState

/** The first day after a period: it has passed wholly then, whatever the time of day at which it began. */
const after = (on: CivilDate.CivilDate, { days, months }: KeptPeriod): CivilDate.CivilDate =>
  CivilDate.addDays(CivilDate.addMonths(on, months), days + 1)

/** The due date that staff can be reminded of; `undefined` while the request is over, or its clock stands still. */
const dueDateOf = (state: State, clock: Clock, holidays: LegalClock.Holidays): CivilDate.CivilDate | undefined => {
  if (state.resolvedOn !== undefined || state.isLapsed) return undefined
  // While no pause is open, the due date is the same on every day.
  return LegalClock.read(clock, ComplianceState.clockFactsOf(state), state.openedOn, holidays).dueDate
}

/** The reminders of a request that were not given yet: after the one that it is overdue, none. */
export const remindersOf = (state: State, clock: Clock, holidays: LegalClock.Holidays): ReadonlyArray<DueReminder> => {
  const dueOn = dueDateOf(state, clock, holidays)
  if (dueOn === undefined || state.reminded?.overdue === dueOn) return []
  const isToldSoon = state.reminded?.due_soon === dueOn
  return [
    ...(isToldSoon
      ? []
      : [{ what: "due_soon", from: CivilDate.addDays(dueOn, -dueSoonDays), to: dueOn, dueOn } as const]),
    { what: "overdue", from: CivilDate.addDays(dueOn, 1), dueOn },
  ]
}

/** A reminder of the due date `dueOn`. */
export interface DueReminder extends TimedStep {
  readonly what: Reminder
  readonly dueOn: CivilDate.CivilDate
}

/** The first day on which everything personal of a request is removed; `undefined` while it is open, and once it is. */
export const purgeDate = (state: State, { requests }: KeptFor): CivilDate.CivilDate | undefined => {
  const { erasure, isPurged, resolutionMailEndedOn, resolvedOn } = state
  if (resolvedOn === undefined || isPurged) return undefined
  const kept = after(resolvedOn, requests)
  if (erasure?.scope !== "full") return kept
  const erased = resolutionMailEndedOn ?? CivilDate.addDays(resolvedOn, keptAfterErasureDays)
  return erased < kept ? erased : kept
}

/** The first day on which the files of a request are removed; `undefined` while it is open, and where it has none. */
export const filePurgeDate = (state: State, keptFor: KeptFor): CivilDate.CivilDate | undefined => {
  const all = purgeDate(state, keptFor)
  if (all === undefined || state.resolvedOn === undefined || state.files.length === 0) return undefined
  const own = after(state.resolvedOn, keptFor.files)
  return own < all ? own : all
}

const given = (what: TimedStep["what"], from: CivilDate.CivilDate | undefined): ReadonlyArray<TimedStep> =>
  from === undefined ? [] : [{ what, from }]

/** Everything that time will do to a request if nothing else happens to it. */
export const stepsOf = (
  state: State,
  clock: Clock,
  holidays: LegalClock.Holidays,
  keptFor: KeptFor,
): ReadonlyArray<TimedStep> => {
  const isWaiting = ComplianceState.statusOf(state) === "pending_verification" && !state.isLapsed
  const lapsesOn = isWaiting
    ? LegalClock.lapsesOn(clock, ComplianceState.clockFactsOf(state), state.openedOn, holidays)
    : undefined
  return [
    ...given("lapse", lapsesOn),
    ...given("purge_private", purgeDate(state, keptFor)),
    ...given("purge_files", filePurgeDate(state, keptFor)),
    ...remindersOf(state, clock, holidays),
  ]
}

/** What is to be done on a day, in this order. What removes more stands for the rest. */
export const due = (steps: ReadonlyArray<TimedStep>, today: CivilDate.CivilDate): TimedStep["what"] | undefined =>
  steps.find(({ from, to = CivilDate.max }) => from <= today && today <= to)?.what

/**
 * The first day on which a sweep has to look at a request that has these steps, and of which nothing is due today; the
 * first day of all where something is due. `undefined`: time does nothing to it.
 */
export const sweepOn = (
  steps: ReadonlyArray<TimedStep>,
  today: CivilDate.CivilDate,
): CivilDate.CivilDate | undefined => {
  const first = steps.map(({ from }) => from).toSorted()[0]
  if (first === undefined) return undefined
  const look = CivilDate.addDays(today, lookedAtDays)
  const isByPeriod = steps.some(({ what }) => what === "purge_private")
  return isByPeriod && look < first ? look : first
}
