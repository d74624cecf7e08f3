/**
 * An opt-out in a project with the setting `optOutNeedsVerification`, over memory, SQLite and PostgreSQL: the visitor
 * is refused at once; for what was typed nothing changes before identity is shown, and with it, in the same
 * transaction, it is refused.
 */
import * as NodeCrypto from "@effect/platform-node/NodeCrypto"
import { Clock, Effect, Layer, Option } from "effect"
import { TestClock } from "effect/testing"
import { describe, expect, test } from "vitest"
import type { NewRequest, Opener } from "../../core/compliance-requests/ComplianceOpening.ts"
import { id as ledgerTask } from "../../core/data-systems/LedgerSystem.ts"
import * as LedgerContext from "../../core/ledger/LedgerContext.ts"
import * as MailSettings from "../../core/ledger/MailSettings.ts"
import * as Ledger from "../../core/Ledger.ts"
import * as Plays from "../support/compliance/plays.ts"
import * as SentCodes from "../support/compliance/sentCodes.ts"
import * as TestKeys from "../support/keys.ts"
import * as Surface from "../support/people/surface.ts"
import * as SlowMemory from "../support/slowMemory.ts"
import { threeStores } from "../support/threeStores.ts"

const stores = threeStores(SlowMemory.layer, { memory: 1, sqlite: 1, postgres: 1 })

const start = Date.UTC(2026, 0, 31, 12)
const email = "a@example.com"
const phoneNumber = "+4915112345678"
const key: Opener = { _tag: "Key", id: "11111111-1111-7111-8111-111111111111" }

/** A ledger with the setting, where two people have said yes, and a visitor that opts out with what is theirs. */
const make = Effect.gen(function* () {
  const given = yield* Plays.make
  const { ledger, surface, visitors } = given
  const settings = { optOutNeedsVerification: true }
  yield* Surface.expected(yield* ledger.setup.updateProject(given.scope, settings, { answer: () => "" }), "Changed")
  const play = { ...given, scope: Option.getOrThrow(yield* ledger.projectScope(given.scope.project.id)) }
  for (const person of [{ email }, { phoneNumber }]) {
    yield* surface.record([{ project: "p", person, type: "newsletter", consentState: "accepted" }], "refuse")
  }
  yield* TestClock.adjust(1000)
  const visitor = visitors[0]!
  const opener: Opener = { _tag: "Visitor", session: visitor.session! }
  const open = Effect.fnUntraced(function* (item: Partial<NewRequest> = {}, by: Opener = opener) {
    const request: NewRequest = { request: "do_not_sell", user: { email, phoneNumber }, ...item }
    return (yield* Surface.expected(yield* Plays.open(play, request, by), "Opened")).requests[0]!
  })
  const statusOf = (by: Parameters<typeof surface.ask>[1]) =>
    Effect.map(surface.ask("p", by, {}), ({ decisions }) => decisions["newsletter"]!.status)
  const find = (id: string) => Effect.map(ledger.compliance.find(play.scope, id), Option.getOrThrow)
  const kindsOf = (id: string) => Effect.map(Plays.factsOf(play, id), (facts) => facts.map(({ kind }) => kind))
  return { play, visitor, opener, open, statusOf, find, kindsOf }
})

type World = Effect.Success<typeof make>

/** The mail with the code of a request, which is there until identity was shown. */
const codeOf = ({ play }: World, id: string) =>
  Effect.map(SentCodes.of(play.scope, id), (mails) => mails.find(({ template }) => template === "verification"))

/** Shows identity in one of four ways; by the mail with the code as it was read before, where that is given. */
const verify = Effect.fnUntraced(function* (
  made: World,
  id: string,
  way: string,
  of = email,
  read: SentCodes.ReadMail | undefined = undefined,
) {
  const { play, visitor } = made
  const { change, actOnPage, verifyByCode, verifyByToken } = play.ledger.compliance
  const session = visitor.session!
  const mail = (read ?? (yield* codeOf(made, id)))!
  if (way === "code") return yield* verifyByCode(play.scope, id, session, mail.code!, undefined)
  if (way === "link") return yield* actOnPage(play.scope, id, mail.ticket!, { kind: "verify" })
  if (way === "staff") return yield* change(play.scope, id, { verify: { reason: "by telephone" } }, { keyId: "k" })
  const now = yield* Clock.currentTimeMillis
  const context = yield* LedgerContext.make
  const hasher = yield* context.hasherOf(play.scope.organization)
  const [alias] = yield* hasher.aliases({ email: of }, play.scope.project)
  const evidence = { kind: "email", issuedAt: now, expiresAt: now + 1000 } as const
  return yield* verifyByToken(play.scope, id, session, { alias: alias!, evidence, signed: of })
})

describe.each(stores)("Over %s", (_name, store) => {
  const world = () =>
    Ledger.layer.pipe(
      Layer.provideMerge(Layer.mergeAll(store(), NodeCrypto.layer, TestKeys.layer)),
      Layer.provide(Layer.succeed(MailSettings.Current, { publicUrl: SentCodes.publicUrl })),
    )
  const run = <A>(program: Effect.Effect<A, unknown, Layer.Success<ReturnType<typeof world>>>): Promise<A> =>
    Effect.andThen(TestClock.setTime(start), program).pipe(
      Effect.provide(world()),
      Effect.provide(TestClock.layer()),
      Effect.runPromise,
    )

  // Kills: a no of the session that waits; one for what was typed that does not, or is never recorded.
  test.each(["code", "link", "token", "staff"])("a no for what was typed waits until it is verified by %s", (way) =>
    run(
      Effect.gen(function* () {
        const made = yield* make
        const { find, kindsOf, open, play, statusOf, visitor } = made
        const { id, status, subject } = yield* open()
        expect([status, subject]).toEqual(["pending_verification", undefined])
        const people = [{ concordId: visitor.concordId }, { email }, { phoneNumber }]
        expect(yield* Effect.forEach(people, statusOf)).toEqual(["refused", "given", "given"])

        // Two at once: one of them records the refusals, and a note in between loses nothing.
        const note = play.ledger.compliance.change(play.scope, id, { notes: "a note" }, { keyId: "k" })
        const mail = yield* codeOf(made, id)
        const twice = [verify(made, id, way, email, mail), verify(made, id, way, email, mail), note]
        yield* Effect.all(twice, { concurrency: 3 })
        expect(yield* Effect.forEach(people, statusOf)).toEqual(["refused", "withdrawn", "withdrawn"])
        const after = yield* find(id)
        const { concordId } = yield* play.surface.ask("p", { email }, {})
        expect(after).toMatchObject({ status: "submitted", opener: visitor.concordId, subject: concordId })
        expect(after.state.tasks).toEqual([{ dataSystem: ledgerTask, result: "completed" }])
        expect(after.privateData).toMatchObject({ notes: "a note" })
        expect(after.privateData?.optOutEvents).toHaveLength(3)
        const kinds = (yield* kindsOf(id)).filter((kind) => kind !== "noted" && kind !== "verification_failed")
        const first = ["opened", "opted_out", "verification_sent"]
        expect(kinds).toEqual([...first, "verified", "opted_out", "task_done"])
        const mails = (yield* SentCodes.of(play.scope, id)).map(({ template }) => template)
        expect(mails.toSorted()).toEqual(["opted_out", "received"])
      }),
    ),
  )

  test("does not wait where a server has shown identity, or nothing was typed", () =>
    run(
      Effect.gen(function* () {
        const { open, statusOf, visitor } = yield* make
        expect((yield* open({ user: {} })).status).toBe("submitted")
        expect(yield* statusOf({ concordId: visitor.concordId })).toBe("refused")
        expect((yield* open({}, key)).status).toBe("pending_verification")
        expect(yield* statusOf({ email })).toBe("given")
        expect((yield* open({ isPreverified: true }, key)).status).toBe("submitted")
        expect(yield* statusOf({ email })).toBe("withdrawn")
      }),
    ))

  test("a token of another address, and a request that is withdrawn, refuse nothing for what was typed", () =>
    run(
      Effect.gen(function* () {
        const made = yield* make
        const { find, kindsOf, open, play, statusOf, visitor } = made
        const { id } = yield* open()
        expect(yield* verify(made, id, "token", "other@example.com")).toEqual({ _tag: "CodeNotValid" })
        yield* play.ledger.compliance.withdraw(play.scope, id, visitor.session!, undefined)
        expect((yield* find(id)).status).toBe("resolved")
        expect((yield* verify(made, id, "staff"))._tag).toBe("Refused")
        expect(yield* statusOf({ email })).toBe("given")
        expect((yield* kindsOf(id)).filter((kind) => kind === "opted_out")).toHaveLength(1)
      }),
    ))

  test("staff verifies and completes in one change", () =>
    run(
      Effect.gen(function* () {
        const { open, play, statusOf } = yield* make
        const { id } = yield* open()
        const answer = { status: "resolved", resolution: "done", resolutionStatus: "completed" } as const
        const change = { verify: { reason: "by telephone" }, ...answer }
        const { request } = yield* Surface.expected(
          yield* play.ledger.compliance.change(play.scope, id, change, { keyId: "k" }),
          "Changed",
        )
        expect([request.status, yield* statusOf({ email })]).toEqual(["resolved", "withdrawn"])
      }),
    ))
})
