/**
 * The metrics of the store in memory.
 */
import { Effect } from "effect"
import type { ComplianceFact } from "../../core/compliance/ComplianceFact.ts"
import * as MetricCount from "../../core/metrics/MetricCount.ts"
import type { EventGroup } from "../../core/metrics/MetricsAggregator.ts"
import * as UniqueVisitors from "../../core/metrics/UniqueVisitors.ts"
import * as Lane from "../../core/model/Lane.ts"
import type { StoredEvent } from "../../core/ports/LedgerStore.ts"
import * as Port from "../../core/ports/MetricsStore.ts"

/** The logs that are counted, by the number of a lane in the store. */
export interface Logs {
  readonly events: ReadonlyMap<number, ReadonlyArray<StoredEvent>>
  readonly facts: ReadonlyMap<number, ReadonlyArray<ComplianceFact>>
}

const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

const compareCounts = (a: Pick<Port.StoredCount, "day" | "key">, b: Pick<Port.StoredCount, "day" | "key">): number =>
  a.day - b.day || compareText(a.key, b.key)

const groupOf = ({ consentState, consentType, dateCreated, domain, geography }: StoredEvent): EventGroup => ({
  day: MetricCount.dayOf(dateCreated),
  consentType,
  consentState,
  ...(geography !== undefined && { geography }),
  ...(domain !== undefined && { domain }),
  count: 1,
})

/** Groups of events that count alike, as a store with statements makes them. */
const grouped = (events: ReadonlyArray<StoredEvent>): ReadonlyArray<EventGroup> =>
  [...Map.groupBy(events.map(groupOf), (group) => JSON.stringify(group)).values()].map((alike) => ({
    ...alike[0]!,
    count: alike.length,
  }))

/** Nothing counted yet. */
export const make = (logs: Logs): Port.MetricsStore => {
  const positions = new Map<string, Port.Consumer>()
  const counts = new Map<string, MetricCount.CountChange & { readonly lane: number }>()
  const visitors = new Map<string, Port.DayVisitors & { readonly lane: number }>()

  const positionOf = (lane: number, name: Port.ConsumerName): number => positions.get(`${name} ${lane}`)?.position ?? 0

  const behind = (name: "events" | "facts"): ReadonlyArray<Port.LaneBehind> =>
    [...logs[name]]
      .map(([lane, log]) => ({ lane, name, position: positionOf(lane, name), end: log.length }))
      .filter(({ end, position }) => position < end)
      .toSorted((a, b) => a.lane - b.lane)

  const write = ({ consumers, counts: changes, project, visitors: seen }: Port.MetricsStep): "written" | "stale" => {
    if (consumers.some(({ before, lane, name }) => positionOf(lane, name) !== before)) return "stale"
    for (const { lane, name, position } of consumers) positions.set(`${name} ${lane}`, { lane, name, position })
    const lane = Port.laneOf(project)
    for (const change of changes) {
      const name = `${lane} ${MetricCount.nameOf(change)}`
      counts.set(name, { ...change, lane, count: (counts.get(name)?.count ?? 0) + change.count })
    }
    for (const { day, registers } of seen) {
      const before = visitors.get(`${lane} ${day}`)?.registers ?? UniqueVisitors.empty()
      visitors.set(`${lane} ${day}`, { lane, day, registers: UniqueVisitors.merge(before, registers) })
    }
    return "written"
  }

  const ofFamily = (project: Lane.Owner, family: MetricCount.Family) =>
    [...counts.values()].filter((each) => each.lane === Port.laneOf(project) && each.family === family)

  return {
    behind: (limit) => Effect.sync(() => [...behind("events"), ...behind("facts")].slice(0, limit)),
    consumers: (project) =>
      Effect.sync(() => {
        const [first, last] = Lane.range(project)
        return [...positions.values()]
          .filter(({ lane }) => first <= lane && lane <= last)
          .toSorted((a, b) => a.lane - b.lane || compareText(a.name, b.name))
      }),
    events: (lane, from, to) => Effect.sync(() => grouped((logs.events.get(lane) ?? []).slice(from, to))),
    facts: (lane, from, to) => Effect.sync(() => (logs.facts.get(lane) ?? []).slice(from, to)),
    write: (step) => Effect.sync(() => write(step)),
    counts: (project, family, { from, to }, after, limit) =>
      Effect.sync(() =>
        ofFamily(project, family)
          .filter(({ day }) => from <= day && day < to)
          .filter((each) => after === undefined || compareCounts(each, after) > 0)
          .toSorted(compareCounts)
          .slice(0, limit)
          .map(({ count, day, key }) => ({ day, key, count })),
      ),
    totals: (project, family, before) =>
      Effect.sync(() => {
        const totals = new Map<string, number>()
        for (const { count, day, key } of ofFamily(project, family)) {
          if (day < before) totals.set(key, (totals.get(key) ?? 0) + count)
        }
        return totals
      }),
    visitors: (project, { from, to }) =>
      Effect.sync(() =>
        [...visitors.values()]
          .filter(({ day, lane }) => lane === Port.laneOf(project) && from <= day && day < to)
          .toSorted((a, b) => a.day - b.day)
          .map(({ day, registers }) => ({ day, registers })),
      ),
  }
}
