/**
 * Random numbers that a seed repeats: `SEED=7 npx vitest …` runs a test with the numbers of an earlier run, which
 * printed its seed.
 */

/** Numbers of [0, 1) by Lehmer's generator with the multiplier of Park and Miller (CACM 36/7, 1993). */
export const random = (seed: number): (() => number) => {
  let state = (Math.trunc(seed) % 2_147_483_646) + 1
  return () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647
}

/** The seed of this run: from the environment, otherwise from the clock. It is printed. */
export const seedOf = (test: string): number => {
  const seed = Number(process.env["SEED"] ?? Date.now() % 1_000_000)
  console.info(`${test}: SEED=${seed}`)
  return seed
}
