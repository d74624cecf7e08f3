/**
 * Laws of sending to webhooks, over random receivers that fail and servers that are killed: each change is taken (W1),
 * a person's in order (W2), and a kill repeats no more than the tries that were under way (W4).
 *
 * Mutants: see `test/mutants/webhooks.ts`.
 */
import { Clock, Effect, Layer, Ref } from "effect"
import * as fc from "fast-check"
import { expect, test } from "vitest"
import * as MemoryStore from "../../adapters/memory/MemoryStore.ts"
import { LedgerStore } from "../../core/ports/LedgerStore.ts"
import { times } from "../support/long.ts"
import * as Sending from "../support/webhooks/sending.ts"

const second = 1000
const minute = 60 * second
const concurrency = 2

/** A person says something; time passes; the server dies, after its next write of a webhook is made or before. */
type Step =
  | { readonly kind: "say"; readonly person: number }
  | { readonly kind: "pass"; readonly millis: number }
  | { readonly kind: "kill"; readonly isMade: boolean }

const outcomes: ReadonlyArray<Sending.Outcome> = [
  200,
  500,
  "timeout",
  "reset",
  429,
  { status: 503, retryAfterMillis: 2 * minute },
]

interface World {
  readonly steps: ReadonlyArray<Step>
  /** Of the tries in their order; later ones are taken. */
  readonly outcomes: ReadonlyArray<Sending.Outcome>
  /** How long tries take, by turns. */
  readonly takes: ReadonlyArray<number>
}

const world: fc.Arbitrary<World> = fc.record({
  steps: fc.array(
    fc.oneof(
      { weight: 6, arbitrary: fc.record({ kind: fc.constant("say" as const), person: fc.nat({ max: 2 }) }) },
      {
        weight: 3,
        arbitrary: fc.record({
          kind: fc.constant("pass" as const),
          millis: fc.constantFrom(second, 6 * second, minute),
        }),
      },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant("kill" as const), isMade: fc.boolean() }) },
    ),
    { minLength: 1, maxLength: 25 },
  ),
  outcomes: fc.array(fc.constantFrom<Sending.Outcome>(200, 200, 200, ...outcomes), { maxLength: 30 }),
  takes: fc.array(fc.constantFrom(0, second, 4 * second), { minLength: 1, maxLength: 5 }),
})

/** What happens to the next write of webhooks. A server whose write never returns is dead. */
type Fate = "lives" | "dies before" | "dies after" | "is dead"

const storeWith = (fate: Ref.Ref<Fate>) =>
  Layer.effect(
    LedgerStore,
    Effect.map(LedgerStore, (store) => ({
      ...store,
      webhooks: {
        ...store.webhooks,
        write: (step: Parameters<typeof store.webhooks.write>[0]) =>
          Effect.flatMap(Ref.get(fate), (now) => {
            if (now === "lives") return store.webhooks.write(step)
            const dead = Effect.andThen(Ref.set(fate, "is dead"), Effect.never)
            return now === "dies after" ? Effect.andThen(store.webhooks.write(step), dead) : dead
          }),
      },
    })),
  ).pipe(Layer.provide(MemoryStore.layer))

const play = ({ outcomes, steps, takes }: World) =>
  Effect.gen(function* () {
    const fate = yield* Ref.make<Fate>("lives")
    return yield* Effect.gen(function* () {
      const scope = yield* Sending.project
      const { outbound, tries } = Sending.receiver((_, { length }) => ({
        outcome: outcomes[length] ?? 200,
        takes: takes[length % takes.length]!,
      }))
      const webhook = yield* Sending.create(scope, outbound, { concurrency })
      let server = yield* Sending.serve(outbound)
      const said: Array<string> = []
      let kills = 0
      for (const step of steps) {
        if (step.kind === "say") said.push((yield* Sending.record(scope, `user ${step.person}`)).id)
        if (step.kind === "pass") yield* Sending.pass(step.millis, second)
        if (step.kind === "kill") {
          yield* Ref.set(fate, step.isMade ? "dies after" : "dies before")
          yield* Sending.pass(second)
          yield* Sending.end(server)
          yield* Ref.set(fate, "lives")
          server = yield* Sending.serve(outbound)
          kills += 1
        }
      }
      yield* Sending.pass(20 * 60 * minute, 5 * minute)
      const health = yield* Sending.healthOf(scope, webhook)
      yield* Sending.end(server)
      return { said, tries, kills, health, now: yield* Clock.currentTimeMillis }
    }).pipe(Effect.provide(Sending.layer(storeWith(fate))))
  })

const eventOf = ({ request }: Sending.Tried): string => JSON.parse(request.body).data.event

test("each change is taken, a person's in order, and a kill repeats no more than what was under way", async () => {
  await fc.assert(
    fc.asyncProperty(world, async (given) => {
      const { health, kills, said, tries } = await Effect.runPromise(Effect.scoped(play(given)))
      const takenOf = new Map<string, number>()
      const takenAt = new Map<string, number>()
      const personOf = new Map(tries.map((tried) => [eventOf(tried), tried.person]))
      for (const tried of tries) {
        const event = eventOf(tried)
        const before = said.slice(0, said.indexOf(event)).filter((each) => personOf.get(each) === tried.person)
        const isInOrder = before.every((each) => (takenAt.get(each) ?? Infinity) <= tried.at)
        expect(isInOrder, "a change was sent before an earlier one was taken").toBe(true)
        if (tried.outcome !== 200) continue
        takenOf.set(event, (takenOf.get(event) ?? 0) + 1)
        takenAt.set(event, Math.min(takenAt.get(event) ?? Infinity, tried.endedAt!))
      }
      expect([...takenOf.keys()].toSorted()).toEqual([...said].toSorted())
      const repeated = [...takenOf.values()].reduce((sum, count) => sum + count - 1, 0)
      expect(repeated).toBeLessThanOrEqual(kills * concurrency)
      expect(health).toMatchObject({ state: "ok", lag: 0, parked: 0, dead: 0 })
    }),
    { numRuns: times(12, 1000) },
  )
})
