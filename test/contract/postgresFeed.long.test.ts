/**
 * What the change feed in PostgreSQL keeps in addition to the contract: it answers as the store in memory, a step is
 * written once whatever happens to its connection, and it waits in the queue of appends, whose predictions stay right.
 */
import { Effect } from "effect"
import * as fc from "fast-check"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import * as MemoryStore from "../../adapters/memory/MemoryStore.ts"
import {
  type Append,
  type FeedStep,
  type LaneFilter,
  LedgerStore,
  type StoredEvent,
} from "../../core/ports/LedgerStore.ts"
import { times } from "../support/long.ts"
import {
  type FaultyPostgres,
  faults,
  kindOf,
  newOwners,
  type Owners,
  startFaultyPostgres,
  type Store,
  uuid,
} from "../support/faultyPostgres.ts"
import * as LedgerQueries from "../support/ledgerQueries.ts"

let database: FaultyPostgres
beforeAll(async () => {
  database = await startFaultyPostgres()
})
afterAll(() => database.stop())

const at = Date.UTC(2030, 0, 1)

let last = 0
const event = (person: number, dateCreated: number, more: Partial<StoredEvent> = {}): StoredEvent => ({
  id: uuid(1, ++last),
  concordId: uuid(2, person),
  consentType: uuid(3, person % 3),
  version: 1,
  consentState: "accepted",
  consentAction: "import",
  consentDate: dateCreated,
  dateCreated,
  submitter: uuid(4, 1),
  body: `{"n":${last}}`,
  ...more,
})

const emptyStep = (of: Owners, over: Partial<FeedStep>): FeedStep => ({
  ...of,
  seen: [],
  lanes: [],
  recordedAt: at,
  changes: [],
  places: [],
  ...over,
})

const append = (of: Owners, events: ReadonlyArray<StoredEvent>): Append => ({
  ...of,
  recordedAt: Math.max(...events.map(({ dateCreated }) => dateCreated)),
  events,
  claims: [],
})

describe("it answers as the store in memory:", () => {
  const few = (max: number) => fc.integer({ min: 0, max })
  const command = fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({
        _tag: fc.constant("Append" as const),
        events: fc.array(
          fc.record({
            person: few(4),
            type: few(1),
            isRefusal: fc.boolean(),
            late: few(3),
            expires: fc.option(few(3), { nil: undefined }),
          }),
          { minLength: 1, maxLength: 3 },
        ),
        at: few(4),
      }),
    },
    {
      weight: 4,
      arbitrary: fc.record({
        _tag: fc.constant("Step" as const),
        at: few(4),
        changes: fc.array(
          fc.record({
            lane: few(1),
            type: fc.constantFrom("decision.changed", "type.changed"),
            person: fc.option(few(4), { nil: undefined }),
            consentType: fc.option(few(1), { nil: undefined }),
            until: fc.option(few(6), { nil: undefined }),
          }),
          { maxLength: 3 },
        ),
        seen: fc.uniqueArray(few(4), { maxLength: 3 }),
        ahead: fc.constantFrom(0, 0, 0, 1),
        catalog: fc.constantFrom(undefined, undefined, 0, 1),
        behind: fc.constantFrom(0, 0, 1, -1),
        places: fc.uniqueArray(
          fc.record({
            lane: few(1),
            name: fc.constantFrom("a", "b"),
            isSeen: fc.boolean(),
            to: fc.constantFrom(undefined, "1", "2"),
          }),
          { maxLength: 2, selector: ({ lane, name }) => `${lane} ${name}` },
        ),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        _tag: fc.constant("Fact" as const),
        kind: fc.constantFrom("identified" as const, "joined" as const, "undone" as const, "renamed" as const),
        facts: fc.array(fc.record({ member: few(4), survivor: few(4) }), { minLength: 1, maxLength: 3 }),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        _tag: fc.constant("Lease" as const),
        holder: fc.constantFrom("x", "y"),
        now: few(3),
        for: few(2),
      }),
    },
  )
  type Command = typeof command extends fc.Arbitrary<infer A> ? A : never

  /** What a command does, made once for both stores. `seen`: what was read of the store before it. */
  const prepare = (of: Owners, command: Command, number: number) => {
    switch (command._tag) {
      case "Append": {
        const dateCreated = at + command.at
        const events = command.events.map(({ expires, isRefusal, late, person, type }) =>
          event(person, dateCreated, {
            consentType: uuid(3, type),
            consentState: isRefusal ? "declined" : "accepted",
            consentDate: dateCreated - late,
            ...(expires !== undefined && { expirationDate: dateCreated + expires }),
          }),
        )
        return (store: Store): Effect.Effect<unknown, unknown> =>
          Effect.map(store.events.append(append(of, events)), (outcome) => outcome._tag)
      }
      case "Step":
        return (store: Store) =>
          Effect.gen(function* () {
            const ends = yield* store.feed.ends(of.project)
            const states = yield* store.feed.places(of.project)
            const stateOf = (lane: number, name: string) =>
              states.find((each) => each.lane === lane && each.name === name)?.state
            return yield* store.feed.write(
              emptyStep(of, {
                ...(command.catalog !== undefined && { catalog: command.catalog }),
                recordedAt: at + command.at,
                lanes: ends.map(({ lane, position }) => ({ lane, position: Math.max(0, position - command.behind) })),
                seen: yield* Effect.forEach(command.seen, (person) =>
                  Effect.map(store.people.person(of.organization, uuid(2, person)), ({ revision }) => ({
                    concordId: uuid(2, person),
                    revision: revision + command.ahead,
                  })),
                ),
                changes: command.changes.map(({ consentType, lane, person, type, until }, index) => ({
                  lane,
                  at,
                  type,
                  body: `{"n":${number * 10 + index}}`,
                  ...(person !== undefined && { concordId: uuid(2, person) }),
                  ...(consentType !== undefined && { consentType: uuid(3, consentType) }),
                  ...(until !== undefined && { until: at + until }),
                })),
                places: command.places.map(({ isSeen, lane, name, to }) => ({
                  lane,
                  name,
                  before: isSeen ? stateOf(lane, name) : "other",
                  after: to,
                })),
              }),
            )
          })
      case "Fact": {
        const facts = command.facts.map(({ member, survivor }, index) => ({
          id: uuid(7, number * 10 + 9 - index),
          kind: command.kind,
          dateCreated: at + number,
          member: uuid(2, member),
          survivor: uuid(2, survivor),
          submitter: uuid(4, 1),
        }))
        return (store: Store) =>
          store.people.change({ organization: of.organization, claims: [], facts, releases: [], seen: [] })
      }
      case "Lease":
        return (store: Store) =>
          store.feed.lease(
            { owner: of.project, lane: 1 },
            "name",
            command.holder,
            at + command.now,
            at + command.now + command.for,
          )
    }
  }

  const filters: ReadonlyArray<LaneFilter> = [
    {},
    { events: false },
    { types: [] },
    { types: ["decision.changed"] },
    { people: [uuid(2, 1), uuid(2, 2)] },
    { consentTypes: [uuid(3, 1)], types: ["type.changed"] },
    { events: false, consentTypes: [uuid(3, 0)] },
  ]

  /** Everything that can be read. */
  const readAll = (of: Owners, store: Store) =>
    Effect.gen(function* () {
      const { organization, project } = of
      const ends = yield* store.feed.ends(project)
      const start = ends.map(({ lane }) => ({ lane, position: 0, number: 0 }))
      const pages: Array<unknown> = []
      for (const filter of filters) {
        for (const limit of [1, 2, 100]) {
          // Each page goes on where the last one ended.
          let from = start
          for (let page = 0; page < 40; page++) {
            const parts = from.map((place, lane) => ({ from: place, to: ends[lane]! }))
            const read = yield* store.feed.read(project, parts, filter, limit)
            const events = read.map(({ items }) =>
              items.map((item) => (item._tag === "Event" ? `${item.position} ${item.event.id}` : item)),
            )
            pages.push(
              filter,
              limit,
              events,
              read.map(({ next }) => [next.lane, next.position, next.number]),
            )
            from = read.map(({ next }) => next)
            if (
              from.every(
                ({ number, position }, lane) => number === ends[lane]!.number && position === ends[lane]!.position,
              )
            )
              break
          }
        }
      }
      const due: Array<unknown> = []
      for (const by of ["consentDate", "expirationDate"] as const) {
        for (const [from, to] of [
          [at - 10, at + 20],
          [at + 1, at + 3],
        ] as const) {
          let after: { readonly date: number; readonly position: number } | undefined
          do {
            const query = { lane: 0, by, from, to, limit: 2, ...(after !== undefined && { after }) }
            const page: {
              readonly heads: ReadonlyArray<{ readonly position: number; readonly event: { readonly id: string } }>
              readonly next?: typeof after
            } = yield* store.feed.due(project, query)
            due.push(
              page.heads.map(({ event, position }) => [position, event.id]),
              page.next,
            )
            after = page.next
          } while (after !== undefined)
        }
      }
      const people: Array<unknown> = []
      for (const types of [undefined, [uuid(3, 0)], []]) {
        for (const after of [undefined, uuid(2, 1)]) {
          const found = yield* store.feed.people(project, 0, types, after, 2)
          people.push(found.map(({ concordId, heads }) => [concordId, heads.map(({ id }) => id).toSorted()]))
        }
      }
      const noted: Array<unknown> = []
      for (const lane of [0, 1]) {
        for (const limit of [1, 2, 10]) noted.push(yield* store.feed.identityChanges(organization, lane, 1, limit))
      }
      return { ends, pages, due, people, noted, places: yield* store.feed.places(project) }
    })

  // Mutants: `before_position <= v.before` without equality; the number of the next change left where it was.
  test("random appends, steps, identity changes and leases, read by every filter, page by page", async () => {
    await database.use((inPostgres) =>
      Effect.provide(
        Effect.flatMap(LedgerStore, (inMemory) =>
          Effect.promise(() =>
            fc.assert(
              fc.asyncProperty(fc.array(command, { minLength: 1, maxLength: 14, size: "max" }), async (commands) => {
                const of = newOwners(2)
                for (const [number, each] of commands.entries()) {
                  const act = prepare(of, each, number)
                  const expected = await Effect.runPromise(act(inMemory))
                  expect(await Effect.runPromise(act(inPostgres)), each._tag).toEqual(expected)
                }
                const expected = await Effect.runPromise(readAll(of, inMemory))
                expect(await Effect.runPromise(readAll(of, inPostgres))).toEqual(expected)
              }),
              { numRuns: times(20, 150) },
            ),
          ),
        ),
        MemoryStore.layer,
      ),
    )
  })
})

const nothingWrong = async () => {
  for (const query of [
    LedgerQueries.lanesWithGaps,
    LedgerQueries.lanesGoingBack,
    LedgerQueries.lanesWithLostChanges,
    LedgerQueries.feedsGoingBack,
  ]) {
    expect(await database.rows(query), query).toEqual([])
  }
}

describe("a step of the feed", () => {
  /** Two events; a step about them that moves a place, removes another, and stores two changes. */
  const prepared = async (of: Owners) => {
    const people = [1, 2].map((person) => uuid(2, person))
    const place = { lane: 0, name: "a", before: undefined, after: "1" }
    const other = { lane: 1, name: "b", before: undefined, after: "1" }
    return database.use((store) =>
      Effect.gen(function* () {
        yield* store.events.append(append(of, [event(1, at), event(2, at)]))
        yield* store.feed.write(emptyStep(of, { lanes: [{ lane: 1, position: 0 }], places: [other] }))
        // Grown since: the events after the position are looked at.
        yield* store.events.append(append(of, [event(3, at + 1), event(4, at + 1)]))
        return emptyStep(of, {
          catalog: 0,
          lanes: [
            { lane: 0, position: 1 },
            { lane: 1, position: 1 },
          ],
          seen: people.map((concordId) => ({ concordId, revision: 0 })),
          changes: people.map((concordId, lane) => ({
            lane: 1 - lane,
            at,
            type: "decision.changed",
            concordId,
            body: "{}",
          })),
          places: [place, { ...other, before: "1", after: undefined }],
        })
      }),
    )
  }

  const written = async ({ project: { number } }: Owners) => {
    const ofProject = `lane / 4096 = ${number}`
    const [changes] = await database.rows(`SELECT count(*)::int AS n FROM change WHERE ${ofProject}`)
    const places = await database.rows(`SELECT name, state FROM due_scan WHERE ${ofProject}`)
    return [changes!["n"], places]
  }
  const before = [0, [{ name: "b", state: "1" }]]
  const after = [2, [{ name: "a", state: "1" }]]

  // Mutants: a place moved in a second transaction; a retry that asks nothing.
  test("is written once whatever happens to any of its statements, and a second time never", async () => {
    const step = await prepared(newOwners(2))
    const statements = await database.statementsOf(({ feed }) => feed.write(step))
    expect(statements.map(kindOf)).toEqual([
      "BEGIN",
      "INSERT INTO lane_head",
      "SELECT lane, next_number FROM lane_feed",
      "SELECT 1 AS found FROM catalog_head",
      "SELECT",
      "SELECT s.lane, s.name, s.state FROM unnest",
      "SELECT 1 AS found FROM unnest",
      "INSERT INTO change",
      "INSERT INTO lane_feed",
      "DELETE FROM due_scan",
      "INSERT INTO due_scan",
      "UPDATE lane_head",
      "COMMIT",
    ])
    for (const fault of faults) {
      for (const [n, statement] of statements.entries()) {
        const of = newOwners(2)
        const each = await prepared(of)
        const outcome = await database.withFault(fault, n, ({ feed }) => feed.write(each))
        const name = `${JSON.stringify(fault)} of ${kindOf(statement)}: ${outcome?._tag}`
        const found = await written(of)
        expect([before, after], name).toContainEqual(found)
        if (outcome?._tag === "Written") expect(found, name).toEqual(after)
        if (outcome?._tag === "Stale") {
          // Only after an unknown outcome of the COMMIT the second try finds the first one. A process of the server may
          // end a moment after it was terminated.
          expect(found, name).toEqual(after)
          if (fault !== "terminate-during") expect(statement, name).toBe("COMMIT")
        }
        const again = await database.use(({ feed }) => feed.write(each))
        expect(again._tag, name).toBe(found[0] === 0 ? "Written" : "Stale")
        expect(await written(of), name).toEqual(after)
      }
    }
    await nothingWrong()
  })

  test("is written by one of two servers, while both record", async () => {
    const of = newOwners(2)
    const changes = 40
    const scheduler = (store: Store) =>
      Effect.gen(function* () {
        let writes = 0
        for (;;) {
          const [place] = yield* store.feed.places(of.project)
          const done = Number(place?.state ?? 0)
          if (done === changes) return writes
          const ends = yield* store.feed.ends(of.project)
          const outcome = yield* store.feed.write(
            emptyStep(of, {
              lanes: ends,
              recordedAt: at + done,
              changes: [{ lane: done % 2, at, type: "decision.changed", body: `{"n":${done}}` }],
              places: [{ lane: 0, name: "a", before: place?.state, after: String(done + 1) }],
            }),
          )
          if (outcome._tag === "Written") writes++
        }
      })
    const recorder = (store: Store) =>
      Effect.gen(function* () {
        let recordedAt = at
        for (let n = 0; n < 60; n++) {
          const outcome = yield* store.events.append(append(of, [event(n, recordedAt), event(n + 1, recordedAt)]))
          if (outcome._tag === "Stale") recordedAt = outcome.lastRecordedAt
        }
      })
    const server = database.use((store) =>
      Effect.all([scheduler(store), scheduler(store), recorder(store)], { concurrency: "unbounded" }),
    )
    const other = database.use((store) => Effect.all([scheduler(store), recorder(store)], { concurrency: "unbounded" }))
    const writes = [await server, await other].flat().reduce<number>((sum, n) => sum + (n ?? 0), 0)
    expect(writes).toBe(changes)
    const found = await database.rows(`SELECT body FROM change WHERE lane / 4096 = ${of.project.number}`)
    expect(found.map(({ body }) => body).toSorted()).toEqual(
      Array.from({ length: changes }, (_, n) => `{"n":${n}}`).toSorted(),
    )
    await nothingWrong()
  })
})

describe("appends next to the feed", () => {
  const of = () => newOwners(16)
  let people = 100_000
  const big = (owners: Owners, recordedAt: number) =>
    append(
      owners,
      Array.from({ length: 500 }, () => event(++people, recordedAt)),
    )

  test("send no statement more than they need", async () => {
    const owners = of()
    const one = append(owners, [event(1, at)])
    await database.use((store) => store.events.append(append(owners, [event(1, at)])))
    const sent = await database.statementsOf((store) => store.events.append(one))
    expect(sent.map(kindOf)).toEqual([
      "BEGIN",
      "INSERT INTO lane_head",
      "INSERT INTO used_type",
      "UPDATE lane_head",
      "INSERT INTO event",
      "INSERT INTO head",
      "COMMIT",
    ])
  })

  // Mutant: the step does not tell where it leaves its lanes.
  test("are predicted from where a step of the same server leaves their lanes, and none is rolled back", async () => {
    const owners = of()
    const sent: Array<string> = []
    await database.useThrough(
      (statement) => void sent.push(kindOf(statement)),
      (store) =>
        Effect.gen(function* () {
          for (let n = 0; n < 3; n++) yield* store.events.append(big(owners, at))
          sent.length = 0
          for (let round = 0; round < 5; round++) {
            const ends = yield* store.feed.ends(owners.project)
            const recordedAt = Math.max(...ends.map(({ lastRecordedAt }) => lastRecordedAt))
            const step = store.feed.write(
              emptyStep(owners, {
                lanes: ends,
                recordedAt,
                changes: [{ lane: 3, at, type: "decision.changed", body: "{}" }],
                places: [{ lane: 0, name: "a", before: round === 0 ? undefined : `${round}`, after: `${round + 1}` }],
              }),
            )
            // They arrive together: the step first, then more than a group is full of.
            const later = Array.from({ length: 4 }, () => store.events.append(big(owners, recordedAt + 1)))
            const [first, ...others] = yield* Effect.all([step, ...later], { concurrency: "unbounded" })
            expect([first, ...others].map(({ _tag }) => _tag)).toEqual(["Written", ...later.map(() => "Appended")])
          }
        }),
    )
    expect(sent.filter((statement) => statement === "ROLLBACK")).toEqual([])
    // Groups that were written before their lanes were locked: at least one after each step.
    expect(sent.filter((statement) => statement === "SET").length / 2).toBeGreaterThanOrEqual(5)
    await nothingWrong()
  })
})

describe("a filter that lets few pass", () => {
  // Mutant: the end of the looked-at positions is not looked at again.
  test("is read over 10,000 positions at a time, and misses nothing at their ends", async () => {
    const of = newOwners(1)
    const rare = uuid(3, 9)
    const found = await database.use((store) =>
      Effect.gen(function* () {
        let position = 0
        const names: Array<string> = []
        const change = (recordedAt: number) =>
          store.feed.write(
            emptyStep(of, {
              recordedAt,
              lanes: [{ lane: 0, position }],
              changes: [{ lane: 0, at, type: "decision.changed", consentType: rare, body: "{}" }],
            }),
          )
        const record = (upTo: number, recordedAt: number) =>
          Effect.gen(function* () {
            const last = new Set([9_999, 10_000, 19_999])
            const events = Array.from({ length: upTo - position }, (_, n) =>
              event(n, recordedAt, last.has(position + n) ? { consentType: rare } : {}),
            )
            yield* store.events.append(append(of, events))
            position = upTo
          })
        // Changes before the positions 9,999, 10,000 and 10,001, and at the end.
        yield* record(9_999, at)
        yield* change(at + 1)
        yield* record(10_000, at + 3)
        yield* change(at + 4)
        yield* record(10_001, at + 6)
        yield* change(at + 7)
        yield* record(20_500, at + 9)
        yield* change(at + 10)
        const [to] = yield* store.feed.ends(of.project)
        let from = { lane: 0, position: 0, number: 0 }
        let reads = 0
        for (; from.position < to!.position || from.number < to!.number; reads++) {
          const [read] = yield* store.feed.read(of.project, [{ from, to: to! }], { consentTypes: [rare] }, 100)
          names.push(...read!.items.map((item) => (item._tag === "Event" ? `e${item.position}` : `c${item.number}`)))
          from = read!.next
        }
        return { names, reads }
      }),
    )
    expect(found).toEqual({ names: ["c0", "e9999", "c1", "e10000", "c2", "e19999", "c3"], reads: 3 })
  })
})

describe("a step of a webhook", () => {
  const webhook = uuid(8, 1)
  const key = { lane: 0, position: 1, number: 0 }
  const stepOf = (project: Owners["project"], before: number) => ({
    project,
    webhook,
    cursors: [{ name: "live", before, state: `{"n":${before + 1}}` }],
    park: [{ ...key, person: uuid(2, 1), tries: 1, nextAt: at }],
    unpark: [{ ...key, number: 1, person: uuid(2, 1) }],
    bury: [{ ...key, person: "", at, tries: 3, outcome: "500" }],
    unbury: [{ ...key, number: 1 }],
    tries: [{ n: before, change: "e1-1", type: "t", attempt: 1, at, millis: 1, outcome: "200", isReplay: false }],
  })

  test("is written once whatever happens to any of its statements, also where the outcome is unknown", async () => {
    const first = newOwners(2).project
    const statements = await database.statementsOf(({ webhooks }) => webhooks.write(stepOf(first, 0)))
    expect(statements).toHaveLength(8)
    for (const fault of faults) {
      for (const [n, statement] of statements.entries()) {
        const { project } = newOwners(2)
        const outcome = await database.withFault(fault, n, ({ webhooks }) => webhooks.write(stepOf(project, 0)))
        const name = `${JSON.stringify(fault)} of ${kindOf(statement)}: ${outcome}`
        const [cursors, tries, again] = await database.use(({ webhooks }) =>
          Effect.all([
            webhooks.cursors(project),
            webhooks.tries(project, webhook, undefined, undefined, 10),
            webhooks.write(stepOf(project, 0)),
          ]),
        )
        expect(outcome, name).toBeOneOf(["written", undefined])
        if (outcome === "written") expect(cursors, name).toHaveLength(1)
        expect(tries, name).toHaveLength(cursors.length)
        expect(again, name).toBe(cursors.length === 1 ? "stale" : "written")
      }
    }
  })
})
