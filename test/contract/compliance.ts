/** Clauses of the contract: how a store keeps compliance requests. */
import { deepStrictEqual, strictEqual } from "node:assert/strict"
import { Effect } from "effect"
import type { FactBody } from "../../core/compliance/ComplianceFact.ts"
import * as Lane from "../../core/model/Lane.ts"
import type {
  ListedFacts,
  ListedRequests,
  PrivateRow,
  RequestChange,
  RequestFilter,
  RequestPage,
  StoredRequest,
} from "../../core/ports/ComplianceStore.ts"
import { laneOf } from "../../core/ports/ComplianceStore.ts"
import {
  acknowledged,
  changeOf,
  denied,
  elsewhere,
  erase,
  full,
  idOf,
  key,
  noted,
  opening,
  sealed,
  second,
  stored,
  story,
  writeOf,
} from "./complianceSamples.ts"
import {
  type Clause,
  claim,
  clause,
  event,
  eventsOf,
  hash,
  organization,
  project,
  request,
  type Store,
  t0,
  uuid,
} from "./samples.ts"

const newest: RequestPage = { sort: "requestDate", order: "desc", limit: 100, from: 0 }

const idsOf = ({ requests }: ListedRequests): ReadonlyArray<string> => requests.map(({ id }) => id)

/** Requests with few different values of each kind, so that ties happen, in two projects; the same in every run. */
const many = Array.from({ length: 40 }, (_, n) => {
  const later: ReadonlyArray<ReadonlyArray<FactBody>> = [[], [acknowledged], [denied], [noted, { kind: "lapsed" }]]
  const over = {
    receivedAt: t0 - (n % 5),
    ...(n % 3 === 0 && { domain: "a.example" }),
    ...(n % 4 === 0 && { country: "US-CA" }),
    ...(n % 7 === 0 && { clock: "clock:ccpa@2023-03", identity: "needed" }),
  }
  const kind = (["view", "change", "delete", "do_not_sell"] as const)[n % 4]!
  const dueOn = n % 5 === 0 ? {} : { dueOn: `2024-03-0${1 + (n % 3)}` }
  const change = changeOf(
    { n, at: t0 + (n % 6), ...dueOn, bodies: [opening(kind, over), ...later[(n >> 2) % 4]!] },
    0,
    {
      ...(n % 2 === 0 && { private: { opener: uuid(1 + (n % 3)), session: uuid(0xd0 + (n % 2)) } }),
      ...(n % 5 === 1 && { private: { subject: uuid(1 + (n % 3)) } }),
    },
  )
  return { of: n % 3 === 2 ? second : project, change }
})

const keepMany = Effect.fnUntraced(function* ({ compliance }: Store) {
  for (const of of [project, second]) {
    const requests = many.filter((each) => each.of === of).map(({ change }) => change)
    strictEqual(yield* compliance.write(writeOf(requests, { project: of })), "kept")
  }
})

type Made = (typeof many)[number]

/** What each filter lets pass, written out once more. */
const filters: ReadonlyArray<readonly [RequestFilter, (made: Made) => boolean]> = [
  [{}, () => true],
  [{ id: idOf(4) }, ({ change: { row } }) => row.id === idOf(4)],
  [{ openers: [uuid(1), uuid(2)] }, ({ change }) => [uuid(1), uuid(2)].includes(privateOf(change)?.opener ?? "")],
  [
    { people: [uuid(2)] },
    ({ change }) => privateOf(change)?.opener === uuid(2) || privateOf(change)?.subject === uuid(2),
  ],
  [{ people: [] }, () => false],
  [{ session: uuid(0xd0) }, ({ change }) => privateOf(change)?.session === uuid(0xd0)],
  [{ kinds: ["view", "delete"] }, ({ change: { row } }) => row.kind === "view" || row.kind === "delete"],
  [{ statuses: ["submitted"] }, ({ change: { row } }) => row.status === "submitted"],
  [{ resolutionStatuses: ["denied"] }, ({ change: { row } }) => row.resolutionStatus === "denied"],
  [{ regulation: "clock:ccpa@2023-03" }, ({ change: { row } }) => row.regulation === "clock:ccpa@2023-03"],
  [{ domain: "a.example" }, ({ change: { row } }) => row.domain === "a.example"],
  [
    { country: "US-CA", domain: "a.example" },
    ({ change: { row } }) => row.country !== undefined && row.domain !== undefined,
  ],
  [
    { startDate: t0 - 3, endDate: t0 - 1 },
    ({ change: { row } }) => row.requestDate === t0 - 3 || row.requestDate === t0 - 2,
  ],
  [{ dueBefore: "2024-03-02" }, ({ change: { row } }) => row.dueOn === "2024-03-01"],
  [
    { dueBefore: "2024-03-02", pausedWith: ["clock:ccpa@2023-03", "clock:other@1"] },
    ({ change: { row } }) =>
      row.dueOn === "2024-03-01" ||
      (row.dueOn === undefined && !row.isLapsed && row.regulation === "clock:ccpa@2023-03"),
  ],
  [{ pausedWith: ["clock:ccpa@2023-03"] }, () => true],
  [{ isLapsed: true }, ({ change: { row } }) => row.isLapsed],
  [{ isLapsed: false }, ({ change: { row } }) => !row.isLapsed],
  [{ overdue: { on: "2024-03-03", is: true } }, (made) => isOverdue(made)],
  [{ overdue: { on: "2024-03-03", is: false } }, (made) => !isOverdue(made)],
]

const privateOf = (change: RequestChange): PrivateRow | undefined =>
  change.private === "removed" ? undefined : change.private

const isOverdue = ({ change: { row } }: Made): boolean =>
  row.resolutionStatus === undefined && !row.isLapsed && (row.dueOn === "2024-03-01" || row.dueOn === "2024-03-02")

/** Every page of a list, each with `limit` requests, by the places where pages ended. */
const walk = Effect.fnUntraced(function* ({ compliance }: Store, filter: RequestFilter, page: RequestPage) {
  const pages: Array<ListedRequests> = []
  let from: RequestPage["from"] | undefined = 0
  while (from !== undefined) {
    const listed: ListedRequests = yield* compliance.list([project, second], filter, { ...page, from })
    pages.push(listed)
    from = listed.next
  }
  return pages
})

const compare = (a: number | string, b: number | string): number => (a < b ? -1 : a > b ? 1 : 0)

export const complianceClauses: ReadonlyArray<Clause> = [
  clause(
    "a compliance request is given back as it was written, and no other project has it",
    Effect.fnUntraced(function* ({ compliance }: Store) {
      const opened = changeOf(
        {
          n: 1,
          dueOn: "2024-02-29",
          bodies: [opening("delete", { domain: "a.example", country: "DE", text: "“ü” 🙂 \\u0000" }), denied],
        },
        0,
        { private: full, key: key(1) },
      )
      strictEqual(yield* compliance.write(writeOf([opened])), "kept")
      deepStrictEqual(yield* compliance.request(project, idOf(1)), stored(opened))
      deepStrictEqual(yield* compliance.facts(project, idOf(1)), opened.facts)
      deepStrictEqual(yield* compliance.privateOf(project, [idOf(2), idOf(1)]), [
        undefined,
        { ...full, request: idOf(1), key: key(1) },
      ])
      strictEqual(yield* compliance.request(second, idOf(1)), undefined)
      deepStrictEqual(yield* compliance.facts(second, idOf(1)), [])
      deepStrictEqual(yield* compliance.privateOf(elsewhere, [idOf(1)]), [undefined])
      deepStrictEqual(idsOf(yield* compliance.list([second, elsewhere], {}, newest)), [])
      strictEqual((yield* compliance.listFacts([second], {}, { order: "asc", limit: 9, from: 0 })).total, 0)
    }),
  ),
  clause(
    "a request changes from the ordinal that it has, and from no other",
    Effect.fnUntraced(function* ({ compliance }: Store) {
      const [opened, later] = [changeOf(story(1)), changeOf(story(1, noted, acknowledged), 1)]
      strictEqual(yield* compliance.write(writeOf([later])), "stale")
      strictEqual(yield* compliance.write(writeOf([opened])), "kept")
      strictEqual(yield* compliance.write(writeOf([opened])), "stale")
      strictEqual(yield* compliance.write(writeOf([later])), "kept")
      strictEqual(yield* compliance.write(writeOf([later])), "stale")
      deepStrictEqual(yield* compliance.request(project, idOf(1)), stored(later))
      const last = changeOf(story(1, noted, acknowledged, noted), 3)
      strictEqual(yield* compliance.write(writeOf([last])), "kept")
      deepStrictEqual(yield* compliance.facts(project, idOf(1)), [...opened.facts, ...later.facts, ...last.facts])
    }),
  ),
  clause(
    "of several requests all are written or none",
    Effect.fnUntraced(function* ({ compliance }: Store) {
      strictEqual(yield* compliance.write(writeOf([changeOf(story(2))])), "kept")
      const both = [changeOf(story(1), 0, { private: full, key: key(1) }), changeOf(story(2))]
      strictEqual(yield* compliance.write(writeOf(both, { idempotencyRecord: record(1) })), "stale")
      strictEqual(yield* compliance.request(project, idOf(1)), undefined)
      deepStrictEqual(yield* compliance.privateOf(project, [idOf(1)]), [undefined])
      strictEqual((yield* compliance.listFacts([project], {}, { order: "asc", limit: 9, from: 0 })).total, 1)
      const later = [changeOf(story(1)), changeOf(story(2, noted), 1), changeOf(story(17))]
      strictEqual(yield* compliance.write(writeOf(later, { idempotencyRecord: record(1) })), "kept")
      strictEqual((yield* compliance.listFacts([project], {}, { order: "asc", limit: 9, from: 0 })).total, 4)
    }),
  ),
  clause(
    "a write of requests with an idempotency record is kept once",
    Effect.fnUntraced(function* (store: Store) {
      const { compliance } = store
      strictEqual(yield* compliance.write(writeOf([changeOf(story(1))], { idempotencyRecord: record(1) })), "kept")
      deepStrictEqual(yield* store.idempotencyRecord(organization, hash(1)), record(1))
      strictEqual(yield* compliance.write(writeOf([changeOf(story(2))], { idempotencyRecord: record(1) })), "repeated")
      strictEqual(yield* compliance.request(project, idOf(2)), undefined)
    }),
  ),
  clause(
    "of two concurrent changes of a request from the same ordinal one is kept",
    Effect.fnUntraced(function* ({ compliance }: Store) {
      yield* compliance.write(writeOf([changeOf(story(1))]))
      const writes = Array.from({ length: 8 }, () => compliance.write(writeOf([changeOf(story(1, noted), 1)])))
      const outcomes = yield* Effect.all(writes, { concurrency: "unbounded" })
      deepStrictEqual(outcomes.toSorted(), ["kept", ...Array(7).fill("stale")])
      strictEqual((yield* compliance.facts(project, idOf(1))).length, 2)
    }),
  ),
  clause(
    "concurrent changes of many requests in the same lanes are all kept",
    Effect.fnUntraced(function* ({ compliance }: Store) {
      const groups = Array.from({ length: 12 }, (_, n) => [changeOf(story(n)), changeOf(story(n + 32))])
      const mixed = groups.map((group, n) => (n % 2 === 0 ? group : group.toReversed()))
      const writes = mixed.map((requests) => compliance.write(writeOf(requests)))
      deepStrictEqual(yield* Effect.all(writes, { concurrency: "unbounded" }), Array(12).fill("kept"))
      strictEqual((yield* compliance.list([project], {}, newest)).total, 24)
      strictEqual((yield* compliance.listFacts([project], {}, { order: "asc", limit: 100, from: 0 })).facts.length, 24)
    }),
  ),
  clause(
    "a private row stays as it is, is replaced, or is removed with its key; a key that is there stays",
    Effect.fnUntraced(function* ({ compliance }: Store) {
      const privateNow = Effect.map(compliance.privateOf(project, [idOf(1)]), ([row]) => row)
      const bodies: Array<FactBody> = [opening("view")]
      const write = (over: Partial<Pick<RequestChange, "key" | "private">>) => {
        const change = changeOf({ n: 1, bodies }, bodies.length - 1, over)
        bodies.push(noted)
        return compliance.write(writeOf([change]))
      }
      // Keys were away, so nothing is encrypted yet.
      strictEqual(yield* write({ private: { opener: uuid(5) } }), "kept")
      deepStrictEqual(yield* privateNow, { request: idOf(1), opener: uuid(5) })
      strictEqual(yield* write({ private: full, key: key(1) }), "kept")
      strictEqual(yield* write({}), "kept")
      deepStrictEqual(yield* privateNow, { ...full, request: idOf(1), key: key(1) })
      const other = { sealed: sealed("other") }
      strictEqual(yield* write({ private: other, key: key(9) }), "kept")
      deepStrictEqual(yield* privateNow, { ...other, request: idOf(1), key: key(1) })
      strictEqual(yield* write({ private: "removed" }), "kept")
      strictEqual(yield* privateNow, undefined)
      deepStrictEqual(yield* compliance.allKeys(undefined, 9), [])
      strictEqual(yield* write({ private: other, key: key(2) }), "kept")
      deepStrictEqual(yield* privateNow, { ...other, request: idOf(1), key: key(2) })
    }),
  ),
  clause(
    "a private row that would have no key to open it is stale: the one that it was read from was removed meanwhile",
    Effect.fnUntraced(function* ({ compliance, events }: Store) {
      const read = { private: full, key: key(1) }
      strictEqual(yield* compliance.write(writeOf([changeOf(story(1), 0, read), changeOf(story(2))])), "kept")
      const removed = changeOf(story(1, noted), 1, { private: "removed" })
      strictEqual(yield* compliance.write(writeOf([removed])), "kept")
      const late = changeOf(story(1, noted, noted), 2, { private: full })
      const never = changeOf(story(2, noted), 1, { private: full })
      for (const each of [late, never]) {
        strictEqual(yield* compliance.write(writeOf([each])), "stale")
        const outcome = yield* events.append(request([event(uuid(5))], { compliance: { requests: [each] } }))
        strictEqual(outcome._tag, "Stale")
      }
      deepStrictEqual(yield* compliance.privateOf(project, [1, 2].map(idOf)), [undefined, undefined])
      const unsealed = changeOf(story(2, noted), 1, { private: { opener: uuid(5) } })
      strictEqual(yield* compliance.write(writeOf([unsealed, { ...late, key: key(2) }])), "kept")
      deepStrictEqual(yield* compliance.privateOf(project, [1, 2].map(idOf)), [
        { ...full, request: idOf(1), key: key(2) },
        { opener: uuid(5), request: idOf(2) },
      ])
    }),
  ),
  clause(
    "keys of requests are read page by page, and wrapped again only if they are still as they were read",
    Effect.fnUntraced(function* ({ compliance }: Store) {
      const [first, last] = [[1, 2, 17].map((n) => changeOf(story(n), 0, { private: full, key: key(n) })), [3]]
      yield* compliance.write(writeOf([...first, changeOf(story(99))]))
      const others = last.map((n) => changeOf(story(n), 0, { private: full, key: key(n) }))
      yield* compliance.write(writeOf(others, { project: second }))
      const all = yield* compliance.allKeys(undefined, 9)
      const expected = [...[1, 2, 17].map((n) => [project, n] as const), [second, 3] as const].map(([of, n]) => ({
        ...key(n),
        lane: Lane.of(of, idOf(n)),
        request: idOf(n),
      }))
      deepStrictEqual(
        all,
        expected.toSorted((a, b) => a.lane - b.lane || compare(a.request, b.request)),
      )
      const paged = [yield* compliance.allKeys(undefined, 2)]
      paged.push(yield* compliance.allKeys(paged[0]![1]!, 2), yield* compliance.allKeys(all.at(-1), 2))
      deepStrictEqual(paged, [all.slice(0, 2), all.slice(2), []])
      const [one, two] = [all[0]!, all[1]!]
      yield* compliance.rewrap([
        { from: one, to: key(0x40, 2) },
        { from: { ...two, wrapped: key(0x50).wrapped }, to: key(0x60, 2) },
        { from: { ...two, epoch: 7 }, to: key(0x60, 2) },
      ])
      deepStrictEqual(yield* compliance.allKeys(undefined, 2), [{ ...one, ...key(0x40, 2) }, two])
    }),
  ),
  clause(
    "the day of the next sweep is replaced only of requests that still have the ordinal",
    Effect.fnUntraced(function* ({ compliance }: Store) {
      const all = [1, 2, 17, 4].map((n) => changeOf(story(n)))
      const days = all.map((change) => ({ ...change, row: { ...change.row, sweepOn: "2024-02-01" } }))
      yield* compliance.write(writeOf(days))
      yield* compliance.reschedule(project, [])
      yield* compliance.reschedule(project, [
        { request: idOf(1), ordinal: 1, sweepOn: "2024-02-09" },
        { request: idOf(2), ordinal: 2, sweepOn: "2024-02-09" },
        { request: idOf(17), ordinal: 1 },
        { request: idOf(99), ordinal: 1, sweepOn: "2024-02-09" },
      ])
      yield* compliance.reschedule(second, [{ request: idOf(4), ordinal: 1, sweepOn: "2024-02-09" }])
      const read = yield* Effect.forEach([1, 2, 17, 4], (n) => compliance.request(project, idOf(n)))
      deepStrictEqual(
        read.map((request) => request?.sweepOn),
        ["2024-02-09", "2024-02-01", undefined, "2024-02-01"],
      )
      const [first] = yield* compliance.toSweep("2024-02-08", undefined, 9)
      deepStrictEqual(
        first,
        read.toSorted((a, b) => compare(a!.id, b!.id)).find((each) => each?.sweepOn === "2024-02-01"),
      )
    }),
  ),
  clause(
    "a list of requests has exactly those that match, whatever the filter",
    Effect.fnUntraced(function* (store: Store) {
      yield* keepMany(store)
      for (const [filter, passes] of filters) {
        const expected = many.filter(passes).map(({ change, of }) => stored(change, of))
        const { next, requests, total } = yield* store.compliance.list([project, second], filter, newest)
        const found = requests.toSorted((a, b) => compare(a.id, b.id))
        deepStrictEqual([filter, total, found], [filter, expected.length, expected])
        strictEqual(next, undefined)
      }
      const ofOne = many.filter(({ of }) => of === second).map(({ change }) => change.row.id)
      deepStrictEqual(idsOf(yield* store.compliance.list([second], {}, newest)).toSorted(), ofOne)
      deepStrictEqual(yield* store.compliance.list([], {}, newest), { total: 0, requests: [] })
    }),
  ),
  clause(
    "pages of requests follow each other in every order, by place and by number",
    Effect.fnUntraced(function* (store: Store) {
      yield* keepMany(store)
      const values = {
        requestDate: ({ requestDate }: StoredRequest) => requestDate,
        dateCreated: ({ dateCreated }: StoredRequest) => dateCreated,
        dateUpdated: ({ dateUpdated }: StoredRequest) => dateUpdated,
        dueOn: ({ dueOn }: StoredRequest) => dueOn ?? "later than any",
        status: ({ status }: StoredRequest) => status,
      }
      for (const sort of Object.keys(values) as ReadonlyArray<keyof typeof values>) {
        for (const order of ["asc", "desc"] as const) {
          const valueOf = values[sort]
          const expected = many
            .map(({ change, of }) => stored(change, of))
            .toSorted((a, b) => compare(valueOf(a), valueOf(b)) || compare(a.id, b.id))
          const ids = (order === "asc" ? expected : expected.toReversed()).map(({ id }) => id)
          const pages = yield* walk(store, {}, { sort, order, limit: 7, from: 0 })
          deepStrictEqual(
            [sort, order, pages.map(({ requests }) => requests.length), pages.flatMap(idsOf)],
            [sort, order, [7, 7, 7, 7, 7, 5], ids],
          )
          strictEqual(
            pages.every(({ total }) => total === 40),
            true,
          )
          const skipped = yield* store.compliance.list([project, second], {}, { sort, order, limit: 5, from: 37 })
          deepStrictEqual([idsOf(skipped), skipped.next], [ids.slice(37), undefined])
        }
      }
      // The last page is the last, also where it is full.
      strictEqual((yield* walk(store, {}, { ...newest, limit: 20 })).length, 2)
    }),
  ),
  clause(
    "facts of projects are listed by instant and id, filtered and page by page",
    Effect.fnUntraced(function* (store: Store) {
      yield* keepMany(store)
      const { compliance } = store
      const all = many
        .flatMap(({ change, of }) => change.facts.map((fact) => ({ project: of.number, fact })))
        .toSorted((a, b) => a.fact.at - b.fact.at || compare(a.fact.id, b.fact.id))
      const both = [project, second]
      const page = { order: "asc", limit: 100, from: 0 } as const
      deepStrictEqual(yield* compliance.listFacts(both, {}, page), { total: all.length, facts: all })
      const cases = [
        [{ id: all[3]!.fact.id }, all.slice(3, 4)],
        [{ request: idOf(9) }, all.filter(({ fact }) => fact.requestId === idOf(9))],
        [{ by: "key:k" }, all.filter(({ fact }) => fact.ordinal > 0)],
        [{ kinds: ["noted", "resolved"] }, all.filter(({ fact }) => fact.kind === "noted" || fact.kind === "resolved")],
        [{ startDate: t0 + 1, endDate: t0 + 3 }, all.filter(({ fact }) => fact.at === t0 + 1 || fact.at === t0 + 2)],
      ] as const
      for (const [filter, facts] of cases) {
        deepStrictEqual(
          [filter, yield* compliance.listFacts(both, filter, page)],
          [filter, { total: facts.length, facts }],
        )
      }
      for (const order of ["asc", "desc"] as const) {
        const listed: Array<ListedFacts> = []
        let from: ListedFacts["next"] | 0 = 0
        while (from !== undefined) {
          const next: ListedFacts = yield* compliance.listFacts(both, {}, { order, limit: 9, from })
          listed.push(next)
          from = next.next
        }
        const facts = listed.flatMap((each) => each.facts)
        deepStrictEqual(facts, order === "asc" ? all : all.toReversed())
      }
      const skipped = yield* compliance.listFacts(both, {}, { order: "desc", limit: 2, from: 1 })
      deepStrictEqual(skipped.facts, all.toReversed().slice(1, 3))
    }),
  ),
  clause(
    "requests that change with events are written with them, or neither is",
    Effect.fnUntraced(function* (store: Store) {
      const { compliance, events } = store
      const person = uuid(5)
      const opened = { requests: [changeOf(story(1), 0, { private: full, key: key(1) })] }
      const first = request([event(person)], { compliance: opened })
      strictEqual((yield* events.append(first))._tag, "Appended")
      deepStrictEqual(yield* compliance.request(project, idOf(1)), stored(opened.requests[0]!))
      deepStrictEqual(yield* compliance.facts(project, idOf(1)), opened.requests[0]!.facts)
      strictEqual((yield* compliance.privateOf(project, [idOf(1)]))[0]?.opener, person)
      // The ordinal is another one.
      const claims = [claim(0x51, person)]
      strictEqual((yield* events.append(request([event(person)], { compliance: opened, claims })))._tag, "Stale")
      strictEqual((yield* eventsOf(store, project, person)).length, 1)
      deepStrictEqual(yield* store.people.byAlias(organization, [hash(0x51)]), [undefined])
      // The events are refused.
      yield* events.append(request([event(uuid(6))], { claims: [claim(0x52, uuid(6))] }))
      const other = { requests: [changeOf(story(2)), changeOf(story(1, noted), 1)] }
      const taken = request([event(person)], { compliance: other, claims: [claim(0x52, person)] })
      strictEqual((yield* events.append(taken))._tag, "Stale")
      strictEqual(yield* compliance.request(project, idOf(2)), undefined)
      strictEqual((yield* compliance.facts(project, idOf(1))).length, 1)
      strictEqual((yield* events.append({ ...taken, claims: [] }))._tag, "Appended")
      strictEqual((yield* compliance.facts(project, idOf(1))).length, 2)
      strictEqual((yield* compliance.facts(project, idOf(2))).length, 1)
    }),
  ),
  clause(
    "an append changes requests also without an event, and with an idempotency record once",
    Effect.fnUntraced(function* ({ compliance, events }: Store) {
      const append = (n: number) =>
        events.append(request([], { compliance: { requests: [changeOf(story(n))] }, idempotencyRecord: record(1) }))
      strictEqual((yield* append(1))._tag, "Appended")
      strictEqual((yield* append(2))._tag, "Repeated")
      deepStrictEqual(idsOf(yield* compliance.list([project], {}, newest)), [idOf(1)])
    }),
  ),
  clause(
    "concurrent appends and writes that change the same request keep it whole",
    Effect.fnUntraced(function* (store: Store) {
      yield* store.compliance.write(writeOf([changeOf(story(1))]))
      const change = changeOf(story(1, noted), 1)
      const people = [5, 6, 7, 8].map(uuid)
      const appends = people.map((person) =>
        store.events.append(request([event(person)], { compliance: { requests: [change] } })),
      )
      const writes = people.map(() => store.compliance.write(writeOf([change])))
      const [appended, kept] = yield* Effect.all(
        [Effect.all(appends, { concurrency: "unbounded" }), Effect.all(writes, { concurrency: "unbounded" })],
        { concurrency: "unbounded" },
      )
      const recorded = appended.filter(({ _tag }) => _tag === "Appended").length
      strictEqual(recorded + kept.filter((outcome) => outcome === "kept").length, 1)
      const events = (yield* Effect.forEach(people, (person) => eventsOf(store, project, person))).flat()
      strictEqual(events.length, recorded)
      strictEqual((yield* store.compliance.facts(project, idOf(1))).length, 2)
    }),
  ),
  clause(
    "requests to be swept by a day are found in all projects, in order of day, lane and id, after a place",
    Effect.fnUntraced(function* ({ compliance }: Store) {
      const days = ["2024-02-01", "2024-02-02", "2024-02-03", undefined] as const
      const made = [project, second, elsewhere].flatMap((of, index) =>
        Array.from({ length: 8 }, (_, each) => {
          const n = index * 100 + 16 * (each % 3) + each
          const sweepOn = days[each % 4]
          return { of, change: changeOf({ ...story(n), ...(sweepOn !== undefined && { sweepOn }) }) }
        }),
      )
      for (const { change, of } of made)
        strictEqual(yield* compliance.write(writeOf([change], { project: of })), "kept")
      const placeOf = ({ change, of }: (typeof made)[number]) => ({
        sweepOn: change.row.sweepOn!,
        lane: laneOf(of, change.row.id),
        request: change.row.id,
      })
      const expected = made
        .filter(({ change: { row } }) => row.sweepOn !== undefined && row.sweepOn <= "2024-02-02")
        .toSorted((a, b) => {
          const [one, other] = [placeOf(a), placeOf(b)]
          return compare(one.sweepOn, other.sweepOn) || one.lane - other.lane || compare(one.request, other.request)
        })
      const all = expected.map(({ change, of }) => stored(change, of))
      deepStrictEqual(yield* compliance.toSweep("2024-02-02", undefined, 100), all)
      deepStrictEqual(yield* compliance.toSweep("2024-01-31", undefined, 100), [])
      for (const [index, each] of expected.entries()) {
        deepStrictEqual(yield* compliance.toSweep("2024-02-02", placeOf(each), 2), all.slice(index + 1, index + 3))
      }
      // A change moves the day, or takes it away.
      const of = (n: number, sweepOn?: string) =>
        changeOf({ ...story(n, noted), ...(sweepOn !== undefined && { sweepOn }) }, 1)
      const [first, second_] = made
      strictEqual(yield* compliance.write(writeOf([of(0), of(17, "2024-01-01")])), "kept")
      deepStrictEqual([first!.change.row.id, second_!.change.row.id], [idOf(0), idOf(17)])
      const [swept] = yield* compliance.toSweep("2024-01-31", undefined, 100)
      deepStrictEqual([swept?.id, swept?.ordinal, swept?.sweepOn], [idOf(17), 2, "2024-01-01"])
      strictEqual(
        (yield* compliance.toSweep("2024-02-02", undefined, 100)).some(({ id }) => id === idOf(0)),
        false,
      )
    }),
  ),
  clause(
    "an erasure removes the private rows and keys of resolved requests of its people, and of no others",
    Effect.fnUntraced(function* (store: Store) {
      const { compliance } = store
      const [one, two, bystander] = [uuid(5), uuid(6), uuid(0x15)]
      const of = (row: PrivateRow, n: number, ...later: ReadonlyArray<FactBody>) =>
        changeOf(story(n, ...later), 0, { private: { ...row, sealed: sealed("x") }, key: key(n) })
      const requests = [
        of({ opener: one }, 1, denied),
        of({ subject: two }, 2, denied),
        of({ opener: one, subject: two }, 3, denied),
        of({ opener: one }, 4),
        of({ opener: one }, 5, denied, { kind: "reopened" }),
        of({ opener: bystander, subject: bystander }, 6, denied),
      ]
      strictEqual(yield* compliance.write(writeOf(requests)), "kept")
      strictEqual(yield* compliance.write(writeOf([of({ subject: one }, 7, denied)], { project: second })), "kept")
      strictEqual(yield* compliance.write(writeOf([of({ opener: one }, 8, denied)], { project: elsewhere })), "kept")
      const erasure = yield* erase(store, [one, two])
      strictEqual(typeof erasure === "object" && erasure.destroyed.complianceRequests, 4)
      strictEqual((yield* store.personal.erasure(organization, one))?.destroyed.complianceRequests, 4)
      const left = (yield* compliance.privateOf(project, [1, 2, 3, 4, 5, 6].map(idOf))).map((row) => row?.request)
      deepStrictEqual(left, [undefined, undefined, undefined, idOf(4), idOf(5), idOf(6)])
      deepStrictEqual(yield* compliance.privateOf(second, [idOf(7)]), [undefined])
      strictEqual((yield* compliance.privateOf(elsewhere, [idOf(8)]))[0]?.opener, one)
      const keys = (yield* compliance.allKeys(undefined, 9)).map(({ request }) => request)
      deepStrictEqual(keys.toSorted(), [4, 5, 6, 8].map(idOf))
      // Facts and states stay.
      strictEqual((yield* compliance.list([project, second], {}, newest)).total, 7)
      deepStrictEqual(yield* compliance.facts(project, idOf(1)), requests[0]!.facts)
    }),
  ),
]

function record(n: number) {
  return { hash: hash(n), digest: hash(n + 1), answer: idOf(n), recordedAt: t0 }
}
