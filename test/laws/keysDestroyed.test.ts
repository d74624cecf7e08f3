/**
 * Answers about consent need no personal data: with the key of every epoch destroyed, all decisions, states and
 * timelines are what they were, and so is everything that is asked and recorded afterwards.
 */
import * as NodeCrypto from "@effect/platform-node/NodeCrypto"
import { Effect, Layer, Option } from "effect"
import { TestClock } from "effect/testing"
import * as fc from "fast-check"
import { expect, test } from "vitest"
import * as MemoryStore from "../../adapters/memory/MemoryStore.ts"
import * as Ledger from "../../core/Ledger.ts"
import { Keys } from "../../core/ports/Keys.ts"
import * as TestKeys from "../support/keys.ts"
import { times } from "../support/long.ts"
import * as Lockstep from "../support/people/lockstep.ts"
import * as Surface from "../support/people/surface.ts"
import * as Worlds from "../support/people/worlds.ts"

const start = Date.UTC(2024, 0, 31)

/** Longer than a key, or a text that was opened, is held in memory. */
const untilForgotten = 61_000

const run = <A>(program: Effect.Effect<A, unknown, Ledger.Ledger | Keys>): Promise<A> =>
  Effect.andThen(TestClock.setTime(start), program).pipe(
    Effect.provide(
      Ledger.layer.pipe(Layer.provideMerge(TestKeys.layer), Layer.provide([MemoryStore.layer, NodeCrypto.layer])),
    ),
    Effect.provide(TestClock.layer()),
    Effect.runPromise,
  )

const destroyAll = Effect.gen(function* () {
  const keys = yield* Keys
  const { number } = yield* keys.begin(start, start)
  for (let epoch = 1; epoch < number; epoch++) yield* keys.destroy(epoch, start)
})

/** The states and timelines of all people of a world, as of the instants of its answers, without personal data. */
const statesOf = Effect.fnUntraced(function* ({ asked }: Lockstep.Played) {
  const ledger = yield* Ledger.Ledger
  const { projects } = yield* ledger.catalog
  const states: Array<unknown> = []
  let bodies = 0
  for (const [, , { at, concordId, knownAt }] of asked) {
    for (const id of projects.keys()) {
      const question = { ...Option.getOrThrow(yield* ledger.projectScope(id)), concordId, knownAt }
      const { items, nextChangeAt } = yield* ledger.state({ ...question, at })
      const timeline = yield* ledger.timeline(question)
      for (const { event } of items) if (event.body.includes('"erased":true')) bodies++
      const shown = items.map(({ decision, event, type }) => [type.id, decision, { ...event, body: "" }])
      states.push([shown, nextChangeAt, timeline.items])
    }
  }
  return { states, erased: bodies }
})

const world = Worlds.world({ externalIds: [undefined, "1", "2"] }, 8)

// Kills: an identification, a join or a rename that is read from the personal members of its fact; an answer that fails
// where personal data cannot be opened.
test("With every key destroyed, decisions, states and timelines are what they were.", async () => {
  let erased = 0
  await fc.assert(
    fc.asyncProperty(world, (steps) =>
      run(
        Effect.gen(function* () {
          const played = yield* Lockstep.make(yield* Surface.library)
          yield* Lockstep.playSteps(played, steps)
          const before = yield* statesOf(played)
          expect(before.erased).toBe(0)
          yield* destroyAll
          yield* played.surface.wait(untilForgotten)
          const after = yield* statesOf(played)
          expect(after.states).toEqual(before.states)
          erased += after.erased
          yield* Lockstep.askAgain(played)
          yield* Lockstep.sendAgain(played)
          yield* Lockstep.askAll(played)
        }),
      ),
    ),
    { numRuns: times(6, 300) },
  )
  expect(erased).toBeGreaterThan(0)
})
