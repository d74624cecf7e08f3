/**
 * Every benchmark, after the environment it runs in: `npm run bench`, or `npm run bench -- fold http` for some.
 */
import { availableParallelism, cpus, totalmem } from "node:os"
import * as Decisions from "./decisions.ts"
import * as Fold from "./fold.ts"
import * as Http from "./http.ts"
import * as Postgres from "./postgres.ts"

const benchmarks: Readonly<Record<string, () => Promise<void>>> = {
  fold: Fold.run,
  decisions: Decisions.run,
  http: Http.run,
  postgres: Postgres.run,
}

const asked = process.argv.slice(2)
const unknown = asked.filter((name) => !Object.hasOwn(benchmarks, name))
if (unknown.length > 0) {
  console.error(`no benchmark ${unknown.join(", ")}; there are ${Object.keys(benchmarks).join(", ")}`)
  process.exit(2)
}
const memory = Math.round(totalmem() / 2 ** 30)
console.log(`Node ${process.version}, ${availableParallelism()} × ${cpus()[0]?.model ?? "unknown"}, ${memory} GiB`)
for (const [name, run] of Object.entries(benchmarks)) if (asked.length === 0 || asked.includes(name)) await run()
