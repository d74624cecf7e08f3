/**
 * A seed determines one run: its scenario and all its random decisions. A run that fails is made smaller before it is
 * reported.
 */
import { createHash } from "node:crypto"
import * as fc from "fast-check"
import type { LedgerStore } from "../../../core/ports/LedgerStore.ts"
import { check } from "./check.ts"
import { newStore, play } from "./play.ts"
import { type Story, story } from "./story.ts"

/** The longest time to make a failed run smaller. */
const shrinkMaxMillis = 10_000

/** The number of last lines of a run that are reported. */
const reportedLines = 60

/** Spreads seeds, because seeds that follow each other must not give similar runs. */
const scattered = (seed: number): number => createHash("sha256").update(`seed ${seed}`).digest().readInt32BE()

/** The story of a seed. */
export const storyOf = (seed: number): Story => fc.sample(story, { seed: scattered(seed), numRuns: 1 })[0]!

/** A digest of runs, in 64 hexadecimal digits. */
export const digestOf = (seeds: ReadonlyArray<number>): string => {
  const hash = createHash("sha256")
  for (const seed of seeds) for (const line of play(storyOf(seed)).trace) hash.update(`${line}\n`)
  return hash.digest("hex")
}

/** The line that repeats a run. */
export const commandOf = (seed: number): string => `npm run interleave -- --from ${seed} --seeds 1`

/** The failure of the run of a seed, and how to repeat it; `undefined` without a failure. */
export const failureOf = (
  seed: number,
  store: () => LedgerStore["Service"] = newStore,
  timeLimitMillis = shrinkMaxMillis,
): string | undefined => {
  if (check(play(storyOf(seed), store())).length === 0) return undefined
  const isWell = fc.property(story, (story) => check(play(story, store())).length === 0)
  const found = fc.check(isWell, { seed: scattered(seed), numRuns: 1, interruptAfterTimeLimit: timeLimitMillis })
  const smallest = found.counterexample?.[0] ?? storyOf(seed)
  const played = play(smallest, store())
  return [
    `Seed ${seed} goes wrong. To repeat it: ${commandOf(seed)}`,
    ...check(played),
    `The smallest story found: ${JSON.stringify(smallest)}`,
    `Its end:`,
    ...played.trace.slice(-reportedLines),
  ].join("\n")
}
