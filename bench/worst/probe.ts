/**
 * Measures the server from inside its process. It is loaded before the server with `--import`, and talks to the
 * benchmark over the channel of child processes: `begin` starts a measurement, `end` ends it.
 *
 * Threads of the process load it as well, so that the rows that they read are counted, too.
 */
import { monitorEventLoopDelay } from "node:perf_hooks"
import { StatementSync } from "node:sqlite"
import { getHeapStatistics } from "node:v8"
import { BroadcastChannel, isMainThread } from "node:worker_threads"

/** What is measured between `begin` and `end`. */
export interface Measured {
  /** The longest time in which the event loop ran nothing else, in milliseconds. */
  readonly turnMillis: number
  /** The most memory of the heap and of buffers above that at `begin`, in bytes. Sampled between two turns. */
  readonly heapBytes: number
  /** The rows that SQLite statements returned, in all threads. */
  readonly rows: number
}

const channel = new BroadcastChannel("assent-bench-rows")
channel.unref()
let rows = 0

const countRows = (count: number): void => {
  if (count === 0) return
  if (isMainThread) rows += count
  else channel.postMessage(count)
}

/** Replaces a read of statements by one that also counts the rows that `countOf` finds in what it returns. */
const count = <Name extends "all" | "get">(name: Name, countOf: (found: unknown) => number): void => {
  const read = StatementSync.prototype[name]
  const counted = function (this: StatementSync, ...values: ReadonlyArray<unknown>) {
    const found: unknown = Reflect.apply(read, this, values)
    countRows(countOf(found))
    return found
  }
  Object.defineProperty(StatementSync.prototype, name, { value: counted })
}

count("all", (found) => (found as ReadonlyArray<unknown>).length)
count("get", (found) => (found === undefined ? 0 : 1))

const heap = (): number => {
  const { external_memory, used_heap_size } = getHeapStatistics()
  return used_heap_size + external_memory
}

const sampleMillis = 4
/** How long before the begin and the end of a measurement nothing else is done, in milliseconds. */
const settleMillis = 30

const listen = (): void => {
  const delay = monitorEventLoopDelay({ resolution: 1 })
  delay.enable()
  channel.addEventListener("message", (event) => {
    if (event instanceof MessageEvent) rows += Number(event.data)
  })
  let idle = 0
  let peak = 0
  const sample = () => (peak = Math.max(peak, heap()))
  setInterval(sample, sampleMillis).unref()
  process.on("message", (message) => {
    if (message === "begin") {
      globalThis.gc?.()
      // The collection is a long turn itself, and the first interval after a reset is not recorded.
      setTimeout(() => delay.reset(), settleMillis)
      setTimeout(() => {
        idle = peak = heap()
        rows = 0
        process.send!("begun")
      }, 2 * settleMillis)
    }
    if (message === "end") {
      sample()
      setTimeout(() => {
        const measured: Measured = { turnMillis: delay.max / 1e6, heapBytes: Math.max(0, peak - idle), rows }
        process.send!(measured)
      }, settleMillis)
    }
  })
  process.channel?.unref()
}

if (isMainThread) listen()
