/**
 * Plays the runs of many seeds: `npm run interleave -- [--from 1] [--seeds 2000] [--digest]`. Stops at the first that
 * fails and exits with 1. `--digest` checks nothing, and prints a digest of the runs.
 */
import { parseArgs } from "node:util"
import { digestOf, failureOf } from "./seeds.ts"

const { values } = parseArgs({
  options: {
    from: { type: "string", default: "1" },
    seeds: { type: "string", default: "2000" },
    digest: { type: "boolean", default: false },
  },
})
const [from, count] = [Number(values.from), Number(values.seeds)]
if (!Number.isSafeInteger(from) || !Number.isSafeInteger(count) || count < 1) {
  throw new Error("--from and --seeds take whole numbers, --seeds from 1")
}

const seeds = Array.from({ length: count }, (_, index) => from + index)
if (values.digest) console.log(digestOf(seeds))
else {
  let failure: string | undefined
  for (const seed of seeds) {
    failure = failureOf(seed)
    if (failure !== undefined) break
    if ((seed - from + 1) % 1000 === 0) console.log(`${seed - from + 1} runs`)
  }
  console.log(failure ?? `${count} runs from seed ${from}: every answer is explained by one order of the log`)
  process.exitCode = failure === undefined ? 0 : 1
}
