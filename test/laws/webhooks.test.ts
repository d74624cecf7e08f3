/**
 * Laws W1 to W5 of webhooks, over real sockets with receivers that fail in every way.
 *
 * Everything is real but the clock: the engine, the adapter, and the receivers, which note what reaches them.
 */
import fc from "fast-check"
import { Clock, Effect, Layer, Logger, type Scope } from "effect"
import { Webhook as Reference } from "standardwebhooks"
import { afterAll, beforeAll, expect, test } from "vitest"
import * as Signature from "../../adapters/webhooks/Signature.ts"
import * as Ledger from "../../core/Ledger.ts"
import { times } from "../support/long.ts"
import { type Behaviour, type Receiver, startReceiver, taken } from "../support/receiver.ts"
import * as Sending from "../support/webhooks/sending.ts"
import * as Sockets from "../support/webhooks/sockets.ts"

const receivers: Array<Receiver> = []
beforeAll(async () => {
  receivers.push(await startReceiver(), await startReceiver())
})
afterAll(() => Promise.all(receivers.map((receiver) => receiver.stop())))

const world = () => Layer.merge(Sending.layer(), Logger.layer([]))

const run = <A, E>(steps: Effect.Effect<A, E, Scope.Scope | Layer.Success<ReturnType<typeof world>>>) =>
  Effect.runPromise(Effect.scoped(Effect.provide(steps, world())))

const second = 1_000
const minute = 60 * second

/** What a receiver does in turn, before it takes everything. Fewer failures than a change is given up after. */
const plan: fc.Arbitrary<ReadonlyArray<Behaviour>> = fc.array(
  fc.oneof(
    { weight: 3, arbitrary: fc.constant(taken) },
    {
      weight: 4,
      arbitrary: fc.constantFrom<Behaviour>({ status: 500 }, { status: 400 }, { status: 302 }, "reset", "hang"),
    },
    {
      weight: 2,
      arbitrary: fc.constantFrom<Behaviour>(
        { status: 503 },
        { status: 429, headers: { "retry-after": "2" } },
        "endless head",
        "endless body",
        "huge body",
      ),
    },
  ),
  { maxLength: 8 },
)

/** Events of three people: whose each is, and how many seconds pass after it. */
const events = fc.array(fc.tuple(fc.nat(2), fc.constantFrom(0, 0, 1, 7)), { minLength: 1, maxLength: 8 })

/** Every change in the order in which it was recorded, by person. */
const changesOf = (recorded: ReadonlyArray<{ readonly id: string; readonly concordId: string }>) =>
  Map.groupBy(recorded, ({ concordId }) => concordId)

/** W1 and W2 of what a receiver noted, of events in the order in which they were recorded. */
const expectWhole = (
  receipts: ReadonlyArray<Sockets.Receipt>,
  recorded: ReadonlyArray<{ readonly id: string; readonly concordId: string }>,
) => {
  const eventOf = ({ body }: Sockets.Receipt): string => JSON.parse(body).data.event
  const done = new Set<string>()
  for (const receipt of receipts) {
    const own = changesOf(recorded)
      .get(receipt.person)!
      .map(({ id }) => id)
    const before = own.slice(0, own.indexOf(eventOf(receipt)))
    expect(before.filter((id) => !done.has(id))).toEqual([])
    if (Sockets.isTaken(receipt)) done.add(eventOf(receipt))
  }
  expect(recorded.filter(({ id }) => !done.has(id))).toEqual([])
}

/** Mutants: a person is sent further changes while one is under way; a cursor moves past a failed try. */
test("W1 and W2: each change is taken once, and a person's in order, whatever the receiver does", async () => {
  const receiver = receivers[0]!
  await fc.assert(
    fc.asyncProperty(plan, events, fc.integer({ min: 1, max: 4 }), (behaviours, events, concurrency) =>
      run(
        Effect.gen(function* () {
          const scope = yield* Sending.project
          const noted = Sockets.note(receiver, (_, n) => behaviours[n] ?? taken)
          const sender = yield* Sockets.start(Sockets.allowance(receiver))
          yield* Sending.create(scope, sender.outbound, { url: receiver.url, concurrency })
          const pass = (millis: number, step = second) => Sockets.pass(millis, step, [sender], [noted])
          yield* pass(second)
          const recorded = []
          for (const [person, seconds] of events) {
            recorded.push(yield* Sending.record(scope, `user ${person}`))
            yield* pass(seconds * second)
          }
          yield* pass(5 * minute, 5 * second)
          for (let n = 0; n < 400 && noted.receipts.filter(Sockets.isTaken).length < recorded.length; n += 1) {
            yield* pass(5 * minute, minute)
          }
          expectWhole(noted.receipts, recorded)
          // A try that waits for the clock may be over for its sender before the answer reaches it.
          const isOpen = behaviours.includes("endless body")
          if (!isOpen) expect(noted.receipts.filter(Sockets.isTaken).length).toBe(recorded.length)
        }),
      ),
    ),
    { numRuns: times(12, 400) },
  )
})

test("W1: nothing is sent after a receiver has answered 410, or its webhook was disabled, but what was under way", () =>
  run(
    Effect.gen(function* () {
      const receiver = receivers[0]!
      const scope = yield* Sending.project
      const noted = Sockets.note(receiver, (_, n) => (n < 2 ? taken : { status: 410 }))
      const sender = yield* Sockets.start(Sockets.allowance(receiver))
      const webhook = yield* Sending.create(scope, sender.outbound, { url: receiver.url, concurrency: 1 })
      const pass = (millis: number) => Sockets.pass(millis, second, [sender], [noted])
      yield* pass(second)
      for (let n = 0; n < 5; n += 1) {
        yield* Sending.record(scope, `user ${n}`)
        yield* pass(second)
      }
      yield* pass(minute)
      expect(noted.receipts.length).toBe(3)
      expect(yield* Sending.current(webhook)).toMatchObject({ status: "disabled", disabledBecause: "gone" })
    }),
  ))

/** Mutant: one limit of concurrency, or one lease, for all webhooks. */
test.each<readonly [string, Behaviour]>([
  ["hangs", "hang"],
  ["never ends its head", "endless head"],
  ["resets", "reset"],
  ["asks for an hour", { status: 503, headers: { "retry-after": "3600" } }],
])("W3: a receiver that %s delays no other webhook and no event: the clock need not move", (_, behaviour) =>
  run(
    Effect.gen(function* () {
      const [bad, good] = receivers as [Receiver, Receiver]
      const scope = yield* Sending.project
      const notedBad = Sockets.note(bad, () => behaviour)
      const notedGood = Sockets.note(good, () => taken)
      const sender = yield* Sockets.start(Sockets.allowance(bad, good))
      for (const { url } of [bad, good]) yield* Sending.create(scope, sender.outbound, { url })
      yield* Sockets.pass(second, second, [sender], [notedBad, notedGood])
      const before = yield* Clock.currentTimeMillis
      // All tries of the bad receiver that may be under way at a time are so, or have failed.
      const record = (n: number) => Effect.provideContext(Sending.record(scope, `user ${n}`), sender.ledger)
      yield* Effect.forEach([0, 1, 2, 3, 4, 5], record)
      yield* Sockets.quiet([sender], [notedBad, notedGood])
      for (let n = 0; n < 20; n += 1) yield* record(n % 7)
      yield* Effect.promise(() => good.until(() => notedGood.receipts.length === 26))
      expect(yield* Clock.currentTimeMillis).toBe(before)
      expect(notedBad.receipts.length).toBeGreaterThan(0)
    }),
  ),
)

/** Mutants: the outcome of a try is written before it is known; a place is free before its outcome is written. */
test("W4: after a kill at any write, at most the tries that were under way come again, and none is missing", async () => {
  const receiver = receivers[0]!
  const kill = fc.record({ write: fc.nat(12), isDone: fc.boolean() })
  await fc.assert(
    fc.asyncProperty(kill, plan, events, fc.integer({ min: 1, max: 4 }), (kill, behaviours, events, concurrency) =>
      run(
        Effect.gen(function* () {
          const scope = yield* Sending.project
          const noted = Sockets.note(receiver, (_, n) => behaviours[n] ?? taken)
          const first = yield* Sockets.start(Sockets.allowance(receiver), kill)
          yield* Sending.create(scope, first.outbound, { url: receiver.url, concurrency })
          yield* Sockets.pass(second, second, [first], [noted])
          const recorded = []
          for (const [person, seconds] of events) {
            recorded.push(yield* Sending.record(scope, `user ${person}`))
            yield* Sockets.pass(seconds * second, second, [first], [noted])
          }
          const before = noted.receipts.filter(Sockets.isTaken).map(({ id }) => id)
          const at = noted.receipts.length
          // A process that was not killed by then is killed now.
          yield* first.kill
          const next = yield* Sockets.start(Sockets.allowance(receiver))
          const pass = (millis: number, step: number) => Sockets.pass(millis, step, [next], [noted])
          yield* pass(5 * minute, 5 * second)
          for (let n = 0; n < 400; n += 1) {
            if (new Set(noted.receipts.filter(Sockets.isTaken).map(({ id }) => id)).size === recorded.length) break
            yield* pass(5 * minute, minute)
          }
          expectWhole(noted.receipts, recorded)
          const later = new Set(noted.receipts.slice(at).map(({ id }) => id))
          expect(before.filter((id) => later.has(id)).length).toBeLessThanOrEqual(concurrency)
        }),
      ),
    ),
    { numRuns: times(12, 60), seed: 7 },
  )
})

/** Whether a delivery has the signature that the reference library makes. */
const isSignedBy = (secret: string, { body, id, signature, timestamp }: Sockets.Receipt): boolean =>
  signature.split(" ").includes(new Reference(secret).sign(id, new Date(Number(timestamp) * 1000), body))

const isVerifiedBy = (publicKey: string, { body, id, signature, timestamp }: Sockets.Receipt): boolean =>
  Signature.verify(Signature.readVerifying(publicKey)!, { id, timestamp: Number(timestamp), body }, signature)

test.each(["hmac", "ed25519"] as const)(
  "W5: while a secret is rotated, both verify, and afterwards the new one: %s",
  (scheme) =>
    run(
      Effect.gen(function* () {
        const receiver = receivers[0]!
        const { webhooks } = yield* Ledger.Ledger
        const scope = yield* Sending.project
        const noted = Sockets.note(receiver, () => taken)
        const sender = yield* Sockets.start(Sockets.allowance(receiver))
        const { outbound } = sender
        const webhook = yield* Sending.create(scope, outbound, { url: receiver.url, scheme })
        const isBy = scheme === "hmac" ? isSignedBy : isVerifiedBy
        const keyOf = Effect.map(
          Effect.flatMap(Sending.current(webhook), (now) => webhooks.keys(scope, now!, outbound)),
          ({ publicKeys, secret }) => secret ?? publicKeys![0]!,
        )
        const next = Effect.gen(function* () {
          yield* Sockets.pass(2 * second, second, [sender], [noted])
          yield* Sending.record(scope, "jo")
          yield* Sockets.pass(2 * second, second, [sender], [noted])
          return noted.receipts.at(-1)!
        })
        const older = yield* keyOf
        const first = yield* next
        expect(isBy(older, first)).toBe(true)
        yield* webhooks.rotate(scope, webhook.id, minute, { answer: JSON.stringify })
        const newer = yield* keyOf
        expect(newer).not.toBe(older)
        expect(isBy(newer, first)).toBe(false)
        const between = yield* next
        expect([isBy(newer, between), isBy(older, between)]).toEqual([true, true])
        yield* Sockets.pass(2 * minute, 5 * second, [sender], [noted])
        const last = yield* next
        expect([isBy(newer, last), isBy(older, last)]).toEqual([true, false])
        expect(new Set(noted.receipts.map(({ id }) => id)).size).toBe(3)
      }),
    ),
)
