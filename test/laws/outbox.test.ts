/**
 * Law 11: over any schedule of crashes and answers of a mail server, each mail of a change that was kept is handed over
 * at least once, or fails; it is the same every time. Without a crash the server takes it exactly once. A mail of a
 * change that was not kept is never handed over.
 *
 * Mutants that it kills are in test/mutants/mail.ts.
 */
import * as NodeCrypto from "@effect/platform-node/NodeCrypto"
import { Clock, Effect, Layer, Logger } from "effect"
import { TestClock } from "effect/testing"
import * as fc from "fast-check"
import { describe, expect, test } from "vitest"
import * as MemoryStore from "../../adapters/memory/MemoryStore.ts"
import * as Ledger from "../../core/Ledger.ts"
import * as LedgerContext from "../../core/ledger/LedgerContext.ts"
import * as MailSettings from "../../core/ledger/MailSettings.ts"
import { templates } from "../../core/mail/MailWords.ts"
import * as MailSender from "../../core/outbox/MailSender.ts"
import type { MailAnswer, OutgoingMail } from "../../core/ports/MailTransport.ts"
import * as Mails from "../support/compliance/mails.ts"
import * as Mortal from "../support/compliance/mortal.ts"
import * as Plays from "../support/compliance/plays.ts"
import * as TestKeys from "../support/keys.ts"
import { times } from "../support/long.ts"
import * as Surface from "../support/people/surface.ts"
import { threeStores } from "../support/threeStores.ts"

const stores = threeStores(MemoryStore.layer, {
  memory: times(30, 600),
  sqlite: times(3, 40),
  postgres: times(2, 20),
})

const start = Date.UTC(2026, 10, 30)
const minute = 60_000

const answers: ReadonlyArray<MailAnswer> = [
  { _tag: "Taken", code: "250" },
  { _tag: "Taken", code: "250" },
  { _tag: "Later", code: "450" },
  { _tag: "Later", code: "reset" },
  { _tag: "Refused", code: "550" },
  { _tag: "Misconfigured", code: "535" },
]

/** What happens to a mail that is handed over: an answer; or the server is killed when it was taken, or before. */
const anyHandover = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...answers) },
  { weight: 1, arbitrary: fc.constantFrom("killed before" as const, "killed after" as const) },
)

const anyStep = fc.oneof(
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant("post" as const),
      template: fc.constantFrom(...templates),
      isRefused: fc.boolean(),
      triedFor: fc.constantFrom(2 * minute, 30 * minute, 3 * 24 * 60 * minute),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("wait" as const), minutes: fc.constantFrom(0, 1, 2, 7, 90) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant("send" as const),
      handovers: fc.array(anyHandover, { maxLength: 4 }),
      fatal: fc.option(fc.record({ write: fc.nat(4), when: fc.constantFrom("before" as const, "after" as const) }), {
        nil: undefined,
      }),
    }),
  },
)

type Step = typeof anyStep extends fc.Arbitrary<infer S> ? S : never

/** A mail server's view: everything that was handed over, and what it answered. */
interface Handed {
  readonly mail: OutgoingMail
  readonly answer: MailAnswer | "killed"
}

const writes = new Set(["claim", "postpone", "write"])

/** One server sends what is due, until that is done or it is killed. */
const send = Effect.fnUntraced(function* (
  { fatal, handovers }: Extract<Step, { readonly do: "send" }>,
  handed: Array<Handed>,
  context: LedgerContext.LedgerContext,
) {
  const mortal = Mortal.over(
    context.store,
    (name) => writes.has(name),
    (write) => (write === fatal?.write ? fatal.when : undefined),
  )
  const script = [...handovers]
  const transport = {
    send: (mail: OutgoingMail) =>
      Effect.suspend((): Effect.Effect<MailAnswer> => {
        const next = script.shift() ?? answers[0]!
        if (next === "killed before") return mortal.kill
        handed.push({ mail, answer: next === "killed after" ? "killed" : next })
        return next === "killed after" ? mortal.kill : Effect.succeed(next)
      }),
  }
  return yield* mortal.run(MailSender.pass({ transport }, { ...context, store: mortal.store }))
})

/** Plays the steps, and then sends until nothing waits. */
const play = Effect.fnUntraced(function* (steps: ReadonlyArray<Step>) {
  const started = yield* Plays.make
  const { scope } = started
  const context = yield* LedgerContext.make
  const opening = Plays.open(started, { request: "view", user: { email: "jo@example.org" }, isPreverified: true }, key)
  const [request] = (yield* Surface.expected(yield* opening, "Opened")).requests
  const handed: Array<Handed> = []
  const refused = new Set<string>()
  let isKilled = false
  for (const step of steps) {
    if (step.do === "wait") yield* TestClock.adjust(step.minutes * minute)
    if (step.do === "post") {
      const { id } = yield* Mails.post(scope, { ...step, request: request!.id }, context)
      if (step.isRefused) refused.add(id)
    }
    if (step.do === "send" && (yield* send(step, handed, context)) === "killed") isKilled = true
  }
  for (let day = 0; day < 5; day++) {
    yield* TestClock.adjust(24 * 60 * minute)
    yield* send({ do: "send", handovers: [], fatal: undefined }, handed, context)
  }
  const mails = yield* context.store.outbox.list([scope.project], {}, undefined, 1000)
  return {
    handed,
    refused,
    isKilled,
    mails,
    facts: yield* Plays.factsOf(started, request!.id),
    now: yield* Clock.currentTimeMillis,
  }
})

const key = { _tag: "Key", id: "11111111-1111-7111-8111-111111111111" } as const

type Played = Effect.Success<ReturnType<typeof play>>

const check = ({ facts, handed, isKilled, mails, now, refused }: Played): void => {
  const byId = Map.groupBy(handed, ({ mail }) => mail.messageId.split("@")[0]!)
  for (const id of refused) expect(byId.has(id)).toBe(false)
  expect([...byId.keys()].filter((id) => !mails.some((mail) => mail.id === id))).toEqual([])
  for (const mail of mails) {
    const own = byId.get(mail.id) ?? []
    const taken = own.filter(({ answer }) => answer !== "killed" && answer._tag === "Taken")
    expect(["sent", "failed"]).toContain(mail.state)
    expect(new Set(own.map((each) => JSON.stringify(each.mail))).size).toBeLessThanOrEqual(1)
    if (mail.state === "sent") expect(taken.length).toBeGreaterThan(0)
    if (!isKilled) expect(taken.length).toBe(mail.state === "sent" ? 1 : 0)
    const isRefused = own.some(({ answer }) => answer !== "killed" && answer._tag === "Refused")
    if (mail.state === "failed") expect(isRefused || mail.endsAt <= now).toBe(true)
    const ends = facts.filter((fact) => fact.kind === "mailed" && fact.mail === mail.id)
    expect(ends).toMatchObject([{ text: mail.template, outcome: mail.state }])
  }
}

describe.each(stores)("over %s", (_name, store, runs) => {
  test("law 11: each mail that was kept is handed over or fails, the same every time, and no other is", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyStep, { minLength: 4, maxLength: 14 }), async (steps) => {
        const played = await play(steps).pipe(
          Effect.provide(
            Ledger.layer.pipe(
              Layer.provideMerge(Layer.succeed(MailSettings.Current, { from: { address: "privacy@example.com" } })),
              Layer.provideMerge(TestKeys.layer),
              Layer.provideMerge(store()),
              Layer.provideMerge(NodeCrypto.layer),
              Layer.provideMerge(Logger.layer([])),
            ),
          ),
          (all) => Effect.andThen(TestClock.setTime(start), all),
          Effect.provide(TestClock.layer()),
          Effect.runPromise,
        )
        check(played)
      }),
      { numRuns: runs, endOnFailure: false },
    )
  })
})
