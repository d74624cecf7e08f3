/**
 * What due scans and re-evaluations tell, and what they read and write for it: over memory and SQLite, by a clock that
 * the test sets. `test/laws/feed.test.ts` has the laws.
 */
import { mkdtempSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as NodeCrypto from "@effect/platform-node/NodeCrypto"
import { Context, Effect, Layer, Option, type Scope } from "effect"
import { TestClock } from "effect/testing"
import { describe, expect, test } from "vitest"
import * as MemoryStore from "../../adapters/memory/MemoryStore.ts"
import * as SqliteStore from "../../adapters/sqlite/SqliteStore.ts"
import type { TypeChange } from "../../core/catalog/ConsentTypes.ts"
import type { ConsentState } from "../../core/engine/ConsentState.ts"
import * as Instant from "../../core/engine/Instant.ts"
import * as Period from "../../core/engine/Period.ts"
import * as DueState from "../../core/feed/DueState.ts"
import * as Ledger from "../../core/Ledger.ts"
import type { ProjectScope } from "../../core/model/Catalog.ts"
import type { Identifiers } from "../../core/model/People.ts"
import { type FeedStep, LedgerStore } from "../../core/ports/LedgerStore.ts"
import { isLong } from "../support/long.ts"
import * as TestKeys from "../support/keys.ts"

type Store = LedgerStore["Service"]
type Feed = Store["feed"]

const start = Date.UTC(2026, 0, 15, 12)
const hour = 3_600_000
const day = 24 * hour

const expected = <Outcome extends { readonly _tag: string }, Tag extends Outcome["_tag"]>(
  outcome: Outcome,
  tag: Tag,
) => {
  expect(outcome._tag).toBe(tag)
  return outcome as Extract<Outcome, { _tag: Tag }>
}

/** A ledger over a store, and what it reads and writes of the feed. */
const opened = Effect.fnUntraced(function* (store: Store) {
  const own = Layer.provide(Ledger.layer, [Layer.succeed(LedgerStore, store), NodeCrypto.layer, TestKeys.layer])
  return Context.get(yield* Layer.build(Layer.fresh(own)), Ledger.Ledger)
})

/** What a store was asked. */
interface Asked {
  due: number
  /** The most events that one read of heads was for. */
  mostRead: number
  readonly written: Array<FeedStep>
  /** Before the first read of heads from now on. */
  beforeDue: Effect.Effect<unknown, unknown>
  /** Before each write. */
  beforeWrite: (step: FeedStep) => Effect.Effect<unknown, unknown>
}

const counted = (store: Store): { readonly store: Store; readonly asked: Asked } => {
  const asked: Asked = { due: 0, mostRead: 0, written: [], beforeDue: Effect.void, beforeWrite: () => Effect.void }
  const due: Feed["due"] = (project, query) =>
    Effect.suspend(() => {
      asked.due += 1
      asked.mostRead = Math.max(asked.mostRead, query.limit)
      const { beforeDue } = asked
      asked.beforeDue = Effect.void
      return Effect.andThen(Effect.orDie(beforeDue), store.feed.due(project, query))
    })
  const write: Feed["write"] = (step) =>
    Effect.suspend(() => {
      asked.written.push(step)
      return Effect.andThen(Effect.orDie(asked.beforeWrite(step)), store.feed.write(step))
    })
  return { asked, store: { ...store, feed: { ...store.feed, due, write } } }
}

/** A project that the scheduler has seen once, at {@link start}. */
interface Begun {
  readonly ledger: Ledger.Ledger["Service"]
  readonly store: Store
  readonly asked: Asked
  readonly scope: Effect.Effect<ProjectScope>
}

const begin = Effect.fnUntraced(function* (kept: Store) {
  yield* TestClock.setTime(start)
  const { asked, store } = counted(kept)
  const ledger = yield* opened(store)
  const { project } = yield* ledger.firstProject
  const scope = Effect.map(Effect.orDie(ledger.projectScope(project.id)), Option.getOrThrow)
  yield* ledger.scheduler.tick
  return { ledger, store, asked, scope } satisfies Begun as Begun
})

const stores = {
  memory: Effect.suspend(() => Layer.build(Layer.fresh(MemoryStore.layer))),
  SQLite: Effect.suspend(() => Layer.build(SqliteStore.layer(join(mkdtempSync(join(tmpdir(), "due-")), "ledger")))),
}

const run = <A>(
  name: keyof typeof stores,
  program: (begun: Begun) => Effect.Effect<A, unknown, Scope.Scope>,
): Promise<A> =>
  Effect.runPromise(
    Effect.gen(function* () {
      const context = yield* stores[name] as Effect.Effect<Context.Context<LedgerStore>, unknown, never>
      return yield* program(yield* begin(Context.get(context, LedgerStore)))
    }).pipe(Effect.scoped, Effect.provide(TestClock.layer())) as Effect.Effect<A>,
  )

interface Said {
  /** Its number; left out: the first. */
  readonly type?: number
  readonly consentDate?: number
  readonly expirationDate?: number
}

const record = Effect.fnUntraced(function* (
  { ledger, scope }: Pick<Begun, "ledger" | "scope">,
  people: ReadonlyArray<Identifiers>,
  consentState: ConsentState,
  { type = 0, ...said }: Said = {},
) {
  const project = yield* scope
  const items = people.map((person) => ({
    person,
    consentType: project.types.all[type]!.id,
    consentState,
    consentAction: "import" as const,
    ...said,
  }))
  return expected(yield* ledger.record({ ...project, submitter: "test", items }), "Recorded").events
})

const change = Effect.fnUntraced(function* ({ ledger, scope }: Begun, changed: TypeChange) {
  const project = yield* scope
  const { id } = project.types.all[0]!
  expected(yield* ledger.setup.updateType(project, id, changed, { answer: () => "" }), "Changed")
})

const tickAt = Effect.fnUntraced(function* ({ ledger }: Pick<Begun, "ledger">, at: number) {
  yield* TestClock.setTime(at)
  return (yield* ledger.scheduler.tick).changes
})

/** What the feed tells of answers: cause, or lead, and both sides. */
const told = Effect.fnUntraced(function* ({ scope, store }: Begun) {
  const { project } = yield* scope
  const ends = yield* store.feed.ends(project)
  const parts = ends.map((to) => ({ from: { lane: to.lane, position: 0, number: 0 }, to }))
  const types = ["decision.changed", "decision.due"]
  const read = yield* store.feed.read(project, parts, { events: false, types }, 10_000)
  return read
    .flatMap(({ items }) => items.flatMap((item) => (item._tag === "Change" ? [JSON.parse(item.body)] : [])))
    .map(({ cause, from, lead = "", to }) =>
      `${cause} ${from.status} ${to.status}${to.askAgain ? "?" : ""} ${lead}`.trim(),
    )
    .toSorted()
})

const people = (count: number, name = "person") => Array.from({ length: count }, (_, n) => ({ userId: `${name} ${n}` }))
const ann = [{ userId: "ann" }]
const everyState = {
  accepted: Period.days(1),
  declined: Period.days(1),
  implied: Period.days(1),
  viewed: Period.days(1),
}

const names = isLong ? (["memory", "SQLite"] as const) : (["memory"] as const)

describe.each(names)("over %s, a due scan", (name) => {
  test("tells of each source of lapses once, at its very instant, and not before", () =>
    run(name, (begun) =>
      Effect.gen(function* () {
        yield* record(begun, ann, "accepted", { expirationDate: start + hour })
        expect(yield* tickAt(begun, start + hour - 1)).toBe(0)
        expect(yield* tickAt(begun, start + hour)).toBe(1)
        yield* change(begun, { rules: { maxAge: everyState } })
        yield* tickAt(begun, start + hour)
        for (const state of ["accepted", "declined", "implied", "viewed"] as const)
          yield* record(begun, [{ userId: state }], state)
        expect(yield* tickAt(begun, start + 2 * day - 1 + hour)).toBe(4)
        expect(yield* tickAt(begun, start + 3 * day)).toBe(0)
        expect(yield* told(begun)).toEqual([
          "expired given expired?",
          "expired given expired?",
          "expired implied expired?",
          "expired requested expired?",
          "refusal_lapsed refused refused?",
        ])
      }),
    ))

  // Kills a scan that looks only at what lapses from its place on, whatever was recorded behind it.
  test("finds what another server recorded behind its place, by a clock that is behind", () =>
    run(name, (begun) =>
      Effect.gen(function* () {
        const other = { ...begun, ledger: yield* opened(begun.store) }
        const refused = people(200, "refused")
        yield* record(begun, refused, "accepted", { expirationDate: start + hour })
        yield* record(begun, refused, "declined")
        expect(yield* tickAt(begun, start + hour)).toBe(0)
        yield* TestClock.setTime(start + hour - 10)
        for (const person of people(20)) {
          yield* record(other, [person], "accepted", { expirationDate: start + hour - 5 })
        }
        expect(yield* tickAt(begun, start + hour + 1)).toBe(20)
        expect(yield* tickAt(begun, start + hour + 2)).toBe(0)
      }),
    ))

  // Kills a scan that tells of events that were recorded after the place that it notes: they are announced again.
  test("tells once of what is recorded while it reads", () =>
    run(name, (begun) =>
      Effect.gen(function* () {
        const other = { ...begun, ledger: yield* opened(begun.store) }
        begun.asked.beforeDue = Effect.gen(function* () {
          yield* TestClock.setTime(start + hour - 10)
          yield* record(other, people(40), "accepted", { expirationDate: start + hour - 5 })
          yield* TestClock.setTime(start + hour)
        })
        // Another head, so that the place of each lane moves in this tick.
        yield* record(begun, people(100, "first"), "accepted", { expirationDate: start + hour - 20 })
        yield* tickAt(begun, start + hour)
        yield* tickAt(begun, start + hour + 1)
        yield* tickAt(begun, start + hour + 2)
        expect((yield* told(begun)).length).toBe(140)
      }),
    ))

  test("tells of an archived type, of a project that is archived, and nothing of who was erased", () =>
    run(name, (begun) =>
      Effect.gen(function* () {
        const { ledger } = begun
        const scope = yield* begun.scope
        const [, erased] = yield* record(begun, people(2), "accepted", { expirationDate: start + hour })
        yield* change(begun, { status: "archived" })
        const answer = { answer: () => "" }
        expected(yield* ledger.setup.updateProject(scope, { status: "archived" }, answer), "Changed")
        const erasing = { concordId: erased!.concordId, submitter: "test", reason: "request" } as const
        expected(yield* ledger.erase(scope.organization, erasing), "Erased")
        yield* tickAt(begun, start + hour)
        expect(yield* told(begun)).toEqual(["erased given unknown?", "expired given expired?"])
      }),
    ))

  test("tells of nothing that never lapses, or lapsed when it was recorded", () =>
    run(name, (begun) =>
      Effect.gen(function* () {
        const forever = Period.months(9999 * 12)
        yield* change(begun, { rules: { maxAge: { accepted: forever, declined: Period.zero, viewed: Period.zero } } })
        yield* TestClock.setTime(start + 100)
        for (const state of ["accepted", "declined", "viewed"] as const)
          yield* record(begun, [{ userId: state }], state)
        yield* record(begun, ann, "implied", { consentDate: start - 40 * day, expirationDate: start - 30 * day })
        yield* record(begun, [{ userId: "bob" }], "accepted", { expirationDate: Instant.max })
        yield* tickAt(begun, start + day)
        yield* tickAt(begun, start + 10_000 * day)
        expect(yield* told(begun)).toEqual([])
      }),
    ))

  test("tells once of everything that lapsed in a year in which no scheduler ran, by bounded reads and steps", () =>
    run(name, (begun) =>
      Effect.gen(function* () {
        const { asked } = begun
        for (let week = 0; week < 52; week++) {
          yield* TestClock.setTime(start + week * 7 * day)
          yield* record(begun, people(40, `week ${week}`), "accepted", { expirationDate: start + (week * 7 + 3) * day })
        }
        expect(yield* tickAt(begun, start + 365 * day)).toBe(52 * 40)
        expect(yield* tickAt(begun, start + 366 * day)).toBe(0)
        expect(asked.mostRead).toBeLessThanOrEqual(256)
        expect(Math.max(...asked.written.map(({ changes }) => changes.length))).toBeLessThanOrEqual(256)
      }),
    ))

  test("reads nothing while nothing can lapse, and nothing again when the clock is set back", () =>
    run(name, (begun) =>
      Effect.gen(function* () {
        const { asked } = begun
        yield* record(begun, ann, "accepted", { expirationDate: start + 50_000 })
        yield* tickAt(begun, start + 1)
        const before = asked.due
        for (let second = 2; second < 50; second++) yield* tickAt(begun, start + second * 1000)
        expect(asked.due).toBe(before)
        expect(yield* tickAt(begun, start + 50_000)).toBe(1)
        expect(yield* tickAt(begun, start)).toBe(0)
        expect(yield* tickAt(begun, start + 60_000)).toBe(0)
      }),
    ))

  // Kills a step that gives up as a whole, or waits for the one person that it cannot write about.
  test("tells of all others while one person does something all the time, and of that one later", () =>
    run(name, (begun) =>
      Effect.gen(function* () {
        const { asked } = begun
        const scope = yield* begun.scope
        const other = { ...begun, ledger: yield* opened(begun.store) }
        const busy = [{ userId: "person 7" }]
        const [first] = yield* record(begun, people(300), "accepted", { expirationDate: start + hour })
        expect(first).toBeDefined()
        let isBusy = true
        asked.beforeWrite = ({ changes }) =>
          isBusy && changes.length > 0 ? record(other, busy, "viewed", { type: 1 }) : Effect.void
        yield* tickAt(begun, start + hour)
        expect((yield* told(begun)).length).toBe(299)
        const places = yield* begun.store.feed.places(scope.project)
        const left = places.flatMap(({ name, state }) =>
          name === "expiration" ? (DueState.read(state).left ?? []) : [],
        )
        expect(left.length).toBe(1)
        isBusy = false
        yield* tickAt(begun, start + hour + 1000)
        expect((yield* told(begun)).length).toBe(300)
        expect(yield* tickAt(begun, start + hour + 2000)).toBe(0)
      }),
    ))
})

describe.each(names)("over %s, a re-evaluation", (name) => {
  test("tells of each answer that new rules changed, in steps of 500 people, and how many it looked at", () =>
    run(name, (begun) =>
      Effect.gen(function* () {
        const { asked } = begun
        yield* record(begun, people(900), "implied")
        yield* record(begun, people(300, "other"), "accepted")
        yield* TestClock.setTime(start + hour)
        yield* change(begun, { rules: { permits: "accepted" } })
        yield* record(begun, [{ userId: "person 3" }], "declined")
        yield* tickAt(begun, start + 2 * hour)
        expect(yield* told(begun)).toEqual(Array.from({ length: 899 }, () => "rules implied implied"))
        const steps = asked.written.flatMap(({ changes }) => changes)
        const ended = steps.find(({ type }) => type === "reevaluation.ended")
        expect(JSON.parse(ended!.body)).toMatchObject({ cause: "rules", people: 1200, changed: 899 })
        expect(Math.max(...asked.written.map(({ seen }) => seen.length))).toBeLessThanOrEqual(500)
        expect(yield* begun.store.feed.places((yield* begun.scope).project)).not.toContainEqual(
          expect.objectContaining({ name: "reevaluation" }),
        )
      }),
    ))

  test("that ends before another scheduler writes a step of it is told once", () =>
    run(name, (begun) =>
      Effect.gen(function* () {
        const { asked } = begun
        yield* record(begun, people(3), "implied")
        yield* TestClock.setTime(start + hour)
        yield* change(begun, { rules: { permits: "accepted" } })
        let isFirst = true
        asked.beforeWrite = ({ changes }) => {
          if (!isFirst || !changes.some(({ type }) => type === "decision.changed")) return Effect.void
          isFirst = false
          return tickAt(begun, start + 2 * hour)
        }
        yield* tickAt(begun, start + 2 * hour)
        expect(isFirst).toBe(false)
        expect(yield* told(begun)).toHaveLength(3)
      }),
    ))

  test("of several changes while one runs is one further", () =>
    run(name, (begun) =>
      Effect.gen(function* () {
        const { asked } = begun
        yield* record(begun, people(10), "implied")
        yield* TestClock.setTime(start + hour)
        yield* change(begun, { rules: { permits: "accepted" } })
        let changes = 0
        asked.beforeWrite = ({ places }) => {
          const isStep = places.some(({ name }) => name.startsWith("reevaluation ") && changes < 3)
          if (!isStep) return Effect.void
          changes += 1
          return change(begun, { rules: { permits: changes % 2 === 0 ? "accepted" : "viewed" } })
        }
        for (let tick = 1; tick < 5; tick++) yield* tickAt(begun, start + hour + tick)
        const types = asked.written.flatMap(({ changes }) => changes.map(({ type }) => type))
        expect(types.filter((type) => type === "reevaluation.ended").length).toBeLessThanOrEqual(4)
        const answers = yield* told(begun)
        expect(answers.length).toBeGreaterThan(0)
      }),
    ))
})
