/** How the scheduler runs: what it asks of the store, when it waits, and how several servers share it. */
import * as NodeCrypto from "@effect/platform-node/NodeCrypto"
import { Effect, Exit, Layer, Logger, Metric, Option, Scope } from "effect"
import { TestClock } from "effect/testing"
import { describe, expect, test } from "vitest"
import * as MemoryStore from "../../adapters/memory/MemoryStore.ts"
import * as SchedulerLoop from "../../core/feed/SchedulerLoop.ts"
import * as Ledger from "../../core/Ledger.ts"
import type { ProjectScope } from "../../core/model/Catalog.ts"
import { LedgerStore, StoreUnavailable } from "../../core/ports/LedgerStore.ts"
import * as TestKeys from "../support/keys.ts"

const start = Date.UTC(2026, 0, 31, 12)
const hour = 3_600_000
const day = 24 * hour
const answering = { answer: () => "" }

type Store = LedgerStore["Service"]

/** A store that counts what it is asked, and can be away. */
interface Counted {
  readonly store: Store
  readonly asked: Map<string, number>
  isAway: boolean
}

const counting = (store: Store): Counted => {
  const counted: Counted = { store, asked: new Map(), isAway: false }
  const wrap = <Part extends object>(name: string, part: Part): Part =>
    Object.fromEntries(
      Object.entries(part).map(([member, value]) => {
        const ask = (effect: Effect.Effect<unknown, StoreUnavailable>) =>
          Effect.suspend((): Effect.Effect<unknown, StoreUnavailable> => {
            if (counted.isAway) return new StoreUnavailable({ reason: "away" })
            const key = `${name}.${member}`
            counted.asked.set(key, (counted.asked.get(key) ?? 0) + 1)
            return effect
          })
        return [
          member,
          Effect.isEffect(value)
            ? ask(value as never)
            : (...given: never) => ask((value as (...all: never) => never)(...given)),
        ]
      }),
    ) as Part
  const { catalog, events, feed, people } = store
  return Object.assign(counted, {
    store: {
      ...store,
      catalog: wrap("catalog", catalog),
      events: wrap("events", events),
      feed: wrap("feed", feed),
      people: wrap("people", people),
    },
  })
}

const ledgerOver = (store: Store) =>
  Effect.map(
    Layer.build(
      Ledger.layer.pipe(Layer.provide([Layer.succeed(LedgerStore, store), NodeCrypto.layer, TestKeys.layer])),
    ),
    (context) => context.mapUnsafe.get(Ledger.Ledger.key) as Ledger.Ledger["Service"],
  )

/** Lets time pass, in steps that everything which waits is woken in. */
const pass = Effect.fnUntraced(function* (millis: number, step = 50) {
  for (let passed = 0; passed < millis; passed += step) {
    yield* TestClock.adjust(step)
    for (let turn = 0; turn < 50; turn++) yield* Effect.yieldNow
  }
})

interface World {
  readonly counted: Counted
  readonly ledger: Ledger.Ledger["Service"]
  readonly scope: ProjectScope
  /** Messages that were logged. */
  readonly logged: ReadonlyArray<string>
}

const run = (program: (world: World) => Effect.Effect<void, unknown, Scope.Scope>) => {
  const logged: Array<string> = []
  const logger = Logger.make(({ message }) => void logged.push(String((message as ReadonlyArray<unknown>)[0])))
  return Effect.gen(function* () {
    yield* TestClock.setTime(start)
    const made = yield* Layer.build(Layer.fresh(MemoryStore.layer))
    const counted = counting(made.mapUnsafe.get(LedgerStore.key) as Store)
    const ledger = yield* ledgerOver(counted.store)
    const { project } = Option.getOrThrow(yield* ledger.found)
    const scope = Option.getOrThrow(yield* ledger.projectScope(project.id))
    yield* program({ counted, ledger, scope, logged })
  }).pipe(Effect.scoped, Effect.provide(TestClock.layer()), Effect.provide(Logger.layer([logger])), Effect.runPromise)
}

const record = Effect.fnUntraced(function* (
  { ledger, scope }: Pick<World, "ledger" | "scope">,
  users: ReadonlyArray<string>,
  dates: { readonly consentDate?: number; readonly expirationDate?: number } = {},
) {
  const items = users.map((userId) => ({
    person: { userId },
    consentType: scope.types.all[0]!.id,
    consentState: "accepted" as const,
    consentAction: "import" as const,
    ...dates,
  }))
  expect((yield* ledger.record({ ...scope, submitter: "test", items }))._tag).toBe("Recorded")
})

/** The types of the stored changes but those of the types of the demonstration, and when each was recorded. */
const changes = Effect.fnUntraced(function* ({ counted, scope: { project } }: World) {
  const { feed } = counted.store
  const ends = yield* feed.ends(project)
  const parts = ends.map((to) => ({ from: { lane: to.lane, position: 0, number: 0 }, to }))
  const read = yield* feed.read(project, parts, { events: false }, 10_000)
  return read.flatMap(({ items }) =>
    items.flatMap((item) =>
      item._tag === "Change" && item.type !== "type.published"
        ? [{ type: item.type, at: item.recordedAt - start }]
        : [],
    ),
  )
})

const lag = Effect.map(Metric.value(SchedulerLoop.lag), ({ value }) => value)

describe("While nothing is due", () => {
  test("the store is asked seven times a minute for each project, and twice a second in all", () =>
    run((world) =>
      Effect.gen(function* () {
        const { counted, ledger, scope } = world
        const projects = 40
        for (let n = 1; n < projects; n++) {
          yield* ledger.setup.createProject(scope.organization, { name: `P${n}`, domains: [] }, answering)
        }
        yield* record(world, ["ann", "bob"], { expirationDate: start + day })
        yield* Effect.forkScoped(ledger.scheduler.run({}))
        yield* pass(5_000)
        counted.asked.clear()
        const seconds = 60
        yield* pass(seconds * 1_000)
        const { asked } = counted
        expect(asked.get("people.laneEnds")).toBeLessThanOrEqual(seconds + 1)
        expect(asked.get("feed.ends")).toBeLessThanOrEqual(projects * 7)
        // It was looked for what lapses in the next ten minutes, and nothing does.
        const others = ["feed.due", "feed.write", "feed.places", "events.heads"].map((name) => asked.get(name))
        expect(others).toEqual([undefined, undefined, undefined, undefined])
        expect(yield* lag).toBe(0)
      }),
    ))
})

test("What is recorded here and lapses soon is told at that instant, and not at the next whole second", () =>
  run((world) =>
    Effect.gen(function* () {
      yield* Effect.forkScoped(world.ledger.scheduler.run({}))
      yield* pass(2_100)
      yield* record(world, ["ann"], { expirationDate: start + 2_400 })
      yield* pass(500)
      expect(yield* changes(world)).toEqual([{ type: "decision.changed", at: 2_400 }])
    }),
  ))

test("A store that is away is logged once; what was due meanwhile is told when it is back", () =>
  run((world) =>
    Effect.gen(function* () {
      const { counted, ledger, logged } = world
      yield* record(world, ["ann"], { expirationDate: start + 3_000 })
      yield* Effect.forkScoped(ledger.scheduler.run({}))
      yield* pass(2_000)
      counted.isAway = true
      yield* pass(70_000, 500)
      expect(logged).toEqual(["the scheduler of the change feed waits for the store"])
      expect(yield* lag).toBeGreaterThan(60)
      counted.isAway = false
      yield* pass(2_000)
      expect(logged.slice(1)).toEqual(["the scheduler of the change feed goes on"])
      expect((yield* changes(world)).map(({ type }) => type)).toEqual(["decision.changed"])
      expect(yield* lag).toBe(0)
    }),
  ))

describe("Of several servers", () => {
  test("one has the lease; when it stops another one goes on", () =>
    run((world) =>
      Effect.gen(function* () {
        const { counted, ledger } = world
        const other = counting(counted.store)
        const second = yield* ledgerOver(other.store)
        const first = yield* Scope.make()
        yield* Effect.forkIn(Scope.provide(ledger.scheduler.run({ isShared: true }), first), first)
        yield* pass(1_000)
        yield* Effect.forkScoped(second.scheduler.run({ isShared: true }))
        yield* pass(20_000, 500)
        expect(other.asked.get("feed.ends")).toBeUndefined()
        yield* Scope.close(first, Exit.void)
        yield* pass(4_000, 500)
        expect(other.asked.get("feed.ends")).toBeGreaterThan(0)
      }),
    ))

  test("one goes on for another one that was killed once its lease has ended", () =>
    run((world) =>
      Effect.gen(function* () {
        const { counted, ledger, scope } = world
        const owner = scope.organization
        yield* counted.store.feed.lease({ owner, lane: 0 }, "scheduler", "killed", start, start + 10_000)
        yield* Effect.forkScoped(ledger.scheduler.run({ isShared: true }))
        yield* pass(9_000, 500)
        expect(counted.asked.get("feed.ends")).toBeUndefined()
        yield* pass(5_000, 500)
        expect(counted.asked.get("feed.ends")).toBeGreaterThan(0)
      }),
    ))

  test("one goes on for another one that was killed although the clock of that one was an hour ahead", () =>
    run((world) =>
      Effect.gen(function* () {
        const { counted, ledger, scope } = world
        const owner = scope.organization
        yield* counted.store.feed.lease({ owner, lane: 0 }, "scheduler", "killed", start + hour, start + hour + 10_000)
        yield* Effect.forkScoped(ledger.scheduler.run({ isShared: true }))
        yield* pass(9_000, 500)
        expect(counted.asked.get("feed.ends")).toBeUndefined()
        yield* pass(8_000, 500)
        expect(counted.asked.get("feed.ends")).toBeGreaterThan(0)
      }),
    ))

  test("one stands by for as long as another one, with a clock that is an hour ahead, renews its lease", () =>
    run((world) =>
      Effect.gen(function* () {
        const { counted, ledger, scope } = world
        const owner = scope.organization
        yield* counted.store.feed.lease({ owner, lane: 0 }, "scheduler", "ahead", start + hour, start + hour + 10_000)
        yield* Effect.forkScoped(ledger.scheduler.run({ isShared: true }))
        for (let at = start + hour; at < start + hour + 60_000; at += 3_000) {
          yield* counted.store.feed.lease({ owner, lane: 0 }, "scheduler", "ahead", at, at + 10_000)
          yield* pass(3_000, 500)
        }
        expect(counted.asked.get("feed.ends")).toBeUndefined()
      }),
    ))
})

describe("A re-evaluation", () => {
  const people = Array.from({ length: 3_000 }, (_, n) => `user ${n}`)

  /** Records people, and changes the rules so that nothing is permitted any more. */
  const changed = Effect.fnUntraced(function* (world: World, options: SchedulerLoop.RunOptions) {
    const { ledger, scope } = world
    for (let n = 0; n < people.length; n += 500) yield* record(world, people.slice(n, n + 500))
    yield* pass(day, hour)
    yield* Effect.forkScoped(ledger.scheduler.run(options))
    yield* pass(1_000)
    yield* ledger.setup.updateType(
      scope,
      scope.types.all[0]!.id,
      { consentDuration: { months: 0, days: 0, millis: hour } },
      answering,
    )
  })
  const count = (world: World) =>
    Effect.map(changes(world), (all) => all.filter(({ type }) => type === "decision.changed").length)

  test("decides no more people a second than its rate, and ends", () =>
    run((world) =>
      Effect.gen(function* () {
        yield* changed(world, { rate: 1_000 })
        yield* pass(1_000)
        const early = yield* count(world)
        expect(early).toBeGreaterThan(0)
        expect(early).toBeLessThanOrEqual(2_000)
        yield* pass(5_000)
        expect(yield* count(world)).toBe(people.length)
        expect((yield* changes(world)).map(({ type }) => type)).toContain("reevaluation.ended")
      }),
    ))

  test("makes one step a second while requests wait", () =>
    run((world) =>
      Effect.gen(function* () {
        yield* changed(world, { rate: 100_000, isBusy: Effect.succeed(true) })
        yield* pass(500)
        // A step goes through whole lanes, each with a sixteenth of the people, until it has 500.
        const ofStep = 700
        expect(yield* count(world)).toBeLessThanOrEqual(ofStep)
        yield* pass(3_000)
        const early = yield* count(world)
        expect(early).toBeGreaterThan(0)
        expect(early).toBeLessThanOrEqual(4 * ofStep)
        yield* pass(10_000)
        expect(yield* count(world)).toBe(people.length)
      }),
    ))
})
