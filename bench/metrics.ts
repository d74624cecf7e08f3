/**
 * Measures metrics on a SQLite file: what recording loses while the log is counted, how far the counts are behind while
 * recording goes as fast as it can, and what a question costs of 400 days, 50 consent types and 16 lanes.
 */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Effect } from "effect"
import type { ConsentState } from "../core/engine/ConsentState.ts"
import * as MetricCount from "../core/metrics/MetricCount.ts"
import * as MetricsAggregator from "../core/metrics/MetricsAggregator.ts"
import * as FeedBench from "./feed.ts"
import * as Measure from "./measure.ts"

const clients = 32
const days = 400
const types = 50
const defaultEvents = 100_000

type Opened = Effect.Success<ReturnType<typeof FeedBench.open>>

/** Records one event at a time. */
const appending = ({ next, scope: { organization, project }, store }: Opened) =>
  Measure.concurrently(
    clients,
    Effect.suspend(() => {
      const now = Date.now()
      return Effect.as(
        store.events.append({ organization, project, recordedAt: now, events: [next(now)], claims: [] }),
        1,
      )
    }),
  )

/** Runs an effect while the log is counted. */
const counted = <A, E>({ ledger }: Opened, effect: Effect.Effect<A, E>) =>
  Effect.scoped(Effect.andThen(Effect.forkScoped(ledger.metrics.run({})), effect))

/** What recording loses: not counted, counted, and not counted again. What was left is counted before each. */
const costs = (path: string, events: number) =>
  Effect.gen(function* () {
    const opened = yield* FeedBench.open(path)
    yield* FeedBench.fill(opened, events, Date.now())
    return yield* Measure.compareEffects(
      {
        "append of one event, 32 clients, not counted": appending(opened),
        "while it is counted": counted(opened, appending(opened)),
        "again not counted": appending(opened),
      },
      opened.ledger.metrics.count,
    )
  }).pipe(Effect.scoped)

const figure = (value: number): string => Math.round(value).toLocaleString("en")

/** How many events are not counted, looked at four times a second, while recording goes as fast as it can. */
const lags = (path: string) =>
  Effect.gen(function* () {
    const opened = yield* FeedBench.open(path)
    const left: Array<number> = []
    const look = Effect.map(opened.store.metrics.behind(4096), (lanes) => {
      left.push(lanes.reduce((sum, { end, position }) => sum + end - position, 0))
    })
    const looking = Effect.forever(Effect.andThen(Effect.sleep("250 millis"), look))
    const recorded = yield* counted(
      opened,
      Effect.scoped(Effect.andThen(Effect.forkScoped(looking), appending(opened))),
    )
    const started = performance.now()
    const rest = yield* opened.ledger.metrics.count
    const millis = performance.now() - started
    const perSecond = recorded / Measure.seconds
    const most = Math.max(0, ...left)
    console.log(`\nThe lag of the counts at ${figure(perSecond)} events a second`)
    console.log(
      `  most events that were not counted${figure(most).padStart(10)}, ${(most / perSecond).toFixed(2)} s of recording`,
    )
    console.log(`  ${figure(rest)} were left at the end, and counted in ${millis.toFixed(0)} ms`)
  }).pipe(Effect.scoped)

/** Counts of every type and state on every day, as the aggregator writes them. */
const fillCounts = Effect.fnUntraced(function* ({ scope: { project }, store }: Opened, from: number) {
  const states: ReadonlyArray<ConsentState> = MetricsAggregator.states
  for (let day = from; day < from + days; day++) {
    const counts = Array.from({ length: types }, (_, type) =>
      states.map((state) => ({
        family: "type" as const,
        day,
        key: MetricsAggregator.keyOf(`018d5c00-0000-7000-8000-${String(type).padStart(12, "0")}`, state),
        count: 100 + type,
      })),
    ).flat()
    yield* store.metrics.write({ project, consumers: [], counts, visitors: [] })
  }
})

/** How long a question takes, and how many rows it reads: a row for each day, type and state, whatever the lanes. */
const questions = (path: string) =>
  Effect.gen(function* () {
    const opened = yield* FeedBench.open(path)
    const { ledger, scope, store } = opened
    const to = MetricCount.dayOf(Date.now()) + 1
    const range = { from: to - days, to }
    yield* fillCounts(opened, range.from)
    const rows = yield* store.metrics.counts(scope.project, "type", range, undefined, 1_000_000)
    console.log(`\nA question of ${days} days × ${types} consent types × ${scope.project.lanes} lanes`)
    console.log(`  rows that it reads${figure(rows.length).padStart(25)}`)
    for (const interval of ["day", "week", "month"] as const) {
      const times: Array<number> = []
      for (let round = 0; round < 7; round++) {
        const started = performance.now()
        yield* ledger.metrics.consent(scope.project, { days: range, groupBy: "consentType", interval })
        times.push(performance.now() - started)
      }
      const median = times.toSorted((a, b) => a - b)[3]!
      console.log(`  by ${interval.padEnd(6)}${median.toFixed(1).padStart(34)} ms`)
    }
  }).pipe(Effect.scoped)

/** Runs and prints the measurements. `sizes`: how many events the log has before. */
export const run = async ([events = defaultEvents]: ReadonlyArray<number>): Promise<void> => {
  const folder = mkdtempSync(join(tmpdir(), "assent-bench-"))
  try {
    const rates = await Effect.runPromise(costs(join(folder, "costs.db"), events))
    Measure.print("Recording while metrics are counted, in events", rates, { "while it is counted": 98 })
    await Effect.runPromise(lags(join(folder, "lags.db")))
    await Effect.runPromise(questions(join(folder, "questions.db")))
  } finally {
    rmSync(folder, { recursive: true })
  }
}
