/**
 * Searches for the worst request of every endpoint.
 *
 * The search is a property that every request is less bad than the worst one known. A request that breaks it is
 * shrunk, as long as it stays worse, is kept, and the property is tried again with its badness as the limit.
 */
import * as fc from "fast-check"
import * as Kept from "./kept.ts"
import { endpoints, type Recipe } from "./requests.ts"
import * as Run from "./run.ts"
import type { Cost } from "./server.ts"

const mebibyte = 1024 * 1024

/** How much worse a request must be than the one known, because measurements vary. */
const margin = 1.3
/** A request that is less bad than this is not worth a file, once there is one. */
const ignored = 0.2

/** The lower cost of two, because the machine may have been busy. */
const lower = (a: Cost, b: Cost): Cost => (Run.badness(a) <= Run.badness(b) ? a : b)

/** Measures a request; one that seems to break the limit is measured again. */
const measured = async (runner: Run.Runner, recipe: Recipe, limit: number): Promise<Cost> => {
  const first = await runner.measure(recipe, 1)
  return Run.badness(first) < limit ? first : lower(first, await runner.measure(recipe, 1))
}

const asKept = (seed: number, recipe: Recipe, cost: Cost): Kept.Kept => ({
  seed,
  found: {
    turnMillis: Math.round(cost.turnMillis),
    heapMebibytes: Math.round(cost.heapBytes / mebibyte),
    bytes: cost.bytes,
    ending: cost.endings[0]!,
  },
  recipe,
})

/** Keeps the worst request of an endpoint that is found until an instant, and returns how bad it is. */
const searchOne = async (runner: Run.Runner, endpoint: string, arbitrary: fc.Arbitrary<Recipe>, until: number) => {
  const known = Kept.load(endpoint)
  let worst = 0
  if (known !== undefined) {
    const cost = await measured(runner, known.recipe, Infinity)
    worst = Run.badness(cost)
    // What it cost then may have been mended since.
    Kept.save(asKept(known.seed, known.recipe, cost))
  }
  let running: Promise<unknown> = Promise.resolve()
  while (performance.now() < until && worst < Infinity) {
    const seed = Math.trunc(Math.random() * 2 ** 31)
    const limit = Math.max(worst * margin, ignored)
    const broken = new Map<Recipe, Cost>()
    const isLessBad = async (recipe: Recipe): Promise<boolean> => {
      const cost = await measured(runner, recipe, limit)
      if (Run.badness(cost) >= limit) broken.set(recipe, cost)
      if (Kept.load(endpoint) === undefined) Kept.save(asKept(seed, recipe, cost))
      return Run.badness(cost) < limit
    }
    const property = fc.asyncProperty(arbitrary, (recipe) => {
      const result = isLessBad(recipe)
      running = result
      return result
    })
    await fc.check(property, {
      seed,
      numRuns: 1_000_000,
      interruptAfterTimeLimit: Math.max(1, until - performance.now()),
      markInterruptAsFailure: false,
    })
    // A request may still be running when the time is up.
    await running
    const smallest = [...broken].at(-1)
    if (smallest === undefined) continue
    const [recipe, cost] = smallest
    worst = Run.badness(cost)
    Kept.save(asKept(seed, recipe, cost))
  }
  return worst
}

/** Searches for a number of seconds in all, the same time for each endpoint. `BENCH_ENDPOINTS` is a part of names. */
export const run = async (seconds: number): Promise<void> => {
  console.log(`\nSearching for the worst request of every endpoint, for ${seconds} s`)
  const runner = await Run.open()
  const part = process.env["BENCH_ENDPOINTS"] ?? ""
  const chosen = [...endpoints].filter(([endpoint]) => endpoint.includes(part))
  try {
    for (const [endpoint, arbitrary] of chosen) {
      const until = performance.now() + (seconds * 1000) / chosen.length
      const worst = await searchOne(runner, endpoint, arbitrary, until)
      console.log(`  ${endpoint.padEnd(30)} ${worst.toFixed(2)} of the aim`)
    }
  } finally {
    await runner.stop()
  }
}
