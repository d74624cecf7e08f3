/**
 * Runs the benchmarks, and first prints the environment: `npm run bench` for all, `npm run bench -- fold http` for
 * some. Numbers are sizes, for the benchmarks that have them: `npm run bench -- simulate 1000000`. A word after a
 * benchmark that has modes is a mode: `npm run bench -- worst search 600`.
 */
import { availableParallelism, cpus, totalmem } from "node:os"
import "effect/schema/SchemaJITCompiler/enable"
import * as Browser from "./browser.ts"
import * as Compliance from "./compliance.ts"
import * as Decisions from "./decisions.ts"
import * as Feed from "./feed.ts"
import * as Fold from "./fold.ts"
import * as Growth from "./growth.ts"
import * as Http from "./http.ts"
import * as IdentityTimes from "./identityTimes.ts"
import * as Metrics from "./metrics.ts"
import * as Packages from "./packages.ts"
import * as Postgres from "./postgres.ts"
import * as Register from "./register.ts"
import * as Scheduler from "./scheduler.ts"
import * as Simulate from "./simulate.ts"
import * as Sqlite from "./sqlite.ts"
import * as Webhooks from "./webhooks.ts"
import * as Worst from "./worst.ts"

interface Benchmark {
  readonly measures: string
  /** The words that change what it does. */
  readonly modes?: ReadonlyArray<string>
  readonly run: (sizes: ReadonlyArray<number>, modes: ReadonlySet<string>) => Promise<void>
}

const benchmarks: Readonly<Record<string, Benchmark>> = {
  fold: { measures: "the fold of events to heads", run: Fold.run },
  decisions: { measures: "decisions about one person", run: Decisions.run },
  http: { measures: "the service on a SQLite file; BENCH_SECONDS each", run: Http.run },
  feed: { measures: "reading the change feed on SQLite; BENCH_ROWS", run: Feed.run },
  scheduler: { measures: "the scheduler on SQLite; people", run: Scheduler.run },
  webhooks: { measures: "deliveries of webhooks; BENCH_ROWS", run: Webhooks.run },
  compliance: {
    measures: "opening, verifying, listing and mailing compliance requests on SQLite; numbers of requests",
    run: Compliance.run,
  },
  identity: { measures: "what the time of an answer tells of an address; requests of each", run: IdentityTimes.run },
  register: { measures: "the record of processing activities on SQLite; numbers of data systems", run: Register.run },
  browser: {
    measures: "a web site with script files, in Chromium; repetitions. BENCH_PEERS=1 for other products as well",
    run: Browser.run,
  },
  metrics: { measures: "counting for metrics on SQLite, and questions; events before", run: Metrics.run },
  packages: { measures: "access packages on SQLite; events of one person", run: Packages.run },
  sqlite: { measures: "importing on SQLite; BENCH_ROWS", run: Sqlite.run },
  postgres: { measures: "recording and importing on PostgreSQL; BENCH_SECONDS, BENCH_ROWS", run: Postgres.run },
  growth: { measures: "PostgreSQL as the log grows; sizes in events", run: Growth.run },
  simulate: { measures: "a simulation over a whole ledger; sizes in events", run: Simulate.run },
  worst: {
    measures: "the worst request of every endpoint; `search` and seconds look for worse ones",
    modes: ["search"],
    run: Worst.run,
  },
}

const help = (): string =>
  [
    "npm run bench -- [benchmark …] [size …]",
    ...Object.entries(benchmarks).map(([name, { measures }]) => `  ${name.padEnd(11)}${measures}`),
  ].join("\n")

const isSize = (argument: string): boolean => /^\d+$/.test(argument)

const main = async (parameters: ReadonlyArray<string>): Promise<void> => {
  if (parameters.includes("--help")) return console.log(help())
  const sizes = parameters.filter(isSize).map(Number)
  const allModes = new Set(Object.values(benchmarks).flatMap(({ modes = [] }) => modes))
  const modes = new Set(parameters.filter((parameter) => allModes.has(parameter)))
  const asked = parameters.filter((parameter) => !isSize(parameter) && !modes.has(parameter))
  const unknown = asked.filter((name) => !Object.hasOwn(benchmarks, name))
  if (unknown.length > 0) {
    console.error(`no benchmark ${unknown.join(", ")}; there are ${Object.keys(benchmarks).join(", ")}`)
    process.exitCode = 2
    return
  }
  const memory = Math.round(totalmem() / 2 ** 30)
  console.log(`Node ${process.version}, ${availableParallelism()} × ${cpus()[0]?.model ?? "unknown"}, ${memory} GiB`)
  for (const [name, { run }] of Object.entries(benchmarks)) {
    if (asked.length === 0 || asked.includes(name)) await run(sizes, modes)
  }
}

await main(process.argv.slice(2))
