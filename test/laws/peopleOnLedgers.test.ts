/**
 * A ledger is held to the second statement of section 5 (`test/support/people/`), over memory, SQLite and PostgreSQL:
 * random worlds are played on both, every item and every question is answered as the statement says, and each answer
 * stays what it is. Requests that are sent again are answered the same, and what is sent at once is answered as in one
 * order. So the laws that the statement keeps (`people.test.ts`) hold for the ledger.
 */
import * as NodeCrypto from "@effect/platform-node/NodeCrypto"
import { Effect, Layer } from "effect"
import { TestClock } from "effect/testing"
import * as fc from "fast-check"
import { describe, test } from "vitest"
import * as Ledger from "../../core/Ledger.ts"
import { times } from "../support/long.ts"
import * as Lockstep from "../support/people/lockstep.ts"
import * as Surface from "../support/people/surface.ts"
import * as Worlds from "../support/people/worlds.ts"
import * as SlowMemory from "../support/slowMemory.ts"
import * as TestKeys from "../support/keys.ts"
import { threeStores } from "../support/threeStores.ts"

const stores = threeStores(SlowMemory.layer, {
  memory: times(4, 800),
  sqlite: times(1, 40),
  postgres: times(1, 12),
})

/** Dense worlds, and worlds of two projects in which external ids are used again. */
const worlds = fc.oneof(
  Worlds.world(Worlds.dense, 12),
  Worlds.world({ externalIds: [undefined, undefined, "1", "2"] }, 8),
)

const start = Date.UTC(2024, 0, 31)

describe.each(stores)("Over %s", (_name, store, numRuns) => {
  const run = <A>(program: Effect.Effect<A, unknown, Ledger.Ledger>): Promise<A> =>
    Effect.andThen(TestClock.setTime(start), program).pipe(
      Effect.provide(Ledger.layer.pipe(Layer.provide([store(), NodeCrypto.layer, TestKeys.layer]))),
      Effect.provide(TestClock.layer()),
      Effect.runPromise,
    )

  const accepted = {
    kind: "item",
    project: "p",
    concordId: undefined,
    identifiers: [],
    type: "newsletter",
    consentState: "accepted",
    ago: undefined,
    sharedContacts: "refuse",
  } as const
  /** An account is claimed by an item that was planned before another account had its name for a moment. */
  const namedForAMoment: [Worlds.World, Array<Worlds.Step>] = [
    [
      [0, { ...accepted, concordId: { guest: 0 } }],
      [0, { ...accepted, identifiers: ["userId u"] }],
    ],
    [
      { ...accepted, concordId: { guest: 0 }, identifiers: ["userId v"] },
      { kind: "rename", from: "userId u", to: "userId v" },
      { kind: "rename", from: "userId v", to: "userId u" },
    ],
  ]

  const writers = fc.tuple(
    Worlds.world(Worlds.dense, 5),
    fc.array(Worlds.request(Worlds.dense), { minLength: 2, maxLength: 3 }),
  )

  test("Whatever two or three writers do at once is explained by one order of it.", () =>
    fc.assert(
      fc.asyncProperty(writers, ([world, steps]) =>
        run(
          Effect.gen(function* () {
            const played = yield* Lockstep.make(yield* Surface.library)
            yield* Lockstep.playSteps(played, world)
            yield* Lockstep.playAtOnce(played, steps)
          }),
        ),
      ),
      { numRuns: numRuns + 1, examples: [[namedForAMoment]] },
    ))

  const rows = Worlds.said({ ...Worlds.dense, ago: [0, 1, 2, 4] })
  const files = fc.record({
    world: Worlds.world(Worlds.dense, 5),
    rows: fc.array(rows, { minLength: 1, maxLength: 6, size: "max" }),
    blockSize: fc.integer({ min: 1, max: 4 }),
    sharedContacts: fc.constantFrom("refuse" as const, "leave-out" as const),
  })

  test("The rows of an import are recorded or refused as section 5 says, whatever the blocks.", () =>
    fc.assert(
      fc.asyncProperty(files, ({ rows, world, ...options }) =>
        run(
          Effect.gen(function* () {
            const played = yield* Lockstep.make(yield* Surface.library)
            yield* Lockstep.playSteps(played, world)
            yield* Lockstep.playImport(played, rows, options)
            yield* Lockstep.askAll(played)
          }),
        ),
      ),
      { numRuns },
    ))

  test("Every item and every question is answered as section 5 says.", () =>
    fc.assert(
      fc.asyncProperty(worlds, (world) =>
        run(Effect.flatMap(Surface.library, (surface) => Lockstep.play(world, surface))).then(() => undefined),
      ),
      { numRuns },
    ))
})
