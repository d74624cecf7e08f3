/** What webhooks send, when, and in which order, on a clock that is moved. */
import { Effect, type Layer, Metric } from "effect"
import { expect, test } from "vitest"
import * as Sending from "../support/webhooks/sending.ts"

const run = <A, E>(steps: Effect.Effect<A, E, Layer.Success<ReturnType<typeof Sending.layer>>>) =>
  Effect.runPromise(Effect.provide(steps, Sending.layer()))

const second = 1000
const minute = 60 * second
const hour = 60 * minute

test("what is recorded after a webhook was created is sent once, signed, with its id and JSON", () =>
  run(
    Effect.gen(function* () {
      const scope = yield* Sending.project
      yield* Sending.record(scope, "before")
      const { outbound, tries } = Sending.receiver(() => ({ outcome: 200 }))
      yield* Sending.create(scope, outbound)
      const server = yield* Sending.serve(outbound)
      yield* Sending.pass(2 * second, second)
      const event = yield* Sending.record(scope, "jo")
      yield* Sending.pass(2 * second, second)
      expect(tries.length).toBe(1)
      const [{ request }] = tries as [Sending.Tried]
      const body = JSON.parse(request.body)
      expect(body).toMatchObject({ type: "consent.recorded", data: { event: event.id, concordId: event.concordId } })
      expect(body.timestamp).toBe(body.data.recordedAt)
      expect(request.headers["webhook-id"]).toBe(body.data.id)
      expect(request.headers["webhook-signature"]).toMatch(/^v1,[A-Za-z0-9+/]{43}=$/)
      yield* Sending.end(server)
      yield* Sending.serve(outbound)
      yield* Sending.pass(20 * second, second)
      expect(tries.length).toBe(1)
    }),
  ))

test("a webhook of which everything fails rests, gives nothing up, and goes on with all of it", () =>
  run(
    Effect.gen(function* () {
      const scope = yield* Sending.project
      const receiver = Sending.receiver(() => ({ outcome: 500 }))
      const webhook = yield* Sending.create(scope, receiver.outbound)
      yield* Sending.serve(receiver.outbound)
      for (let n = 0; n < 20; n++) yield* Sending.record(scope, `user ${n % 10}`)
      yield* Sending.pass(3 * hour, 5 * second)
      const health = yield* Sending.healthOf(scope, webhook)
      expect(health).toMatchObject({ state: "resting", dead: 0 })
      expect(receiver.tries.length).toBeLessThan(20)
      receiver.state.behave = () => ({ outcome: 200 })
      yield* Sending.pass(hour, 5 * second)
      expect(yield* Sending.healthOf(scope, webhook)).toMatchObject({ state: "ok", lag: 0, parked: 0, dead: 0 })
      expect(new Set(receiver.tries.filter(({ outcome }) => outcome === 200).map(({ id }) => id)).size).toBe(20)
    }),
  ))

test("a person whose change is refused is parked for three days, then buried, and goes on", () =>
  run(
    Effect.gen(function* () {
      const scope = yield* Sending.project
      let poison: string | undefined
      const receiver = Sending.receiver(({ id }) => {
        poison ??= id
        return { outcome: id === poison ? 400 : 200 }
      })
      const { outbound, tries } = receiver
      const webhook = yield* Sending.create(scope, outbound)
      yield* Sending.serve(outbound)
      // Of one instant, lanes come in their order, which differs.
      yield* Sending.record(scope, "poisoned")
      yield* Sending.pass(1)
      yield* Sending.record(scope, "poisoned")
      yield* Sending.pass(1)
      for (let n = 0; n < 100; n++) {
        yield* Sending.record(scope, "other")
        yield* Sending.pass(hour, 10 * minute)
      }
      const ofPoison = tries.filter(({ id }) => id === poison)
      expect(ofPoison.length).toBe(10)
      expect(yield* Sending.healthOf(scope, webhook)).toMatchObject({ state: "ok", lag: 0, parked: 0, dead: 1 })
      const { person } = ofPoison[0]!
      const last = tries.findLast((tried) => tried.person === person)!
      expect(last.outcome).toBe(200)
      expect(last.at).toBeGreaterThanOrEqual(ofPoison.at(-1)!.at)
      expect(ofPoison.at(-1)!.at - ofPoison[0]!.at).toBeGreaterThan(0.8 * 75.6 * hour)
    }),
  ))

test("a server goes on for one that was killed, also if the clock of that one was an hour ahead", () =>
  run(
    Effect.gen(function* () {
      const scope = yield* Sending.project
      const { outbound, tries } = Sending.receiver(() => ({ outcome: 200 }))
      const webhook = yield* Sending.create(scope, outbound)
      yield* Sending.leased(scope, webhook, hour)
      yield* Sending.serve(outbound)
      yield* Sending.record(scope, "jo")
      yield* Sending.pass(9 * second, second)
      expect(tries.length).toBe(0)
      yield* Sending.pass(4 * second, second)
      expect(tries.length).toBe(1)
    }),
  ))

test("the metric of what a webhook has not reached grows while it rests", () =>
  run(
    Effect.gen(function* () {
      const scope = yield* Sending.project
      const { outbound } = Sending.receiver(() => ({ outcome: 500 }))
      const webhook = yield* Sending.create(scope, outbound)
      yield* Sending.serve(outbound)
      for (let n = 0; n < 10; n++) yield* Sending.record(scope, `user ${n}`)
      yield* Sending.pass(minute, second)
      for (let n = 0; n < 40; n++) yield* Sending.record(scope, `user ${n}`)
      yield* Sending.pass(2 * second, second)
      const measured = (yield* Metric.snapshot).find(
        ({ attributes, id }) => id === "assent_webhook_lag_changes" && attributes?.["webhook"] === webhook.id,
      )
      const { lag, state } = yield* Sending.healthOf(scope, webhook)
      expect(state).toBe("resting")
      expect(lag).toBeGreaterThan(40)
      expect(measured?.state).toEqual({ value: lag })
    }),
  ))
