/**
 * Every benchmark, after the environment it runs in: `npm run bench`, or `npm run bench -- fold http` for some.
 * Numbers are the sizes of the benchmarks that have some: `npm run bench -- simulate 1000000`.
 */
import { availableParallelism, cpus, totalmem } from "node:os"
import "effect/schema/SchemaJITCompiler/enable"
import * as Decisions from "./decisions.ts"
import * as Fold from "./fold.ts"
import * as Growth from "./growth.ts"
import * as Http from "./http.ts"
import * as Postgres from "./postgres.ts"
import * as Simulate from "./simulate.ts"

const benchmarks: Readonly<Record<string, (sizes: ReadonlyArray<number>) => Promise<void>>> = {
  fold: Fold.run,
  decisions: Decisions.run,
  http: Http.run,
  postgres: Postgres.run,
  growth: Growth.run,
  simulate: Simulate.run,
}

const isSize = (argument: string): boolean => /^\d+$/.test(argument)
const sizes = process.argv.slice(2).filter(isSize).map(Number)
const asked = process.argv.slice(2).filter((argument) => !isSize(argument))
const unknown = asked.filter((name) => !Object.hasOwn(benchmarks, name))
if (unknown.length > 0) {
  console.error(`no benchmark ${unknown.join(", ")}; there are ${Object.keys(benchmarks).join(", ")}`)
  process.exit(2)
}
const memory = Math.round(totalmem() / 2 ** 30)
console.log(`Node ${process.version}, ${availableParallelism()} × ${cpus()[0]?.model ?? "unknown"}, ${memory} GiB`)
for (const [name, run] of Object.entries(benchmarks)) if (asked.length === 0 || asked.includes(name)) await run(sizes)
