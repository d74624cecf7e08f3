/**
 * What the ledger does with the answer to a compliance request, through the use cases, over a store in memory: it
 * erases with the answer to a `delete`, and corrects a profile with the answer to a `change`.
 */
import * as NodeCrypto from "@effect/platform-node/NodeCrypto"
import { Effect, Layer, Option, Result, Stream } from "effect"
import { TestClock } from "effect/testing"
import { describe, expect, test } from "vitest"
import * as MemoryErasureLog from "../../adapters/erasure-log/MemoryErasureLog.ts"
import * as MemoryStore from "../../adapters/memory/MemoryStore.ts"
import type { NewRequest, Opener } from "../../core/compliance-requests/ComplianceOpening.ts"
import { id as ledgerTask } from "../../core/data-systems/LedgerSystem.ts"
import type { WorkChange } from "../../core/compliance-requests/ComplianceWork.ts"
import * as Ledger from "../../core/Ledger.ts"
import type { Identifiers } from "../../core/model/People.ts"
import * as RemainingColumns from "../../core/people/RemainingColumns.ts"
import { ErasureLog, ErasureLogUnavailable } from "../../core/ports/ErasureLog.ts"
import { Keys, KeysUnavailable } from "../../core/ports/Keys.ts"
import { LedgerStore } from "../../core/ports/LedgerStore.ts"
import { StoreUnavailable } from "../../core/ports/StoreUnavailable.ts"
import * as Plays from "../support/compliance/plays.ts"
import * as TestKeys from "../support/keys.ts"
import * as Surface from "../support/people/surface.ts"

const start = Date.UTC(2026, 0, 31)
const account: Identifiers = { userId: "account" }
const key: Opener = { _tag: "Key", id: "11111111-1111-7111-8111-111111111111" }

/** What fails while it is switched off: the keys, the log of erasures, the writes of compliance requests. */
const switches = () => ({ keys: true, log: true, writes: true })

type Switches = ReturnType<typeof switches>

const keysBehind = (on: Switches): Keys["Service"] => {
  const keys = TestKeys.make()
  const unless = <A, E>(effect: Effect.Effect<A, E>) =>
    Effect.suspend((): Effect.Effect<A, E | KeysUnavailable> =>
      on.keys ? effect : Effect.fail(new KeysUnavailable({ reason: "away" })),
    )
  return {
    ...keys,
    epoch: unless(keys.epoch),
    wrap: (by, own) => unless(keys.wrap(by, own)),
    unwrap: (by, wrapped) => unless(keys.unwrap(by, wrapped)),
  }
}

const logBehind = (on: Switches) =>
  Layer.effect(
    ErasureLog,
    Effect.map(ErasureLog, (log) => ({
      ...log,
      begin: (erasure: Parameters<typeof log.begin>[0]) =>
        Effect.suspend((): Effect.Effect<void, ErasureLogUnavailable> =>
          on.log ? log.begin(erasure) : Effect.fail(new ErasureLogUnavailable({ reason: "away" })),
        ),
    })),
  ).pipe(Layer.provide(MemoryErasureLog.layer))

const storeBehind = (on: Switches) =>
  Layer.effect(
    LedgerStore,
    Effect.map(LedgerStore, (store) => ({
      ...store,
      compliance: {
        ...store.compliance,
        write: (write: Parameters<typeof store.compliance.write>[0]) =>
          Effect.suspend(() =>
            on.writes ? store.compliance.write(write) : Effect.fail(new StoreUnavailable({ reason: "crashed" })),
          ),
      },
    })),
  ).pipe(Layer.provide(MemoryStore.layer))

const run = <A>(
  program: (on: Switches) => Effect.Effect<A, unknown, Ledger.Ledger | LedgerStore | ErasureLog>,
): Promise<A> => {
  const on = switches()
  return Effect.andThen(TestClock.setTime(start), program(on)).pipe(
    Effect.provide(
      Ledger.layer.pipe(
        Layer.provideMerge(logBehind(on)),
        Layer.provideMerge(storeBehind(on)),
        Layer.provide([NodeCrypto.layer, Layer.succeed(Keys, keysBehind(on))]),
      ),
    ),
    Effect.provide(TestClock.layer()),
    Effect.runPromise,
  )
}

const openOne = Effect.fnUntraced(function* (play: Plays.Play, request: Partial<NewRequest>, opener: Opener = key) {
  const about: NewRequest = { request: "delete", user: { email: "a@example.com" }, ...request }
  const { requests } = yield* Surface.expected(yield* Plays.open(play, about, opener), "Opened")
  return requests[0]!
})

/** A request about the account, of which identity was shown. */
const verified = { isPreverified: true, subject: account } as const

const answered = { status: "resolved", resolution: "done" } as const
const completed: WorkChange = { ...answered, resolutionStatus: "completed" }
const inPart: WorkChange = { ...answered, resolutionStatus: "partially_completed" }

const work = (play: Plays.Play, id: string, change: WorkChange, mayErase = true) =>
  play.ledger.compliance.change(play.scope, id, change, { keyId: "k", ...(mayErase && { mayErase }) })

const worked = (play: Plays.Play, id: string, change: WorkChange) =>
  Effect.map(
    Effect.flatMap(work(play, id, change), (outcome) => Surface.expected(outcome, "Changed")),
    ({ request }) => request,
  )

const kindsOf = (play: Plays.Play, id: string) =>
  Effect.map(Plays.factsOf(play, id), (facts) => facts.map(({ kind }) => kind))

/** A person with an account, that has answered and is joined with a visitor. */
const withPerson = Effect.gen(function* () {
  const play = yield* Plays.make
  const guest = play.visitors[0]!
  const item = { project: "p", person: account, type: "newsletter", consentState: "accepted" } as const
  yield* play.surface.record([item], "leave-out")
  const visitor = yield* play.surface.identify(guest, account)
  const { concordId } = yield* play.surface.ask("p", account, {})
  return { play, guest, visitor, concordId: concordId! }
})

const erasedAt = ({ ledger, scope }: Plays.Play, concordId: string) =>
  Effect.map(ledger.counted(scope.organization, concordId), ({ person }) => person.erasedAt)

describe("The answer to a delete", () => {
  test("erases everyone that is joined with the person, and says what was erased", () =>
    run(() =>
      Effect.gen(function* () {
        const { concordId, guest, play } = yield* withPerson
        const { id } = yield* openOne(play, verified)
        const request = yield* worked(play, id, completed)
        expect(yield* kindsOf(play, id)).toEqual(["opened", "acknowledged", "erased", "task_done", "resolved"])
        const { erasure } = Option.getOrThrow(yield* play.ledger.erasure(play.scope.organization, concordId))
        expect(erasure).toMatchObject({ reason: "request", submitter: "k" })
        expect(erasure.members).toContain(guest.concordId)
        expect(request.state).toMatchObject({
          resolution: { status: "completed" },
          erasure: { erasure: erasure.id, scope: "full", counts: erasure.destroyed, remaining: [] },
          tasks: [{ dataSystem: ledgerTask, result: "completed" }],
        })
        expect((yield* play.surface.ask("p", account, {})).concordId).toBeUndefined()
      }),
    ))

  test("keeps what is personal of this request until it has been mailed, and nothing of a closed one", () =>
    run(() =>
      Effect.gen(function* () {
        const { play } = yield* withPerson
        const closed = yield* openOne(play, { ...verified, request: "view" })
        yield* worked(play, closed.id, inPart)
        const { id } = yield* openOne(play, verified)
        const request = yield* worked(play, id, completed)
        expect(request.privateData).toMatchObject({ resolution: "done", user: { email: "a@example.com" } })
        expect(request.untilMailEnds).toEqual(RemainingColumns.ofRequests)
        expect(request.untilMailEnds).toContain("compliance_private.encrypted")
        const noted = yield* worked(play, id, { notes: "sent by letter" })
        expect(noted.privateData?.notes).toBe("sent by letter")
        const { compliance } = yield* LedgerStore
        const [first, own] = yield* compliance.privateOf(play.scope.project, [closed.id, id])
        expect([first, own?.request]).toEqual([undefined, id])
      }),
    ))

  test("in part also erases, and names what open requests of the person still hold", () =>
    run(() =>
      Effect.gen(function* () {
        const { concordId, play } = yield* withPerson
        yield* openOne(play, { ...verified, request: "view" })
        const { id } = yield* openOne(play, verified)
        const { state } = yield* worked(play, id, { ...inPart, erasure: { scope: "full" } })
        expect(state.erasure?.remaining).toEqual(RemainingColumns.ofRequests)
        expect(state.tasks).toEqual([{ dataSystem: ledgerTask }])
        expect(yield* erasedAt(play, concordId)).toBeDefined()
      }),
    ))

  test("that is refused has erased nothing", () =>
    run((on) =>
      Effect.gen(function* () {
        const { concordId, guest, play } = yield* withPerson
        const { id } = yield* openOne(play, verified)
        const own = yield* openOne(play, { request: "view" }, { _tag: "Visitor", session: guest.session! })
        const codeOf = Effect.fnUntraced(function* (change: WorkChange, mayErase = true) {
          const outcome = yield* work(play, id, change, mayErase)
          return outcome._tag === "Refused" ? outcome.violations[0] : outcome
        })
        const { resolution: _, ...wordless } = completed
        expect(yield* codeOf(wordless)).toMatchObject({ code: "resolution_missing" })
        expect(yield* codeOf(completed)).toMatchObject({ code: "other_requests_open", names: [own.id] })
        expect(yield* codeOf({ ...completed, reopen: { reason: "r" } })).toMatchObject({ code: "not_resolved" })
        yield* worked(play, own.id, { ...answered, resolutionStatus: "denied", denialGround: "duplicate" })
        expect(yield* codeOf(completed, false)).toMatchObject({ code: "erase_needed" })
        expect(yield* codeOf(inPart, false)).toMatchObject({ code: "erase_needed" })
        expect(yield* codeOf({ ...completed, ordinal: 7 })).toEqual({ _tag: "OrdinalConflict", ordinal: 1 })
        on.log = false
        expect(Result.isFailure(yield* Effect.result(work(play, id, completed)))).toBe(true)
        on.log = true
        on.keys = false
        yield* TestClock.adjust(61_000)
        expect(Result.isFailure(yield* Effect.result(work(play, id, completed)))).toBe(true)
        on.keys = true
        expect(yield* erasedAt(play, concordId)).toBeUndefined()
        expect(yield* kindsOf(play, id)).toEqual(["opened"])
        yield* worked(play, id, completed)
        expect(yield* erasedAt(play, concordId)).toBeDefined()
      }),
    ))

  test("goes on after a crash between the erasure and the facts, with the same erasure", () =>
    run((on) =>
      Effect.gen(function* () {
        const { concordId, play } = yield* withPerson
        const { id } = yield* openOne(play, verified)
        on.writes = false
        expect(Result.isFailure(yield* Effect.result(work(play, id, completed)))).toBe(true)
        on.writes = true
        const { erasure } = Option.getOrThrow(yield* play.ledger.erasure(play.scope.organization, concordId))
        const open = Option.getOrThrow(yield* play.ledger.compliance.find(play.scope, id))
        expect([open.status, open.privateData?.user.email]).toEqual(["submitted", "a@example.com"])
        // What comes in the meantime belongs to a new person.
        const item = { project: "p", person: account, type: "newsletter", consentState: "declined" } as const
        yield* play.surface.record([item], "leave-out")
        const { state } = yield* worked(play, id, completed)
        expect(state.erasure).toMatchObject({ erasure: erasure.id, counts: erasure.destroyed, remaining: [] })
        expect((yield* play.surface.ask("p", account, {})).concordId).not.toBe(concordId)
      }),
    ))

  test("is about the person of the typed address, and not about the visitor that has typed it", () =>
    run(() =>
      Effect.gen(function* () {
        const { play } = yield* withPerson
        const person = { email: "a@example.com" }
        const item = { project: "p", person, type: "newsletter", consentState: "accepted" } as const
        yield* play.surface.record([item], "leave-out")
        const { concordId } = yield* play.surface.ask("p", person, {})
        const other = yield* play.surface.visit
        const { id } = yield* openOne(play, {}, { _tag: "Visitor", session: other.session! })
        const request = yield* worked(play, id, { ...completed, verify: { reason: "called back" } })
        expect([request.subject, request.state.erasure?.remaining]).toEqual([concordId, []])
        expect(yield* erasedAt(play, concordId!)).toBeDefined()
        expect(yield* erasedAt(play, other.concordId)).toBeUndefined()
        // What is personal of the request goes with its opener, too.
        yield* play.surface.erase!(other.concordId)
        const read = Option.getOrThrow(yield* play.ledger.compliance.find(play.scope, id))
        expect([read.privateData, read.untilMailEnds]).toEqual([undefined, undefined])
      }),
    ))

  test("that is given several times at once is one erasure and one end", () =>
    run(() =>
      Effect.gen(function* () {
        const { play } = yield* withPerson
        const { id } = yield* openOne(play, verified)
        const all = yield* Effect.all(
          Array.from({ length: 8 }, () => work(play, id, completed)),
          { concurrency: "unbounded" },
        )
        expect(all.filter(({ _tag }) => _tag === "Changed")).toHaveLength(1)
        expect(yield* kindsOf(play, id)).toEqual(["opened", "acknowledged", "erased", "task_done", "resolved"])
        const listed = yield* play.ledger.erasures(play.scope.organization, { caller: "test" })
        expect((yield* Surface.expected(listed, "Listed")).items).toHaveLength(1)
      }),
    ))

  test("about no one that is known erases no one", () =>
    run(() =>
      Effect.gen(function* () {
        const { play } = yield* withPerson
        const { id } = yield* openOne(play, { isPreverified: true, subject: { userId: "another" } })
        expect(yield* work(play, id, completed, false)).toMatchObject({
          violations: [{ code: "subject_unknown", field: "resolutionStatus" }],
        })
        const { state } = yield* worked(play, id, { ...answered, resolutionStatus: "no_records_found" })
        expect(state.erasure).toBeUndefined()
        expect(state.tasks).toEqual([{ dataSystem: ledgerTask, result: "no_records" }])
      }),
    ))

  test("of another kind erases no one", () =>
    run(() =>
      Effect.gen(function* () {
        const { concordId, play } = yield* withPerson
        const { id } = yield* openOne(play, { ...verified, request: "change" })
        expect(yield* work(play, id, { ...completed, erasure: { scope: "full" } })).toMatchObject({
          violations: [{ code: "erasure_not_allowed", field: "erasure" }],
        })
        yield* worked(play, id, completed)
        const other = yield* openOne(play, verified)
        yield* worked(play, other.id, { ...answered, resolutionStatus: "denied", denialGround: "exempt" })
        expect(yield* erasedAt(play, concordId)).toBeUndefined()
      }),
    ))
})

describe("The answer to a change", () => {
  const keepProfile = (play: Plays.Play, visitor: Surface.Visitor, profile: object) =>
    Effect.flatMap(
      play.ledger.keepProfile({ ...play.scope, session: visitor.session!, profile: { ...profile }, identifiers: {} }),
      (kept) => Surface.expected(kept, "ProfileKept"),
    )

  /** The profiles of everyone that is joined with a person, by person. */
  const profilesOf = Effect.fnUntraced(function* ({ ledger, scope }: Plays.Play, concordId: string) {
    const held = (yield* ledger.heldData(scope.organization, concordId))!
    const text = [...(yield* Stream.runCollect(held.parts))].map((part) => part.text).join("")
    const parts = JSON.parse(text).personalData as ReadonlyArray<{ concordId: string; kind: string; data: object }>
    return new Map(parts.filter(({ kind }) => kind === "profile").map(({ concordId, data }) => [concordId, data]))
  })

  test("replaces members of the profile, and those that joined people have, and does the ledger's task", () =>
    run(() =>
      Effect.gen(function* () {
        const { concordId, guest, play, visitor } = yield* withPerson
        const address = { city: "Bonn", country: "DE" }
        yield* keepProfile(play, visitor, { firstName: "Jo", lastName: "Do", address })
        yield* keepProfile(play, guest, { lastName: "Do", middleName: "X" })
        const { id } = yield* openOne(play, { ...verified, request: "change" })
        const changes = { lastName: "Doe", firstName: null, address: { city: "Berlin" } }
        const { state } = yield* worked(play, id, { ...completed, apply: true, changes })
        const facts = yield* Plays.factsOf(play, id)
        expect(facts.map(({ by, kind }) => [kind, by])).toEqual([
          ["opened", `key:${key._tag === "Key" ? key.id : ""}`],
          ["corrected", "engine"],
          ["task_done", "engine"],
          ["acknowledged", "key:k"],
          ["resolved", "key:k"],
        ])
        expect(facts[1]).toMatchObject({ fields: ["address", "firstName", "lastName"] })
        expect(JSON.stringify(facts)).not.toMatch(/Doe|Berlin/)
        expect(state.tasks).toEqual([{ dataSystem: ledgerTask, result: "completed" }])
        const profiles = yield* profilesOf(play, concordId)
        expect(profiles.get(concordId)).toEqual({ lastName: "Doe", address: { city: "Berlin" } })
        expect(profiles.get(guest.concordId)).toEqual({ lastName: "Doe", middleName: "X" })
      }),
    ))

  test("goes on after a crash between the correction and the facts, and gives a person without a profile one", () =>
    run((on) =>
      Effect.gen(function* () {
        const { concordId, play } = yield* withPerson
        const { id } = yield* openOne(play, { ...verified, request: "change" })
        const change: WorkChange = { ...inPart, apply: true, changes: { lastName: "Doe" } }
        on.writes = false
        expect(Result.isFailure(yield* Effect.result(work(play, id, change)))).toBe(true)
        on.writes = true
        expect(yield* worked(play, id, change)).toMatchObject({ status: "resolved" })
        expect(yield* profilesOf(play, concordId)).toEqual(new Map([[concordId, { lastName: "Doe" }]]))
      }),
    ))

  test("that is refused has corrected nothing", () =>
    run((on) =>
      Effect.gen(function* () {
        const { concordId, play } = yield* withPerson
        const toChange = yield* openOne(play, { ...verified, request: "change" })
        const changes = { lastName: "Doe" }
        const codeOf = Effect.fnUntraced(function* (change: WorkChange, id = toChange.id) {
          const outcome = yield* work(play, id, change)
          return outcome._tag === "Refused" ? outcome.violations.map(({ code, field }) => `${field} ${code}`) : outcome
        })
        const { resolution: _, ...wordless } = completed
        expect(yield* codeOf({ ...completed, changes })).toEqual(["apply apply_missing"])
        expect(yield* codeOf({ ...completed, apply: true })).toEqual(["changes changes_missing"])
        expect(yield* codeOf({ ...completed, apply: true, changes: {} })).toEqual(["changes changes_missing"])
        expect(yield* codeOf({ notes: "n", apply: true, changes })).toEqual(["apply apply_not_allowed"])
        expect(yield* codeOf({ ...wordless, apply: true, changes })).toEqual(["status resolution_missing"])
        const unverified = yield* openOne(play, { request: "change" })
        expect(yield* codeOf({ ...completed, apply: true, changes }, unverified.id)).toEqual(["apply not_verified"])
        const unknown = yield* openOne(play, { isPreverified: true, request: "change" })
        expect(yield* codeOf({ ...completed, apply: true, changes }, unknown.id)).toEqual(["apply subject_unknown"])
        const view = yield* openOne(play, { ...verified, request: "view" })
        expect(yield* codeOf({ ...inPart, apply: true, changes }, view.id)).toEqual(["apply apply_not_allowed"])
        on.keys = false
        yield* TestClock.adjust(61_000)
        expect(Result.isFailure(yield* Effect.result(codeOf({ ...completed, apply: true, changes })))).toBe(true)
        on.keys = true
        expect(yield* profilesOf(play, concordId)).toEqual(new Map())
        yield* play.surface.erase!(concordId)
        expect(yield* codeOf({ ...completed, apply: true, changes })).toEqual(["apply subject_unknown"])
        expect(yield* kindsOf(play, toChange.id)).toEqual(["opened"])
      }),
    ))
})
