/**
 * What happened in projects on each UTC day: the counts of `GET …/metrics`.
 */
import { Effect } from "effect"
import { type ComplianceStatus, statuses } from "../compliance/ComplianceState.ts"
import type { LedgerContext } from "../ledger/LedgerContext.ts"
import type { Family } from "../metrics/MetricCount.ts"
import type { DayRange } from "../metrics/MetricPeriod.ts"
import * as UniqueVisitors from "../metrics/UniqueVisitors.ts"
import type { Project } from "../model/Catalog.ts"
import type { StoreUnavailable } from "../ports/StoreUnavailable.ts"
import * as FinalizedDays from "./FinalizedDays.ts"

/** A number for each status of compliance requests. */
export type StatusCounts = Readonly<Record<ComplianceStatus, number>>

/** One project on one day. */
export interface DayMetrics {
  readonly project: string
  /** Days since 1970-01-01. */
  readonly day: number
  /** Whether the counts of the day do not change any more. */
  readonly isFinalized: boolean
  /** `standing`: how many were in each status at the end of the day. `entered`: how many entered it on the day. */
  readonly requests: { readonly created: number; readonly standing: StatusCounts; readonly entered: StatusCounts }
  readonly events: { readonly created: number; readonly read: number }
  /** `unique` is an estimate of the different visitors. */
  readonly sessions: { readonly created: number; readonly unique: number }
}

/** The most days of a range, and the most days of all projects together. */
export const maxDays = 400
export const maxItems = 10_000

/** Families have few keys a day. */
const rowsAtOnce = maxDays * statuses.length + 1

const ofStatuses = (valueOf: (status: ComplianceStatus) => number): StatusCounts =>
  Object.fromEntries(statuses.map((status) => [status, valueOf(status)])) as StatusCounts

const ofProject = Effect.fnUntraced(function* (project: Project, days: DayRange, context: LedgerContext) {
  const { metrics } = context.store
  const read = Effect.fnUntraced(function* (family: Family) {
    const rows = yield* metrics.counts(project, family, days, undefined, rowsAtOnce)
    const counts = new Map(rows.map(({ count, day, key }) => [`${day} ${key}`, count]))
    return (day: number, key = "") => counts.get(`${day} ${key}`) ?? 0
  })
  const until = yield* FinalizedDays.until(project, context)
  const [created, entered, change] = [yield* read("requests"), yield* read("entered"), yield* read("standing")]
  const [events, answered, sessions] = [yield* read("events"), yield* read("read"), yield* read("sessions")]
  const visitors = new Map(
    (yield* metrics.visitors(project, days)).map(({ day, registers }) => [day, UniqueVisitors.estimate(registers)]),
  )
  const standing = new Map(yield* metrics.totals(project, "standing", days.from))
  const items: Array<DayMetrics> = []
  for (let day = days.from; day < days.to; day++) {
    for (const status of statuses) standing.set(status, (standing.get(status) ?? 0) + change(day, status))
    items.push({
      project: project.id,
      day,
      isFinalized: day < until,
      requests: {
        created: created(day),
        standing: ofStatuses((status) => standing.get(status)!),
        entered: ofStatuses((status) => entered(day, status)),
      },
      events: { created: events(day), read: answered(day) },
      sessions: { created: sessions(day), unique: visitors.get(day) ?? 0 },
    })
  }
  return items
})

/**
 * The metrics of projects on each day of a range, by day and then in the order of the projects; `undefined` if there
 * would be more than {@link maxItems}, or the range has more than {@link maxDays} days.
 */
export const of = Effect.fnUntraced(function* (
  projects: ReadonlyArray<Project>,
  days: DayRange,
  context: LedgerContext,
): Effect.fn.Return<ReadonlyArray<DayMetrics> | undefined, StoreUnavailable> {
  const length = days.to - days.from
  if (length > maxDays || length * projects.length > maxItems) return undefined
  const all = yield* Effect.forEach(projects, (project) => ofProject(project, days, context))
  return Array.from({ length: Math.max(0, length) }, (_, index) => all.map((items) => items[index]!)).flat()
})
