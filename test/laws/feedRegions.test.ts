/**
 * The laws of the change feed in worlds in which visitors are in regions, which are published again and again: on
 * ledgers over memory, SQLite and PostgreSQL. The laws are stated in `test/support/feed/laws.ts`.
 */
import { Effect, type Layer } from "effect"
import * as fc from "fast-check"
import { describe, expect, test } from "vitest"
import * as MemoryStore from "../../adapters/memory/MemoryStore.ts"
import type { LedgerStore } from "../../core/ports/LedgerStore.ts"
import * as Laws from "../support/feed/laws.ts"
import * as Playing from "../support/feed/playing.ts"
import * as Worlds from "../support/feed/worlds.ts"
import { times } from "../support/long.ts"
import { threeStores } from "../support/threeStores.ts"

const stores = threeStores(MemoryStore.layer, {
  memory: times(6, 300),
  sqlite: times(1, 40),
  postgres: times(1, 15),
})

const day = 86_400_000

const say = (type: number, state: "accepted" | "implied", region: number): Worlds.Step => ({
  ...{ kind: "say", server: 0, who: { guest: 0 }, type, state, region },
  ...{ ago: undefined, lasts: undefined },
})

/** Regions: the first one is express, the second one implied, both with answers that last a month. */
const publish = (...rules: ReadonlyArray<number>): Worlds.Step => ({ kind: "publish", server: 0, rules })

const tick: Worlds.Step = { kind: "tick", server: 0 }

const worldOf = (...steps: Worlds.World["steps"]): Worlds.World => ({
  ...{ ahead: [0, 0], lanes: 1, leads: [], types: [{}, {}], hasRegions: true },
  steps: [[0, tick], [0, publish(0, 1)], [0, tick], ...steps],
})

/** What is announced in a world: cause, and the statuses and permissions before and after. */
const announcedIn = (world: Worlds.World) =>
  Effect.gen(function* () {
    const played = yield* Playing.play(world, yield* Playing.storeOf(MemoryStore.layer))
    for (const law of [Laws.lastWordCounts, Laws.nothingInSilence, Laws.nothingInvented])
      expect([...law(played)]).toEqual([])
    const side = ({ permitted, status }: Laws.Changed["from"]) => `${status}${permitted ? "+" : ""}`
    return Laws.changesOf(played).map(({ cause, from, to }) => `${cause}: ${side(from)} → ${side(to)}`)
  }).pipe(Effect.scoped, Effect.runPromise)

describe("What changes with a region is announced", () => {
  test("a person that is in another one by what it says about something else", async () => {
    const world = worldOf([0, say(1, "implied", 1)], [0, tick], [day, say(0, "accepted", 0)], [1, tick])
    expect(await announcedIn(world)).toEqual(["region: implied+ → implied"])
  })

  test("a region that has other rules", async () => {
    const world = worldOf([0, say(1, "implied", 1)], [0, tick], [day, publish(0, 0)], [1, tick])
    expect(await announcedIn(world)).toEqual(["rules: implied+ → implied"])
  })

  test("a lapse after the time that answers last in a region", async () => {
    const world = worldOf([0, say(1, "accepted", 1)], [0, tick], [32 * day, tick])
    expect(await announcedIn(world)).toEqual(["expired: given+ → expired"])
  })
})

describe.each(stores)("Over %s, with regions", (_name, layer, numRuns) => {
  /** Holds all worlds to a law. */
  const holds = (
    worlds: fc.Arbitrary<Worlds.World>,
    law: (played: Playing.Played) => Iterable<string> | Effect.Effect<Iterable<string>, unknown>,
  ) =>
    fc.assert(
      fc.asyncProperty(worlds, (world) =>
        Effect.gen(function* () {
          const store = yield* Playing.storeOf(layer() as Layer.Layer<LedgerStore>)
          const found = law(yield* Playing.play(world, store))
          expect([...(Effect.isEffect(found) ? yield* found : found)]).toEqual([])
        }).pipe(Effect.scoped, Effect.runPromise),
      ),
      { numRuns },
    )

  const together = (world: Worlds.World): Worlds.World => ({ ...world, ahead: [0, 0] })
  const world = Worlds.world(14, { regions: true })

  test("F3: what a change says is answered as of its recordedAt, and had been so since it began", () =>
    holds(world.filter(Worlds.hasOneAuthority), Laws.trueAsOf))

  test("F3: the last word about each person and type is the answer", () =>
    holds(world.map(together), Laws.lastWordCounts))

  test("F4: no answer changes in silence", () => holds(world.map(together), Laws.nothingInSilence))

  test("F5: nothing is invented, and joined people give one change", () =>
    holds(world.map(together), Laws.nothingInvented))
})
