/**
 * The legal clock: by when a compliance request must be answered, as a pure function of what happened on which day.
 *
 *     start = the day of receipt, or, where the clock starts later, the day on which identity was shown
 *     last  = start + answer (+ extension)
 *     due   = roll(last + the days of all pauses)
 *
 * Months come first, and a day past the month's end becomes its last day. An extension of two months over an answer of
 * one is three months from the start. A pause is a half-open range of days that begins when a mail of ours was handed
 * over: a mail that never left pauses nothing. Overlapping pauses count once.
 */
import * as CivilDate from "./CivilDate.ts"
import type { Clock, Span } from "./ClockPack.ts"

/** Days during which the clock stands still: from `from` up to, and without, `to`. Left out: it still stands. */
export interface Pause {
  readonly from: CivilDate.CivilDate
  readonly to?: CivilDate.CivilDate
}

/** What a clock is read from. All dates are days of the organization's time zone. */
export interface ClockFacts {
  readonly receivedOn: CivilDate.CivilDate
  /** Whether the requester's identity must be shown. */
  readonly isIdentityNeeded: boolean
  /** When identity was shown; `receivedOn` where it was shown before. */
  readonly verifiedOn?: CivilDate.CivilDate
  /** From the day on which the first mail that asks for identity was handed over. */
  readonly identityPauses: ReadonlyArray<Pause>
  /** Each clarification, from the day on which its mail was handed over. */
  readonly clarifications: ReadonlyArray<Pause>
  readonly isExtended: boolean
  /** When the receipt was confirmed, by a mail or by acknowledging the request. */
  readonly confirmedOn?: CivilDate.CivilDate
  readonly resolvedOn?: CivilDate.CivilDate
}

/** What a clock says on a day. */
export interface ClockReading {
  /** Left out where no law sets a time, and while the clock stands still. */
  readonly dueDate?: CivilDate.CivilDate
  /** The days until the answer is due, or would be if the clock went on today; negative when it is overdue. */
  readonly daysLeft?: number
  /** The last day on which the receipt can be confirmed in time. */
  readonly confirmBy?: CivilDate.CivilDate
  /** Whether the clock stands still, or has not started. */
  readonly isPaused: boolean
  /** Whether it is open, and the due date is past. */
  readonly isOverdue: boolean
  /** Whether it was resolved after the due date. */
  readonly isLate: boolean
  /** Whether the receipt was not confirmed in time. */
  readonly isConfirmationOverdue: boolean
}

/** The holidays of an organization that are known. */
export type Holidays = ReadonlySet<CivilDate.CivilDate>

/** The date a span after another one. */
export const addSpan = (date: CivilDate.CivilDate, span: Span, holidays: Holidays): CivilDate.CivilDate =>
  "months" in span
    ? CivilDate.addMonths(date, span.months)
    : "days" in span
      ? CivilDate.addDays(date, span.days)
      : CivilDate.addWorkingDays(date, span.workingDays, holidays)

/** The end of two spans, the second after the first: months are added together, so that only the sum is cut. */
const endOf = (
  start: CivilDate.CivilDate,
  answer: Span,
  extension: Span | undefined,
  holidays: Holidays,
): CivilDate.CivilDate => {
  if (extension === undefined) return addSpan(start, answer, holidays)
  if ("months" in answer && "months" in extension) {
    return CivilDate.addMonths(start, answer.months + extension.months)
  }
  return addSpan(addSpan(start, answer, holidays), extension, holidays)
}

/** The pauses of a clock. Those that have not ended end on `today`. */
const pausesOf = (clock: Clock, facts: ClockFacts, today: CivilDate.CivilDate): ReadonlyArray<Required<Pause>> => {
  const ofIdentity = clock.whileUnverified === "pauses" ? facts.identityPauses : []
  const ofClarifications = clock.clarification === "pauses" ? facts.clarifications : []
  return [...ofIdentity, ...ofClarifications].map(({ from, to = today }) => ({ from, to }))
}

/** The number of days that are in at least one of some pauses, from a day on. */
export const daysOf = (pauses: ReadonlyArray<Required<Pause>>, since: CivilDate.CivilDate): number => {
  let [days, end] = [0, CivilDate.toDays(since)]
  for (const { from, to } of pauses.toSorted((a, b) => (a.from < b.from ? -1 : a.from > b.from ? 1 : 0))) {
    const begin = Math.max(end, CivilDate.toDays(from))
    end = Math.max(end, CivilDate.toDays(to))
    days += Math.max(0, end - begin)
  }
  return days
}

/** The day from which a clock counts; `undefined` before it starts. */
const startOf = (clock: Clock, { isIdentityNeeded, receivedOn, verifiedOn }: ClockFacts) =>
  clock.whileUnverified === "starts-later" && isIdentityNeeded ? verifiedOn : receivedOn

/** The last day for the answer of a clock that counts from `start`, if its open pauses ended on `today`. */
const dueFrom = (
  start: CivilDate.CivilDate,
  clock: Clock,
  facts: ClockFacts,
  today: CivilDate.CivilDate,
  holidays: Holidays,
): CivilDate.CivilDate | undefined => {
  if (clock.answer === undefined) return undefined
  const last = endOf(start, clock.answer, facts.isExtended ? clock.extension : undefined, holidays)
  const paused = CivilDate.addDays(last, daysOf(pausesOf(clock, facts, today), start))
  return clock.roll === "none" ? paused : CivilDate.nextWorkingDay(paused, holidays)
}

/**
 * The day on which the answer is due, or would be if the clock went on `today`: if the requester showed their identity
 * and clarified then. `undefined` where no law sets a time.
 */
export const dueIfResumed = (
  clock: Clock,
  facts: ClockFacts,
  today: CivilDate.CivilDate,
  holidays: Holidays,
): CivilDate.CivilDate | undefined => dueFrom(startOf(clock, facts) ?? today, clock, facts, today, holidays)

const isOpen = ({ to }: Pause): boolean => to === undefined

/** Whether the clock stands still, or has not started. */
export const isPaused = (clock: Clock, facts: ClockFacts): boolean =>
  startOf(clock, facts) === undefined ||
  (clock.whileUnverified === "pauses" && facts.identityPauses.some(isOpen)) ||
  (clock.clarification === "pauses" && facts.clarifications.some(isOpen))

/** How long an unverified request is kept, in days: after it was opened, or, where its clock runs, after it was due. */
const keptUnverifiedDays = { paused: 90, running: 30 } as const

/**
 * The first day on which a request lapses whose requester's identity has not been shown; `undefined` where identity is
 * not needed or was shown, or where no law sets a time.
 */
export const lapsesOn = (
  clock: Clock,
  facts: ClockFacts,
  openedOn: CivilDate.CivilDate,
  holidays: Holidays,
): CivilDate.CivilDate | undefined => {
  if (!facts.isIdentityNeeded || facts.verifiedOn !== undefined) return undefined
  if (clock.whileUnverified !== "runs") return CivilDate.addDays(openedOn, keptUnverifiedDays.paused + 1)
  const due = dueFrom(facts.receivedOn, clock, facts, facts.receivedOn, holidays)
  return due === undefined ? undefined : CivilDate.addDays(due, keptUnverifiedDays.running + 1)
}

/** What a clock says on a day. After the request was resolved, the day of its resolution counts. */
export const read = (clock: Clock, facts: ClockFacts, today: CivilDate.CivilDate, holidays: Holidays): ClockReading => {
  const { confirmedOn, receivedOn, resolvedOn } = facts
  const day = resolvedOn ?? today
  const confirmBy = clock.confirm === undefined ? undefined : addSpan(receivedOn, clock.confirm, holidays)
  const isConfirmationOverdue = confirmBy !== undefined && (confirmedOn ?? day) > confirmBy
  const due = dueIfResumed(clock, facts, day, holidays)
  const paused = resolvedOn === undefined && due !== undefined && isPaused(clock, facts)
  const isPast = due !== undefined && !paused && day > due
  return {
    ...(due !== undefined && !paused && { dueDate: due }),
    ...(due !== undefined && { daysLeft: CivilDate.daysBetween(day, due) }),
    ...(confirmBy !== undefined && { confirmBy }),
    isPaused: paused,
    isOverdue: isPast && resolvedOn === undefined,
    isLate: isPast && resolvedOn !== undefined,
    isConfirmationOverdue,
  }
}
