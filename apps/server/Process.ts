/**
 * Metrics of the process and of its store: memory, processor time, the event loop, readiness.
 *
 * They are measured when the metrics are requested, and every ten seconds if metrics are sent.
 */
import { readdirSync } from "node:fs"
import { monitorEventLoopDelay } from "node:perf_hooks"
import { Effect, Metric, Schedule } from "effect"
import { Ledger } from "../../core/Ledger.ts"

const gauge = (name: string, description: string) => Metric.gauge(name, { description })

const residentMemory = gauge("process_resident_memory_bytes", "Memory that the process holds.")
const heapUsed = gauge("nodejs_heap_size_used_bytes", "Memory of JavaScript's objects.")
const startTime = gauge("process_start_time_seconds", "When the process was started, seconds since 1970.")
const openFiles = gauge("process_open_fds", "Files and sockets that are open.")
const loopDelay = gauge("nodejs_eventloop_lag_p99_seconds", "How late the event loop was, 99 of 100 times at most.")
const storeReady = gauge("assent_store_ready", "1 while the store can be written to, else 0.")
const build = Metric.gauge("assent_build_info", { description: "1; the version is in the label." })
const processorTime = Metric.counter("process_cpu_seconds_total", {
  description: "Time on the processor, all threads.",
  incremental: true,
})

/** The store is not ready if it does not answer within this time. */
const readyTimeout = "2 seconds"

const fileCount = (): number => {
  try {
    return readdirSync("/proc/self/fd").length
  } catch {
    return Number.NaN
  }
}

/** Makes an effect that measures the process and its store. */
export const make = Effect.fnUntraced(function* (version: string) {
  const ledger = yield* Ledger
  const delay = monitorEventLoopDelay()
  yield* Effect.acquireRelease(
    Effect.sync(() => delay.enable()),
    () => Effect.sync(() => delay.disable()),
  )
  let secondsBefore = 0
  yield* Metric.update(startTime, performance.timeOrigin / 1000)
  yield* Metric.update(Metric.withAttributes(build, { version, node: process.version }), 1)

  const isReady = ledger.ready.pipe(
    Effect.as(1),
    Effect.timeout(readyTimeout),
    Effect.catch(() => Effect.succeed(0)),
  )
  return Effect.gen(function* () {
    const { heapUsed: heap, rss } = process.memoryUsage()
    const { system, user } = process.cpuUsage()
    const seconds = (system + user) / 1e6
    yield* Metric.update(residentMemory, rss)
    yield* Metric.update(heapUsed, heap)
    yield* Metric.update(openFiles, fileCount())
    yield* Metric.update(processorTime, seconds - secondsBefore)
    secondsBefore = seconds
    yield* Metric.update(loopDelay, delay.percentile(99) / 1e9)
    delay.reset()
    yield* Metric.update(storeReady, yield* isReady)
  }).pipe(Effect.withTracerEnabled(false))
})

/** Measures every ten seconds, for exporters that send metrics. */
export const measureRegularly = (measure: Effect.Effect<void>) =>
  Effect.forkScoped(Effect.repeat(measure, Schedule.spaced("10 seconds")))
