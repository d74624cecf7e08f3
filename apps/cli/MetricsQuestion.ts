/**
 * Asks the ledger what the page of metrics shows: by consent type, by region and host name, and how requests ended.
 */
import { Clock, Effect } from "effect"
import type { MetricsReport } from "../../adapters/report/metrics/MetricsReport.ts"
import * as CivilDate from "../../core/compliance/CivilDate.ts"
import type { DayMetrics } from "../../core/counting/DayMetrics.ts"
import { maxDays } from "../../core/counting/ConsentMetrics.ts"
import { Ledger } from "../../core/Ledger.ts"
import * as MetricPeriod from "../../core/metrics/MetricPeriod.ts"
import type { ProjectScope } from "../../core/model/Catalog.ts"

/** The interval that gives a chart between about 10 and 35 steps. */
const intervalOf = ({ from, to }: MetricPeriod.DayRange): MetricPeriod.Interval =>
  to - from <= 35 ? "day" : to - from <= 200 ? "week" : "month"

/**
 * The whole months of days, and the month before the last day's, because by region and host name a month is shown once
 * it is finalized. The first month is left out where it would be too long.
 */
export const monthsOf = ({ from, to }: MetricPeriod.DayRange): MetricPeriod.DayRange => {
  const last = MetricPeriod.monthOf(to - 1)
  const first = MetricPeriod.monthOf(Math.min(from, last.from - 1))
  return { from: to - first.from > maxDays ? first.to : first.from, to }
}

const yearsOf = ({ from, to }: MetricPeriod.DayRange): ReadonlyArray<number> => {
  const yearOf = (day: number): number => Number(CivilDate.fromDays(day).slice(0, 4))
  const [first, last] = [yearOf(from), yearOf(to - 1)]
  return Array.from({ length: last - first + 1 }, (_, index) => last - index)
}

/** Asks. `days`: those of the range. */
export const ask = Effect.fnUntraced(function* (
  { project, types }: ProjectScope,
  range: MetricPeriod.DayRange,
  days: ReadonlyArray<DayMetrics>,
) {
  const { metrics } = yield* Ledger
  const interval = intervalOf(range)
  const months = { days: monthsOf(range), interval: "month" } as const
  const byType = yield* metrics.consent(project, { days: range, groupBy: "consentType", interval })
  const report: MetricsReport = {
    project,
    askedAt: yield* Clock.currentTimeMillis,
    days,
    consentTypes: byType?.items,
    interval,
    names: new Map(
      types.all.map(({ category, id, label, subcategory }) => [id, `${label} (${category}, ${subcategory})`]),
    ),
    geographies: yield* metrics.consent(project, { ...months, groupBy: "geography" }),
    domains: yield* metrics.consent(project, { ...months, groupBy: "domain" }),
    years: yield* Effect.forEach(yearsOf(range), (year) =>
      Effect.map(metrics.answers([project], { year }), (kinds) => ({ year, kinds })),
    ),
  }
  return report
})
