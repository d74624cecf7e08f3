/**
 * The laws of the change feed, on ledgers over memory, SQLite and PostgreSQL: two servers over one store, whose clocks
 * may be apart, record and announce what random worlds have. The laws are stated in `test/support/feed/laws.ts`.
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
  sqlite: times(1, 60),
  postgres: times(1, 20),
})

describe.each(stores)("Over %s", (_name, layer, numRuns) => {
  const play = (world: Worlds.World, scheduling?: Playing.Scheduling) =>
    Effect.flatMap(Playing.storeOf(layer() as Layer.Layer<LedgerStore>), (store) =>
      Playing.play(world, store, scheduling),
    )

  /** Holds all worlds to a law. */
  const holds = (
    worlds: fc.Arbitrary<Worlds.World>,
    law: (played: Playing.Played) => Iterable<string> | Effect.Effect<Iterable<string>, unknown>,
    runs = numRuns,
  ) =>
    fc.assert(
      fc.asyncProperty(worlds, (world) =>
        Effect.gen(function* () {
          const found = law(yield* play(world))
          expect([...(Effect.isEffect(found) ? yield* found : found)]).toEqual([])
        }).pipe(Effect.scoped, Effect.runPromise),
      ),
      { numRuns: runs },
    )

  test("F2: the changes of one stored person come in the order in which they were recorded", () =>
    holds(Worlds.world(12), Laws.order))

  test("F3: what a change says is answered as of its recordedAt, and had been so since it began", () =>
    holds(Worlds.world(14).filter(Worlds.hasOneAuthority), Laws.trueAsOf))

  /** Clocks that are together: decision 29 says what is not promised of servers whose clocks are apart. */
  const together = (world: Worlds.World): Worlds.World => ({ ...world, ahead: [0, 0] })

  test("F3: the last word about each person and type is the answer", () =>
    holds(Worlds.world(14).map(together), Laws.lastWordCounts))

  test("F4: no answer changes in silence", () => holds(Worlds.world(14).map(together), Laws.nothingInSilence))

  test("F5: nothing is invented, and joined people give one change", () =>
    holds(Worlds.world(14).map(together), Laws.nothingInvented))

  test("What lapses is foretold once for each lead time, as it will be answered", () =>
    holds(Worlds.world(12), Laws.foretold))

  test("Each version, re-evaluation, join, undoing and erasure is told of once", () =>
    holds(Worlds.world(14), (played) => [...Laws.types(played), ...Laws.people(played)]))

  /** Two runs of worlds, each over a store of its own. */
  const both = <World>(
    worlds: fc.Arbitrary<World>,
    one: (world: World) => ReturnType<typeof play>,
    other: (world: World) => ReturnType<typeof play>,
    law: (one: Playing.Played, other: Playing.Played, world: World) => Iterable<string>,
  ) =>
    fc.assert(
      fc.asyncProperty(worlds, (world) =>
        Effect.gen(function* () {
          const [first, second] = [yield* Effect.scoped(one(world)), yield* Effect.scoped(other(world))]
          expect([...law(first, second, world)]).toEqual([])
        }).pipe(Effect.runPromise),
      ),
      { numRuns: Math.ceil(numRuns / 2) },
    )

  const steady = Worlds.world(12, { identities: false, erasures: false, changes: false })

  test("F6: a scheduler that was late, doubled or killed announces what one does that is on time, but for what was overtaken", () =>
    both(
      steady.map(together),
      (world) => play(world),
      (world) => play(world, { isOnTime: true, isStopped: true }),
      Laws.asOnTime,
    ))

  test("F6: a scheduler that stood still to the end leaves the same last words", () =>
    both(
      Worlds.world(12, { identities: false, erasures: false }).map(together),
      (world) => play(world, { isStopped: true }),
      (world) => play(world, { isOnTime: true }),
      Laws.alikeAnswers,
    ))

  test("F7: late events in another order leave the same last words", () =>
    both(
      Worlds.lateEvents,
      (late) =>
        play(
          Worlds.inOrder(
            late,
            late.says.map((_, index) => index),
          ),
        ),
      (late) => play(Worlds.inOrder(late, late.order)),
      (one, other, { order }) => {
        const inOrder = (played: Playing.Played, id: string) => Math.floor((Number(played.stepOf.get(id)) - 1) / 2)
        return Laws.sameAnswers(one, other, (played, id) => {
          const index = inOrder(played, id)
          return String(played === one ? index : order[index])
        })
      },
    ))
})
