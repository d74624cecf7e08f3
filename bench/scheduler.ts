/**
 * Measures the scheduler on a SQLite file: what recording loses while it has nothing to do and while it works off a
 * re-evaluation; what a tick costs that finds nothing; how fast it writes that answers lapse, and that all answers of
 * a type whose rules change are others.
 */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Effect } from "effect"
import * as Period from "../core/engine/Period.ts"
import * as FeedBench from "./feed.ts"
import * as Measure from "./measure.ts"

const clients = 32
const defaultPeople = 100_000

type Opened = Effect.Success<ReturnType<typeof FeedBench.open>>

/** Records one event at a time. */
const recording = ({ next, scope, store }: Opened) => {
  const { organization, project } = scope
  return Effect.suspend(() => {
    const now = Date.now()
    return Effect.as(
      store.events.append({ organization, project, recordedAt: now, events: [next(now)], claims: [] }),
      1,
    )
  })
}

const appending = (opened: Opened) => Measure.concurrently(clients, recording(opened))

/** Runs an effect while the scheduler runs. */
const scheduled = <A, E>({ ledger }: Opened, rate: number, effect: Effect.Effect<A, E>) =>
  Effect.scoped(Effect.andThen(Effect.forkScoped(ledger.scheduler.run({ rate })), effect))

/** Makes every answer of the first type be decided again: its consent lasts another time than before. */
const changeDuration = ({ ledger, scope }: Opened, days: number) => {
  const type = scope.types.all[0]!
  const change = { consentDuration: Period.days(days) }
  return ledger.setup.updateType(scope, type.id, change, { answer: () => "" })
}

/** What recording loses: the scheduler off, on, working off a re-evaluation, and off again. */
const costs = (path: string, people: number) =>
  Effect.gen(function* () {
    const opened = yield* FeedBench.open(path)
    yield* FeedBench.fill(opened, people, Date.now() - 10 * 86_400_000)
    yield* opened.ledger.scheduler.tick
    let days = 1000
    const reevaluating = Effect.andThen(
      Effect.suspend(() => changeDuration(opened, days++)),
      appending(opened),
    )
    return yield* Measure.compareEffects({
      "append of one event, 32 clients, no scheduler": appending(opened),
      "with the scheduler": scheduled(opened, 2000, appending(opened)),
      "with a paced re-evaluation": scheduled(opened, 2000, reevaluating),
      "again without": appending(opened),
    })
  }).pipe(Effect.scoped)

const millisOf = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    const started = performance.now()
    const value = yield* effect
    return { value, millis: performance.now() - started }
  })

const megabytes = (): number => Math.round(process.memoryUsage.rss() / 1e6)

/** How long ticks take that find nothing, find what has lapsed, and decide all answers of a type again. */
const ticks = (path: string, people: number) =>
  Effect.gen(function* () {
    const opened = yield* FeedBench.open(path)
    const { ledger } = opened
    const now = Date.now()
    yield* FeedBench.fill(opened, people, now - 10 * 86_400_000)
    yield* ledger.scheduler.tick
    const idle: Array<number> = []
    for (let tick = 0; tick < 50; tick++) idle.push((yield* millisOf(ledger.scheduler.tick)).millis)
    const median = idle.toSorted((a, b) => a - b)[25]!
    console.log(`\nThe scheduler, ${people.toLocaleString("en")} people`)
    console.log(`  a tick that finds nothing, 16 lanes: ${median.toFixed(2)} ms (aim: at most 1 ms)`)
    yield* changeDuration(opened, 9)
    const before = megabytes()
    let most = before
    const watch = setInterval(() => (most = Math.max(most, megabytes())), 50)
    const all = yield* millisOf(ledger.scheduler.tick)
    clearInterval(watch)
    const perSecond = Math.round((all.value.people * 1000) / all.millis).toLocaleString("en")
    console.log(
      `  a re-evaluation: ${all.value.people.toLocaleString("en")} people and ${all.value.changes.toLocaleString("en")} changes in ` +
        `${(all.millis / 1000).toFixed(1)} s (${perSecond} people a second), memory ${before} to at most ${most} MB`,
    )
    yield* lapsing(opened)
  }).pipe(Effect.scoped)

const lapsingEvents = 20_000

/** Records events that lapse in two seconds, and measures the tick after that. */
const lapsing = Effect.fnUntraced(function* ({ ledger, next, scope, store }: Opened) {
  const { organization, project } = scope
  const now = Date.now()
  const expirationDate = now + 4000
  const events = Array.from({ length: lapsingEvents }, () => ({ ...next(now), expirationDate }))
  for (let from = 0; from < events.length; from += 500) {
    yield* store.events.append({
      organization,
      project,
      recordedAt: now,
      events: events.slice(from, from + 500),
      claims: [],
    })
  }
  yield* Effect.sleep(Math.max(0, expirationDate + 10 - Date.now()))
  const due = yield* millisOf(ledger.scheduler.tick)
  const perSecond = Math.round((due.value.changes * 1000) / due.millis).toLocaleString("en")
  console.log(
    `  answers that lapse: ${due.value.changes.toLocaleString("en")} changes at ${perSecond} a second (aim: 5,000)`,
  )
})

/** Runs and prints the measurements. */
export const run = async (sizes: ReadonlyArray<number>): Promise<void> => {
  const folder = mkdtempSync(join(tmpdir(), "assent-bench-"))
  const people = sizes[0] ?? defaultPeople
  try {
    const rates = await Effect.runPromise(costs(join(folder, "costs.db"), people))
    Measure.print("Recording beside the scheduler, in events", rates, {
      "with the scheduler": 98,
      "with a paced re-evaluation": 90,
    })
    await Effect.runPromise(ticks(join(folder, "ticks.db"), people))
  } finally {
    rmSync(folder, { recursive: true })
  }
}
