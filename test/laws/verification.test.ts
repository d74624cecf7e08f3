/**
 * Law 6, one code, once: of any concurrent tries of a code or link at most one shows identity, and none does after its
 * end, after five failures, or after a newer code. Over memory, SQLite and PostgreSQL.
 */
import * as NodeCrypto from "@effect/platform-node/NodeCrypto"
import { Clock, Effect, Layer } from "effect"
import { TestClock } from "effect/testing"
import * as fc from "fast-check"
import { describe, expect, test } from "vitest"
import type { ComplianceFact } from "../../core/compliance/ComplianceFact.ts"
import * as IdentityVerification from "../../core/compliance/IdentityVerification.ts"
import * as MailSettings from "../../core/ledger/MailSettings.ts"
import * as Ledger from "../../core/Ledger.ts"
import * as Plays from "../support/compliance/plays.ts"
import * as SentCodes from "../support/compliance/sentCodes.ts"
import * as TestKeys from "../support/keys.ts"
import { times } from "../support/long.ts"
import * as Surface from "../support/people/surface.ts"
import * as SlowMemory from "../support/slowMemory.ts"
import { threeStores } from "../support/threeStores.ts"

const stores = threeStores(SlowMemory.layer, {
  memory: times(25, 1000),
  sqlite: times(4, 80),
  postgres: times(2, 20),
})

const start = Date.UTC(2026, 0, 31, 12)

/** A try of the code or link of a mail, by its number, or of one that was never sent. */
const anyTry = fc.record({ of: fc.nat(2), by: fc.constantFrom("code", "ticket", "wrong", "stranger") })

/** The tries of a round are made at the same time. */
const anyRound = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant("try" as const), tries: fc.array(anyTry, { minLength: 1, maxLength: 7 }) }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("send" as const) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("wait" as const), minutes: fc.constantFrom(0, 1, 1439, 1440) }) },
)

type Round = typeof anyRound extends fc.Arbitrary<infer R> ? R : never

/** What of the facts the law is about. */
interface Told {
  readonly verified: number
  /** Since the last code. */
  readonly failures: number
  readonly sentAt: number
}

const toldBy = (facts: ReadonlyArray<ComplianceFact>): Told => {
  const last = facts.findLastIndex(({ kind }) => kind === "verification_sent")
  const since = facts.slice(last)
  return {
    verified: facts.filter(({ kind }) => kind === "verified").length,
    failures: since.filter((fact) => fact.kind === "verification_failed" && fact.why === "wrong").length,
    sentAt: facts[last]!.at,
  }
}

const setUp = Effect.gen(function* () {
  const play = yield* Plays.make
  const stranger = (yield* play.surface.visit).session!
  const { session } = play.visitors[0]!
  const opener = { _tag: "Visitor", session: session! } as const
  const request = { request: "view", user: { email: "a@example.com" } } as const
  const { requests } = yield* Surface.expected(yield* Plays.open(play, request, opener), "Opened")
  return { play, session: session!, stranger, id: requests[0]!.id }
})

type Scene = Effect.Success<typeof setUp>

const tryOne = Effect.fnUntraced(function* (
  { id, play: { ledger, scope }, session, stranger }: Scene,
  mail: SentCodes.ReadMail,
  by: string,
) {
  const { actOnPage, verifyByCode } = ledger.compliance
  if (by === "ticket") return yield* actOnPage(scope, id, mail.ticket!, { kind: "verify" })
  const code = by === "wrong" ? "wrong" : mail.code!
  return yield* verifyByCode(scope, id, by === "stranger" ? stranger : session, code, undefined)
})

/** Makes a round, and checks what came of it. Kept: all codes that were mailed. */
const carryOut = Effect.fnUntraced(function* (scene: Scene, round: Round, codes: Array<SentCodes.ReadMail>) {
  const { id, play, session } = scene
  const before = toldBy(yield* Plays.factsOf(play, id))
  const now = yield* Clock.currentTimeMillis
  if (round.do === "wait") return yield* TestClock.adjust(round.minutes * 60_000)
  if (round.do === "send") {
    yield* play.ledger.compliance.sendCodeToVisitor(play.scope, id, session)
    const known = new Set(codes.map(({ code }) => code))
    const sent = (yield* SentCodes.of(play.scope, id)).filter(({ code }) => code !== undefined && !known.has(code))
    return codes.push(...sent)
  }
  const tries = round.tries.map(({ by, of }) => ({ by, mail: codes[Math.max(0, codes.length - 1 - of)]! }))
  yield* Effect.forEach(tries, ({ by, mail }) => tryOne(scene, mail, by), { concurrency: "unbounded" })
  const after = toldBy(yield* Plays.factsOf(play, id))
  const rights = tries.filter(({ by, mail }) => mail === codes.at(-1) && (by === "code" || by === "ticket"))
  const isLive = now < before.sentAt + IdentityVerification.validMillis && before.failures < 5
  const mayVerify = before.verified === 0 && isLive && rights.length > 0
  expect(after.verified - before.verified).toBeLessThanOrEqual(mayVerify ? 1 : 0)
  expect(after.failures).toBeLessThanOrEqual(5)
  if (mayVerify && tries.length === rights.length) expect(after.verified).toBe(1)
})

describe.each(stores)("Over %s", (_name, store, numRuns) => {
  const context = Layer.mergeAll(NodeCrypto.layer, TestKeys.layer)
  const settings = Layer.succeed(MailSettings.Current, { publicUrl: SentCodes.publicUrl })
  const run = <A>(program: Effect.Effect<A, unknown, Layer.Success<ReturnType<typeof world>>>): Promise<A> =>
    Effect.andThen(TestClock.setTime(start), program).pipe(
      Effect.provide(world()),
      Effect.provide(TestClock.layer()),
      Effect.runPromise,
    )
  const world = () => Ledger.layer.pipe(Layer.provideMerge(Layer.mergeAll(store(), context)), Layer.provide(settings))

  // Kills: a failure that is not counted; a code that is not spent; one that counts after a newer one, or too long.
  test("one code shows identity once, however it is tried", () =>
    fc.assert(
      fc.asyncProperty(fc.array(anyRound, { minLength: 3, maxLength: 8 }), (rounds) =>
        run(
          Effect.gen(function* () {
            const scene = yield* setUp
            const codes = (yield* SentCodes.of(scene.play.scope, scene.id)).filter(({ code }) => code !== undefined)
            expect(codes).toHaveLength(1)
            for (const round of rounds) yield* carryOut(scene, round, codes)
          }),
        ),
      ),
      { numRuns },
    ))
})
