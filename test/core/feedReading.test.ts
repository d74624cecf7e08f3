/**
 * What reading the change feed costs the store: rows for each page, statements for readers that wait. And streams of
 * server-sent events over hours of a test clock.
 */
import { IncomingMessage, ServerResponse } from "node:http"
import { Socket } from "node:net"
import { Deferred, Effect, Fiber, Layer, Stream } from "effect"
import { TestClock } from "effect/testing"
import * as fc from "fast-check"
import { expect, test } from "vitest"
import * as ChangeStream from "../../adapters/http/routes/ChangeStream.ts"
import * as MemoryStore from "../../adapters/memory/MemoryStore.ts"
import * as Crypto from "../../apps/Crypto.ts"
import * as Change from "../../core/feed/Change.ts"
import { Ledger, layer as ledgerLayer } from "../../core/Ledger.ts"
import type { ProjectScope } from "../../core/model/Catalog.ts"
import * as Lane from "../../core/model/Lane.ts"
import { LedgerStore } from "../../core/ports/LedgerStore.ts"
import { event, request, t0, uuid } from "../contract/samples.ts"
import * as TestKeys from "../support/keys.ts"
import { times } from "../support/long.ts"

/** What was asked of the store. */
const counts = () => ({ ends: 0, reads: 0, items: 0 })

/** A ledger with a project, over a store in memory that counts; appends to the store are those of another process. */
const world = Effect.gen(function* () {
  const store = yield* LedgerStore
  const asked = counts()
  const feed: typeof store.feed = {
    ...store.feed,
    ends: (project) => Effect.tap(store.feed.ends(project), () => Effect.sync(() => asked.ends++)),
    read: (...parameters) =>
      Effect.tap(store.feed.read(...parameters), (parts) =>
        Effect.sync(() => {
          asked.reads++
          asked.items += parts.reduce((sum, { items }) => sum + items.length, 0)
        }),
      ),
  }
  const counting = Layer.succeed(LedgerStore, { ...store, feed })
  const ledger = yield* Effect.provide(Ledger, Layer.provide(ledgerLayer, counting))
  const organization = { name: "Acme", primaryDomain: "acme.example", privacyPolicyUrl: "https://acme.example/p" }
  yield* ledger.begin({ organization, project: { name: "Shop", domains: ["localhost"] }, types: [] })
  const [id] = (yield* ledger.catalog).projects.keys()
  const found = yield* ledger.projectScope(id!)
  const scope = (found as { readonly value: ProjectScope }).value
  const append = (count: number, from = 0) => {
    const events = Array.from({ length: count }, (_, n) =>
      event(uuid(0x1000 + from + n), { dateCreated: t0 + from + n }),
    )
    return Effect.orDie(
      store.events.append(
        request(events, { recordedAt: t0 + from + count, project: scope.project, organization: scope.organization }),
      ),
    )
  }
  return { append, asked, ledger, scope, store }
})

type World = Effect.Success<typeof world>

const run = <A>(use: (world: World) => Effect.Effect<A, unknown>): Promise<A> =>
  Effect.runPromise(
    Effect.flatMap(world, use).pipe(
      Effect.provide([MemoryStore.layer, TestKeys.layer, Crypto.layer]),
      Effect.provide(TestClock.layer()),
    ),
  )

// Mutants: a whole page of rows of each lane; the ends are read for each lane.
test("a page reads the ends once, and hardly more rows than it has", () =>
  run(({ append, asked, ledger, scope }) =>
    Effect.gen(function* () {
      yield* append(16_000)
      for (const [limit, most] of [
        [1, 16],
        [16, 80],
        [100, 220],
        [1000, 1300],
      ] as const) {
        Object.assign(asked, counts())
        const { items } = yield* ledger.changes(scope, { limit }, { millis: 0 })
        expect(items).toHaveLength(limit)
        expect(asked.ends).toBeLessThanOrEqual(2)
        expect(asked.reads).toBe(1)
        expect(asked.items).toBeLessThanOrEqual(most)
      }
      // Where nothing is new, nothing is read.
      const { mark } = yield* ledger.changes(scope, { after: "now" }, { millis: 0 })
      Object.assign(asked, counts())
      yield* ledger.changes(scope, { after: mark }, { millis: 0 })
      expect(asked).toEqual({ ends: 1, reads: 0, items: 0 })
    }),
  ))

/** What is written into three lanes: events and stored changes, each in a lane. */
const writes = fc.array(fc.record({ isEvent: fc.boolean(), lane: fc.integer({ min: 0, max: 2 }) }), {
  minLength: 1,
  maxLength: 25,
})

// Mutants: the place after a change, and after a page that ends in a lane.
test("pages of any size have each event and each stored change once, in the order of its lane", () =>
  fc.assert(
    fc.asyncProperty(writes, fc.integer({ min: 1, max: 7 }), (written, limit) =>
      run(({ ledger, scope, store }) =>
        Effect.gen(function* () {
          const { organization, project } = scope
          const lanes: ReadonlyArray<Array<string>> = [[], [], []]
          const places = [0, 1, 2].map(() => ({ position: 0, number: 0 }))
          for (const [index, { isEvent, lane }] of written.entries()) {
            const recordedAt = t0 + 10 * index
            const place = places[lane]!
            const person = uuid(0x1000 + lane)
            if (isEvent) {
              const one = event(person, { dateCreated: recordedAt })
              yield* store.events.append(request([one], { recordedAt, project, organization }))
              lanes[lane]!.push(Change.idOfEvent(project, lane, place.position++))
            } else {
              const change = { lane, at: t0, type: "decision.changed", concordId: person, body: '{"cause":"expired"}' }
              const step = { organization, project, seen: [], recordedAt, changes: [change], places: [] }
              yield* store.feed.write({ ...step, lanes: [{ lane, position: place.position }] })
              lanes[lane]!.push(Change.idOf(project, lane, { number: place.number++ }))
            }
          }
          const read: Array<string> = []
          for (let after = "start", isCurrent = false; !isCurrent;) {
            const page = yield* ledger.changes(scope, { after, limit }, { millis: 0 })
            read.push(...page.items.map(({ id }) => id))
            ;({ isCurrent, mark: after } = page)
          }
          const first = Lane.range(project)[0]
          const ofLane = (lane: number) => read.filter((id) => id.slice(1).startsWith(`${first + lane}-`))
          expect([0, 1, 2].map(ofLane)).toEqual(lanes)
          expect(read).toHaveLength(written.length)
        }),
      ),
    ),
    { numRuns: times(60, 2000) },
  ))

test("a filter that nothing passes has pages that end, each further on", () =>
  run(({ append, ledger, scope }) =>
    Effect.gen(function* () {
      yield* append(3000)
      const query = { consentTypes: [uuid(0xdead)], limit: 10 }
      const { isCurrent, items } = yield* ledger.changes(scope, query, { millis: 0 })
      expect([items, isCurrent]).toEqual([[], true])
    }),
  ))

// Mutants: each reader has a poll of its own; the poll goes on after its last reader.
test("a hundred readers that wait have one poll, which wakes them for what another process records", () =>
  run(({ append, asked, ledger, scope }) =>
    Effect.gen(function* () {
      const { mark } = yield* ledger.changes(scope, { after: "now" }, { millis: 0 })
      const waiting = yield* Effect.forEach(Array.from({ length: 100 }), () =>
        Effect.forkChild(ledger.changes(scope, { after: mark }, { millis: 60_000 }), { startImmediately: true }),
      )
      const impatient = yield* Effect.forkChild(ledger.changes(scope, { after: mark }, { millis: 500 }), {
        startImmediately: true,
      })
      yield* TestClock.adjust(1)
      Object.assign(asked, counts())
      yield* TestClock.adjust(10_000)
      expect((yield* Fiber.join(impatient)).items).toEqual([])
      expect(asked).toEqual({ ends: 40, reads: 0, items: 0 })
      yield* append(1)
      yield* TestClock.adjust(250)
      const pages = yield* Effect.forEach(waiting, Fiber.join)
      expect(pages.map(({ items }) => items.length)).toEqual(pages.map(() => 1))
      Object.assign(asked, counts())
      yield* TestClock.adjust(10_000)
      expect(asked.ends).toBe(0)
    }),
  ))

test("a reader that is woken for nothing waits for the rest of its time, and no longer", () =>
  run(({ append, ledger, scope }) =>
    Effect.gen(function* () {
      const { mark } = yield* ledger.changes(scope, { after: "now" }, { millis: 0 })
      const query = { after: mark, consentTypes: [uuid(0xdead)] }
      const waiting = yield* Effect.forkChild(ledger.changes(scope, query, { millis: 1000 }), {
        startImmediately: true,
      })
      for (let n = 0; n < 3; n++) {
        yield* append(1, n)
        yield* TestClock.adjust(300)
        expect(waiting.pollUnsafe()).toBeUndefined()
      }
      yield* TestClock.adjust(100)
      const page = yield* Fiber.join(waiting)
      expect([page.items, page.isCurrent, page.mark === mark]).toEqual([[], true, false])
    }),
  ))

test("a library that follows gets batches as they come, and ends where it does not wait", () =>
  run(({ append, ledger, scope }) =>
    Effect.gen(function* () {
      yield* append(2500)
      const all = yield* Stream.runCollect(ledger.followChanges(scope, {}, false))
      expect(all.map(({ isCurrent, items }) => [items.length, isCurrent])).toEqual([
        [1000, false],
        [1000, false],
        [500, true],
      ])
      const got = yield* Deferred.make<number>()
      const following = ledger.followChanges(scope, { after: "now" }, true)
      yield* Effect.forkChild(
        Stream.runForEach(following, ({ items }) =>
          items.length > 0 ? Deferred.succeed(got, items.length) : Effect.void,
        ),
        { startImmediately: true },
      )
      yield* TestClock.adjust(1)
      yield* append(3, 5000)
      yield* TestClock.adjust(250)
      expect(yield* Deferred.await(got)).toBe(3)
    }),
  ))

/** A stream of server-sent events as text, with what has come so far. */
const streamed = Effect.fnUntraced(function* ({ ledger, scope }: World) {
  const first = yield* ledger.changes(scope, { after: "now" }, { millis: 0 })
  let text = ""
  const bytes = ChangeStream.bytes({
    first,
    read: (after, millis) => ledger.changes(scope, { after }, { millis }),
    response: new ServerResponse(new IncomingMessage(new Socket())),
    isOver: () => false,
    isAllowed: Effect.succeed(true),
  })
  const take = (chunk: Uint8Array) => Effect.sync(() => void (text += new TextDecoder().decode(chunk)))
  const fiber = yield* Effect.forkChild(Stream.runForEach(bytes, take), { startImmediately: true })
  return { fiber, text: () => text }
})

test("a stream sends a comment every 15 seconds, and ends after 10 minutes", () =>
  run((world) =>
    Effect.gen(function* () {
      const { fiber, text } = yield* streamed(world)
      yield* TestClock.adjust(1)
      expect(text()).toMatch(/^retry: 1000\n\nid: [\w-]+\n\n$/)
      const begun = text().length
      yield* TestClock.adjust(60_000)
      expect(text().slice(begun)).toBe(":\n\n".repeat(4))
      yield* world.append(1)
      yield* TestClock.adjust(250)
      expect(text().slice(begun)).toMatch(/^(:\n\n){4}event: consent\.recorded\ndata: \{.*\}\nid: [\w-]+\n\n$/)
      yield* TestClock.adjust(600_000)
      yield* Fiber.join(fiber)
    }),
  ))
