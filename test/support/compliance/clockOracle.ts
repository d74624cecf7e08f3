/**
 * The legal clock stated a second time, slow and literal: the calendar is Temporal's, days are walked one by one, and
 * pauses are sets of days. It shares no code with `core/compliance`.
 */
import { Temporal } from "temporal-polyfill"
import type { Clock, Span } from "../../../core/compliance/ClockPack.ts"
import type { ClockFacts, Pause } from "../../../core/compliance/LegalClock.ts"

const isWorkingDay = (date: Temporal.PlainDate, holidays: ReadonlySet<string>): boolean =>
  date.dayOfWeek <= 5 && !holidays.has(date.toString())

const after = (date: Temporal.PlainDate, span: Span, holidays: ReadonlySet<string>): Temporal.PlainDate => {
  if ("months" in span) return date.add({ months: span.months }, { overflow: "constrain" })
  if ("days" in span) return date.add({ days: span.days })
  let day = date
  let counted = 0
  while (counted < span.workingDays) {
    day = day.add({ days: 1 })
    if (isWorkingDay(day, holidays)) counted++
  }
  return day
}

const daysIn = (pauses: ReadonlyArray<Pause>, today: string): ReadonlySet<string> => {
  const days = new Set<string>()
  for (const { from, to = today } of pauses) {
    for (let day = Temporal.PlainDate.from(from); day.toString() < to; day = day.add({ days: 1 })) {
      days.add(day.toString())
    }
  }
  return days
}

/** The day on which the answer is due if the clock goes on `today`; `undefined` where no law sets a time. */
export const due = (
  clock: Clock,
  facts: ClockFacts,
  today: string,
  holidays: ReadonlySet<string>,
): string | undefined => {
  const { answer, extension } = clock
  if (answer === undefined) return undefined
  const isLater = clock.whileUnverified === "starts-later" && facts.isIdentityNeeded
  const start = Temporal.PlainDate.from(isLater ? (facts.verifiedOn ?? today) : facts.receivedOn)
  const isExtended = facts.isExtended && extension !== undefined
  let last = after(start, answer, holidays)
  if (isExtended) {
    last =
      "months" in answer && "months" in extension
        ? after(start, { months: answer.months + extension.months }, holidays)
        : after(last, extension, holidays)
  }
  const pauses = [
    ...(clock.whileUnverified === "pauses" ? facts.identityPauses : []),
    ...(clock.clarification === "pauses" ? facts.clarifications : []),
  ]
  const paused = [...daysIn(pauses, today)].filter((day) => day >= start.toString()).length
  let day = last.add({ days: paused })
  while (clock.roll === "next-working-day" && !isWorkingDay(day, holidays)) day = day.add({ days: 1 })
  return day.toString()
}
