/** Clauses of the contract: how a store keeps counts, and reads what is counted. */
import { deepStrictEqual, strictEqual } from "node:assert/strict"
import { Effect } from "effect"
import type { EventGroup } from "../../core/metrics/MetricsAggregator.ts"
import * as MetricCount from "../../core/metrics/MetricCount.ts"
import * as UniqueVisitors from "../../core/metrics/UniqueVisitors.ts"
import * as Lane from "../../core/model/Lane.ts"
import * as MetricsStore from "../../core/ports/MetricsStore.ts"
import { acknowledged, changeOf, idOf, noted, second, story, writeOf } from "./complianceSamples.ts"
import { type Clause, clause, event, project, request, type Store, t0, typeB, uuid } from "./samples.ts"

const day = MetricCount.dayOf(t0)
const lane = MetricsStore.laneOf(project)

const step = (over: Partial<MetricsStore.MetricsStep> = {}): MetricsStore.MetricsStep => ({
  project,
  consumers: [],
  counts: [],
  visitors: [],
  ...over,
})

const moved = (name: MetricsStore.ConsumerName, before: number, position: number, of = lane) => ({
  lane: of,
  name,
  before,
  position,
})

const count = (key: string, by: number, over: Partial<MetricCount.CountChange> = {}): MetricCount.CountChange => ({
  family: "type",
  day,
  key,
  count: by,
  ...over,
})

const days = { from: day - 400, to: day + 400 }

const countsOf = ({ metrics }: Store, of = project, family: MetricCount.Family = "type") =>
  Effect.map(metrics.counts(of, family, days, undefined, 1000), (rows) => rows.map((row) => ({ ...row })))

const sorted = (groups: ReadonlyArray<EventGroup>): ReadonlyArray<string> =>
  groups.map((group) => JSON.stringify(Object.entries(group).toSorted())).toSorted()

const registersOf = (...people: ReadonlyArray<string>) => {
  const registers = UniqueVisitors.empty()
  for (const person of people) UniqueVisitors.add(registers, person)
  return registers
}

export const metricsClauses: ReadonlyArray<Clause> = [
  clause(
    "counts add up, are kept by project, family, day and key, and are read in the order of day and key, in pages",
    Effect.fnUntraced(function* (store: Store) {
      const { metrics } = store
      strictEqual(
        yield* metrics.write(step({ counts: [count("b x", 2), count("B x", 1), count("a x", -3)] })),
        "written",
      )
      strictEqual(
        yield* metrics.write(step({ counts: [count("b x", 5), count("z", 1, { day: day - 1 }), count("ü", 1)] })),
        "written",
      )
      yield* metrics.write(step({ counts: [count("", 7, { family: "events" })] }))
      yield* metrics.write(step({ project: second, counts: [count("b x", 100)] }))
      const all = [
        { day: day - 1, key: "z", count: 1 },
        { day, key: "B x", count: 1 },
        { day, key: "a x", count: -3 },
        { day, key: "b x", count: 7 },
        { day, key: "ü", count: 1 },
      ]
      deepStrictEqual(yield* countsOf(store), all)
      deepStrictEqual(yield* countsOf(store, second), [{ day, key: "b x", count: 100 }])
      for (let from = 0; from < all.length; from++) {
        const after = from === 0 ? undefined : all[from - 1]
        const page = yield* metrics.counts(project, "type", days, after, 2)
        deepStrictEqual(
          page.map((row) => ({ ...row })),
          all.slice(from, from + 2),
        )
      }
      const ofDay = yield* metrics.counts(project, "type", { from: day, to: day + 1 }, undefined, 9)
      deepStrictEqual(ofDay.length, 4)
      deepStrictEqual(yield* metrics.counts(project, "type", { from: day + 1, to: day + 9 }, undefined, 9), [])
      deepStrictEqual([...(yield* metrics.totals(project, "type", day))], [["z", 1]])
      const totals = yield* metrics.totals(project, "type", day + 1)
      deepStrictEqual([totals.get("b x"), totals.get("a x"), totals.get("none")], [7, -3, undefined])
    }),
  ),
  clause(
    "a step is kept whole or not at all: where a consumer has another position, nothing is counted",
    Effect.fnUntraced(function* (store: Store) {
      const { metrics } = store
      const [first, other] = [moved("events", 0, 5), moved("facts", 0, 2, lane + 3)]
      strictEqual(yield* metrics.write(step({ consumers: [first, other], counts: [count("a", 1)] })), "written")
      strictEqual(yield* metrics.write(step({ consumers: [first], counts: [count("a", 1)] })), "stale")
      const half = [moved("events", 5, 6), moved("facts", 1, 3, lane + 3)]
      const seen = [{ day, registers: registersOf(uuid(1)) }]
      strictEqual(yield* metrics.write(step({ consumers: half, counts: [count("a", 1)], visitors: seen })), "stale")
      deepStrictEqual(yield* countsOf(store), [{ day, key: "a", count: 1 }])
      deepStrictEqual(yield* metrics.visitors(project, days), [])
      const consumers = [
        { lane, name: "events", position: 5 },
        { lane: lane + 3, name: "facts", position: 2 },
      ]
      const found = yield* metrics.consumers(project)
      deepStrictEqual(
        found.map((each) => ({ ...each })),
        consumers,
      )
      deepStrictEqual(yield* metrics.consumers(second), [])
      strictEqual(yield* metrics.write(step({ consumers: [moved("events", 5, 9)], counts: [] })), "written")
      // `days` is a consumer of its own in the same lane.
      strictEqual(yield* metrics.write(step({ consumers: [moved("days", 0, day)] })), "written")
      const after = yield* metrics.consumers(project)
      deepStrictEqual(
        after.map(({ name, position }) => [name, position]),
        [
          ["days", day],
          ["events", 9],
          ["facts", 2],
        ],
      )
    }),
  ),
  clause(
    "of steps that move a consumer at the same time one is written",
    Effect.fnUntraced(function* (store: Store) {
      const same = step({ consumers: [moved("events", 0, 5)], counts: [count("a", 1)] })
      const kept = yield* Effect.all(
        [1, 2, 3, 4].map(() => store.metrics.write(same)),
        { concurrency: "unbounded" },
      )
      deepStrictEqual(kept.toSorted(), ["stale", "stale", "stale", "written"])
      deepStrictEqual(yield* countsOf(store), [{ day, key: "a", count: 1 }])
    }),
  ),
  clause(
    "events are read in groups that count alike, from a position up to another one, and lanes say what was not counted",
    Effect.fnUntraced(function* (store: Store) {
      const { metrics } = store
      const person = uuid(3)
      const at = Lane.of(project, person)
      const events = [
        event(person),
        event(person, { geography: "DE-BE", domain: "shop.example" }),
        event(person, { geography: "DE-BE", domain: "shop.example" }),
        event(person, { consentState: "declined", domain: "shop.example" }),
        event(person, { consentType: typeB, dateCreated: t0 + MetricCount.dayMillis - 1 }),
        event(person, { consentType: typeB, dateCreated: t0 + MetricCount.dayMillis }),
      ]
      yield* store.events.append(request(events, { recordedAt: t0 + MetricCount.dayMillis }))
      const group = (over: Partial<EventGroup>): EventGroup => ({
        day,
        consentType: events[0]!.consentType,
        consentState: "accepted",
        count: 1,
        ...over,
      })
      const shown = { geography: "DE-BE", domain: "shop.example" }
      deepStrictEqual(
        sorted(yield* metrics.events(at, 0, 6)),
        sorted([
          group({}),
          group({ ...shown, count: 2 }),
          group({ consentState: "declined", domain: "shop.example" }),
          group({ consentType: typeB }),
          group({ consentType: typeB, day: day + 1 }),
        ]),
      )
      deepStrictEqual(sorted(yield* metrics.events(at, 1, 3)), sorted([group({ ...shown, count: 2 })]))
      deepStrictEqual(yield* metrics.events(at, 6, 9), [])
      const behind = (position: number) => ({ lane: at, name: "events", position, end: 6 })
      const found = yield* metrics.behind(9)
      deepStrictEqual(
        found.map((each) => ({ ...each })),
        [behind(0)],
      )
      yield* metrics.write(step({ consumers: [moved("events", 0, 4, at)] }))
      deepStrictEqual({ ...(yield* metrics.behind(9))[0] }, behind(4))
      yield* metrics.write(step({ consumers: [moved("events", 4, 6, at)] }))
      deepStrictEqual(yield* metrics.behind(9), [])
    }),
  ),
  clause(
    "facts are read in the order of their positions, and lanes say which were not counted",
    Effect.fnUntraced(function* (store: Store) {
      const { metrics } = store
      // Requests 1 and 17 share a lane.
      yield* store.compliance.write(writeOf([changeOf(story(1))]))
      yield* store.compliance.write(writeOf([changeOf(story(17), 0)]))
      yield* store.compliance.write(writeOf([changeOf(story(1, acknowledged, noted), 1)]))
      const at = Lane.of(project, idOf(1))
      const facts = yield* metrics.facts(at, 0, 9)
      deepStrictEqual(
        facts.map(({ kind, ordinal, requestId }) => [requestId, ordinal, kind]),
        [
          [idOf(1), 0, "opened"],
          [idOf(17), 0, "opened"],
          [idOf(1), 1, "acknowledged"],
          [idOf(1), 2, "noted"],
        ],
      )
      deepStrictEqual(yield* metrics.facts(at, 1, 3), facts.slice(1, 3))
      deepStrictEqual({ ...(yield* metrics.behind(9))[0] }, { lane: at, name: "facts", position: 0, end: 4 })
      yield* metrics.write(step({ consumers: [moved("facts", 0, 4, at)] }))
      deepStrictEqual(yield* metrics.behind(9), [])
    }),
  ),
  clause(
    "lanes that were not counted are listed by name and lane, and at most the number that is asked for",
    Effect.fnUntraced(function* (store: Store) {
      const people = [uuid(9), uuid(2), uuid(4)]
      for (const person of people) yield* store.events.append(request([event(person)]))
      yield* store.compliance.write(writeOf([changeOf(story(1))]))
      const all = yield* store.metrics.behind(9)
      deepStrictEqual(
        all.map(({ lane: at, name }) => [name, at]),
        [...[2, 4, 9].map((n) => ["events", Lane.of(project, uuid(n))]), ["facts", Lane.of(project, idOf(1))]],
      )
      deepStrictEqual(yield* store.metrics.behind(2), all.slice(0, 2))
    }),
  ),
  clause(
    "visitors of a day are those of every step, each once",
    Effect.fnUntraced(function* (store: Store) {
      const { metrics } = store
      const [one, two, three] = [uuid(1), uuid(2), uuid(3)]
      const add = (...people: ReadonlyArray<string>) =>
        metrics.write(step({ visitors: [{ day, registers: registersOf(...people) }] }))
      yield* Effect.all([add(one!, two!), add(two!, three!), add(one!)], { concurrency: "unbounded" })
      yield* metrics.write(step({ visitors: [{ day: day - 1, registers: registersOf(one!) }] }))
      yield* metrics.write(step({ project: second, visitors: [{ day, registers: registersOf(uuid(4)) }] }))
      const found = yield* metrics.visitors(project, days)
      deepStrictEqual(
        found.map((each) => [each.day, Buffer.from(each.registers).toString("hex")]),
        [
          [day - 1, Buffer.from(registersOf(one!)).toString("hex")],
          [day, Buffer.from(registersOf(one!, two!, three!)).toString("hex")],
        ],
      )
      deepStrictEqual((yield* metrics.visitors(project, { from: day, to: day + 1 })).length, 1)
    }),
  ),
]
