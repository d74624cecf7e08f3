/**
 * Measures a simulation over a whole ledger, from Parquet and from NDJSON: `npm run bench -- simulate [events …]`, by
 * default with three sizes. There are ten events a person, 8 types, and a window of 24 months in daily steps, in which
 * consent lasts six months.
 *
 * Each run is a separate process, so that its memory can be measured. The rate is that of the whole run, from opening
 * the file to the summary. The limit is a bare fold of the same number of events in typed arrays, on one core, in
 * random order. The time for 100,000,000 events is extrapolated. The chart is written to
 * `docs/benchmarks/simulate.svg`.
 */
import { execFileSync } from "node:child_process"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { loadavg, tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import * as Chart from "./chart.ts"
import type { Figures } from "./simulateOnce.ts"

const program = fileURLToPath(new URL("./simulateOnce.ts", import.meta.url))
const plot = fileURLToPath(new URL("../docs/benchmarks/simulate.svg", import.meta.url))

/** The files of a ledger, and the events a second that are the aim. */
const inputs = [
  { name: "Parquet, by person", file: "sorted.parquet", aim: 5_000_000 },
  { name: "Parquet, in no order", file: "events.parquet", aim: 5_000_000 },
  { name: "NDJSON", file: "events.ndjson", aim: 500_000 },
] as const

const aimMegabytes = 1_500

const once = (...args: ReadonlyArray<string>): string =>
  execFileSync(process.execPath, [program, ...args], { encoding: "utf8" })

const figuresOf = (...args: ReadonlyArray<string>): Figures => JSON.parse(once(...args))

const row = (cells: ReadonlyArray<string>): void =>
  console.log(cells.map((cell, index) => (index === 0 ? cell.padEnd(22) : cell.padStart(14))).join(""))

const whole = (value: number): string => Math.round(value).toLocaleString("en")

const share = (part: number): string => `${(100 * part).toFixed(1)} %`

const print = (
  name: string,
  { events, seconds, cpuSeconds, megabytes }: Figures,
  ofLimit: number,
  ofAim?: number,
): void =>
  row([
    name,
    whole(events),
    `${seconds.toFixed(2)} s`,
    `${cpuSeconds.toFixed(2)} s`,
    `${whole(events / seconds)}/s`,
    share(ofLimit),
    ofAim === undefined ? "" : share(ofAim),
    `${whole(megabytes)} MB`,
  ])

/** Measures every input at one size. */
const measure = (size: number): ReadonlyArray<Chart.Point & Figures> => {
  const folder = mkdtempSync(join(tmpdir(), "assent-bench-"))
  try {
    once("generate", folder, String(size))
    const bare = figuresOf("bare", String(size))
    const limit = bare.events / bare.seconds
    print("bare fold, one core", bare, 1)
    return inputs.map(({ name, file, aim }) => {
      const found = figuresOf("simulate", join(folder, file))
      const rate = found.events / found.seconds
      print(name, found, rate / limit, rate / aim)
      return { name, value: found.seconds, ...found }
    })
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Extrapolates the time for a hundred million events from the two largest sizes. */
const extrapolate = (points: ReadonlyArray<Chart.Point>): Chart.Point | undefined => {
  const [before, last] = points.toSorted((a, b) => a.events - b.events).slice(-2)
  if (before === undefined || last === undefined) return undefined
  const perEvent = (last.value - before.value) / (last.events - before.events)
  return { name: last.name, events: 1e8, value: last.value + perEvent * (1e8 - last.events) }
}

/** Measures, prints and draws. The sizes are numbers of events. */
export const run = async (sizes: ReadonlyArray<number>): Promise<void> => {
  console.log(`\nSimulation: 24 months in daily steps, 8 types, ten events a person; load ${loadavg()[0]?.toFixed(2)}`)
  row(["", "events", "wall", "cpu", "rate", "of bare fold", "of the aim", "memory"])
  const points = (sizes.length === 0 ? [100_000, 1_000_000, 10_000_000] : sizes).flatMap(measure)
  const extrapolated = inputs.flatMap(({ name }) => extrapolate(points.filter((point) => point.name === name)) ?? [])
  for (const { name, events, value } of extrapolated) {
    console.log(`  ${name}: ${whole(events)} events would take ${value.toFixed(0)} s`)
  }
  const most = Math.max(...points.map(({ megabytes }) => megabytes))
  console.log(`  memory: at most ${whole(most)} MB (aim: at most ${whole(aimMegabytes)} MB)`)
  writeFileSync(plot, Chart.svg({ label: "seconds", measured: points, extrapolated }))
}
