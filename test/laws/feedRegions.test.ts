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
