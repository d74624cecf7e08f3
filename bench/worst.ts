/**
 * The worst request of every endpoint, each alone and then four at once, against a server with a heap of 512 MiB over a
 * ledger that is as hostile as a tenant can make it: the longest turn of the event loop, and the memory above idle.
 *
 * `npm run bench -- worst search 600` searches for worse requests for 600 seconds, and keeps them in `worst/kept/`.
 */
import * as Kept from "./worst/kept.ts"
import { endpoints } from "./worst/requests.ts"
import * as Run from "./worst/run.ts"
import * as Search from "./worst/search.ts"
import type { Cost } from "./worst/server.ts"

const mebibyte = 1024 * 1024

/** How many requests are sent at once, in turn. */
const concurrencies = [1, 4] as const

const figure = (value: number, digits = 0): string => (value === Infinity ? "-" : value.toFixed(digits)).padStart(9)

const print = (name: string, times: number, cost: Cost): void => {
  const { bytes, endings, heapBytes, rows, turnMillis } = cost
  const statuses = [...new Set(endings)].join(" ")
  const isMissed = Run.badness(cost) > 1 ? "  missed" : ""
  const figures = [figure(turnMillis), figure(heapBytes / mebibyte), figure(bytes / mebibyte, 2), figure(rows)]
  console.log(`  ${name.padEnd(28)}${String(times).padStart(2)} ×${figures.join("")}  ${statuses}${isMissed}`)
}

const heads = ["turn ms", "heap MiB", "body MiB", "rows"].map((head) => head.padStart(9)).join("")

/** Sends the requests that were kept again, and prints what they cost. */
const replay = async (): Promise<void> => {
  const { heapBytes, turnMillis } = Run.aims
  console.log(`\nThe worst request of every endpoint (aims: ${turnMillis} ms, ${heapBytes / mebibyte} MiB)`)
  console.log(`  ${"endpoint".padEnd(32)}${heads}  status`)
  const runner = await Run.open()
  try {
    for (const endpoint of endpoints.keys()) {
      const kept = Kept.load(endpoint)
      for (const times of kept === undefined ? [] : concurrencies) {
        print(endpoint, times, await runner.measure(kept!.recipe, times))
      }
    }
  } finally {
    await runner.stop()
  }
}

/** How long a search takes, in seconds. */
const searchSecondsDefault = 600

/** Replays the requests that were kept, or searches for a number of seconds. */
export const run = (
  [seconds = searchSecondsDefault]: ReadonlyArray<number>,
  modes: ReadonlySet<string>,
): Promise<void> => (modes.has("search") ? Search.run(seconds) : replay())
