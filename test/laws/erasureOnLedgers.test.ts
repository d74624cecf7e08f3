/**
 * A ledger is held to the second statement of erasure (`test/support/erasure/`, `test/support/people/`), over memory,
 * SQLite and PostgreSQL: random worlds in which people are erased are played on both, every item and every question is
 * answered as the statement says, and each answer stays what it is. So the laws that the statement keeps
 * (`erasure.test.ts`) hold for the ledger.
 */
import * as NodeCrypto from "@effect/platform-node/NodeCrypto"
import { Effect, Layer } from "effect"
import { TestClock } from "effect/testing"
import * as fc from "fast-check"
import { describe, test } from "vitest"
import * as Ledger from "../../core/Ledger.ts"
import * as ErasureWorlds from "../support/erasure/worlds.ts"
import * as TestKeys from "../support/keys.ts"
import { times } from "../support/long.ts"
import * as Lockstep from "../support/people/lockstep.ts"
import * as Surface from "../support/people/surface.ts"
import * as SlowMemory from "../support/slowMemory.ts"
import { threeStores } from "../support/threeStores.ts"

const stores = threeStores(SlowMemory.layer, {
  memory: times(8, 800),
  sqlite: times(2, 60),
  postgres: times(1, 20),
})

const start = Date.UTC(2024, 0, 31)

describe.each(stores)("Over %s", (_name, store, numRuns) => {
  const run = <A>(program: Effect.Effect<A, unknown, Ledger.Ledger>): Promise<A> =>
    Effect.andThen(TestClock.setTime(start), program).pipe(
      Effect.provide(Ledger.layer.pipe(Layer.provide([store(), NodeCrypto.layer, TestKeys.layer]))),
      Effect.provide(TestClock.layer()),
      Effect.runPromise,
    )

  test("Every item and every question is answered as section 8 says, before and after erasures.", () =>
    fc.assert(
      fc.asyncProperty(ErasureWorlds.world(12), (world) =>
        run(Effect.flatMap(Surface.library, (surface) => Lockstep.play(world, surface))).then(() => undefined),
      ),
      { numRuns },
    ))
})
