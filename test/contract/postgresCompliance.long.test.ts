/**
 * What the store in PostgreSQL keeps of compliance requests in addition to the contract: it answers as the store in
 * memory, a change is written once whatever happens to its connection, and of two servers that change one request only
 * one does.
 */
import { Effect } from "effect"
import * as Reactivity from "effect/reactivity/Reactivity"
import * as fc from "fast-check"
import { afterAll, beforeAll, describe, expect, test } from "vitest"

import * as MemoryStore from "../../adapters/memory/MemoryStore.ts"
import * as Sql from "../../adapters/postgres/Sql.ts"
import type { ComplianceFact } from "../../core/compliance/ComplianceFact.ts"
import {
  type ComplianceRow,
  type ComplianceWrite,
  laneOf,
  type ComplianceFactPlace,
  type RequestChange,
  type RequestFilter,
  type RequestPlace,
  requestSorts,
  type StoredPrivate,
} from "../../core/ports/ComplianceStore.ts"
import { type Append, type ErasureChange, LedgerStore, type StoredEvent } from "../../core/ports/LedgerStore.ts"
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
import { times } from "../support/long.ts"
import * as LedgerQueries from "../support/ledgerQueries.ts"

let database: FaultyPostgres
beforeAll(async () => {
  database = await startFaultyPostgres()
})
afterAll(() => database.stop())

const at = Date.UTC(2030, 0, 1)
const hex = (n: number): string => n.toString(16).padStart(64, "0")

let last = 0
const factOf = (requestId: string, ordinal: number, more: Partial<ComplianceFact> = {}): ComplianceFact =>
  ({
    id: uuid(7, ++last),
    requestId,
    ordinal,
    at: at + ordinal,
    on: "2030-01-01",
    by: "engine",
    kind: "noted",
    ...more,
  }) as ComplianceFact

const rowOf = (id: string, ordinal: number, more: Partial<ComplianceRow> = {}): ComplianceRow => ({
  id,
  ordinal,
  state: `{"ordinal":${ordinal}}`,
  kind: "view",
  status: "submitted",
  regulation: "clock:gdpr@2018-05",
  requestDate: at,
  dateCreated: at,
  dateUpdated: at + ordinal,
  isLapsed: false,
  ...more,
})

const key = { epoch: 1, wrapped: new Uint8Array(40).fill(7) }
const sealed = (n: number) => ({ nonce: new Uint8Array(12).fill(n), encrypted: new Uint8Array(20).fill(n) })

/** A change of a request with one fact, or with more. */
const changeOf = (id: string, before: number, more: Partial<RequestChange> = {}, count = 1): RequestChange => ({
  before,
  facts: Array.from({ length: count }, (_, n) => factOf(id, before + n)),
  row: rowOf(id, before + count),
  private: { opener: uuid(2, 1), subject: uuid(2, 2), emailHash: hex(3), sealed: sealed(before) },
  key,
  ...more,
})

const writeOf = (of: Owners, requests: ReadonlyArray<RequestChange>, more: Partial<ComplianceWrite> = {}) => ({
  ...of,
  requests,
  ...more,
})

const event = (person: number, more: Partial<StoredEvent> = {}): StoredEvent => ({
  id: uuid(1, ++last),
  concordId: uuid(2, person),
  consentType: uuid(3, person % 3),
  version: 1,
  consentState: "declined",
  consentAction: "user_click",
  consentDate: at,
  dateCreated: at,
  submitter: uuid(4, 1),
  body: `{"n":${last}}`,
  ...more,
})

const append = (of: Owners, events: ReadonlyArray<StoredEvent>, more: Partial<Append> = {}): Append => ({
  ...of,
  recordedAt: at,
  events,
  claims: [],
  ...more,
})

const record = (n: number) => ({ hash: hex(n), digest: hex(9), answer: "{}", recordedAt: at })

const bytesInHex = (bytes: Uint8Array | undefined) => bytes && Buffer.from(bytes).toString("hex")

/** A private row, whose bytes are text: a store may answer any kind of byte array. */
const inHex = (row: StoredPrivate | undefined) =>
  row && {
    ...row,
    sealed: [row.sealed?.nonce, row.sealed?.encrypted].map(bytesInHex),
    key: [row.key?.epoch, bytesInHex(row.key?.wrapped)],
  }

/** Everything that is kept of the requests of a project. */
const kept = async ({ project: { number } }: Owners) => {
  const of = `FROM compliance_fact WHERE lane / 4096 = ${number}`
  const [counts] = await database.rows(`SELECT
    (SELECT count(*) ${of})::int AS facts,
    (SELECT coalesce(sum(next_position), 0) ${of.replace("fact", "head")})::int AS counted,
    (SELECT coalesce(sum(ordinal), 0) ${of.replace("fact", "request")})::int AS ordinals,
    (SELECT count(*) ${of.replace("fact", "private")})::int AS private,
    (SELECT count(*) ${of.replace("compliance_fact", "request_key")})::int AS keys,
    (SELECT count(*) ${of.replace("compliance_fact", "event")})::int AS events`)
  return counts
}

const factsWithGaps = `SELECT h.lane FROM compliance_head h LEFT JOIN compliance_fact f ON f.lane = h.lane
  GROUP BY h.lane, h.next_position
  HAVING count(f.position) <> h.next_position OR coalesce(max(f.position), -1) <> h.next_position - 1`

const nothingWrong = async () => {
  for (const query of [LedgerQueries.lanesWithGaps, LedgerQueries.lanesGoingBack, factsWithGaps]) {
    expect(await database.rows(query), query).toEqual([])
  }
}

describe("it answers as the store in memory:", () => {
  const few = (max: number) => fc.integer({ min: 0, max })
  const maybe = <A>(arbitrary: fc.Arbitrary<A>) => fc.option(arbitrary, { nil: undefined })
  const statuses = ["pending_verification", "submitted", "acknowledged", "resolved"] as const
  const days = ["2030-01-01", "2030-01-31", "2030-02-28"] as const
  const person = few(2).map((n) => uuid(2, n))
  const without = <A extends object>(given: A) =>
    Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as {
      readonly [Name in keyof A]?: Exclude<A[Name], undefined>
    }

  const changed = fc.record({
    request: few(5),
    /** The ordinal that it was decided on is not the one that the request has. */
    isStale: few(7).map((n) => n === 7),
    facts: fc.integer({ min: 1, max: 3 }),
    at: few(2),
    row: fc
      .record({
        kind: fc.constantFrom("view", "delete"),
        status: fc.constantFrom(...statuses),
        resolutionStatus: maybe(fc.constantFrom("completed", "denied")),
        regulation: fc.constantFrom("clock:gdpr@2018-05", "clock:none@1"),
        domain: maybe(fc.constant("a.example")),
        country: maybe(fc.constantFrom("US-CA", "DE")),
        requestDate: few(2).map((n) => at - n),
        dueOn: maybe(fc.constantFrom(...days)),
        isLapsed: fc.boolean(),
      })
      .map(without),
    private: fc.oneof(
      {
        weight: 4,
        arbitrary: fc
          .record({
            opener: maybe(person),
            subject: maybe(person),
            session: maybe(person),
            emailHash: maybe(few(1).map(hex)),
            sealed: maybe(few(3).map(sealed)),
          })
          .map(without),
      },
      { weight: 1, arbitrary: fc.constant("removed" as const) },
      { weight: 1, arbitrary: fc.constant(undefined) },
    ),
    hasKey: fc.boolean(),
  })
  const command = fc.record({
    project: few(1),
    isAppend: fc.boolean(),
    changes: fc.uniqueArray(changed, { minLength: 1, maxLength: 3, selector: ({ request }) => request }),
    record: maybe(few(3)),
  })
  type Command = typeof command extends fc.Arbitrary<infer A> ? A : never

  const filter: fc.Arbitrary<RequestFilter> = fc
    .record({
      id: maybe(few(11).map((n) => uuid(6, n))),
      openers: maybe(fc.array(person, { maxLength: 2 })),
      people: maybe(fc.array(person, { maxLength: 2 })),
      session: maybe(person),
      kinds: maybe(fc.constantFrom([], ["view" as const])),
      statuses: maybe(fc.subarray([...statuses])),
      resolutionStatuses: maybe(fc.constant(["denied" as const])),
      regulation: maybe(fc.constant("clock:none@1")),
      domain: maybe(fc.constant("a.example")),
      country: maybe(fc.constant("DE")),
      startDate: maybe(few(2).map((n) => at - n)),
      endDate: maybe(few(2).map((n) => at - n)),
      dueBefore: maybe(fc.constantFrom(...days)),
      pausedWith: maybe(fc.constantFrom([], ["clock:none@1"])),
      overdue: maybe(fc.record({ on: fc.constantFrom(...days), is: fc.boolean() })),
      isLapsed: maybe(fc.boolean()),
    })
    .chain((all) =>
      fc
        .subarray(Object.keys(all), { maxLength: 2 })
        .map((names) => without(Object.fromEntries(names.map((name) => [name, all[name as keyof typeof all]])))),
    )

  const prepare = (projects: ReadonlyArray<Owners>, { changes, isAppend, project, record: n }: Command) => {
    const of = projects[project]!
    const more = n === undefined ? {} : { idempotencyRecord: record(1000 * of.project.number + n) }
    return Effect.fnUntraced(function* (store: Store, ids: ReadonlyArray<string>) {
      const requests = yield* Effect.forEach(
        changes,
        Effect.fnUntraced(function* (each) {
          const id = uuid(6, 6 * project + each.request)
          const current = (yield* store.compliance.request(of.project, id))?.ordinal ?? 0
          const before = each.isStale ? current + 1 : current
          const facts = Array.from({ length: each.facts }, (_, index) =>
            factOf(id, before + index, {
              id: ids[each.request * 3 + index]!,
              at: at + each.at,
              by: index === 0 ? "engine" : "key:1",
            }),
          )
          const row = rowOf(id, before + each.facts, { ...each.row, dateUpdated: at + each.at })
          const rest = { ...(each.private !== undefined && { private: each.private }), ...(each.hasKey && { key }) }
          return { before, facts, row, ...rest }
        }),
      )
      if (!isAppend) return yield* store.compliance.write(writeOf(of, requests, more))
      return (yield* store.events.append(append(of, [], { compliance: { requests }, ...more })))._tag
    })
  }

  const pagesOf = <A, P>(
    read: (from: number | P) => Effect.Effect<{ readonly total: number; readonly next?: P } & A, unknown>,
  ) =>
    Effect.gen(function* () {
      const pages: Array<unknown> = []
      let from: number | P = 0
      for (;;) {
        const page: { readonly total: number; readonly next?: P } = yield* read(from)
        pages.push(page)
        if (page.next === undefined) return pages
        from = page.next
      }
    })

  interface Look {
    readonly filter: RequestFilter
    readonly sort: (typeof requestSorts)[number]
    readonly order: "asc" | "desc"
    readonly limit: number
  }

  const look: fc.Arbitrary<Look> = fc.record({
    filter,
    sort: fc.constantFrom(...requestSorts),
    order: fc.constantFrom("asc", "desc"),
    limit: fc.integer({ min: 1, max: 4 }),
  })

  const readAll = (projects: ReadonlyArray<Owners>, { filter, limit, order, sort }: Look, { compliance }: Store) =>
    Effect.gen(function* () {
      const ids = Array.from({ length: 12 }, (_, n) => uuid(6, n))
      const owned = projects.map(({ project }) => project)
      const numbers = new Map(owned.map(({ number }, index) => [number, index]))
      const requests = yield* pagesOf((from: number | RequestPlace) =>
        Effect.map(compliance.list(owned, filter, { sort, order, limit, from }), (page) => ({
          ...page,
          requests: page.requests.map((each) => ({ ...each, project: numbers.get(each.project) })),
        })),
      )
      const { startDate, endDate, id } = filter
      const ofFacts = {
        ...without({ startDate, endDate }),
        ...(id !== undefined && { request: id, by: "key:1", kinds: ["noted" as const] }),
      }
      const facts = yield* pagesOf((from: number | ComplianceFactPlace) =>
        Effect.map(compliance.listFacts(owned, ofFacts, { order, limit, from }), (page) => ({
          ...page,
          facts: page.facts.map((each) => ({ ...each, project: numbers.get(each.project) })),
        })),
      )
      const skipped = yield* compliance.list(owned, filter, { sort, order, limit, from: 2 })
      const each = yield* Effect.forEach(owned, (project) =>
        Effect.all([
          Effect.forEach(ids, (id) => compliance.facts(project, id)),
          Effect.map(compliance.privateOf(project, ids.toReversed()), (all) => all.map(inHex)),
        ]),
      )
      return { requests, facts, skipped: skipped.requests.map(({ id }) => id), each }
    })

  // Mutants: a page that begins at its place; a request without a due date that comes first.
  test("random changes of requests, lists, facts and private rows", async () => {
    let n = 0
    await database.use((inPostgres) =>
      Effect.flatMap(LedgerStore, (inMemory) =>
        Effect.promise(() =>
          fc.assert(
            fc.asyncProperty(
              fc.array(command, { minLength: 1, maxLength: 12 }),
              fc.array(look, { minLength: 1, maxLength: 4 }),
              async (commands, looks) => {
                const projects = [newOwners(2), newOwners(2)]
                for (const each of commands) {
                  const ids = Array.from({ length: 18 }, () => uuid(8, (n = (n * 7919 + 1) % 1_000_003)))
                  const act = prepare(projects, each)
                  const expected = await Effect.runPromise(act(inMemory, ids))
                  expect(await Effect.runPromise(act(inPostgres, ids))).toEqual(expected)
                }
                for (const each of looks) {
                  const expected = await Effect.runPromise(readAll(projects, each, inMemory))
                  expect(await Effect.runPromise(readAll(projects, each, inPostgres))).toEqual(expected)
                }
              },
            ),
            { numRuns: times(30, 100) },
          ),
        ),
      ).pipe(Effect.provide(MemoryStore.layer)),
    )
    await nothingWrong()
  })
})

describe("a change of requests", () => {
  const ids = [uuid(6, 1), uuid(6, 2), uuid(6, 4)] as const
  /** A request with two facts; a change that opens another, continues it, and removes what is private of a third. */
  const prepared = async (of: Owners, n: number) => {
    await database.use(({ compliance }) =>
      compliance.write(writeOf(of, [changeOf(ids[0], 0, {}, 2), changeOf(ids[2], 0)])),
    )
    return writeOf(
      of,
      [
        changeOf(ids[1], 0),
        changeOf(ids[0], 2, { private: { subject: uuid(2, 3), sealed: sealed(9) } }, 2),
        changeOf(ids[2], 1, { private: "removed" }),
      ],
      { idempotencyRecord: record(n) },
    )
  }
  const before = { facts: 3, counted: 3, ordinals: 3, private: 2, keys: 2, events: 0 }
  const after = { facts: 7, counted: 7, ordinals: 7, private: 2, keys: 2, events: 0 }

  test("is written once whatever happens to any of its statements, also where the outcome is unknown", async () => {
    let n = 100
    const first = await prepared(newOwners(2), n)
    const statements = await database.statementsOf(({ compliance }) => compliance.write(first))
    expect(statements.map(kindOf)).toEqual([
      "BEGIN",
      "INSERT INTO idempotency",
      "DELETE FROM idempotency",
      "INSERT INTO compliance_head",
      "SELECT",
      "INSERT INTO compliance_fact",
      "UPDATE compliance_head",
      "INSERT INTO compliance_request",
      "INSERT INTO compliance_private",
      "INSERT INTO request_key",
      "DELETE FROM compliance_private",
      "DELETE FROM request_key",
      "DELETE FROM request_file",
      "DELETE FROM file_chunk",
      "UPDATE outbox",
      "COMMIT",
    ])
    for (const fault of faults) {
      for (const [index, statement] of statements.entries()) {
        const of = newOwners(2)
        const each = await prepared(of, ++n)
        const outcome = await database.withFault(fault, index, ({ compliance }) => compliance.write(each))
        const name = `${JSON.stringify(fault)} of ${kindOf(statement)}: ${outcome}`
        const found = await kept(of)
        expect([before, after], name).toContainEqual(found)
        expect(outcome, name).toBeOneOf(["kept", undefined])
        if (outcome === "kept") expect(found, name).toEqual(after)
        const again = await database.use(({ compliance }) => compliance.write(each))
        expect(again, name).toBe(found!["facts"] === 3 ? "kept" : "repeated")
        expect(await kept(of), name).toEqual(after)
      }
    }
    await nothingWrong()
  })
})

describe("an append that changes requests", () => {
  const id = uuid(6, 1)
  const opened = (of: Owners) => database.use(({ compliance }) => compliance.write(writeOf(of, [changeOf(id, 0)])))

  /** The whole of an opt-out: events of two people, an external id, a key, a fact about a request. */
  const withEvents = (of: Owners, n: number) =>
    append(of, [event(1, { externalId: hex(n) }), event(2)], {
      compliance: { requests: [changeOf(id, 1), changeOf(uuid(6, 2), 0)] },
      idempotencyRecord: record(n),
    })
  /** An opt-out that was recorded before: no event is new. */
  const alone = (of: Owners) => append(of, [], { compliance: { requests: [changeOf(id, 1)] } })

  const before = { facts: 1, counted: 1, ordinals: 1, private: 1, keys: 1, events: 0 }
  const cases = [
    {
      name: "with events",
      made: withEvents,
      again: "Repeated",
      after: { facts: 3, counted: 3, ordinals: 3, private: 2, keys: 2, events: 2 },
      statements: [
        "BEGIN",
        "INSERT INTO lane_head",
        "SELECT 'has_joined' AS mark FROM person",
        "INSERT INTO idempotency",
        "INSERT INTO used_type",
        "UPDATE lane_head",
        "INSERT INTO external_id",
        "INSERT INTO event",
        "INSERT INTO head",
        "DELETE FROM idempotency",
        "INSERT INTO compliance_head",
        "SELECT",
        "INSERT INTO compliance_fact",
        "UPDATE compliance_head",
        "INSERT INTO compliance_request",
        "INSERT INTO compliance_private",
        "INSERT INTO request_key",
        "COMMIT",
      ],
    },
    {
      name: "without events",
      made: alone,
      again: "Stale",
      after: { facts: 2, counted: 2, ordinals: 2, private: 1, keys: 1, events: 0 },
      statements: undefined,
    },
  ]

  // Mutants: the change of the requests in a transaction of its own; a retry that asks only for events.
  test.each(cases)("$name is written once whatever happens to any of its statements", async (each) => {
    const { after, again, made } = each
    const first = newOwners(2)
    await opened(first)
    const statements = await database.statementsOf(({ events }) => events.append(made(first, ++last)))
    if (each.statements !== undefined) {
      const kinds = statements.map(kindOf)
      // The order of those before is that of the answers. Those of the requests come last, after all of their answers.
      expect(kinds.toSorted()).toEqual(each.statements.toSorted())
      expect(kinds.slice(-8)).toEqual(each.statements.slice(-8))
    }
    for (const fault of faults) {
      for (const [index, statement] of statements.entries()) {
        const of = newOwners(2)
        await opened(of)
        const request = made(of, ++last)
        const outcome = await database.withFault(fault, index, ({ events }) => events.append(request))
        const name = `${JSON.stringify(fault)} of ${kindOf(statement)}: ${outcome?._tag}`
        const found = await kept(of)
        expect([before, after], name).toContainEqual(found)
        expect(outcome?._tag, name).toBeOneOf(["Appended", undefined])
        if (outcome !== undefined) expect(found, name).toEqual(after)
        const second = await database.use(({ events }) => events.append(request))
        expect(second._tag, name).toBe(found!["facts"] === 1 ? "Appended" : again)
        expect(await kept(of), name).toEqual(after)
      }
    }
    await nothingWrong()
  })

  test("records no event where a request has changed meanwhile, and delays no other append", async () => {
    const of = newOwners(2)
    await opened(of)
    const outcomes = await database.use(({ events }) =>
      Effect.all(
        [
          events.append(append(of, [event(11)])),
          events.append(append(of, [event(12)], { compliance: { requests: [changeOf(id, 0)] } })),
          events.append(append(of, [event(13)])),
          events.append(append(of, [event(14)], { compliance: { requests: [changeOf(id, 1)] } })),
          events.append(append(of, [event(15)])),
        ],
        { concurrency: "unbounded" },
      ),
    )
    expect(outcomes.map(({ _tag }) => _tag)).toEqual(["Appended", "Stale", "Appended", "Appended", "Appended"])
    expect(await kept(of)).toMatchObject({ facts: 2, counted: 2, ordinals: 2, events: 4 })
    await nothingWrong()
  })
})

describe("two servers", () => {
  /** Adds a fact to a request until it has `most`, by itself or with an event; returns how many were added here. */
  const worker = (store: Store, of: Owners, id: string, most: number, n: number) =>
    Effect.gen(function* () {
      let written = 0
      for (;;) {
        const found = yield* store.compliance.request(of.project, id)
        const ordinal = found?.ordinal ?? 0
        if (ordinal >= most) return written
        const change = changeOf(id, ordinal)
        const isAlone = (ordinal + n) % 2 === 0
        const outcome = yield* isAlone
          ? store.compliance.write(writeOf(of, [change]))
          : Effect.map(
              store.events.append(append(of, [event(n)], { recordedAt: at, compliance: { requests: [change] } })),
              ({ _tag }) => (_tag === "Appended" ? "kept" : "stale"),
            )
        if (outcome === "kept") written++
      }
    })

  test("change one request at a time: each change is made by one of them", async () => {
    const of = newOwners(2)
    const id = uuid(6, 1)
    const most = 40
    const server = (first: number) =>
      database.use((store) =>
        Effect.all(
          [first, first + 1, first + 2].map((n) => worker(store, of, id, most, n)),
          { concurrency: "unbounded" },
        ),
      )
    const written = (await Promise.all([server(20), server(30)])).flat()
    expect(written.reduce((sum, n) => sum + n, 0)).toBe(most)
    const facts = await database.use(({ compliance }) => compliance.facts(of.project, id))
    expect(facts.map(({ ordinal }) => ordinal)).toEqual(Array.from({ length: most }, (_, n) => n))
    await nothingWrong()
  })

  // Mutant: the lanes of requests locked in the order of the requests.
  test("never wait for each other, in whichever order requests are given", async () => {
    const of = newOwners(16)
    const ids = Array.from({ length: 12 }, (_, n) => uuid(6, n))
    expect(new Set(ids.map((id) => laneOf(of.project, id))).size).toBeGreaterThan(5)
    const deadlocks = async () =>
      Number(
        (
          await database.rows("SELECT deadlocks::int AS n FROM pg_stat_database WHERE datname = current_database()")
        )[0]!["n"],
      )
    const earlier = await deadlocks()
    const writer = (store: Store, order: ReadonlyArray<string>) =>
      Effect.gen(function* () {
        for (let round = 0; round < 15;) {
          const found = yield* Effect.forEach(order, (id) => store.compliance.request(of.project, id))
          const changes = order.map((id, index) => changeOf(id, found[index]?.ordinal ?? 0))
          if ((yield* store.compliance.write(writeOf(of, changes))) === "kept") round++
        }
      })
    const server = (order: ReadonlyArray<string>) =>
      database.use((store) => Effect.all([writer(store, order), writer(store, order)], { concurrency: "unbounded" }))
    await Promise.all([server(ids), server(ids.toReversed())])
    expect(await kept(of)).toMatchObject({ facts: 12 * 60, ordinals: 12 * 60 })
    expect(await deadlocks()).toBe(earlier)
    await nothingWrong()
  })
})

describe("an erasure", () => {
  const [opener, subject] = [uuid(2, 1), uuid(2, 2)]
  const resolved = (of: Owners, id: string) =>
    database.use(({ compliance }) =>
      compliance.write(writeOf(of, [changeOf(id, 0, { row: rowOf(id, 1, { status: "resolved" }) })])),
    )
  const erasureOf = ({ organization, project }: Owners): ErasureChange => ({
    organization,
    projects: [project],
    catalog: 0,
    id: uuid(9, ++last),
    recordedAt: at,
    members: [opener],
    seen: [{ concordId: opener, revision: 0 }],
    submitter: uuid(4, 1),
    reason: "request",
  })

  test("of people without requests asks once for them; otherwise their lanes are locked last", async () => {
    const [without, of] = [newOwners(2), newOwners(2)]
    await resolved(of, uuid(6, 1))
    const [few, all] = await Promise.all(
      [without, of].map((each) => database.statementsOf(({ personal }) => personal.erase(erasureOf(each)))),
    )
    const about = (statements: ReadonlyArray<string> | undefined) =>
      statements!.filter((statement) => /compliance|request_|file_chunk|outbox/.test(statement)).map(kindOf)
    expect(about(few)).toEqual(["SELECT DISTINCT p.lane FROM compliance_private"])
    expect(about(all)).toEqual([
      "SELECT DISTINCT p.lane FROM compliance_private",
      "INSERT INTO compliance_head",
      "SELECT p.lane, p.request FROM compliance_private",
      "DELETE FROM compliance_private",
      "DELETE FROM request_key",
      "DELETE FROM request_file",
      "DELETE FROM file_chunk",
      "UPDATE outbox",
    ])
    const kinds = all!.map(kindOf)
    expect(kinds.indexOf("INSERT INTO compliance_head")).toBeGreaterThan(kinds.indexOf("INSERT INTO people_head"))
    expect(await kept(of)).toMatchObject({ facts: 1, private: 0, keys: 0 })
  })

  // Mutant: requests looked for before their lanes are locked.
  test("keeps what is private of a request that is reopened meanwhile", async () => {
    const of = newOwners(2)
    const id = uuid(6, 1)
    await resolved(of, id)
    const { erasing, reopened } = await Effect.runPromise(
      Effect.flatMap(Sql.connect(database.url), (sql) =>
        Sql.transaction(
          sql,
          Effect.gen(function* () {
            yield* Sql.query(sql, "UPDATE compliance_head SET next_position = next_position WHERE lane = $1", [
              laneOf(of.project, id),
            ])
            const erasing = database.use(({ personal }) => personal.erase(erasureOf(of)))
            const waiting =
              "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE 'INSERT INTO compliance_head%'"
            yield* Effect.promise(() => expect.poll(() => database.rows(waiting), { timeout: 4_000 }).toHaveLength(1))
            const reopened = yield* Sql.write(
              sql,
              "UPDATE compliance_request SET status = 'acknowledged' WHERE lane = $1",
              [laneOf(of.project, id)],
            )
            return { erasing, reopened }
          }),
        ),
      ).pipe(Effect.scoped, Effect.provide(Reactivity.layer)),
    )
    expect(reopened).toBe(1)
    const erasure = await erasing
    expect(typeof erasure === "object" && erasure.destroyed.complianceRequests).toBe(undefined)
    expect(await kept(of)).toMatchObject({ facts: 1, private: 1, keys: 1 })
  })

  test("is never undone by a change that was decided before it, and neither waits for the other", async () => {
    for (let round = 0; round < 10; round++) {
      const of = newOwners(2)
      const id = uuid(6, 1)
      await resolved(of, id)
      const note = changeOf(id, 1, {
        private: { opener, subject, sealed: sealed(3) },
        row: rowOf(id, 2, { status: "resolved" }),
      })
      const { key: _, ...withoutKey } = note
      const [noted, erasure] = await Promise.all([
        database.use(({ compliance }) => compliance.write(writeOf(of, [withoutKey]))),
        database.use(({ personal }) => personal.erase(erasureOf(of))),
      ])
      expect(noted).toBeOneOf(["kept", "stale"])
      expect(typeof erasure === "object" && erasure.destroyed.complianceRequests).toBe(1)
      expect(await kept(of)).toMatchObject({ private: 0, keys: 0 })
    }
    await nothingWrong()
  })
})
