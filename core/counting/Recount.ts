/**
 * Counts a project afresh, from the first event and fact up to where it was counted, and compares. What is counted as
 * it happens (answered events, sessions) does not follow from the log and is left alone.
 */
import { Effect } from "effect"
import type { LedgerContext } from "../ledger/LedgerContext.ts"
import * as ComplianceCounts from "../metrics/ComplianceCounts.ts"
import * as MetricCount from "../metrics/MetricCount.ts"
import * as MetricsAggregator from "../metrics/MetricsAggregator.ts"
import type { Project } from "../model/Catalog.ts"
import type { Consumer, StoredCount } from "../ports/MetricsStore.ts"
import type { StoreUnavailable } from "../ports/StoreUnavailable.ts"
import * as Counting from "./Counting.ts"

/** A count that is not what the log says. */
export interface CountDifference extends MetricCount.CountKey {
  readonly kept: number
  readonly counted: number
}

/** What a recount found. */
export interface Recounted {
  readonly events: number
  readonly facts: number
  readonly differences: ReadonlyArray<CountDifference>
}

const rowsAtOnce = 10_000

/** All days. */
const everyDay = { from: -100_000_000, to: 100_000_000 }

const countLane = Effect.fnUntraced(function* (
  { lane, name, position }: Consumer,
  project: Project,
  context: LedgerContext,
) {
  const { catalog, compliance, metrics } = context.store
  const onTime = Counting.onTimeOf(yield* catalog.current, project)
  const atOnce = name === "events" ? Counting.eventsAtOnce : Counting.factsAtOnce
  /** How many facts of each request were counted. */
  const ordinals = new Map<string, number>()
  let counts: ReadonlyArray<MetricCount.CountChange> = []
  for (let from = 0; from < position; from += atOnce) {
    const to = Math.min(position, from + atOnce)
    if (name === "events") {
      counts = MetricCount.sum([...counts, ...MetricsAggregator.ofEvents(yield* metrics.events(lane, from, to))])
    } else {
      for (const { ordinal, requestId } of yield* metrics.facts(lane, from, to)) ordinals.set(requestId, ordinal + 1)
    }
  }
  for (const [request, to] of ordinals) {
    const facts = yield* compliance.facts(project, request)
    counts = MetricCount.sum([...counts, ...ComplianceCounts.ofRequest(facts, 0, to, onTime)])
  }
  return counts
})

const keptOf = Effect.fnUntraced(function* (project: Project, context: LedgerContext) {
  const kept: Array<MetricCount.CountChange> = []
  for (const family of MetricCount.countedFamilies) {
    let after: StoredCount | undefined
    do {
      const page: ReadonlyArray<StoredCount> = yield* context.store.metrics.counts(
        project,
        family,
        everyDay,
        after,
        rowsAtOnce,
      )
      for (const { count, day, key } of page) kept.push({ family, day, key, count })
      after = page.length < rowsAtOnce ? undefined : page.at(-1)
    } while (after !== undefined)
  }
  return kept
})

/** Compares the counts of a project with its log. Begins again if the project was counted further meanwhile. */
export const run = Effect.fnUntraced(function* (
  project: Project,
  context: LedgerContext,
): Effect.fn.Return<Recounted, StoreUnavailable> {
  const read = context.store.metrics.consumers(project)
  const positionsOf = (consumers: ReadonlyArray<Consumer>) =>
    consumers.flatMap(({ lane, name, position }) => (name === "days" ? [] : [`${lane} ${name} ${position}`])).join()
  for (;;) {
    const consumers = yield* read
    const kept = yield* keptOf(project, context)
    const counts: Array<MetricCount.CountChange> = []
    const followed = consumers.filter(({ name }) => name !== "days")
    for (const consumer of followed) counts.push(...(yield* countLane(consumer, project, context)))
    if (positionsOf(yield* read) !== positionsOf(consumers)) continue
    const total = (name: Consumer["name"]) =>
      followed.reduce((sum, each) => sum + (each.name === name ? each.position : 0), 0)
    return { events: total("events"), facts: total("facts"), differences: differencesOf(kept, counts) }
  }
})

const differencesOf = (
  kept: ReadonlyArray<MetricCount.CountChange>,
  counts: ReadonlyArray<MetricCount.CountChange>,
): ReadonlyArray<CountDifference> => {
  const summed = MetricCount.sum(counts)
  const counted = new Map(summed.map((each) => [MetricCount.nameOf(each), each.count]))
  const names = new Map([...kept, ...summed].map((each) => [MetricCount.nameOf(each), each]))
  const keptCounts = new Map(kept.map((each) => [MetricCount.nameOf(each), each.count]))
  return [...names].flatMap(([name, { day, family, key }]) => {
    const [was, is] = [keptCounts.get(name) ?? 0, counted.get(name) ?? 0]
    return was === is ? [] : [{ family, day, key, kept: was, counted: is }]
  })
}
