/**
 * What the store in PostgreSQL keeps of mails and files in addition to the contract: it answers as the store in memory,
 * a write is done once whatever happens to its connection, a mail goes to one of several servers, and no chunk is left
 * of a file that was removed.
 */
import { Effect } from "effect"
import * as fc from "fast-check"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import * as MemoryStore from "../../adapters/memory/MemoryStore.ts"
import { type ComplianceRow, laneOf, type RequestChange } from "../../core/ports/ComplianceStore.ts"
import { LedgerStore } from "../../core/ports/LedgerStore.ts"
import { mailStates } from "../../core/compliance/MailState.ts"
import type { NewMail } from "../../core/ports/OutboxStore.ts"
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

let database: FaultyPostgres
beforeAll(async () => {
  database = await startFaultyPostgres()
})
afterAll(() => database.stop())

const at = Date.UTC(2030, 0, 1)
const hex = (n: number): string => n.toString(16).padStart(64, "0")
const sealed = (n: number) => ({ nonce: new Uint8Array(12).fill(n), encrypted: new Uint8Array(20).fill(n) })
const key = { epoch: 1, wrapped: new Uint8Array(40).fill(7) }
const [request, other] = [uuid(6, 1), uuid(6, 2)]

let last = 0

/** A change of a request with one fact. */
const changeOf = (id: string, before: number, more: Partial<RequestChange> = {}, row: Partial<ComplianceRow> = {}) => ({
  before,
  facts: [
    {
      id: uuid(7, ++last),
      requestId: id,
      ordinal: before,
      at: at + before,
      on: "2030-01-01",
      by: "engine" as const,
      kind: "noted" as const,
    },
  ],
  row: {
    id,
    ordinal: before + 1,
    state: "{}",
    kind: "view" as const,
    status: "submitted" as const,
    regulation: "clock:gdpr@2018-05",
    requestDate: at,
    dateCreated: at,
    dateUpdated: at + before,
    isLapsed: false,
    ...row,
  },
  key,
  ...more,
})

const mailOf = (n: number, more: Partial<NewMail> = {}): NewMail => ({
  id: uuid(5, n),
  template: "received",
  createdAt: at,
  dueAt: at,
  endsAt: at + 1000,
  recipientHash: hex(1),
  sealed: sealed(n),
  ...more,
})

const write = (store: Store, of: Owners, ...requests: ReadonlyArray<RequestChange>) =>
  store.compliance.write({ ...of, requests })

const inHex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex")

/** A value whose bytes are text: a store may answer any kind of byte array. */
const comparable = (value: unknown): unknown => {
  if (value instanceof Uint8Array) return inHex(value)
  if (Array.isArray(value)) return value.map(comparable)
  if (typeof value !== "object" || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, comparable(each)]))
}

const all = [1, 2, 3, 4, 5, 6].map((n) => uuid(5, n))

/** Everything that can be read of the mails and files of a project. */
const readAll = Effect.fnUntraced(function* (store: Store, { project }: Owners) {
  const { compliance, outbox, requestFiles } = store
  const lists = yield* Effect.forEach([undefined, ...mailStates], (state) =>
    outbox.list([project], state === undefined ? {} : { state }, undefined, 50),
  )
  const ofRequest = yield* outbox.list([project], { request }, undefined, 50)
  const second = lists[0]![1]
  const files = yield* Effect.forEach([request, other], (each) =>
    Effect.forEach([0, 1, 2], (file) =>
      Effect.forEach([0, 1], (ordinal) => requestFiles.chunk(project, each, uuid(9, file), ordinal)),
    ),
  )
  return comparable([
    lists,
    ofRequest,
    second && (yield* outbox.list([project], {}, second, 2)),
    yield* Effect.forEach(all, (id) => outbox.mail([project], id)),
    yield* outbox.countSince(project, { template: "received" }, at + 1),
    yield* outbox.countSince(project, { template: "received", recipientHash: hex(1) }, at),
    files,
    yield* compliance.privateOf(project, [request, other]),
  ])
})

describe("it answers as the store in memory:", () => {
  const few = (max: number) => fc.integer({ min: 0, max })
  const which = fc.constantFrom(request, other)
  const mail = few(5).map((n) => n + 1)
  const template = fc.constantFrom("received", "verification")
  const file = few(2).map((n) => uuid(9, n))
  const added = fc.record({ n: mail, template, at: few(2), recipient: few(1) })
  const end = fc.record({
    n: mail,
    /** Whether the mail is named as it is: otherwise in another state, or with another number of tries. */
    seen: fc.constantFrom("as it is", "as it is", "as it is", "in another state", "tried more often"),
    to: fc.constantFrom("sent" as const, "failed" as const, "failed" as const, "cancelled" as const),
  })
  const command = fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({
        _tag: fc.constant("Change" as const),
        request: which,
        isKept: few(3).map((n) => n > 0),
        add: fc.uniqueArray(added, { maxLength: 2, selector: ({ n }) => n % 3 }),
        end: few(1).chain((maxLength) => fc.uniqueArray(end, { maxLength: 2 * maxLength, selector: ({ n }) => n % 3 })),
        cancel: fc.subarray(["received", "verification"], { maxLength: 1 }),
        attach: fc.oneof(fc.constant([]), fc.uniqueArray(file, { maxLength: 2 })),
        remove: fc.oneof(fc.constant("all" as const), fc.uniqueArray(file, { maxLength: 1 })),
        hasKey: few(4).map((n) => n > 0),
        isRemoved: few(5).map((n) => n === 0),
        sweepOn: fc.option(fc.constantFrom("2030-01-01", "2030-01-02", "2030-02-01"), { nil: undefined }),
        isResolved: fc.boolean(),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({ _tag: fc.constant("Claim" as const), now: few(4), until: few(4), limit: few(3) }),
    },
    { weight: 2, arbitrary: fc.record({ _tag: fc.constant("Postpone" as const), end, hasOutcome: fc.boolean() }) },
    {
      weight: 5,
      arbitrary: fc.record({
        _tag: fc.constant("Chunk" as const),
        request: which,
        file,
        ordinal: few(1),
        isBegun: fc.boolean(),
        at: few(2),
      }),
    },
    { weight: 1, arbitrary: fc.record({ _tag: fc.constant("Sweep" as const), before: few(3), limit: few(2) }) },
    { weight: 1, arbitrary: fc.constant({ _tag: "Erase" as const }) },
  )
  type Command = typeof command extends fc.Arbitrary<infer A> ? A : never
  type CommandOf<Tag extends Command["_tag"]> = Extract<Command, { readonly _tag: Tag }>

  /** The number of a mail of a request: each request has three. */
  const ofRequest = (id: string, n: number): number => (n % 3) + (id === request ? 1 : 4)

  const seenOf = Effect.fnUntraced(function* (store: Store, { project }: Owners, id: string, seen: string) {
    const found = yield* store.outbox.mail([project], id)
    const { lane = 0, state = "waiting", tries = 0 } = found ?? {}
    if (seen === "as it is") return { id, lane, state, tries }
    if (seen === "tried more often") return { id, lane, state, tries: tries + 1 }
    return { id, lane, state: state === "waiting" ? ("failed" as const) : ("waiting" as const), tries }
  })

  const change = Effect.fnUntraced(function* (store: Store, of: Owners, given: CommandOf<"Change">, fact: string) {
    const { add, attach, cancel, end, hasKey, isKept, isRemoved, isResolved, remove, sweepOn } = given
    const ordinal = (yield* store.compliance.request(of.project, given.request))?.ordinal ?? 0
    const ending = yield* Effect.forEach(end, ({ n, seen, to }) =>
      Effect.map(seenOf(store, of, uuid(5, ofRequest(given.request, n)), seen), ({ id, state, tries }) => ({
        id,
        state,
        tries,
        to,
        outcome: "250",
        at: at + 9,
      })),
    )
    const made = changeOf(
      given.request,
      isKept ? ordinal : ordinal + 1,
      {
        private: isRemoved ? "removed" : { opener: uuid(2, 1), ...(hasKey && { sealed: sealed(1) }) },
        mails: {
          add: add.map(({ at: later, n, recipient, template }) =>
            mailOf(ofRequest(given.request, n), {
              template,
              createdAt: at + later,
              dueAt: at + later,
              recipientHash: hex(recipient),
            }),
          ),
          end: ending,
          cancel,
        },
        files: { attach, remove },
      },
      { ...(sweepOn !== undefined && { sweepOn }), status: isResolved ? "resolved" : "submitted" },
    )
    const { key: _, ...withoutKey } = made
    const [first] = made.facts
    const facts = [{ ...first!, id: fact }]
    return yield* write(store, of, hasKey ? { ...made, facts } : { ...withoutKey, facts })
  })

  const postpone = Effect.fnUntraced(function* (store: Store, of: Owners, { end, hasOutcome }: CommandOf<"Postpone">) {
    return yield* store.outbox.postpone(yield* seenOf(store, of, uuid(5, end.n), end.seen), {
      dueAt: at + 2,
      endsAt: at + 3,
      ...(hasOutcome && { outcome: "450" }),
    })
  })

  const chunk = Effect.fnUntraced(function* (store: Store, of: Owners, given: CommandOf<"Chunk">) {
    const { file, isBegun, ordinal, request } = given
    if (isBegun) yield* store.requestFiles.begin(of.project, request, file, at + given.at)
    return yield* store.requestFiles.writeChunk(of.project, request, file, ordinal, sealed(ordinal + given.at))
  })

  const sweep = Effect.fnUntraced(function* (store: Store, { before, limit }: CommandOf<"Sweep">) {
    const found = yield* store.requestFiles.abandoned(at + before, limit)
    yield* store.requestFiles.removeAbandoned(found)
    return found
  })

  const erase = Effect.fnUntraced(function* (store: Store, { organization, project }: Owners, id: string) {
    const person = uuid(2, 1)
    const { revision } = yield* store.people.person(organization, person)
    const erased = yield* store.personal.erase({
      organization,
      projects: [project],
      catalog: 0,
      id,
      recordedAt: at + 50,
      members: [person],
      seen: [{ concordId: person, revision }],
      submitter: "s",
      reason: "request",
    })
    return typeof erased === "string" ? erased : (erased.destroyed.complianceRequests ?? 0)
  })

  /** What a command does, as a step that may be done on any store: it has chosen its ids already. */
  const prepare = (of: Owners, command: Command) => {
    const id = uuid(8, ++last)
    return (store: Store): Effect.Effect<unknown, unknown> => {
      if (command._tag === "Change") return change(store, of, command, id)
      if (command._tag === "Claim") {
        return store.outbox.claim("mail", at + command.now, at + command.until, command.limit)
      }
      if (command._tag === "Postpone") return postpone(store, of, command)
      if (command._tag === "Chunk") return chunk(store, of, command)
      return command._tag === "Sweep" ? sweep(store, command) : erase(store, of, id)
    }
  }

  /** What the whole store answers. */
  const readStore = Effect.fnUntraced(function* ({ compliance, outbox, requestFiles }: Store) {
    const swept = yield* compliance.toSweep("2030-01-31", undefined, 1)
    const [first] = swept
    const rest =
      first &&
      (yield* compliance.toSweep(
        "2030-01-31",
        { sweepOn: first.sweepOn!, lane: laneOf({ number: first.project, lanes: 4 }, first.id), request: first.id },
        5,
      ))
    return [swept, rest, yield* outbox.counts("mail"), yield* requestFiles.abandoned(at + 9, 9)]
  })

  const fcRun = (act: (commands: ReadonlyArray<Command>) => Promise<void>) =>
    Effect.promise(() =>
      fc.assert(fc.asyncProperty(fc.array(command, { minLength: 1, maxLength: 25 }), act), { numRuns: times(40, 150) }),
    )

  // Mutants: what ends compared without its state; mails added before others are cancelled; words of failed mails left
  // by a removal; a file attached twice; a mail postponed without its words.
  test("random changes, claims, files, sweeps and erasures", async () => {
    await database.use((inPostgres) =>
      fcRun(async (commands: ReadonlyArray<Command>) => {
        await database.rows(
          "TRUNCATE compliance_head, compliance_fact, compliance_request, compliance_private, request_key, outbox, request_file, file_chunk",
        )
        const of = newOwners(4)
        await Effect.runPromise(
          Effect.flatMap(LedgerStore, (inMemory) =>
            Effect.promise(async () => {
              for (const each of commands) {
                const act = prepare(of, each)
                const expected = comparable(await Effect.runPromise(act(inMemory)))
                expect(comparable(await Effect.runPromise(act(inPostgres))), each._tag).toEqual(expected)
              }
              for (const read of [(store: Store) => readAll(store, of), readStore]) {
                const expected = await Effect.runPromise(read(inMemory))
                expect(await Effect.runPromise(read(inPostgres))).toEqual(expected)
              }
            }),
          ).pipe(Effect.provide(MemoryStore.layer)),
        )
      }),
    )
  })
})

/** A request with three mails that wait, a file that is attached, and one that is begun, of one chunk each. */
const prepare = (of: Owners) =>
  database.use(
    Effect.fnUntraced(function* (store) {
      const { requestFiles } = store
      for (const file of [1, 2]) {
        yield* requestFiles.begin(of.project, request, uuid(9, file), at)
        yield* requestFiles.writeChunk(of.project, request, uuid(9, file), 0, sealed(file))
      }
      const add = [mailOf(1), mailOf(2, { template: "verification" }), mailOf(3, { dueAt: at + 1 })]
      yield* write(store, of, changeOf(request, 0, { mails: { add }, files: { attach: [uuid(9, 1)] } }))
    }),
  )

const within = ({ project: { number } }: Owners) => `lane / 4096 = ${number}`

/** What is kept of mails and files: states in the order of the mails, files that are attached, chunks by file. */
const kept = async (of: Owners) => {
  const [row] = await database.rows(`SELECT
    (SELECT count(*) FROM compliance_fact WHERE ${within(of)})::int AS facts,
    (SELECT string_agg(state || tries || CASE WHEN encrypted IS NULL THEN '' ELSE '+' END, ' ' ORDER BY mail)
      FROM outbox WHERE ${within(of)}) AS mails,
    (SELECT string_agg(right(file::text, 1) || CASE WHEN is_attached THEN '+' ELSE '' END, ' ' ORDER BY file)
      FROM request_file WHERE ${within(of)}) AS files,
    (SELECT string_agg(right(file::text, 1) || ':' || encode(nonce, 'hex'), ' ' ORDER BY file, ordinal)
      FROM file_chunk WHERE ${within(of)}) AS chunks`)
  return row!
}

const chunkOf = (file: number, n = file): string => `${file}:${Buffer.alloc(12, n).toString("hex")}`

const before = {
  facts: 1,
  mails: "waiting0+ waiting0+ waiting0+",
  files: "1+ 2",
  chunks: `${chunkOf(1)} ${chunkOf(2)}`,
}

/** Does a write with each fault of each of its statements, and compares what is left with what may be. */
const withEachFault = async <A>(
  statements: ReadonlyArray<string>,
  act: (of: Owners) => (store: Store) => Effect.Effect<A, unknown>,
  check: (name: string, of: Owners, outcome: A | undefined) => Promise<void>,
) => {
  for (const fault of faults) {
    for (const [n, statement] of statements.entries()) {
      const of = newOwners(2)
      await prepare(of)
      const outcome = await database.withFault(fault, n, act(of))
      await check(`${JSON.stringify(fault)} of ${kindOf(statement)}: ${JSON.stringify(outcome)}`, of, outcome)
    }
  }
}

describe("whatever happens to any of its statements,", () => {
  test("a change is written once, with its mails and files", async () => {
    const change = changeOf(request, 1, {
      mails: {
        end: [{ id: uuid(5, 1), state: "waiting", tries: 0, to: "sent", outcome: "250", at: at + 1 }],
        cancel: ["verification"],
        add: [mailOf(4, { template: "verification" })],
      },
      files: { attach: [uuid(9, 2)], remove: [uuid(9, 1)] },
    })
    const after = {
      facts: 2,
      mails: "sent0 cancelled0 waiting0+ waiting0+",
      files: "2+",
      chunks: chunkOf(2),
    }
    const act = (of: Owners) => (store: Store) => write(store, of, change)
    const first = newOwners(2)
    await prepare(first)
    const statements = await database.statementsOf(act(first))
    expect(statements.map(kindOf)).toEqual([
      "BEGIN",
      "INSERT INTO compliance_head",
      "SELECT",
      "INSERT INTO compliance_fact",
      "UPDATE compliance_head",
      "INSERT INTO compliance_request",
      "INSERT INTO request_key",
      "UPDATE outbox",
      "UPDATE outbox",
      "INSERT INTO outbox",
      "UPDATE request_file",
      "DELETE FROM request_file",
      "DELETE FROM file_chunk",
      "COMMIT",
    ])
    await withEachFault(statements, act, async (name, of, outcome) => {
      const found = await kept(of)
      expect([before, after], name).toContainEqual(found)
      expect(outcome, name).toBeOneOf(["kept", undefined])
      if (outcome === "kept") expect(found, name).toEqual(after)
      const again = await database.use(act(of))
      expect(again, name).toBe(found["facts"] === 1 ? "kept" : "stale")
      expect(await kept(of), name).toEqual(after)
    })
  })

  test("a claim loses no mail, and counts a try of each that it takes", async () => {
    const act = () => (store: Store) => store.outbox.claim("mail", at, at + 100, 2)
    await database.rows("TRUNCATE outbox")
    await prepare(newOwners(2))
    const statements = await database.statementsOf(act())
    expect(statements.map(kindOf)).toEqual(["SELECT lane, mail, request, tries FROM outbox", "UPDATE outbox"])
    await withEachFault(statements, act, async (name, of, outcome) => {
      const ofProject = ({ lane }: { readonly lane: number }) => Math.floor(lane / 4096) === of.project.number
      const taken = outcome?.filter(ofProject).map(({ id, tries }) => [id, tries]) ?? []
      const found = await kept(of)
      const both = "waiting1+ waiting1+ waiting0+"
      expect([before.mails, both], name).toContain(found["mails"])
      if (taken.length > 0) expect([taken, found["mails"]], name).toEqual([[1, 2].map((n) => [uuid(5, n), 1]), both])
      const later = await database.use(({ outbox }) => outbox.claim("mail", at + 100, at + 200, 1000))
      expect(later.filter(ofProject), name).toHaveLength(3)
      await database.rows("TRUNCATE outbox")
    })
  })

  // Mutant: a second try asks only for the mail as it was.
  test("a mail that failed waits again once", async () => {
    const fail = (of: Owners) =>
      database.use((store) => {
        const end = { id: uuid(5, 1), state: "waiting" as const, tries: 0, to: "failed" as const, outcome: "550", at }
        return write(store, of, changeOf(request, 1, { mails: { end: [end] } }))
      })
    const act = (of: Owners) => (store: Store) =>
      store.outbox.postpone(
        { id: uuid(5, 1), lane: laneOf(of.project, request), state: "failed", tries: 0 },
        { dueAt: at + 7, endsAt: at + 9, outcome: "450" },
      )
    const first = newOwners(2)
    await prepare(first)
    await fail(first)
    const statements = await database.statementsOf(act(first))
    expect(statements.map(kindOf)).toEqual(["UPDATE outbox"])
    const found = async (of: Owners) => {
      const [row] = await database.rows(`SELECT state, outcome, (due_at - ${at})::int AS due, ended_at
        FROM outbox WHERE ${within(of)} ORDER BY mail LIMIT 1`)
      return row
    }
    const [failed, waits] = [
      { state: "failed", outcome: "550", due: 0, ended_at: expect.anything() },
      { state: "waiting", outcome: "450", due: 7, ended_at: null },
    ]
    await withEachFault(
      statements,
      (of) => (store) =>
        Effect.andThen(
          Effect.promise(() => fail(of)),
          act(of)(store),
        ),
      async (name, of, outcome) => {
        const row = await found(of)
        expect([failed, waits], name).toContainEqual(row)
        expect(outcome, name).toBeOneOf(["kept", undefined])
        if (outcome === "kept") expect(row, name).toEqual(waits)
        expect(await database.use(act(of)), name).toBe(row!["state"] === "failed" ? "kept" : "stale")
        expect(await found(of), name).toEqual(waits)
      },
    )
  })

  test("a chunk is written whole, and an abandoned file is removed whole", async () => {
    const writing = (of: Owners) => (store: Store) =>
      store.requestFiles.writeChunk(of.project, request, uuid(9, 2), 0, sealed(8))
    const removing = (of: Owners) => (store: Store) =>
      store.requestFiles.removeAbandoned(
        [1, 2].map((file) => ({ lane: laneOf(of.project, request), request, file: uuid(9, file) })),
      )
    const first = newOwners(2)
    await prepare(first)
    const [write, remove] = [await database.statementsOf(writing(first)), await database.statementsOf(removing(first))]
    expect(write.map(kindOf)).toEqual(["BEGIN", "UPDATE request_file", "INSERT INTO file_chunk", "COMMIT"])
    expect(remove.map(kindOf)).toEqual(["BEGIN", "DELETE FROM request_file", "DELETE FROM file_chunk", "COMMIT"])
    await withEachFault(write, writing, async (name, of, outcome) => {
      const found = await kept(of)
      const written = { ...before, chunks: `${chunkOf(1)} ${chunkOf(2, 8)}` }
      expect([before, written], name).toContainEqual(found)
      if (outcome !== undefined) expect([outcome, found], name).toEqual([true, written])
    })
    await withEachFault(remove, removing, async (name, of) => {
      const removed = { ...before, files: "1+", chunks: chunkOf(1) }
      expect([before, removed], name).toContainEqual(await kept(of))
      await database.use(removing(of))
      expect(await kept(of), name).toEqual(removed)
    })
  })
})

describe("several servers", () => {
  // Mutants: a mail taken that another server has claimed; none returned where another server has claimed all that
  // were found.
  test("claim each mail once, and none is left while one is due", async () => {
    const of = newOwners(16)
    const count = 300
    await database.rows("TRUNCATE outbox")
    await database.use((store) =>
      Effect.forEach(Array.from({ length: count / 10 }), (_, n) =>
        write(
          store,
          of,
          changeOf(uuid(6, 100 + n), 0, {
            mails: { add: Array.from({ length: 10 }, (_, m) => mailOf(1000 + n * 10 + m)) },
          }),
        ),
      ),
    )
    const worker = (store: Store) =>
      Effect.gen(function* () {
        const ids: Array<string> = []
        for (;;) {
          const claimed = yield* store.outbox.claim("mail", at, at + 100, 7)
          if (claimed.length === 0) {
            const due = database.rows(`SELECT 1 FROM outbox WHERE state = 'waiting' AND due_at <= ${at} LIMIT 1`)
            expect(yield* Effect.promise(() => due)).toEqual([])
            return ids
          }
          ids.push(...claimed.map(({ id }) => id))
        }
      })
    const server = () =>
      database.use((store) => Effect.all([worker(store), worker(store)], { concurrency: "unbounded" }))
    const claimed = (await Promise.all([server(), server(), server()])).flat(2)
    expect(claimed.toSorted()).toEqual(Array.from({ length: count }, (_, n) => uuid(5, 1000 + n)))
    const [row] = await database.rows("SELECT min(tries)::int AS least, max(tries)::int AS most FROM outbox")
    expect(row).toEqual({ least: 1, most: 1 })
  })

  // Mutants: a chunk written without the lock of its file; chunks removed before their file.
  test("leave no chunk of a file that one of them removes while the other writes it", async () => {
    const of = newOwners(2)
    const round = Effect.fnUntraced(function* (store: Store, n: number) {
      const id = uuid(6, 1000 + n)
      const file = uuid(9, n)
      const { requestFiles } = store
      yield* write(store, of, changeOf(id, 0))
      yield* requestFiles.begin(of.project, id, file, at)
      const writing = Effect.forEach([0, 1, 2, 3, 4, 5], (ordinal) =>
        requestFiles.writeChunk(of.project, id, file, ordinal, sealed(ordinal)),
      )
      const place = { lane: laneOf(of.project, id), request: id, file }
      const removing =
        n % 2 === 0
          ? requestFiles.removeAbandoned([place])
          : Effect.retry(write(store, of, changeOf(id, 1, { files: { remove: "all" } })), { times: 3 })
      const [written] = yield* Effect.all([writing, Effect.delay(removing, n % 7)], { concurrency: "unbounded" })
      return written.includes(false)
    })
    const outcomes = await database.use((store) =>
      Effect.forEach(Array.from({ length: 120 }), (_, n) => round(store, n), { concurrency: 2 }),
    )
    // Some files were removed while they were written.
    expect(outcomes.filter((isCut) => isCut).length).toBeGreaterThan(0)
    const left = `SELECT 1 FROM file_chunk c WHERE ${within(of)} AND NOT EXISTS (
      SELECT FROM request_file f WHERE f.lane = c.lane AND f.request = c.request AND f.file = c.file)`
    expect(await database.rows(left)).toEqual([])
  })
})
