/**
 * A process of the benchmark of simulations. It generates a ledger, runs the bare fold, or runs the simulation, and
 * prints {@link Figures} as JSON.
 */
import { join } from "node:path"
import { DuckDBInstance } from "@duckdb/node-api"
import { simulate } from "../apps/simulate/index.ts"

/** The figures of a run. */
export interface Figures {
  readonly events: number
  readonly seconds: number
  /** The processor time of all threads. */
  readonly cpuSeconds: number
  /** The largest resident memory. */
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

/** Finds the latest event of each of four states of every person and type, by index, in random order. */
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

const [what = "", argument = "", count = ""] = process.argv.slice(2)
if (what === "generate") await generate(argument, Number(count))
else if (what === "bare") console.log(JSON.stringify(bareFold(Number(argument))))
else if (what === "simulate") console.log(JSON.stringify(await simulation(argument)))
