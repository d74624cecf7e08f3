/**
 * What the change feed costs in SQLite: an append runs no statement more, reads use indexes, and a read with a filter
 * looks at a bounded number of rows.
 */
import { DatabaseSync } from "node:sqlite"
import { Effect } from "effect"
import { expect, test } from "vitest"
import * as AliasWriter from "../../adapters/sqlite/AliasWriter.ts"
import * as ComplianceWriter from "../../adapters/sqlite/ComplianceWriter.ts"
import * as EventWriter from "../../adapters/sqlite/EventWriter.ts"
import * as FeedStore from "../../adapters/sqlite/FeedStore.ts"
import * as FeedWriter from "../../adapters/sqlite/FeedWriter.ts"
import * as IdempotencyWriter from "../../adapters/sqlite/IdempotencyWriter.ts"
import * as JoinedWriter from "../../adapters/sqlite/JoinedWriter.ts"
import * as Migrations from "../../adapters/sqlite/Migrations.ts"
import * as OutboxWriter from "../../adapters/sqlite/OutboxWriter.ts"
import * as PersonalWriter from "../../adapters/sqlite/PersonalWriter.ts"
import * as PersonWriter from "../../adapters/sqlite/PersonWriter.ts"
import * as RequestFileWriter from "../../adapters/sqlite/RequestFileWriter.ts"
import * as FeedReader from "../../core/feed/FeedReader.ts"
import type { StoreUnavailable } from "../../core/ports/LedgerStore.ts"
import { event, organization, project, request, t0, typeA, typeB, uuid } from "./samples.ts"

/** A ledger in memory of SQLite whose statements are kept as they run. */
const open = () => {
  const db = new DatabaseSync(":memory:")
  Migrations.run(db)
  const run: Array<{ readonly sql: string; readonly values: ReadonlyArray<never> }> = []
  const prepare = (sql: string) =>
    new Proxy(db.prepare(sql), {
      get: (target, key) => {
        const member: unknown = Reflect.get(target, key)
        if (typeof member !== "function") return member
        return (...values: ReadonlyArray<never>) => {
          if (key !== "setReturnArrays") run.push({ sql, values })
          return Reflect.apply(member, target, values)
        }
      },
    })
  const counted = new Proxy(db, { get: (target, key) => (key === "prepare" ? prepare : Reflect.get(target, key)) })
  const people = PersonWriter.make(counted)
  const personal = PersonalWriter.make(counted)
  const joined = JoinedWriter.make(counted)
  const idempotency = IdempotencyWriter.make(counted)
  const [outbox, files] = [OutboxWriter.make(counted), RequestFileWriter.make(counted)]
  const compliance = ComplianceWriter.make(counted, outbox, files, idempotency)
  const writers = {
    ...EventWriter.make(counted, AliasWriter.make(counted), people, joined, personal, compliance, idempotency),
    ...FeedWriter.make(counted, people),
  }
  const write = ((name: keyof typeof writers, input: never) =>
    Effect.sync(() => writers[name](input, false as never))) as unknown as Parameters<typeof FeedStore.make>[1]
  const feed = FeedStore.make(counted, write)
  return {
    db,
    feed,
    append: (...parameters: Parameters<typeof request>) => writers.append(request(...parameters), false),
    /** The statements that an effect runs. */
    statementsOf: <A>(effect: Effect.Effect<A, StoreUnavailable>) => {
      run.length = 0
      const value = Effect.runSync(effect)
      return { value, statements: [...run] }
    },
  }
}

const person = uuid(0x1003)
const lane = 3
const at = (n: number) => ({ dateCreated: t0 + n })

/** A step that stores changes about one person. */
const step = (position: number, changes: number) => ({
  organization,
  project,
  seen: [{ concordId: person, revision: 0 }],
  lanes: [{ lane, position }],
  recordedAt: t0,
  changes: Array.from({ length: changes }, () => ({
    lane,
    at: t0,
    type: "decision.changed",
    concordId: person,
    consentType: typeA,
    body: "{}",
  })),
  places: [{ lane, name: "age P1Y", before: undefined, after: "{}" }],
})

// Kills: an append that notes its event for the feed, or raises its numbers.
test("an append runs four statements in a lane, whether the lane has changes or not", () => {
  const { append, feed, statementsOf } = open()
  append([event(person)])
  const more = (n: number) => {
    const appending = Effect.sync(() => append([event(person, at(n))], { recordedAt: t0 + n }))
    const { statements, value } = statementsOf(appending)
    expect(value._tag).toBe("Appended")
    return statements.map(({ sql }) => sql.trim().split(/\s+/).slice(0, 3).join(" "))
  }
  const before = more(1)
  expect(before).toHaveLength(4)
  expect(statementsOf(feed.write(step(2, 2))).value._tag).toBe("Written")
  expect(more(9)).toEqual(before)
})

test("every read of the feed uses an index, and sorts only the events of some people and the heads of a page", () => {
  const { db, feed, statementsOf } = open()
  const reads: ReadonlyArray<Effect.Effect<unknown, StoreUnavailable>> = [
    feed.ends(project),
    ...[{}, { types: ["decision.changed"] }, { consentTypes: [typeA] }, { people: [person] }].map((filter) =>
      feed.read(project, [{ from: { lane, position: 0, number: 0 }, to: { lane, position: 9, number: 9 } }], filter, 5),
    ),
    feed.due(project, { lane, by: "consentDate", from: t0, to: t0 + 1, limit: 5 }),
    feed.due(project, { lane, by: "expirationDate", from: t0, to: t0 + 1, limit: 5 }),
    feed.people(project, lane, undefined, undefined, 5),
    feed.people(project, lane, [typeA], person, 5),
    feed.identityChanges(organization, lane, 0, 5),
    feed.places(project),
  ]
  const plans = reads.flatMap((each) =>
    statementsOf(each).statements.map(({ sql, values }) => {
      const rows = db.prepare(`EXPLAIN QUERY PLAN ${sql}`).all(...values)
      return { sql, plan: rows.map(({ detail }) => String(detail)).join("; ") }
    }),
  )
  expect(plans.length).toBeGreaterThan(reads.length)
  const stored = /\bSCAN (e|h|f|event|change|head|people_change|due_scan|lane_head|lane_feed)\b/
  expect(plans.filter(({ plan }) => stored.test(plan))).toEqual([])
  const sorted = plans.filter(({ plan }) => plan.includes("TEMP B-TREE"))
  expect(sorted.filter(({ sql }) => !/INDEXED BY event_person|p AS MATERIALIZED/.test(sql))).toEqual([])
})

// Kills: a read with a filter that reads its lane to the end.
test("a read with a filter ends after 10,000 rows, and the next goes on", () => {
  const { append, feed, statementsOf } = open()
  const count = 25_000
  append(Array.from({ length: count }, (_, n) => event(person, { consentType: n === 20_500 ? typeB : typeA })))
  const to = { lane, position: count, number: 0 }
  const pages: Array<readonly [position: number, items: number]> = []
  for (let from = { lane, position: 0, number: 0 }; from.position < count;) {
    const { value } = statementsOf(feed.read(project, [{ from, to }], { consentTypes: [typeB] }, 100))
    const [page] = value
    from = { ...page!.next }
    pages.push([from.position, page!.items.length])
  }
  expect(pages).toEqual([
    [10_000, 0],
    [20_000, 0],
    [25_000, 1],
  ])
})

// Kills: a reader of lanes that fills a whole page from each lane that runs dry.
test("a reader of all lanes reads few items twice, although a block of one instant fills lane after lane", () => {
  const { append, feed, statementsOf } = open()
  const blocks = 8
  const size = 1000
  for (let block = 0; block < blocks; block += 1) {
    const events = Array.from({ length: size }, (_, n) => event(uuid(0x2000 + n), at(block)))
    append(events, { recordedAt: t0 + block })
  }
  let read = 0
  const counted: typeof feed.read = (...parameters) =>
    Effect.tap(feed.read(...parameters), (parts) =>
      Effect.sync(() => (read += parts.reduce((sum, { items }) => sum + items.length, 0))),
    )
  const context = { store: { feed: { ends: feed.ends, read: counted } } }
  let found = 0
  let places = statementsOf(feed.ends(project)).value.map((end) => ({ ...end, position: 0, number: 0 }))
  for (let isCurrent = false; !isCurrent;) {
    const { value } = statementsOf(Effect.orDie(FeedReader.next(project, places, {}, 500, context)))
    found += value.items.length
    places = value.places.map((place) => ({ ...place, lastRecordedAt: t0 }))
    isCurrent = value.isCurrent
  }
  expect(found).toBe(blocks * size)
  expect(read).toBeLessThan(3 * found)
})
