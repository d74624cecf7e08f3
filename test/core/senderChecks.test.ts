/** Codes of senders through the use cases, over a store in memory, with a mail transport that keeps what it takes. */
import * as NodeCrypto from "@effect/platform-node/NodeCrypto"
import { Effect, Fiber, Layer } from "effect"
import { TestClock } from "effect/testing"
import { expect, test } from "vitest"
import * as MemoryStore from "../../adapters/memory/MemoryStore.ts"
import * as Ledger from "../../core/Ledger.ts"
import * as MailSettings from "../../core/ledger/MailSettings.ts"
import type { SenderAddress } from "../../core/model/SenderAddress.ts"
import type { MailAnswer, OutgoingMail } from "../../core/ports/MailTransport.ts"
import * as Plays from "../support/compliance/plays.ts"
import * as TestKeys from "../support/keys.ts"

const world = () =>
  Ledger.layer.pipe(
    Layer.provideMerge(Layer.mergeAll(MemoryStore.layer, NodeCrypto.layer, TestKeys.layer)),
    Layer.provide(Layer.succeed(MailSettings.Current, { from: { address: "privacy@server.example" } })),
  )

const run = <A>(program: Effect.Effect<A, unknown, Layer.Success<ReturnType<typeof world>>>): Promise<A> =>
  Effect.andThen(TestClock.setTime(Date.UTC(2026, 0, 31, 12)), program).pipe(
    Effect.provide(world()),
    Effect.provide(TestClock.layer()),
    Effect.runPromise,
  )

/** A mail server that takes everything, or answers what is set. */
const relayOf = () => {
  const mails: Array<OutgoingMail> = []
  const relay = { mails, answer: { _tag: "Taken", code: "250" } as MailAnswer, isSlow: false }
  const send = (mail: OutgoingMail): Effect.Effect<MailAnswer> =>
    Effect.suspend(() => {
      if (relay.isSlow) return Effect.never
      if (relay.answer._tag === "Taken") mails.push(mail)
      return Effect.as(Effect.yieldNow, relay.answer)
    })
  return { relay, transport: { send } }
}

const codeOf = ({ text }: OutgoingMail): string => /\b\d{8}\b/.exec(text)![0]
const wrong = (code: string): string => (code === "00000000" ? "00000001" : "00000000")

/** A ledger with a pending sender. */
const pending = Effect.gen(function* () {
  const play = yield* Plays.make
  const { senders } = play.ledger
  const { organization } = play.scope
  const { relay, transport } = relayOf()
  const answer = () => ""
  const added = yield* senders.add(organization, { name: "Acme", email: "a@acme.example" }, transport, { answer })
  const { id } = (added as { readonly value: SenderAddress }).value
  const all = Effect.map(senders.all(organization), (list) => list.filter((each) => each.id === id))
  return {
    play,
    organization,
    relay,
    transport,
    id,
    sender: Effect.map(all, ([found]) => found!),
    sendCode: senders.sendCode(organization, id, transport, { answer }),
    verify: (code: string) => senders.verify(organization, id, code, { answer }),
  }
})

const codeNotValid = { _tag: "Refused", faults: [expect.objectContaining({ code: "code_not_valid" })] }

// Mutants: the code is kept as it is; a try after the day is compared.
test("a code counts for a day, and is not kept", () =>
  run(
    Effect.gen(function* () {
      const { play, relay, sender, verify } = yield* pending
      const code = codeOf(relay.mails[0]!)
      const catalog = yield* play.ledger.catalog
      expect(JSON.stringify([...catalog.senders.values()])).not.toContain(code)
      yield* TestClock.adjust("24 hours")
      expect(yield* verify(code)).toMatchObject(codeNotValid)
      expect(yield* sender).toMatchObject({ status: "pending" })
    }),
  ))

// Mutants: wrong tries are not counted; a try is compared with a state that was read before.
test("of any number of tries at once five are compared, and each is one change of the catalog", () =>
  run(
    Effect.gen(function* () {
      const { play, relay, verify } = yield* pending
      const code = codeOf(relay.mails[0]!)
      const before = (yield* play.ledger.catalog).revision
      const tries = Array.from({ length: 20 }, () => verify(wrong(code)))
      const outcomes = yield* Effect.all(tries, { concurrency: "unbounded" })
      for (const outcome of outcomes) expect(outcome).toMatchObject(codeNotValid)
      expect((yield* play.ledger.catalog).revision).toBe(before + 5)
      expect(yield* verify(code)).toMatchObject(codeNotValid)
      expect((yield* play.ledger.catalog).revision).toBe(before + 5)
    }),
  ))

// Mutants: the code before still counts; a code may be mailed at once, or any number of times.
test("another code ends the one before: one a minute and five a day", () =>
  run(
    Effect.gen(function* () {
      const { relay, sendCode, sender, verify } = yield* pending
      expect(yield* sendCode).toMatchObject({ _tag: "MailedTooOften" })
      for (let n = 1; n < 5; n++) {
        yield* TestClock.adjust("1 minute")
        expect(yield* sendCode).toMatchObject({ _tag: "Changed" })
      }
      yield* TestClock.adjust("1 hour")
      expect(yield* sendCode).toMatchObject({ _tag: "MailedTooOften" })
      expect(relay.mails).toHaveLength(5)
      expect(yield* verify(codeOf(relay.mails[3]!))).toMatchObject(codeNotValid)
      expect(yield* verify(codeOf(relay.mails[4]!))).toMatchObject({ _tag: "Changed" })
      expect(yield* sender).toMatchObject({ status: "verified" })
      expect(yield* sender).not.toHaveProperty("code")
      expect(yield* sendCode).toMatchObject({ _tag: "Conflict", fault: { code: "sender_verified" } })
    }),
  ))

// Mutant: requests at once are each told that a code may be mailed.
test("requests at once mail one code", () =>
  run(
    Effect.gen(function* () {
      const { relay, sendCode } = yield* pending
      yield* TestClock.adjust("1 minute")
      const outcomes = yield* Effect.all(
        Array.from({ length: 5 }, () => sendCode),
        { concurrency: "unbounded" },
      )
      expect(outcomes.filter(({ _tag }) => _tag === "Changed")).toHaveLength(1)
      expect(relay.mails).toHaveLength(2)
    }),
  ))

// Mutants: what the mail server answers is not looked at; it is waited for without end.
test("nothing is changed where the mail server refuses the mail, or says nothing for ten seconds", () =>
  run(
    Effect.gen(function* () {
      const { organization, play, relay, sendCode, sender, transport } = yield* pending
      yield* TestClock.adjust("1 minute")
      const before = yield* sender
      for (const tag of ["Later", "Refused", "Misconfigured"] as const) {
        relay.answer = { _tag: tag, code: "450" }
        expect(yield* Effect.flip(sendCode)).toMatchObject({ reason: expect.stringContaining("(450)") })
      }
      relay.isSlow = true
      const waiting = yield* Effect.forkChild(Effect.flip(sendCode), { startImmediately: true })
      yield* TestClock.adjust("10 seconds")
      expect(yield* Fiber.join(waiting)).toMatchObject({ reason: expect.stringContaining("(timeout)") })
      expect(yield* sender).toEqual(before)
      relay.isSlow = false
      const another = { name: "B", email: "b@acme.example" }
      const added = play.ledger.senders.add(organization, another, transport, { answer: () => "" })
      expect(yield* Effect.flip(added)).toMatchObject({ isLasting: true })
      expect((yield* play.ledger.catalog).senders.get(organization.id)).toHaveLength(1)
    }),
  ))
