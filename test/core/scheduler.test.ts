/** What the scheduler writes into the change feed of a ledger in memory, by a clock that the test sets. */
import * as NodeCrypto from "@effect/platform-node/NodeCrypto"
import { Effect, Layer, Option } from "effect"
import { TestClock } from "effect/testing"
import { describe, expect, test } from "vitest"
import * as MemoryStore from "../../adapters/memory/MemoryStore.ts"
import type { TypeChange } from "../../core/catalog/ConsentTypes.ts"
import type { ConsentState } from "../../core/engine/ConsentState.ts"
import * as Period from "../../core/engine/Period.ts"
import * as Ledger from "../../core/Ledger.ts"
import type { ProjectScope } from "../../core/model/Catalog.ts"
import type { Identifiers } from "../../core/model/People.ts"
import { LedgerStore } from "../../core/ports/LedgerStore.ts"
import * as TestKeys from "../support/keys.ts"

const start = Date.UTC(2026, 0, 31, 12)
const hour = 3_600_000
const day = 24 * hour

const answering = { answer: () => "" }

const expected = <Outcome extends { readonly _tag: string }, Tag extends Outcome["_tag"]>(
  outcome: Outcome,
  tag: Tag,
) => {
  expect(outcome._tag).toBe(tag)
  return outcome as Extract<Outcome, { _tag: Tag }>
}

const scopeOf = Effect.gen(function* () {
  const ledger = yield* Ledger.Ledger
  const { project } = Option.getOrThrow(yield* ledger.found)
  return Option.getOrThrow(yield* ledger.projectScope(project.id))
})

/**
 * The stored changes of a project, lane by lane, each with what its body says; without those that tell of the types of
 * the demonstration at {@link start}.
 */
const changes = Effect.fnUntraced(function* ({ project }: Pick<ProjectScope, "project">) {
  const { feed } = yield* LedgerStore
  const ends = yield* feed.ends(project)
  const parts = ends.map((to) => ({ from: { lane: to.lane, position: 0, number: 0 }, to }))
  const read = yield* feed.read(project, parts, { events: false }, 10_000)
  return read.flatMap(({ items }) =>
    items.flatMap((item) =>
      item._tag === "Change" && !(item.type === "type.published" && item.recordedAt === start)
        ? [{ type: item.type, at: item.at, recordedAt: item.recordedAt, lane: 0, ...JSON.parse(item.body) }]
        : [],
    ),
  )
})

/** What changes are about, each in a line. */
const lines = (all: Effect.Success<ReturnType<typeof changes>>) =>
  all.map(({ cause, from, lead, to, type }) =>
    type.startsWith("decision") ? `${type} ${cause} ${from.status} ${to.status}${lead ? ` ${lead}` : ""}` : type,
  )

const record = Effect.fnUntraced(function* (
  scope: ProjectScope,
  person: Identifiers,
  consentState: ConsentState,
  more: { readonly consentDate?: number; readonly expirationDate?: number; readonly type?: number } = {},
) {
  const ledger = yield* Ledger.Ledger
  const { type = 0, ...dates } = more
  const item = {
    person,
    consentType: scope.types.all[type]!.id,
    consentState,
    consentAction: "import" as const,
    ...dates,
  }
  const { events } = expected(yield* ledger.record({ ...scope, submitter: "test", items: [item] }), "Recorded")
  return events[0]!
})

const change = Effect.fnUntraced(function* (scope: ProjectScope, type: number, changed: TypeChange) {
  const ledger = yield* Ledger.Ledger
  expected(yield* ledger.setup.updateType(scope, scope.types.all[type]!.id, changed, answering), "Changed")
  return Option.getOrThrow(yield* ledger.projectScope(scope.project.id))
})

const setLeads = Effect.fnUntraced(function* (scope: ProjectScope, leads: ReadonlyArray<Period.Period>) {
  const ledger = yield* Ledger.Ledger
  expected(yield* ledger.setup.updateProject(scope, { leads }, answering), "Changed")
  return Option.getOrThrow(yield* ledger.projectScope(scope.project.id))
})

/** Sets the clock, and ticks. */
const tickAt = Effect.fnUntraced(function* (at: number) {
  const { scheduler } = yield* Ledger.Ledger
  yield* TestClock.setTime(at)
  return yield* scheduler.tick
})

/** Opens a session of a new guest. */
const visit = Effect.fnUntraced(function* (scope: ProjectScope) {
  const ledger = yield* Ledger.Ledger
  return expected(yield* ledger.openSession({ ...scope, ipAddress: "", domain: "localhost" }), "Opened").session
})

const identify = Effect.fnUntraced(function* (
  scope: ProjectScope,
  session: Effect.Success<ReturnType<typeof visit>>,
  value: string,
) {
  const ledger = yield* Ledger.Ledger
  const alias = Option.getOrThrow(yield* ledger.aliasOf(scope, { kind: "userId", value, isHashed: false }))
  const evidence = { kind: alias.kind, issuedAt: start, expiresAt: start + 1000 * day }
  expected(yield* ledger.identify({ ...scope, session, alias, evidence, signed: session.id }), "Identified")
})

const run = <A>(program: Effect.Effect<A, unknown, Ledger.Ledger | LedgerStore>): Promise<A> =>
  Effect.runPromise(
    program.pipe(
      Effect.provide(
        Ledger.layer.pipe(
          Layer.provideMerge(Layer.fresh(MemoryStore.layer)),
          Layer.provide([NodeCrypto.layer, TestKeys.layer]),
        ),
      ),
      Effect.provide(TestClock.layer()),
    ),
  )

/** Runs a program in a project that the scheduler has seen once, at {@link start}. */
const begun = <A>(program: (scope: ProjectScope) => Effect.Effect<A, unknown, Ledger.Ledger | LedgerStore>) =>
  run(
    Effect.gen(function* () {
      yield* TestClock.setTime(start)
      const scope = yield* scopeOf
      yield* tickAt(start)
      return yield* program(scope)
    }),
  )

describe("A project that the scheduler sees for the first time", () => {
  test("is caught up: its types, joins, and answers that lapsed since its first event, each at its instant", () =>
    run(
      Effect.gen(function* () {
        yield* TestClock.setTime(start)
        const scope = yield* scopeOf
        yield* record(scope, { userId: "ann" }, "accepted", { expirationDate: start + hour })
        const guest = yield* visit(scope)
        yield* record(scope, { concordId: guest.concordId }, "declined")
        yield* TestClock.setTime(start + 1)
        yield* identify(scope, guest, "ann")
        yield* record(scope, { userId: "bob" }, "accepted", { expirationDate: start + 2 * day })
        // Recorded as lapsed already.
        yield* TestClock.setTime(start + 2)
        yield* record(scope, { userId: "eve" }, "accepted", { consentDate: start, expirationDate: start + 1 })
        yield* tickAt(start + day)
        const told = yield* changes(scope)
        const published = scope.types.all.map(() => "type.published")
        const expired = "decision.changed expired given expired"
        const joined = ["decision.changed joined given withdrawn", "decision.changed joined refused withdrawn"]
        expect(lines(told).toSorted()).toEqual([...joined, "person.joined", ...published])
        expect((yield* tickAt(start + 2 * day)).changes).toBe(1)
        expect(lines(yield* changes(scope)).toSorted()).toEqual([expired, ...joined, "person.joined", ...published])
        expect((yield* tickAt(start + 3 * day)).changes).toBe(0)
      }),
    ))

  test("is told of from then on, also if it is made while the scheduler runs", () =>
    begun((scope) =>
      Effect.gen(function* () {
        const ledger = yield* Ledger.Ledger
        const made = yield* ledger.setup.createProject(scope.organization, { name: "Other", domains: [] }, answering)
        const project = expected(made, "Changed").value
        yield* tickAt(start + 1)
        const other = Option.getOrThrow(yield* ledger.projectScope(project.id))
        const fields = { category: "custom", subcategory: "a", label: "b", name: "A", description: "" }
        expected(yield* ledger.setup.createType(other, fields, answering), "Changed")
        yield* tickAt(start + 2)
        expect(lines(yield* changes({ project }))).toEqual(["type.published"])
        expect(lines(yield* changes(scope))).toEqual([])
      }),
    ))
})

describe("Types", () => {
  test("are told of when a version is planned, published and asks again, with what follows, each once", () =>
    begun((scope) =>
      Effect.gen(function* () {
        yield* record(scope, { userId: "ann" }, "accepted")
        const publishedAt = start + day
        const planned = { description: "New", publishedAt, requireReaccept: true, grace: Period.days(1) }
        const changed = yield* change(scope, 0, planned)
        yield* tickAt(start + 1)
        expect(lines(yield* changes(scope))).toEqual(["type.scheduled"])
        yield* tickAt(start + day)
        yield* tickAt(start + day + 1)
        expect(lines(yield* changes(scope))).toEqual(["type.scheduled", "type.published"])
        const [, told] = yield* changes(scope)
        expect(told).toMatchObject({ at: publishedAt, consentType: changed.types.all[0]!.id, version: 2 })
      }),
    ))

  test("of a new period are scanned from the change on, and a period that is not used any more is forgotten", () =>
    begun((scope) =>
      Effect.gen(function* () {
        const { feed } = yield* LedgerStore
        const names = Effect.map(feed.places(scope.project), (places) => [
          ...new Set(places.map(({ name }) => name).filter((name) => /^(age|expiration)/.test(name))),
        ])
        expect(yield* names).toEqual(["expiration"])
        yield* record(scope, { userId: "ann" }, "accepted", { consentDate: start - 10 * day })
        // Lapses after the change and before the tick that finds it.
        yield* record(scope, { userId: "bob" }, "accepted", { consentDate: start - 11 * day + 1.5 * hour })
        yield* TestClock.setTime(start + hour)
        yield* change(scope, 0, { consentDuration: Period.days(11) })
        yield* tickAt(start + 2 * hour)
        expect((yield* names).toSorted()).toEqual(["age P11D", "expiration"])
        const expired = (all: ReadonlyArray<string>) =>
          all.filter((line) => line.startsWith("decision.changed expired"))
        expect(lines(yield* changes(scope))).toContain("type.changed")
        expect(expired(lines(yield* changes(scope)))).toHaveLength(1)
        yield* tickAt(start + day)
        expect(expired(lines(yield* changes(scope)))).toHaveLength(2)
        yield* change(scope, 0, { consentDuration: null })
        yield* tickAt(start + day + 1)
        expect(yield* names).toEqual(["expiration"])
      }),
    ))
})

test("Lead times tell ahead, once each; what was nearer when the lead time was set is not told", () =>
  begun((scope) =>
    Effect.gen(function* () {
      yield* record(scope, { userId: "ann" }, "accepted", { expirationDate: start + 2 * day })
      yield* record(scope, { userId: "bob" }, "accepted", { expirationDate: start + 40 * day })
      yield* setLeads(scope, [Period.days(30), Period.days(3)])
      yield* tickAt(start + 1)
      expect(lines(yield* changes(scope))).toEqual([])
      yield* tickAt(start + 10 * day)
      yield* tickAt(start + 37 * day)
      yield* tickAt(start + 40 * day)
      const told = yield* changes(scope)
      expect(lines(told).toSorted()).toEqual([
        "decision.changed expired given expired",
        "decision.changed expired given expired",
        "decision.due expired given expired P30D",
        "decision.due expired given expired P3D",
      ])
    }),
  ))

test("A lead time of a month that is set on the last day of a month ends its ticks, and tells once", () =>
  begun((scope) =>
    Effect.gen(function* () {
      yield* setLeads(scope, [Period.months(1)])
      yield* record(scope, { userId: "ann" }, "accepted", { expirationDate: start + 60 * day })
      for (let now = start; now < start + 61 * day; now += 6 * hour) yield* tickAt(now)
      expect(lines(yield* changes(scope))).toEqual([
        "decision.due expired given expired P1M",
        "decision.changed expired given expired",
      ])
    }),
  ))

describe("Identity", () => {
  const joined = (scope: ProjectScope) =>
    Effect.gen(function* () {
      const ann = yield* record(scope, { userId: "ann" }, "declined")
      yield* TestClock.setTime(start + 1)
      const guest = yield* visit(scope)
      yield* record(scope, { concordId: guest.concordId }, "accepted")
      yield* TestClock.setTime(start + 2)
      yield* identify(scope, guest, "ann")
      return { ann: ann.concordId, guest: guest.concordId, session: guest }
    })

  test("a join is told with the answers that it changed, of each of both who has another one", () =>
    begun((scope) =>
      Effect.gen(function* () {
        const { ann, guest } = yield* joined(scope)
        yield* tickAt(start + hour)
        yield* tickAt(start + 2 * hour)
        const told = yield* changes(scope)
        expect(lines(told).toSorted()).toEqual(["decision.changed joined refused given", "person.joined"])
        expect(told).toContainEqual(expect.objectContaining({ type: "person.joined", member: guest, survivor: ann }))
        expect(told).toContainEqual(
          expect.objectContaining({ type: "decision.changed", concordId: ann, survivor: ann, at: start + 2 }),
        )
      }),
    ))

  test("an undoing gives back each its own answer, and an erasure ends both", () =>
    begun((scope) =>
      Effect.gen(function* () {
        const ledger = yield* Ledger.Ledger
        const { ann, guest } = yield* joined(scope)
        yield* tickAt(start + hour)
        const [fact] = (yield* changes(scope)).flatMap((each) => each.fact ?? [])
        const undoing = { concordId: ann, factId: fact, submitter: "test", answer: () => "" }
        expected(yield* ledger.undoJoin(scope.organization, undoing), "Undone")
        yield* tickAt(start + 2 * hour)
        expect(lines(yield* changes(scope)).toSorted()).toEqual([
          "decision.changed joined refused given",
          "decision.changed undone given refused",
          "person.joined",
          "person.undone",
        ])
        const erasing = { concordId: guest, submitter: "test", reason: "request" as const }
        expected(yield* ledger.erase(scope.organization, erasing), "Erased")
        yield* tickAt(start + 3 * hour)
        const told = yield* changes(scope)
        expect(lines(told)).toContain("decision.changed erased given unknown")
        expect(told).toContainEqual(expect.objectContaining({ type: "person.erased", members: [guest] }))
      }),
    ))

  test("what an event of one of both told since is not told again", () =>
    begun((scope) =>
      Effect.gen(function* () {
        yield* joined(scope)
        yield* TestClock.setTime(start + 3)
        yield* record(scope, { userId: "ann" }, "accepted")
        yield* tickAt(start + hour)
        expect(lines(yield* changes(scope))).toEqual(["person.joined"])
      }),
    ))

  test("a join of people without events in the project is told, because one may come; an identification is not", () =>
    begun((scope) =>
      Effect.gen(function* () {
        const guest = yield* visit(scope)
        yield* identify(scope, guest, "ann")
        yield* tickAt(start + hour)
        expect(lines(yield* changes(scope))).toEqual(["person.joined"])
      }),
    ))
})
