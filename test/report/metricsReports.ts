/** Metrics for the tests of the page: counts that are made up, of which `ConsentMetrics` decides what is shown. */
import type { MetricsReport } from "../../adapters/report/metrics/MetricsReport.ts"
import { denialGrounds } from "../../core/compliance/ComplianceFact.ts"
import { requestKinds } from "../../core/compliance/ClockPack.ts"
import { statuses } from "../../core/compliance/ComplianceState.ts"
import type { KindMetrics } from "../../core/counting/AnswerMetrics.ts"
import * as ConsentMetrics from "../../core/counting/ConsentMetrics.ts"
import type { DayMetrics } from "../../core/counting/DayMetrics.ts"
import * as MetricsAggregator from "../../core/metrics/MetricsAggregator.ts"
import * as MetricPeriod from "../../core/metrics/MetricPeriod.ts"

const today = Date.UTC(2026, 10, 30) / 86_400_000

const zeros = Object.fromEntries(statuses.map((status) => [status, 0])) as DayMetrics["requests"]["entered"]

const dayOf = (day: number, scale: number): DayMetrics => {
  const events = Math.round(scale * (1 + Math.sin(day / 9) / 2) * (day % 7 < 5 ? 1 : 0.4))
  const [open, created] = scale === 0 ? [0, 0] : [3 + (day % 11), day % 4]
  return {
    project: "shop",
    day,
    isFinalized: day < today - 1,
    requests: {
      created,
      standing: {
        pending_verification: open % 3,
        submitted: open,
        acknowledged: Math.floor(open / 2),
        resolved: open * 9,
      },
      entered: { ...zeros, submitted: created, resolved: created },
    },
    events: { created: events, read: events * 4 },
    sessions: { created: events * 2, unique: Math.round(events * 1.3) },
  }
}

/** The counts of groups on days, as a store has them. */
const countsOf = (
  { from, to }: MetricPeriod.DayRange,
  groups: Readonly<Record<string, readonly [accepted: number, declined: number]>>,
) => {
  const counts = new Map<number, Map<string, number>>()
  for (let day = from; day < to; day++) {
    const ofDay = new Map<string, number>()
    for (const [group, [accepted, declined]] of Object.entries(groups)) {
      const swing = 1 + Math.sin((day + group.length * 5) / 13) / 3
      ofDay.set(MetricsAggregator.keyOf(group, "accepted"), Math.floor(accepted * swing))
      ofDay.set(MetricsAggregator.keyOf(group, "declined"), Math.floor(declined / swing))
      if (day % 31 === 0) ofDay.set(MetricsAggregator.keyOf(group, "viewed"), Math.ceil(accepted / 9))
    }
    counts.set(day, ofDay)
  }
  return counts
}

const kindOf = (request: KindMetrics["request"], scale: number): KindMetrics => {
  const deniedBy = Object.fromEntries(denialGrounds.map((ground) => [ground, 0])) as KindMetrics["deniedBy"]
  const ended = { completed: 9 * scale, partiallyCompleted: scale, noRecordsFound: 2 * scale, denied: 3 * scale }
  const other = { withdrawn: scale, unverified: 2 * scale, open: 2 * scale }
  const received = [...Object.values(ended), ...Object.values(other)].reduce((sum, each) => sum + each, 0)
  return {
    request,
    received,
    ...ended,
    ...other,
    deniedBy: { ...deniedBy, identity_not_shown: 2 * scale, exempt: scale },
    onTime: 14 * scale,
    late: scale,
    ...(scale > 0 && { medianDays: 6.5 + scale, meanDays: 9.37 + scale }),
  }
}

const yearOf = (year: number, scale: number) => ({
  year,
  kinds: requestKinds.map((request, index) => kindOf(request, Math.max(0, scale * (4 - index)))),
})

/** Whole months of groups, decided as answers are. */
const monthsOf = (
  range: MetricPeriod.DayRange,
  groups: Parameters<typeof countsOf>[1],
): ConsentMetrics.ConsentAnswer => {
  const toldUntil = MetricPeriod.monthOf(today).from
  const periods = MetricPeriod.of(range, "month")
  return { items: ConsentMetrics.withoutSmall(countsOf(range, groups), periods, toldUntil, 1000)!, toldUntil }
}

const typesOf = (
  days: MetricPeriod.DayRange,
  interval: MetricPeriod.Interval,
  groups: Parameters<typeof countsOf>[1],
) =>
  MetricPeriod.of(days, interval).flatMap((period): ReadonlyArray<ConsentMetrics.ConsentMetric> => {
    const ofDays = countsOf(period, groups)
    return Object.keys(groups).map((group) => ({
      period,
      group,
      isFinalized: true,
      counts: new Map(
        MetricsAggregator.states.map((state) => [
          state,
          [...ofDays.values()].reduce((sum, ofDay) => sum + (ofDay.get(MetricsAggregator.keyOf(group, state)) ?? 0), 0),
        ]),
      ),
    }))
  })

const types = { newsletter: [30, 12], analytics: [14, 22], profiling: [4, 40], sms: [0, 0], terms: [25, 1] } as const

const make = (length: number, interval: MetricPeriod.Interval, scale: number): MetricsReport => {
  const range = { from: today + 1 - length, to: today + 1 }
  const months = { from: MetricPeriod.monthOf(Math.min(range.from, today - 31)).from, to: range.to }
  const groups = scale === 0 ? {} : types
  const regions = {
    "DE-BE": [40, 20],
    "US-CA": [60, 9],
    "FR-IDF": [0.8, 0.78],
    "": [12, 11],
    "AT-9": [0.9, 1.2],
  } as const
  return {
    project: { id: "01a201cb-2a52-74ac-b4ea-00000000a91e", name: "Example shop" },
    askedAt: Date.UTC(2026, 10, 30, 9, 12),
    days: Array.from({ length }, (_, index) => dayOf(range.from + index, scale)),
    consentTypes: typesOf(range, interval, groups),
    interval,
    names: new Map([
      ["newsletter", "newsletter (communication, email)"],
      ["profiling", "a profile for advertisements on the pages of partners (privacy_setting, profiling)"],
    ]),
    geographies: monthsOf(months, scale === 0 ? {} : regions),
    domains: monthsOf(months, scale === 0 ? {} : { "shop.example": [80, 30], "": [30, 10] }),
    years: length > 365 ? [yearOf(2026, scale), yearOf(2025, scale / 2)] : [yearOf(2026, scale > 0 ? 1 : 0)],
  }
}

/** Ninety days of a shop. */
export const quarter = make(90, "week", 180)

/** The longest range. */
export const longest = make(400, "month", 42_000)

/** One day, on which little happened. */
export const oneDay = make(1, "day", 1)

/** A project with nothing in it. */
export const empty = make(28, "day", 0)

/** All of them, by name. */
export const all: Readonly<Record<string, MetricsReport>> = { quarter, longest, oneDay, empty }
