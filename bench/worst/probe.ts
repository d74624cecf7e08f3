/**
 * Measures the server from inside its process. It is loaded before the server with `--import`, and talks to the
 * benchmark over the channel of child processes: `begin` starts a measurement, `end` ends it.
 *
 * Threads of the process load it as well, so that the rows that they read are counted, too.
 */
import { StatementSync } from "node:sqlite"
import { getHeapStatistics } from "node:v8"
import { BroadcastChannel, isMainThread } from "node:worker_threads"

/** What is measured between `begin` and `end`. */
export interface Measured {
  /**
   * The longest turn of the event loop, in milliseconds of its thread on a processor: the work of a turn, also on a
   * machine that is busy with other work.
   */
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

/** Measures the turns of the event loop by a timer that is due in each of them. */
const measureTurns = () => {
  let before = process.threadCpuUsage()
  let longest = 0
  const next = (): void => {
    const { system, user } = process.threadCpuUsage(before)
    longest = Math.max(longest, (system + user) / 1000)
    before = process.threadCpuUsage()
    setTimeout(next, 1).unref()
  }
  next()
  return { longestMillis: () => longest, reset: () => (longest = 0) }
}

const listen = (): void => {
  const turns = measureTurns()
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
      // Later, because the collection is a long turn itself.
      setTimeout(() => {
        idle = peak = heap()
        rows = 0
        turns.reset()
        process.send!("begun")
      }, settleMillis)
    }
    if (message === "end") {
      sample()
      setTimeout(() => {
        const measured: Measured = { turnMillis: turns.longestMillis(), heapBytes: Math.max(0, peak - idle), rows }
        process.send!(measured)
      }, settleMillis)
    }
  })
  process.channel?.unref()
}

if (isMainThread) listen()
