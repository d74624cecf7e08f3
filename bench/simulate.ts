/**
 * A simulation over a whole ledger, from Parquet and from NDJSON: `node bench/simulate.ts [events …]`, by default three
 * sizes. Ten events a person, 8 types, a window of 24 months in daily steps, in which consent is to last six months.
 *
 * Each run is a process of its own, so that its memory is its own; the rate is that of the whole run, from opening the
 * file to the summary. Beside it: a bare fold of as many events in typed arrays, on one core, in random order. Printed at
 * the end: what the slope of time over events says of 100,000,000.
 */
import { execFileSync } from "node:child_process"
import { mkdtempSync, rmSync, statSync } from "node:fs"
import { availableParallelism, cpus, loadavg, tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { DuckDBInstance } from "@duckdb/node-api"
import { simulate } from "../apps/simulate/Simulate.ts"

const self = fileURLToPath(import.meta.url)

/** What a run says of itself. */
interface Figures {
  readonly events: number
  readonly seconds: number
  readonly cpuSeconds: number
  readonly megabytes: number
}

const figures = (events: number, started: number): Figures => {
  const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage()
  return {
    events,
    seconds: (performance.now() - started) / 1000,
    cpuSeconds: (userCPUTime + systemCPUTime) / 1e6,
    megabytes: maxRSS / 1024,
  }
}

const simulation = async (events: string): Promise<Figures> => {
  const started = performance.now()
  const summary = await simulate({
    events,
    candidate: { rules: [{ match: {}, rules: { maxAge: { accepted: "P6M" } } }] },
    from: "2025-01-01",
    until: "2027-01-01",
  })
  return figures(summary.events, started)
}

/** The latest event of each of four states of every (person, type), by index, in random order. */
const bareFold = (count: number): Figures => {
  const slots = new Uint32Array(count)
  const dates = new Float64Array(count)
  let seed = 1
  for (let index = 0; index < count; index++) {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0
    slots[index] = Math.floor((seed / 2 ** 32) * ((count / 10) * 8 * 4))
    dates[index] = seed
  }
  const heads = new Float64Array((count / 10) * 8 * 4)
  const started = performance.now()
  for (let index = 0; index < count; index++) {
    if (dates[index]! > heads[slots[index]!]!) heads[slots[index]!] = dates[index]!
  }
  return figures(count, started)
}

const events = (count: number): string => `
  SELECT
    format('018d5c00-0000-7000-8000-{:012x}', i)::UUID AS id,
    format('018f{:04x}-0000-7000-8000-{:012x}', hash(p) % 65536, p)::UUID AS concordId,
    format('018e0000-0000-7000-8000-{:012x}', hash(i * 7 + 2) % 8)::UUID AS consentType,
    1 AS version,
    ['accepted', 'accepted', 'accepted', 'declined', 'implied', 'viewed'][(hash(i * 7 + 3) % 6 + 1)::INTEGER]
      AS consentState,
    'user_click' AS consentAction,
    d AS consentDate, d AS dateCreated, NULL::TIMESTAMP AS expirationDate
  FROM (
    SELECT
      range AS i, hash(range * 7 + 1) % ${count / 10} AS p,
      make_timestamp((1704067200 + (hash(range * 7 + 4) % 60480000)::BIGINT) * 1000000) AS d
    FROM range(${count})
  )`

const lines = (parquet: string): string => `
  SELECT * REPLACE (
    strftime(consentDate, '%Y-%m-%dT%H:%M:%S.%gZ') AS consentDate,
    strftime(dateCreated, '%Y-%m-%dT%H:%M:%S.%gZ') AS dateCreated)
  FROM '${parquet}'`

const generate = async (folder: string, count: number): Promise<void> => {
  const instance = await DuckDBInstance.create(":memory:", { memory_limit: "2GB", temp_directory: folder })
  const connection = await instance.connect()
  const parquet = join(folder, "events.parquet")
  await connection.run(`COPY (${events(count)}) TO '${parquet}'`)
  await connection.run(`COPY (SELECT * FROM '${parquet}' ORDER BY concordId) TO '${folder}/sorted.parquet'`)
  await connection.run(`COPY (${lines(parquet)}) TO '${folder}/events.ndjson' (FORMAT json)`)
  connection.disconnectSync()
  instance.closeSync()
}

const run = (what: string, argument: string): Figures =>
  JSON.parse(execFileSync(process.execPath, [self, `--${what}`, argument], { encoding: "utf8" }))

const row = (cells: ReadonlyArray<string>): void =>
  console.log(cells.map((cell, index) => (index === 0 ? cell.padEnd(26) : cell.padStart(13))).join(""))

const print = (name: string, { events, seconds, cpuSeconds, megabytes }: Figures, limit: number): void => {
  const rate = events / seconds
  row([
    name,
    events.toLocaleString("en"),
    `${seconds.toFixed(2)} s`,
    `${cpuSeconds.toFixed(2)} s`,
    `${Math.round(rate).toLocaleString("en")}/s`,
    `${((100 * rate) / limit).toFixed(2)} %`,
    `${Math.round(megabytes)} MB`,
  ])
}

const main = async (sizes: ReadonlyArray<number>): Promise<void> => {
  const load = loadavg().map((each) => each.toFixed(2))
  console.log(`Node ${process.version}, ${availableParallelism()} × ${cpus()[0]?.model}, load ${load.join(" ")}`)
  row(["", "events", "wall", "cpu", "rate", "of bare fold", "memory"])
  const points = new Map<string, Array<Figures>>()
  for (const size of sizes) {
    const folder = mkdtempSync(join(tmpdir(), "assent-bench-"))
    try {
      execFileSync(process.execPath, [self, "--generate", folder, String(size)])
      const bare = run("bare", String(size))
      const limit = bare.events / bare.seconds
      print("bare fold, one core", bare, limit)
      for (const [name, file] of [
        ["Parquet, in no order", "events.parquet"],
        ["Parquet, by person", "sorted.parquet"],
        ["NDJSON", "events.ndjson"],
      ] as const) {
        const path = join(folder, file)
        const found = run("simulate", path)
        const gigabytes = (statSync(path).size / 1e9).toFixed(2)
        print(`${name} (${gigabytes} GB)`, found, limit)
        points.set(name, [...(points.get(name) ?? []), found])
      }
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  }
  for (const [name, [first, ...others]] of points) {
    const last = others.at(-1)
    if (first === undefined || last === undefined) continue
    const perEvent = (last.seconds - first.seconds) / (last.events - first.events)
    const ahead = last.seconds + perEvent * (1e8 - last.events)
    console.log(
      `${name}: ${(perEvent * 1e9).toFixed(0)} ns an event more; 100,000,000 would take ${ahead.toFixed(0)} s`,
    )
  }
}

const [first = "", second = "", third = ""] = process.argv.slice(2)
if (first === "--generate") await generate(second, Number(third))
else if (first === "--bare") console.log(JSON.stringify(bareFold(Number(second))))
else if (first === "--simulate") console.log(JSON.stringify(await simulation(second)))
else await main(first === "" ? [1_000_000, 3_000_000, 10_000_000] : process.argv.slice(2).map(Number))
