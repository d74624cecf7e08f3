/**
 * Measures contenders several times, in turns, and compares the best rate of each.
 *
 * On a shared machine single figures vary, but the ratio of two figures from the same minute does not.
 */
import { Effect } from "effect"

/** The best rate of one contender. */
export interface Rate {
  readonly name: string
  /** Operations a second. */
  readonly perSecond: number
}

/**
 * Runs contenders in turns, `rounds` times. A contender returns the number of operations that it has done. `prepare`
 * runs before each and is not measured.
 */
export const compare = async (
  contenders: Readonly<Record<string, () => number | Promise<number>>>,
  rounds: number,
  prepare: () => unknown = () => {},
): Promise<ReadonlyArray<Rate>> => {
  const best = new Map<string, number>()
  for (let round = 0; round < rounds; round++) {
    for (const [name, run] of Object.entries(contenders)) {
      await prepare()
      const started = performance.now()
      const operations = await run()
      const perSecond = (operations * 1000) / (performance.now() - started)
      best.set(name, Math.max(best.get(name) ?? 0, perSecond))
    }
  }
  return [...best].map(([name, perSecond]) => ({ name, perSecond }))
}

/** {@link compare} for effects. */
export const compareEffects = (
  contenders: Readonly<Record<string, Effect.Effect<number, unknown>>>,
  prepare: Effect.Effect<unknown, unknown> = Effect.void,
) =>
  Effect.gen(function* () {
    const run = Effect.runPromiseWith(yield* Effect.context<never>())
    const promises = Object.entries(contenders).map(([name, contender]) => [name, () => run(contender)] as const)
    return yield* Effect.promise(() => compare(Object.fromEntries(promises), 2, () => run(prepare)))
  })

/** The duration of a measurement that has no end of its own, in seconds. */
export const seconds = Number(process.env["BENCH_SECONDS"] ?? 5)

/** Lets `clients` repeat an effect for {@link seconds}, each one after the other. Returns the sum of the results. */
export const concurrently = <E>(clients: number, once: Effect.Effect<number, E>): Effect.Effect<number, E> =>
  Effect.gen(function* () {
    const end = performance.now() + seconds * 1000
    let done = 0
    const client = Effect.gen(function* () {
      while (performance.now() < end) {
        const more = yield* once
        done += more
      }
    })
    const all = Array.from({ length: clients }, () => client)
    yield* Effect.all(all, { concurrency: "unbounded", discard: true })
    return done
  })

/** Prints rates, each also as a share of the first one, with the share that is the aim. */
export const print = (
  title: string,
  [limit, ...others]: ReadonlyArray<Rate>,
  aims: Readonly<Record<string, number>>,
) => {
  const figure = (perSecond: number) => Math.round(perSecond).toLocaleString("en").padStart(14)
  console.log(`\n${title}`)
  if (limit === undefined) return
  console.log(`  ${limit.name.padEnd(44)}${figure(limit.perSecond)}/s   the limit`)
  for (const { name, perSecond } of others) {
    const share = `${((100 * perSecond) / limit.perSecond).toFixed(0)} %`.padStart(6)
    const aim = aims[name] === undefined ? "" : `  (aim: at least ${aims[name]} %)`
    console.log(`  ${name.padEnd(44)}${figure(perSecond)}/s ${share}${aim}`)
  }
}
