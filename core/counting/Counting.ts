/**
 * Counts what the lanes of projects have more than was counted. The counts of a step are written in one transaction
 * with the positions up to which it counted, so each event and each fact is counted once, whatever fails and however
 * many servers count.
 */
import { Effect } from "effect"
import * as RequestClock from "../compliance-requests/RequestClock.ts"
import type { LedgerContext } from "../ledger/LedgerContext.ts"
import * as ComplianceCounts from "../metrics/ComplianceCounts.ts"
import * as MetricCount from "../metrics/MetricCount.ts"
import * as MetricsAggregator from "../metrics/MetricsAggregator.ts"
import type { Catalog, Project } from "../model/Catalog.ts"
import * as Lane from "../model/Lane.ts"
import * as MetricsStore from "../ports/MetricsStore.ts"
import type { StoreUnavailable } from "../ports/StoreUnavailable.ts"

/** The most events of a step. */
export const eventsAtOnce = 5000

/** The most facts of a step: each may need all facts of its request. */
export const factsAtOnce = 500

/** The most lanes that a pass looks at before it asks again. */
const lanesAtOnce = 4096

/** What a step adds. */
interface Counted {
  readonly consumers: ReadonlyArray<MetricsStore.ConsumerMove>
  readonly counts: ReadonlyArray<MetricCount.CountChange>
}

/** Whether a request was resolved in time, by the clock pack and the holidays that it was opened with. */
export const onTimeOf =
  (catalog: Catalog, project: Project): ComplianceCounts.OnTime =>
  (state) => {
    const organization = catalog.organizations.get(project.organization)!
    const { daysLeft, isLate } = RequestClock.read(organization, state, state.resolvedOn ?? state.receivedOn)
    return daysLeft === undefined ? undefined : !isLate
  }

const countEvents = Effect.fnUntraced(function* (
  behind: MetricsStore.LaneBehind,
  most: number,
  context: LedgerContext,
) {
  const { lane, position } = behind
  const to = Math.min(behind.end, position + most)
  return MetricsAggregator.ofEvents(yield* context.store.metrics.events(lane, position, to))
})

const countFacts = Effect.fnUntraced(function* (
  { end, lane, position }: MetricsStore.LaneBehind,
  most: number,
  project: Project,
  context: LedgerContext,
) {
  const { compliance, metrics, catalog } = context.store
  const facts = yield* metrics.facts(lane, position, Math.min(end, position + most))
  const onTime = onTimeOf(yield* catalog.current, project)
  const changes: Array<MetricCount.CountChange> = []
  for (const [request, added] of Map.groupBy(facts, ({ requestId }) => requestId)) {
    const [from, to] = [added[0]!.ordinal, added.at(-1)!.ordinal + 1]
    const all = from === 0 ? added : yield* compliance.facts(project, request)
    changes.push(...ComplianceCounts.ofRequest(all, from, to, onTime))
  }
  return changes
})

/** Counts lanes of one project until a step is full. */
const prepare = Effect.fnUntraced(function* (
  project: Project,
  lanes: ReadonlyArray<MetricsStore.LaneBehind>,
  { events, facts }: { readonly events: number; readonly facts: number },
  context: LedgerContext,
): Effect.fn.Return<Counted, StoreUnavailable> {
  const consumers: Array<MetricsStore.ConsumerMove> = []
  const counts: Array<MetricCount.CountChange> = []
  const left = { events, facts }
  for (const behind of lanes) {
    const { end, lane, name, position } = behind
    const most = left[name]
    if (most === 0) continue
    const added =
      name === "events" ? yield* countEvents(behind, most, context) : yield* countFacts(behind, most, project, context)
    const to = Math.min(end, position + most)
    left[name] -= to - position
    counts.push(...added)
    consumers.push({ lane, name, before: position, position: to })
  }
  return { consumers, counts: MetricCount.sum(counts) }
})

/** How much a step counts. */
export interface StepSize {
  readonly events: number
  readonly facts: number
}

/** What a pass did. */
export interface CountingReport {
  /** How many events and facts were counted. */
  readonly counted: number
  /** How many events and facts are left. */
  readonly left: number
  /** Whether another server counted at the same time. */
  readonly isStale: boolean
  /** The projects, by their numbers, that have something that was not counted. */
  readonly behind: ReadonlySet<number>
}

const projectOf = (lane: number): number => Math.floor(lane / Lane.maxCount)

/**
 * One step for each project that has something to count. Deterministic for a store: a step that is done twice is stale
 * the second time.
 */
export const pass = Effect.fnUntraced(function* (
  size: StepSize,
  context: LedgerContext,
): Effect.fn.Return<CountingReport, StoreUnavailable> {
  const { catalog, metrics } = context.store
  const lanes = yield* metrics.behind(lanesAtOnce)
  const projects = new Map([...(yield* catalog.current).projects.values()].map((each) => [each.number, each]))
  const behind = new Set(lanes.map(({ lane }) => projectOf(lane)))
  let counted = 0
  let isStale = false
  for (const [number, ofProject] of Map.groupBy(lanes, ({ lane }) => projectOf(lane))) {
    const project = projects.get(number)
    // Another server has just made it, and this one has not read the catalog again.
    if (project === undefined) continue
    const step = yield* prepare(project, ofProject, size, context)
    const outcome = yield* metrics.write({ project, ...step, visitors: [] })
    if (outcome === "stale") isStale = true
    else for (const { before, position } of step.consumers) counted += position - before
    yield* Effect.yieldNow
  }
  const total = lanes.reduce((sum, { end, position }) => sum + end - position, 0)
  return { counted, left: total - counted, isStale, behind }
})

/** Counts until nothing is left. */
export const all = Effect.fnUntraced(function* (context: LedgerContext): Effect.fn.Return<number, StoreUnavailable> {
  let counted = 0
  for (;;) {
    const report = yield* pass({ events: eventsAtOnce, facts: factsAtOnce }, context)
    counted += report.counted
    if (report.counted === 0 && !report.isStale) return counted
  }
})
