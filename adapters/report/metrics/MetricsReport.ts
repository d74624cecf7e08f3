/**
 * What the page of metrics is drawn from: answers to questions about one project, asked at one moment.
 */
import type { KindMetrics } from "../../../core/counting/AnswerMetrics.ts"
import type { ConsentAnswer, ConsentMetric } from "../../../core/counting/ConsentMetrics.ts"
import type { DayMetrics } from "../../../core/counting/DayMetrics.ts"
import type { Instant } from "../../../core/engine/Instant.ts"
import type { Interval } from "../../../core/metrics/MetricPeriod.ts"

/** The requests that were received in a year, by kind. */
export interface YearMetrics {
  readonly year: number
  readonly kinds: ReadonlyArray<KindMetrics>
}

/** The metrics of a project. */
export interface MetricsReport {
  readonly project: { readonly id: string; readonly name: string }
  readonly askedAt: Instant
  /** In order, at least one. */
  readonly days: ReadonlyArray<DayMetrics>
  /** Events by consent type in each interval of the days; `undefined` if there are too many to read. */
  readonly consentTypes: ReadonlyArray<ConsentMetric> | undefined
  readonly interval: Interval
  /** The names of consent types, by id. */
  readonly names: ReadonlyMap<string, string>
  /** Whole months by region and by host name; `undefined` if there are too many to read. */
  readonly geographies: ConsentAnswer | undefined
  readonly domains: ConsentAnswer | undefined
  /** The years that the days are of, the last one first. */
  readonly years: ReadonlyArray<YearMetrics>
}
