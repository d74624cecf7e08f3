/**
 * Plays a story: clients, processes and a store, turn by turn, with a clock that the story moves.
 */
import { Clock, Context, Effect, Layer, Option, Scheduler } from "effect"
import { TestClock } from "effect/testing"
import * as MemoryStore from "../../../adapters/memory/MemoryStore.ts"
import type { Ledger } from "../../../core/Ledger.ts"
import * as CatalogOf from "../../../core/model/Catalog.ts"
import type { Opened } from "../../../core/people/Sessions.ts"
import { LedgerStore } from "../../../core/ports/LedgerStore.ts"
import * as Chance from "./chance.ts"
import * as Clients from "./clients.ts"
import type { Commit, KeptStep } from "./faultyStore.ts"
import type { Deed, Played } from "./history.ts"
import * as Processes from "./process.ts"
import type { Story } from "./story.ts"
import * as Turns from "./turns.ts"

const startAt = Date.UTC(2024, 0, 31)
const hour = 3_600_000

/** More turns than any story needs: a run with more turns never ends. */
const maxTurns = 200_000

/** The time that a process takes to start: longer than an answer of its predecessor can be later than the clock. */
const startMillis = 1000

/** The clock is set back by at most this, and no request is under way for longer than this. */
const setBackMaxMillis = 20_000

/** A new store in memory. */
export const newStore = (): LedgerStore["Service"] =>
  Effect.runSync(Effect.scoped(Effect.map(Layer.build(MemoryStore.layer), Context.get(LedgerStore))))

/** A clock that is moved by hand. It is moved at once, because no fiber sleeps by it. */
const newClock = () => {
  const clock = Effect.runSync(Effect.scoped(TestClock.make()))
  const dispatcher = new Scheduler.MixedScheduler("sync").makeDispatcher()
  const scheduler = { executionMode: "sync", shouldYield: () => false, makeDispatcher: () => dispatcher } as const
  const set = (at: number): void => {
    Effect.runFork(clock.setTime(at), { scheduler })
    dispatcher.flush()
  }
  set(startAt)
  return { clock, set, now: () => clock.currentTimeMillisUnsafe() }
}

/** The demonstration, with rules by which answers lapse within hours, few lanes, and two visitors. */
const found = (
  store: LedgerStore["Service"],
  clock: Clock.Clock,
  chance: Chance.Chance,
  { lanes }: Pick<Story, "lanes">,
) =>
  Effect.gen(function* () {
    const ledger = Processes.ledgerOver(store, clock, chance)
    const { consentTypes, organization, project } = Option.getOrThrow(yield* ledger.found)
    const lasting = (hours: number) => ({ months: 0, days: 0, millis: hours * hour })
    const [first, second, ...others] = consentTypes
    const types = [
      { ...first!, rules: { maxAge: { accepted: lasting(2), declined: lasting(1) } } },
      { ...second!, consentDuration: lasting(3), rules: { precedence: "most-recent", permits: "viewed" } as const },
      ...others,
    ]
    const entries = {
      organizations: [{ ...organization, lanes }],
      projects: [{ ...project, lanes }],
      consentTypes: types,
    }
    yield* store.catalog.change({ revision: 1, entries, documents: [] })
    const catalog = yield* store.catalog.current
    const scope = CatalogOf.scope(catalog, project.id)!
    const visitors: Array<Opened> = []
    for (let index = 0; index < 2; index++) {
      const opened = yield* ledger.openSession({ ...scope, ipAddress: "192.0.2.7", domain: "localhost" })
      if (opened._tag === "Opened") visitors.push(opened)
    }
    return { catalog, site: scope, visitors }
  }).pipe(Effect.provideService(Clock.Clock, clock), Effect.runSync)

/** Everything that is due, and what lapses within some hours, is announced. */
const finish = (
  { scheduler }: Ledger["Service"],
  clock: Clock.Clock,
  moveTo: (at: number) => void,
  from: number,
): void => {
  for (let count = 1; count <= 4; count++) {
    moveTo(from + count * hour)
    Effect.runSync(Effect.provideService(scheduler.tick, Clock.Clock, clock))
  }
}

/** Plays a story to its end, over an empty store. */
export const play = (story: Story, store = newStore()): Played => {
  const turnsChance = Chance.make(`turns ${story.chance}`)
  const chance = Chance.make(`troubles ${story.chance}`)
  const turns = Turns.make(turnsChance)
  const { clock, now, set } = newClock()
  const trace: Array<string> = []
  const failures: Array<string> = []
  const commits: Array<Commit> = []
  const steps: Array<KeptStep> = []
  const deeds: Array<Deed> = []
  const { catalog: first, site: scope, visitors } = found(store, clock, chance, story)

  const world: Processes.World = {
    chance,
    turns,
    clock,
    store,
    commits,
    steps,
    troubles: story.troubles,
    hangsUp: story.hangsUp,
    trace: (line) => void trace.push(`${turns.now()} ${now()} ${line}`),
    fail: (failure) => void failures.push(failure),
  }
  let started = 0
  const start = () => Processes.start({ name: `process ${++started}` }, world)
  const running = Array.from({ length: story.processes }, start)

  // Only the process itself knows the answers that it gave, so its successor starts with a later clock.
  let latest = now()
  let startedAt = latest
  const clockHistory: Array<readonly [turn: number, at: number]> = [[0, latest]]
  const moveTo = (at: number): void => {
    set(at)
    clockHistory.push([turns.now(), at])
    latest = Math.max(latest, at)
  }
  const crash = (): void => {
    const index = chance.below(running.length)
    running[index]!.kill()
    moveTo(latest + startMillis)
    startedAt = latest
    running[index] = start()
  }
  const moveClock = (): void => {
    const isQuiet = running.every(({ underWay }) => underWay() === 0)
    const steps = isQuiet ? [1, hour] : [1, 1, 1, 50, -1, -1, -10_000]
    moveTo(Math.max(now() + steps[chance.below(steps.length)]!, startedAt, latest - setBackMaxMillis))
  }

  const clients = { name: "clients" }
  const followed: Array<Clients.Following> = []
  const fibers = [...story.clients, ...story.feed].map((actions, index) => {
    const call: Clients.Client["call"] = (request, use) =>
      Effect.suspend(() => running[chance.below(running.length)]!.call(clients, request, use))
    const following = { mark: undefined, got: [] }
    followed.push(following)
    const known = { deeds, visitors, following }
    const client = { name: `client ${index}`, site: scope, call, now: turns.now, trace: world.trace, ...known }
    const program = Clients.run(client, actions).pipe(Effect.provideService(Clock.Clock, clock))
    return Effect.runFork(program, { scheduler: turns.scheduler(clients) })
  })

  const crashes = [...story.crashes]
  let nextCrash = crashes.shift() ?? Infinity
  while (fibers.some((fiber) => fiber.pollUnsafe() === undefined)) {
    if (turns.now() >= nextCrash) {
      crash()
      nextCrash = turns.now() + (crashes.shift() ?? Infinity)
    }
    if (chance.happens(story.clock)) moveClock()
    const isStuck = !turns.runStep() || turns.now() > maxTurns
    if (!isStuck) continue
    world.fail("a request waits for ever")
    break
  }
  for (const fiber of fibers) {
    const exit = fiber.pollUnsafe()
    if (exit?._tag === "Failure") world.fail(String(exit.cause))
  }
  for (const process of running) process.kill()
  moveTo(latest + startMillis)
  const ledger = Processes.ledgerOver(store, clock, chance)
  if (story.feed.length > 0) finish(ledger, clock, moveTo, latest)
  return {
    story,
    deeds,
    commits,
    steps,
    followed,
    first,
    site: scope,
    store,
    ledger,
    clock: clockHistory,
    trace,
    failures,
  }
}
