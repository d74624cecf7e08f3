/**
 * How many people's answers were recorded in each period: by consent type, or by region or host name. Small numbers of
 * regions and host names are not shown, and cannot be computed back: see `SmallCells`.
 */
import { Effect } from "effect"
import type { ConsentState } from "../engine/ConsentState.ts"
import type { LedgerContext } from "../ledger/LedgerContext.ts"
import type { Family } from "../metrics/MetricCount.ts"
import { keyOf, partsOf, states } from "../metrics/MetricsAggregator.ts"
import * as MetricPeriod from "../metrics/MetricPeriod.ts"
import * as SmallCells from "../metrics/SmallCells.ts"
import type { Project } from "../model/Catalog.ts"
import type { StoredCount } from "../ports/MetricsStore.ts"
import type { StoreUnavailable } from "../ports/StoreUnavailable.ts"
import * as FinalizedDays from "./FinalizedDays.ts"

/** What the counts are shown by, with the family that has them. */
export const groupings = { consentType: "type", geography: "geography", domain: "domain" } as const

/** One of {@link groupings}. */
export type ConsentGrouping = keyof typeof groupings

/** One group in one period. */
export interface ConsentMetric {
  readonly period: MetricPeriod.DayRange
  /** A consent type, region or host name; empty for events without one. */
  readonly group: string
  readonly isFinalized: boolean
  /** The events of each state; `undefined` where the number is not shown. */
  readonly counts: ReadonlyMap<ConsentState, number | undefined>
}

/** Which metrics are asked for. */
export interface ConsentQuery {
  readonly days: MetricPeriod.DayRange
  readonly groupBy: ConsentGrouping
  readonly interval: MetricPeriod.Interval
}

/** What is shown. */
export interface ConsentAnswer {
  readonly items: ReadonlyArray<ConsentMetric>
  /** The first day that nothing is shown of yet: by region and host name, a month is shown once it is finalized. */
  readonly toldUntil: number
}

/** The most days of a range, the most items of an answer, and the most counts that are read for one. */
export const maxDays = 400
export const maxItems = 20_000
const maxRows = 250_000

const rowsAtOnce = 5000

/** The counts of a family in days, by day and key; `undefined` if there are too many. */
const read = Effect.fnUntraced(function* (
  project: Project,
  family: Family,
  days: MetricPeriod.DayRange,
  context: LedgerContext,
) {
  const counts = new Map<number, Map<string, number>>()
  let rows = 0
  let after: StoredCount | undefined
  do {
    const page: ReadonlyArray<StoredCount> = yield* context.store.metrics.counts(
      project,
      family,
      days,
      after,
      rowsAtOnce,
    )
    for (const { count, day, key } of page) {
      if (!counts.has(day)) counts.set(day, new Map())
      counts.get(day)!.set(key, count)
    }
    rows += page.length
    if (rows > maxRows) return undefined
    after = page.length < rowsAtOnce ? undefined : page.at(-1)
    yield* Effect.yieldNow
  } while (after !== undefined)
  return counts
})

type Counts = ReadonlyMap<number, ReadonlyMap<string, number>>

const groupsOf = (counts: Counts, { from, to }: MetricPeriod.DayRange): ReadonlyArray<string> => {
  const groups = new Set<string>()
  for (let day = from; day < to; day++) for (const key of counts.get(day)?.keys() ?? []) groups.add(partsOf(key).group)
  return [...groups].toSorted()
}

const sumOf = (counts: Counts, { from, to }: MetricPeriod.DayRange, key: string): number => {
  let sum = 0
  for (let day = from; day < to; day++) sum += counts.get(day)?.get(key) ?? 0
  return sum
}

/** By consent type: every number is shown. */
const everything = (
  counts: Counts,
  periods: ReadonlyArray<MetricPeriod.DayRange>,
  until: number,
): ReadonlyArray<ConsentMetric> =>
  periods.flatMap((period) =>
    groupsOf(counts, period).map((group) => ({
      period,
      group,
      isFinalized: period.to <= until,
      counts: new Map(states.map((state) => [state, sumOf(counts, period, keyOf(group, state))])),
    })),
  )

/** The decisions about a month, by state. */
interface ToldMonth {
  readonly range: MetricPeriod.DayRange
  readonly byState: ReadonlyMap<ConsentState, SmallCells.Disclosure>
  /** The groups that something is shown of. */
  readonly groups: ReadonlySet<string>
}

const decide = (counts: Counts, range: MetricPeriod.DayRange, groups: ReadonlyArray<string>): ToldMonth => {
  const { from, to } = range
  const byState = new Map(
    states.map((state) => {
      const ofDays = (group: string) =>
        Array.from({ length: to - from }, (_, index) => counts.get(from + index)?.get(keyOf(group, state)) ?? 0)
      return [state, SmallCells.disclose(new Map(groups.map((group) => [group, ofDays(group)])))] as const
    }),
  )
  return { range, byState, groups: new Set([...byState.values()].flatMap(({ levels }) => [...levels.keys()])) }
}

/** The number of a group and state in a period; `undefined` if it is not shown. */
const toldOf = (
  counts: Counts,
  months: ReadonlyArray<ToldMonth>,
  period: MetricPeriod.DayRange,
  group: string,
  state: ConsentState,
): number | undefined => {
  const [first] = months
  if (months.length === 1 && first!.range.from === period.from && first!.range.to === period.to) {
    return SmallCells.monthOf(first!.byState.get(state)!, group)
  }
  const areTold = months.every(({ byState }) => SmallCells.areDaysTold(byState.get(state)!, group))
  return areTold ? sumOf(counts, period, keyOf(group, state)) : undefined
}

/**
 * By region or host name: what the decisions about finalized months tell; `undefined` if that would be more than `most`
 * items. Host names may be many, so items are counted before they are made.
 */
export const withoutSmall = (
  counts: Counts,
  periods: ReadonlyArray<MetricPeriod.DayRange>,
  toldUntil: number,
  most: number,
): ReadonlyArray<ConsentMetric> | undefined => {
  const months = new Map<number, ToldMonth>()
  const monthOf = (day: number): ToldMonth | undefined => {
    const range = MetricPeriod.monthOf(day)
    const known = months.get(range.from)
    if (known !== undefined) return known
    const groups = groupsOf(counts, range)
    if (groups.length > most) return undefined
    const decided = decide(counts, range, groups)
    months.set(range.from, decided)
    return decided
  }
  const told: Array<readonly [MetricPeriod.DayRange, ReadonlyArray<ToldMonth>, ReadonlySet<string>]> = []
  let items = 0
  for (const period of periods) {
    if (period.to > toldUntil) continue
    const [first, last] = [monthOf(period.from), monthOf(period.to - 1)]
    if (first === undefined || last === undefined) return undefined
    const touched = first === last ? [first] : [first, last]
    const groups = first === last ? first.groups : new Set([...first.groups, ...last.groups])
    items += groups.size
    if (items > most) return undefined
    told.push([period, touched, groups])
  }
  return told.flatMap(([period, touched, groups]) =>
    [...groups].toSorted().map((group) => ({
      period,
      group,
      isFinalized: true,
      counts: new Map(states.map((state) => [state, toldOf(counts, touched, period, group, state)])),
    })),
  )
}

/** Answers a question; `undefined` if its range is too long: too many days, items, or counts to read. */
export const of = Effect.fnUntraced(function* (
  project: Project,
  { days, groupBy, interval }: ConsentQuery,
  context: LedgerContext,
): Effect.fn.Return<ConsentAnswer | undefined, StoreUnavailable> {
  if (days.to - days.from > maxDays) return undefined
  if (days.to <= days.from) return { items: [], toldUntil: days.to }
  const until = yield* FinalizedDays.until(project, context)
  const periods = MetricPeriod.of(days, interval)
  const family = groupings[groupBy]
  if (groupBy === "consentType") {
    const counts = yield* read(project, family, days, context)
    const items = counts === undefined ? undefined : everything(counts, periods, until)
    return items === undefined || items.length > maxItems ? undefined : { items, toldUntil: days.to }
  }
  const whole = { from: MetricPeriod.monthOf(days.from).from, to: MetricPeriod.monthOf(days.to - 1).to }
  const toldUntil = MetricPeriod.monthOf(until).from
  const counts = yield* read(project, family, whole, context)
  if (counts === undefined) return undefined
  const items = withoutSmall(counts, periods, toldUntil, maxItems)
  return items === undefined ? undefined : { items, toldUntil: Math.min(days.to, toldUntil) }
})
