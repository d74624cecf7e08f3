/**
 * Opening, working on and reading compliance requests through the use cases, over a store in memory.
 */
import * as NodeCrypto from "@effect/platform-node/NodeCrypto"
import { Effect, Layer, Option, Result } from "effect"
import { TestClock } from "effect/testing"
import { describe, expect, test } from "vitest"
import * as MemoryStore from "../../adapters/memory/MemoryStore.ts"
import type { NewRequest, Opener } from "../../core/compliance-requests/ComplianceOpening.ts"
import { id as ledgerTask } from "../../core/data-systems/LedgerSystem.ts"
import type { WorkChange } from "../../core/compliance-requests/ComplianceWork.ts"
import * as KeyEpochs from "../../core/ledger/KeyEpochs.ts"
import * as Ledger from "../../core/Ledger.ts"
import { Keys, KeysUnavailable } from "../../core/ports/Keys.ts"
import { LedgerStore } from "../../core/ports/LedgerStore.ts"
import * as Plays from "../support/compliance/plays.ts"
import * as TestKeys from "../support/keys.ts"
import * as Surface from "../support/people/surface.ts"

const start = Date.UTC(2026, 0, 31, 23, 30)
const day = 86_400_000
const key: Opener = { _tag: "Key", id: "11111111-1111-7111-8111-111111111111" }

/** Keys that can be taken away. */
const switchable = () => {
  const keys = TestKeys.make()
  const away = new KeysUnavailable({ reason: "away" })
  let isAway = false
  const unless = <A, E>(effect: Effect.Effect<A, E>): Effect.Effect<A, E | KeysUnavailable> =>
    Effect.suspend((): Effect.Effect<A, E | KeysUnavailable> => (isAway ? Effect.fail(away) : effect))
  const service: Keys["Service"] = {
    ...keys,
    epoch: unless(keys.epoch),
    wrap: (by, own) => unless(keys.wrap(by, own)),
    unwrap: (by, wrapped) => unless(keys.unwrap(by, wrapped)),
  }
  return { service, take: () => (isAway = true), bring: () => (isAway = false) }
}

const run = <A>(
  program: Effect.Effect<A, unknown, Ledger.Ledger | LedgerStore | Keys>,
  keys: Keys["Service"] = TestKeys.make(),
): Promise<A> =>
  Effect.andThen(TestClock.setTime(start), program).pipe(
    Effect.provide(
      Ledger.layer.pipe(
        Layer.provideMerge(Layer.succeed(Keys, keys)),
        Layer.provideMerge(MemoryStore.layer),
        Layer.provide(NodeCrypto.layer),
      ),
    ),
    Effect.provide(TestClock.layer()),
    Effect.runPromise,
  )

const openOne = Effect.fnUntraced(function* (play: Plays.Play, request: NewRequest, opener: Opener = key) {
  const { requests } = yield* Surface.expected(yield* Plays.open(play, request, opener), "Opened")
  return requests[0]!
})

const view: NewRequest = { request: "view", user: { email: "a@example.com" } }
const optOut: NewRequest = { request: "do_not_sell", user: { email: "a@example.com" } }

const work = (play: Plays.Play, id: string, change: WorkChange) =>
  play.ledger.compliance.change(play.scope, id, change, { keyId: "k" })

const eventsOf = Effect.fnUntraced(function* ({ scope }: Plays.Play) {
  const { events } = yield* LedgerStore
  const ends = yield* events.laneEnds(scope.project)
  return ends.reduce((sum, end) => sum + end, 0)
})

describe("Opening", () => {
  test("counts the day of receipt in the organization's time zone, and keeps it", () =>
    run(
      Effect.gen(function* () {
        const play = yield* Plays.make
        const { organization } = play.scope
        const setZone = (timeZone: string) =>
          Effect.flatMap(
            play.ledger.setup.updateOrganization(organization, { timeZone }, { answer: () => "" }),
            (made) => Surface.expected(made, "Changed"),
          )
        yield* setZone("Europe/Berlin")
        const scope = Option.getOrThrow(yield* play.ledger.projectScope(play.scope.project.id))
        const request = yield* openOne({ ...play, scope }, view)
        expect(request.state.receivedOn).toBe("2026-02-01")
        expect(request.clock.dueDate).toBe("2026-03-02")
        yield* setZone("America/New_York")
        const read = Option.getOrThrow(yield* play.ledger.compliance.find(scope, request.id))
        expect(read.clock.dueDate).toBe("2026-03-02")
      }),
    ))

  test("pins the holidays: one that is removed later makes no answer due earlier", () =>
    run(
      Effect.gen(function* () {
        const play = yield* Plays.make
        const { ledger } = play
        const change = (holidays: ReadonlyArray<string> | null) =>
          ledger.setup.updateOrganization(play.scope.organization, { holidays }, { answer: () => "" })
        yield* change(["2026-03-03", "2026-03-02"])
        const scopeOf = Effect.map(ledger.projectScope(play.scope.project.id), Option.getOrThrow)
        const request = yield* openOne(
          { ...play, scope: yield* scopeOf },
          { ...view, requestDate: Date.UTC(2026, 0, 30) },
        )
        expect(request.clock.dueDate).toBe("2026-03-04")
        yield* change(null)
        const read = Option.getOrThrow(yield* ledger.compliance.find(yield* scopeOf, request.id))
        expect(read.clock.dueDate).toBe("2026-03-04")
        expect((yield* openOne({ ...play, scope: yield* scopeOf }, view)).state.calendar).toBe(2)
      }),
    ))

  test.each<readonly [string, Partial<NewRequest>, string, string]>([
    ["a date that is later than now", { requestDate: start + 1 }, "request_date_in_future", "requestDate"],
    ["a clock pack that is not there", { regulation: "clock:gdpr@2019" }, "unknown_clock_pack", "regulation"],
    ["a subject that has not shown identity", { subject: { userId: "1" } }, "subject_needs_preverified", "userId"],
    ["an address that is none", { user: { email: "x" } }, "email_not_valid", "user/email"],
    ["a language that is none", { language: "not a tag" }, "language_not_valid", "language"],
    ["a page of another site", { captureUrl: "https://elsewhere.test/" }, "capture_url_not_of_project", "captureUrl"],
  ])("refuses %s", (_what, given, code, field) =>
    run(
      Effect.gen(function* () {
        const play = yield* Plays.make
        const outcome = yield* Plays.open(play, { ...view, ...given }, key)
        expect(outcome).toMatchObject({ _tag: "Refused", violations: [{ item: 0, code, field }] })
        expect(yield* Plays.requests(play)).toEqual([])
      }),
    ),
  )

  test("an opt-out with a page and a language that cannot be used is opened without them", () =>
    run(
      Effect.gen(function* () {
        const play = yield* Plays.make
        const given = { ...optOut, captureUrl: "https://elsewhere.test/", language: "not a tag" }
        const request = yield* openOne(play, given)
        expect(request.state.language).toBe("en")
        expect(request.privateData?.captureUrl).toBeUndefined()
      }),
    ))

  test("is answered with the first request for the same external id, also at the same time", () =>
    run(
      Effect.gen(function* () {
        const play = yield* Plays.make
        const given = { ...optOut, externalId: "letter 1" }
        const all = yield* Effect.all([openOne(play, given), openOne(play, given), openOne(play, given)], {
          concurrency: "unbounded",
        })
        expect(new Set(all.map(({ id }) => id)).size).toBe(1)
        expect(yield* Plays.requests(play)).toHaveLength(1)
        expect(yield* eventsOf(play)).toBe(1)
        const other = { ...key, id: "22222222-2222-7222-8222-222222222222" }
        expect((yield* openOne(play, given, other)).id).not.toBe(all[0]!.id)
      }),
    ))

  test("with an idempotency key is carried out once", () =>
    run(
      Effect.gen(function* () {
        const play = yield* Plays.make
        const idempotency = { caller: "k", key: "1", credential: "", content: "the same" }
        const open = play.ledger.compliance.open(play.scope, { opener: key, items: [view, optOut], idempotency })
        const first = yield* Surface.expected(yield* open, "Opened")
        const again = yield* Surface.expected(yield* open, "Opened")
        expect(again).toEqual({ ...first, isRepeated: true })
        expect(yield* eventsOf(play)).toBe(1)
      }),
    ))
})

describe("An opt-out", () => {
  test("declines for the visitor, and for a person that no one knew", () =>
    run(
      Effect.gen(function* () {
        const play = yield* Plays.make
        const visitor = play.visitors[0]!
        const opener: Opener = { _tag: "Visitor", session: visitor.session! }
        const request = yield* openOne(play, { ...optOut, user: { email: "New@Example.com" } }, opener)
        expect(request.state.tasks).toEqual([{ dataSystem: ledgerTask, result: "completed" }])
        expect(request.privateData?.optOutEvents).toHaveLength(2)
        for (const by of [{ concordId: visitor.concordId }, { email: "new@example.com" }]) {
          const { decisions } = yield* play.surface.ask("p", by, {})
          expect(decisions["newsletter"]).toMatchObject({ status: "refused", permitted: false })
        }
        const { concordId } = yield* play.surface.ask("p", { email: "new@example.com" }, {})
        expect(concordId).not.toBe(visitor.concordId)
        expect(request).toMatchObject({ opener: visitor.concordId, subject: concordId })
      }),
    ))

  test("does not wait for identity while keys are away, whatever the project wants", () => {
    const keys = switchable()
    return run(
      Effect.gen(function* () {
        const play = yield* Plays.makeWith({ optOutNeedsVerification: true })
        keys.take()
        yield* TestClock.adjust(61_000)
        const opener: Opener = { _tag: "Visitor", session: play.visitors[0]!.session! }
        expect((yield* openOne(play, optOut, opener)).status).toBe("submitted")
        expect(yield* eventsOf(play)).toBe(2)
        keys.bring()
        yield* TestClock.adjust(61_000)
        expect((yield* openOne(play, optOut, opener)).status).toBe("pending_verification")
      }),
      keys.service,
    )
  })

  test("claims nothing that was typed for a person that another identifier names", () =>
    run(
      Effect.gen(function* () {
        const play = yield* Plays.make
        const phoneNumber = "+4915112345678"
        const yes = { project: "p", person: { phoneNumber }, type: "analytics", consentState: "accepted" } as const
        yield* play.surface.record([yes], "leave-out")
        yield* openOne(play, { ...optOut, user: { email: "new@example.com", phoneNumber } })
        const { decisions } = yield* play.surface.ask("p", { email: "new@example.com" }, {})
        expect(decisions["analytics"]).toMatchObject({ permitted: false })
      }),
    ))

  test("that names no one is refused, and one whose address cannot be read is not, where the visitor is known", () =>
    run(
      Effect.gen(function* () {
        const play = yield* Plays.make
        const unreadable = { ...optOut, user: { email: "no address" } }
        const outcome = yield* Plays.open(play, unreadable, key)
        expect(outcome).toMatchObject({ _tag: "Refused", violations: [{ code: "email_not_valid" }] })
        const opener: Opener = { _tag: "Visitor", session: play.visitors[0]!.session! }
        expect((yield* openOne(play, unreadable, opener)).privateData?.optOutEvents).toHaveLength(1)
      }),
    ))

  test("is recorded while keys are away, without what is personal; others are opened when they are back", () => {
    const keys = switchable()
    return run(
      Effect.gen(function* () {
        const play = yield* Plays.make
        keys.take()
        yield* TestClock.adjust(61_000)
        const opener: Opener = { _tag: "Visitor", session: play.visitors[0]!.session! }
        expect(Result.isFailure(yield* Effect.result(Plays.open(play, view, key)))).toBe(true)
        const request = yield* openOne(play, optOut, opener)
        expect(request.privateData).toBeUndefined()
        expect(yield* eventsOf(play)).toBe(2)
        keys.bring()
        const noted = yield* Surface.expected(yield* work(play, request.id, { notes: "later" }), "Changed")
        expect(noted.request.privateData).toEqual({ user: {}, notes: "later" })
      }),
      keys.service,
    )
  })
})

describe("Working", () => {
  test("takes a request from identity to its end, with every word and date", () =>
    run(
      Effect.gen(function* () {
        const play = yield* Plays.make
        const { id } = yield* openOne(play, view)
        expect(yield* work(play, id, { status: "acknowledged" })).toMatchObject({
          _tag: "Refused",
          violations: [{ code: "not_verified", field: "status" }],
        })
        yield* TestClock.adjust(day)
        yield* work(play, id, { verify: { reason: "called back" }, notes: "spoke to them", status: "acknowledged" })
        expect(
          yield* work(play, id, { status: "resolved", resolutionStatus: "completed", resolution: "here it is" }),
        ).toMatchObject({
          _tag: "Refused",
          violations: [{ code: "tasks_open", names: [`Consent ledger (${ledgerTask})`] }],
        })
        const change = { status: "resolved", resolutionStatus: "partially_completed", resolution: "in part" } as const
        const { request } = yield* Surface.expected(yield* work(play, id, change), "Changed")
        expect(request).toMatchObject({
          status: "resolved",
          state: { ordinal: 5, verifiedBy: "staff", resolution: { status: "partially_completed" } },
          privateData: { notes: "spoke to them", resolution: "in part", reasons: { verification: "called back" } },
        })
        expect(request.state.instants).toMatchObject({ received: start, verified: start + day, resolved: start + day })
      }),
    ))

  test("changes all or nothing, and says which member is refused", () =>
    run(
      Effect.gen(function* () {
        const play = yield* Plays.make
        const { id } = yield* openOne(play, { ...view, isPreverified: true })
        const outcome = yield* work(play, id, { notes: "kept?", extension: { reason: "many" } })
        expect(outcome).toMatchObject({ _tag: "Changed" })
        const tooFar = yield* work(play, id, { notes: "not kept", extension: { reason: "more" } })
        expect(tooFar).toMatchObject({ violations: [{ field: "extension", code: "extended_before" }] })
        const read = Option.getOrThrow(yield* play.ledger.compliance.find(play.scope, id))
        expect(read.privateData?.notes).toBe("kept?")
      }),
    ))

  test("a change that was decided on another ordinal is a conflict, and concurrent ones are decided in turn", () =>
    run(
      Effect.gen(function* () {
        const play = yield* Plays.make
        const { id } = yield* openOne(play, { ...view, isPreverified: true })
        const many = Array.from({ length: 20 }, (_, index) => work(play, id, { notes: `note ${index}` }))
        for (const outcome of yield* Effect.all(many, { concurrency: "unbounded" }))
          expect(outcome._tag).toBe("Changed")
        expect(yield* work(play, id, { ordinal: 1, notes: "x" })).toEqual({ _tag: "OrdinalConflict", ordinal: 21 })
        expect(yield* work(play, id, { ordinal: 21, notes: "x" })).toMatchObject({ _tag: "Changed" })
      }),
    ))

  test("one that changes nothing makes no fact", () =>
    run(
      Effect.gen(function* () {
        const play = yield* Plays.make
        const { id } = yield* openOne(play, { ...view, notes: "same" })
        const { request } = yield* Surface.expected(yield* work(play, id, { notes: "same" }), "Changed")
        expect(request.state.ordinal).toBe(1)
      }),
    ))

  test("a person withdraws what it opened, and no one else's", () =>
    run(
      Effect.gen(function* () {
        const play = yield* Plays.make
        const { ledger, scope, surface } = play
        const [own, other] = [play.visitors[0]!, yield* surface.visit]
        const { id } = yield* openOne(play, view, { _tag: "Visitor", session: own.session! })
        expect(yield* ledger.compliance.withdraw(scope, id, other.session!, undefined)).toEqual({ _tag: "NotFound" })
        expect(yield* ledger.compliance.withdraw(scope, id, own.session!, undefined)).toMatchObject({
          request: { status: "resolved", state: { resolution: { status: "withdrawn" } } },
        })
        expect(Option.isNone(yield* ledger.compliance.findOfVisitor(scope, id, other.session!))).toBe(true)
      }),
    ))
})

describe("Reading", () => {
  test("finds a part of something personal, in any case, page by page", () =>
    run(
      Effect.gen(function* () {
        const play = yield* Plays.make
        const { ledger, scope } = play
        for (let index = 0; index < 5; index++) {
          yield* openOne(play, { ...view, notes: index % 2 === 0 ? `Even ${index}` : `odd ${index}` })
          yield* TestClock.adjust(1)
        }
        const list = (query: object) =>
          Effect.flatMap(ledger.compliance.list(scope.organization, [scope.project], "k", query), (listed) =>
            Surface.expected(listed, "Listed"),
          )
        const first = yield* list({ notes: "eVEN", limit: 2 })
        expect(first.total).toBe(3)
        const rest = yield* list({ notes: "eVEN", limit: 2, cursor: first.nextCursor })
        expect([...first.items, ...rest.items].map(({ privateData }) => privateData?.notes)).toEqual([
          "Even 4",
          "Even 2",
          "Even 0",
        ])
        expect(rest.nextCursor).toBeUndefined()
        expect((yield* list({ text: "EXAMPLE" })).total).toBe(5)
        expect((yield* list({ text: "nowhere" })).items).toEqual([])
      }),
    ))

  test("while keys are away, what is personal is left out", () => {
    const keys = switchable()
    return run(
      Effect.gen(function* () {
        const play = yield* Plays.make
        const { id } = yield* openOne(play, view)
        keys.take()
        const read = Option.getOrThrow(yield* play.ledger.compliance.find(play.scope, id))
        expect(read).toMatchObject({ status: "pending_verification" })
        expect(read.privateData).toBeUndefined()
      }),
      keys.service,
    )
  })

  test("requests stay readable when the keys of epochs are replaced and destroyed", () =>
    run(
      Effect.gen(function* () {
        const play = yield* Plays.make
        const { id } = yield* openOne(play, view)
        for (let month = 0; month < 6; month++) {
          yield* TestClock.adjust(31 * day)
          yield* play.ledger.tendKeys({ kept: KeyEpochs.keptByDefault })
        }
        const { epochs } = yield* Keys
        expect((yield* epochs)[0]?.destroyedAt).toBeDefined()
        const read = Option.getOrThrow(yield* play.ledger.compliance.find(play.scope, id))
        expect(read.privateData).toEqual({ user: { email: "a@example.com" } })
      }),
    ))
})

describe("Erasing a person", () => {
  test("removes what is personal of its closed requests, and leaves the open ones and all facts", () =>
    run(
      Effect.gen(function* () {
        const play = yield* Plays.make
        const { ledger, scope, surface } = play
        const { concordId, session } = play.visitors[0]!
        const opener: Opener = { _tag: "Visitor", session: session! }
        const closed = yield* openOne(play, view, opener)
        const open = yield* openOne(play, view, opener)
        yield* ledger.compliance.withdraw(scope, closed.id, session!, undefined)
        yield* surface.erase!(concordId)
        const read = (id: string) => Effect.map(ledger.compliance.find(scope, id), Option.getOrThrow)
        expect((yield* read(closed.id)).privateData).toBeUndefined()
        expect((yield* read(closed.id)).opener).toBeUndefined()
        expect((yield* read(open.id)).privateData?.user).toEqual({ email: "a@example.com" })
        expect(yield* Plays.factsOf(play, closed.id)).toHaveLength(3)
        expect(yield* work(play, closed.id, { reopen: { reason: "again" } })).toMatchObject({
          violations: [{ code: "purged_already" }],
        })
      }),
    ))

  test("removes what is personal of a request that was open then, when it is resolved", () =>
    run(
      Effect.gen(function* () {
        const play = yield* Plays.make
        const { concordId, session } = play.visitors[0]!
        const { id } = yield* openOne(play, view, { _tag: "Visitor", session: session! })
        yield* play.surface.erase!(concordId)
        yield* work(play, id, { notes: "still open" })
        const denial = { status: "resolved", resolutionStatus: "denied", denialGround: "identity_not_shown" } as const
        const { request } = yield* Surface.expected(yield* work(play, id, denial), "Changed")
        expect(request.state.isPurged).toBe(true)
        expect(request.privateData).toBeUndefined()
        const { compliance } = yield* LedgerStore
        expect(yield* compliance.privateOf(play.scope.project, [id])).toEqual([undefined])
      }),
    ))

  test("removes a closed opt-out whose typed address names the person", () =>
    run(
      Effect.gen(function* () {
        const play = yield* Plays.make
        const { id } = yield* openOne(play, optOut)
        yield* work(play, id, { status: "resolved", resolutionStatus: "completed", resolution: "done" })
        const { concordId } = yield* play.surface.ask("p", { email: "a@example.com" }, {})
        yield* play.surface.erase!(concordId!)
        const read = Option.getOrThrow(yield* play.ledger.compliance.find(play.scope, id))
        expect(read.privateData).toBeUndefined()
      }),
    ))
})
