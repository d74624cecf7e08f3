/**
 * The contract of the port `LedgerRows`, as data: what the rows of every durable store must keep.
 *
 * Run each clause against a new and empty place. A clause that does not hold dies with an `AssertionError`.
 */
import { deepStrictEqual, ok, strictEqual } from "node:assert/strict"
import { Effect, type Layer } from "effect"
import * as ErasureBody from "../../core/ports/ErasureBody.ts"
import * as Lane from "../../core/model/Lane.ts"
import type * as People from "../../core/model/People.ts"
import {
  batchRows,
  type LedgerRows,
  type Row,
  type Snapshot,
  type TableName,
  tableNames,
  tables,
  type UpgradeNeeded,
} from "../../core/ports/LedgerRows.ts"
import { keptForEver, LedgerStore, type StoredEvent, type StoreUnavailable } from "../../core/ports/LedgerStore.ts"

/** A place where a ledger can be kept: its rows, and the store over them. */
export interface Place {
  readonly rows: LedgerRows
  readonly store: Layer.Layer<LedgerStore, StoreUnavailable | UpgradeNeeded>
}

/** A sentence that must hold, and the effect that checks it. */
export interface Clause {
  readonly name: string
  readonly check: (place: Place) => Effect.Effect<void, unknown>
}

const uuid = (n: number): string => `018d5d1e-0000-7000-8000-${n.toString(16).padStart(12, "0")}`
const hash = (n: number): string => n.toString(16).padStart(64, "0")
const text = "“ü” 🙂 ' \\ \n \u0001"

type Rows = { readonly [Name in TableName]: ReadonlyArray<Row<Name>> }

/** Rows of every table, in the order of their keys, with each kind of value that a column may hold. */
const some: Rows = {
  catalog_head: [{ revision: 2 }],
  catalog_entry: [
    { revision: 1, ordinal: 0, kind: "organizations", body: "{}" },
    { revision: 1, ordinal: 1, kind: "projects", body: text },
    { revision: 2, ordinal: 0, kind: "projects", body: "" },
  ],
  document: [
    { consent_type: uuid(0x1), number: 1, document: text },
    { consent_type: uuid(0x1), number: 10, document: "" },
    { consent_type: uuid(0xf), number: 2, document: "#" },
  ],
  key_use: [1, 0xa, 0xff].map((n) => ({ id: uuid(n), last_used_at: n })),
  alias: [0, 1, 4095].map((lane) => ({
    lane,
    hash: hash(5000 - lane),
    person: uuid(lane),
    recorded_at: 1 - lane,
    kind: lane === 0 ? null : "projectUserId",
    project: lane === 1 ? uuid(2) : null,
    normalization: 1 + lane,
  })),
  person: [
    { lane: 0, person: uuid(1), revision: 0, is_identified: false, survivor: null, learnt: null },
    { lane: 0, person: uuid(2), revision: 7, is_identified: true, survivor: uuid(2), learnt: 8 },
    { lane: 5, person: uuid(0), revision: 1, is_identified: true, survivor: uuid(2), learnt: null },
  ],
  former_alias: [0, 1].map((lane) => ({
    lane,
    hash: hash(9),
    recorded_at: -1,
    released_at: 8.64e15 - lane,
    person: uuid(lane),
    kind: lane === 0 ? null : "projectUserId",
    project: lane === 0 ? null : uuid(2),
    is_renamed: lane === 1,
  })),
  person_fact: [0, 1, 10].map((ordinal) => ({ lane: 3, person: uuid(3), ordinal, body: text })),
  person_key: [0, 4095].map((lane) => ({ lane, person: uuid(lane), epoch: 1 + lane, wrapped: "ff00".repeat(20) })),
  personal_data: ["event", "fact", "profile", "session"].map((kind) => ({
    lane: 3,
    person: uuid(3),
    kind,
    id: kind === "profile" ? "" : hash(3),
    nonce: "0f".repeat(12),
    encrypted: "00".repeat(kind.length),
  })),
  erasure: [0, 1].map((lane) => ({
    lane,
    person: uuid(lane),
    erasure_id: uuid(9),
    recorded_at: -1,
    body: text,
    destroyed: "{}",
  })),
  held_erasure: [4, 0xfe].map((n) => ({
    lane: 5,
    person: uuid(3),
    erasure_id: uuid(n),
    recorded_at: n,
    body: text,
    destroyed: "{}",
  })),
  people_head: [3, 4095].map((lane) => ({ lane, next_position: lane })),
  people_change: [0, 7].flatMap((position) =>
    [0xa, 0xff].map((n) => ({
      lane: 3,
      position,
      kind: "joined",
      recorded_at: 5 - position,
      id: uuid(n),
      member: uuid(1),
      survivor: uuid(3),
    })),
  ),
  session: [1, 0xab].map((n) => ({
    token_hash: hash(n),
    person: uuid(n),
    expires_at: 8.64e15,
    body: '{"commitment":"c"}',
  })),
  used_identity_token: [2, 0x2f].map((n) => ({ hash: hash(n), expires_at: n, person: uuid(n) })),
  idempotency: [5, keptForEver].map((recorded_at, lane) => ({
    lane,
    hash: hash(lane),
    digest: hash(9),
    answer: text,
    recorded_at,
  })),
  lane_head: [4096, 4097].map((lane) => ({
    lane,
    next_position: 2,
    last_recorded_at: 1,
    has_joined: lane === 4097,
    has_erased: lane === 4096,
  })),
  event: [0, 1].flatMap((lane) =>
    [0, 1].map((position) => ({
      lane: 4096 + lane,
      position,
      person: uuid(1),
      event_id: uuid(0x10 + position),
      consent_type: uuid(2),
      version: 1,
      consent_state: "accepted",
      consent_action: "import",
      consent_date: -62_135_596_800_000 + position,
      recorded_at: 253_402_300_799_999,
      expiration_date: position === 0 ? null : 5,
      submitter: text,
      session: position === 0 ? null : text,
      domain: position === 0 ? null : "",
      geography: position === 0 ? ["DE-BE", "AT-9"][lane]! : null,
      body: text,
      leaf: hash(8),
    })),
  ),
  // Upper case before lower case, and both before other characters than ASCII: the order of bytes.
  head: ["Z", "a", "b", "é"].map((consent_state, position) => ({
    lane: 4096,
    person: uuid(1),
    consent_type: uuid(2),
    consent_state,
    consent_date: 1,
    recorded_at: 1,
    event_id: uuid(1),
    position,
  })),
  joined_head: [0, 1].map((position) => ({
    lane: 4096 + position,
    person: uuid(2),
    consent_type: uuid(2),
    consent_state: "accepted",
    consent_date: -1,
    recorded_at: 1,
    event_id: uuid(1),
    position,
  })),
  external_id: [1, 2].map((n) => ({ lane: 4096, hash: hash(n), event_lane: 4097, position: n, person: uuid(n) })),
  lane_feed: [4096, 4097].map((lane) => ({ lane, next_number: lane - 4095, incarnation: 1 })),
  change: [0, 1, 10].map((number) => ({
    lane: 4096,
    number,
    before_position: number,
    recorded_at: -1,
    at: 8.64e15,
    type: "decision.changed",
    person: number === 0 ? null : uuid(number),
    consent_type: number === 1 ? null : uuid(number),
    body: text,
  })),
  // Upper case before lower case: the order of bytes.
  due_scan: ["B", "a", "b"].map((name) => ({ lane: 4096, name, state: text })),
  webhook_cursor: ["B", "a", "b"].map((name) => ({ lane: 4096, webhook: uuid(1), name, revision: 1, state: text })),
  parked: ["", uuid(3)].flatMap((person) =>
    [0, 2 ** 53 - 1].map((number) => ({
      lane: 4096,
      webhook: uuid(1),
      person,
      item_lane: 1,
      position: 7,
      number,
      tries: 2,
      next_at: -1,
    })),
  ),
  dead_letter: [0, 2 ** 53 - 1].map((number) => ({
    lane: 4096,
    webhook: uuid(1),
    item_lane: 1,
    position: 7,
    number,
    person: uuid(3),
    buried_at: 8.64e15,
    tries: 11,
    outcome: "timeout",
  })),
  delivery: [0, 999].map((slot) => ({
    lane: 4096,
    webhook: uuid(1),
    slot,
    n: slot + 1000,
    change_id: "e4096-7",
    type: "consent.recorded",
    attempt: 1,
    tried_at: -1,
    millis: 7,
    outcome: "200",
    is_replay: slot === 0,
  })),
  compliance_head: [4096, 4097].map((lane) => ({ lane, next_position: lane - 4094 })),
  compliance_fact: [0, 1].flatMap((lane) =>
    [0, 1, 10].map((position) => ({
      lane: 4096 + lane,
      position,
      request: uuid(0x30 + lane),
      ordinal: position,
      fact_id: uuid(0xff - position),
      kind: "noted",
      recorded_at: -1,
      day: "0001-01-01",
      actor: text,
      body: text,
    })),
  ),
  compliance_request: [0, 1].map((lane) => ({
    lane: 4096 + lane,
    request: uuid(0x30 + lane),
    ordinal: 3,
    kind: "do_not_sell",
    status: lane === 0 ? "submitted" : "resolved",
    resolution_status: lane === 0 ? null : "denied",
    regulation: "clock:none@1",
    domain: lane === 0 ? null : "",
    country: lane === 0 ? null : text,
    request_date: -1,
    created_at: 253_402_300_799_999,
    updated_at: 8.64e15,
    due_on: lane === 0 ? "9999-12-31" : null,
    is_lapsed: lane === 0,
    state: text,
    sweep_on: lane === 0 ? null : "9999-12-31",
  })),
  compliance_private: [0, 1].map((lane) => ({
    lane: 4096 + lane,
    request: uuid(0x30 + lane),
    opener: lane === 0 ? null : uuid(1),
    session: lane === 0 ? null : uuid(2),
    subject: lane === 0 ? uuid(1) : null,
    email_hash: lane === 0 ? null : hash(3),
    nonce: lane === 0 ? null : "0f".repeat(12),
    encrypted: lane === 0 ? null : "00".repeat(20),
  })),
  entry_private: [0, 1].map((lane) => ({
    lane: 4096 + lane,
    entry: uuid(0x60 + lane),
    nonce: "0f".repeat(12),
    encrypted: "00".repeat(20),
  })),
  request_key: [0, 1].map((lane) => ({
    lane: 4096 + lane,
    request: uuid(0x30 + lane),
    epoch: 1 + lane,
    wrapped: "ff00".repeat(20),
  })),
  outbox: [0, 1].map((lane) => ({
    lane: 4096 + lane,
    mail: uuid(0x40 + lane),
    request: uuid(0x30 + lane),
    template: text,
    state: lane === 0 ? "waiting" : "cancelled",
    tries: 2 ** 53 - 1,
    created_at: -1,
    due_at: 0,
    ends_at: 8.64e15,
    recipient_hash: lane === 0 ? hash(3) : null,
    outcome: lane === 0 ? null : "550",
    ended_at: lane === 0 ? null : -1,
    nonce: lane === 0 ? "0f".repeat(12) : null,
    encrypted: lane === 0 ? "00".repeat(20) : null,
  })),
  request_file: [0, 1].map((lane) => ({
    lane: 4096 + lane,
    request: uuid(0x30 + lane),
    file: uuid(0x50 + lane),
    begun_at: -1,
    is_attached: lane === 1,
  })),
  file_chunk: [0, 1, 10].map((ordinal) => ({
    lane: 4097,
    request: uuid(0x31),
    file: uuid(0x51),
    ordinal,
    nonce: "0f".repeat(12),
    encrypted: "00".repeat(20),
  })),
  consumer: ["B", "a"].map((name) => ({ lane: 4096, name, position: 2 ** 53 - 1 })),
  metric: ["", "B", "a"].map((key) => ({ lane: 4096, family: text, day: -1, key, count: key === "" ? -5 : 5 })),
  day_visitors: [-1, 0].map((day) => ({ lane: 4096, day, registers: "00ff".repeat(2048) })),
  used_type: [0, 1, 10].map((version) => ({ lane: 4096, consent_type: uuid(1), version })),
}

const fillWith = (rows: LedgerRows, given: Partial<Rows>) =>
  rows.fill(
    Effect.fnUntraced(function* (target) {
      for (const table of tableNames) yield* target.insert(table, given[table] ?? [])
    }),
  )

const readTable = Effect.fnUntraced(function* (snapshot: Snapshot, table: TableName) {
  const found: Array<object> = []
  const next = yield* snapshot.rows(table)
  for (let rows = yield* next; rows.length > 0; rows = yield* next) found.push(...rows)
  return found
})

const readAll = Effect.fnUntraced(function* (snapshot: Snapshot) {
  const found = new Map<TableName, ReadonlyArray<object>>()
  for (const table of tableNames) found.set(table, yield* readTable(snapshot, table))
  return found
})

const plain = (rows: Partial<Rows>) => new Map(tableNames.map((table) => [table, rows[table] ?? []]))

/** All rows as text, so that the order of their columns is compared, too. */
const written = (rows: ReadonlyMap<TableName, ReadonlyArray<object>>) => JSON.stringify([...rows], undefined, 1)

const tagOf = (failed: unknown): unknown =>
  typeof failed === "object" && failed !== null && "_tag" in failed ? failed._tag : failed

const many = (count: number, lane: number): ReadonlyArray<Row<"alias">> =>
  Array.from({ length: count }, (_, n) => ({
    lane,
    hash: hash(n),
    person: uuid(n),
    recorded_at: n,
    kind: "email",
    project: null,
    normalization: 1,
  }))

const project: Lane.Owner = { number: 1, lanes: 16 }

const storedEvent: StoredEvent = {
  id: uuid(0x77),
  concordId: uuid(1),
  consentType: uuid(2),
  version: 3,
  consentState: "declined",
  consentAction: "user_click",
  consentDate: 5,
  dateCreated: 6,
  submitter: "s",
  externalId: hash(0xabc),
  body: text,
}

/** Every clause of the contract. */
export const clauses: ReadonlyArray<Clause> = [
  {
    name: "gives back what it was filled with: every table, in the order of its key, every column as it was",
    check: Effect.fnUntraced(function* ({ rows }) {
      yield* fillWith(rows, some)
      strictEqual(written(yield* rows.read(readAll)), written(plain(some)))
      deepStrictEqual(yield* rows.read(({ faults }) => faults), [])
    }),
  },
  {
    name: "orders rows by their key, in whatever order they were written",
    check: Effect.fnUntraced(function* ({ rows }) {
      const mixed = Object.fromEntries(tableNames.map((table) => [table, some[table].toReversed()]))
      yield* fillWith(rows, mixed as unknown as Rows)
      strictEqual(written(yield* rows.read(readAll)), written(plain(some)))
    }),
  },
  {
    name: "what is filled can be read before it is there for good",
    check: Effect.fnUntraced(function* ({ rows }) {
      const seen = yield* rows.fill(
        Effect.fnUntraced(function* (target) {
          for (const table of tableNames) yield* target.insert(table, some[table])
          return yield* readAll(target)
        }),
      )
      strictEqual(written(seen), written(plain(some)))
    }),
  },
  {
    name: "keeps nothing where the steps fail, and can be filled afterwards",
    check: Effect.fnUntraced(function* ({ rows }) {
      const failed = yield* Effect.flip(
        rows.fill((target) => Effect.andThen(target.insert("alias", some.alias), Effect.fail("enough"))),
      )
      strictEqual(failed, "enough")
      yield* fillWith(rows, some)
      strictEqual(written(yield* rows.read(readAll)), written(plain(some)))
    }),
  },
  {
    name: "refuses rows that contradict each other, and keeps nothing of them",
    check: Effect.fnUntraced(function* ({ rows }) {
      const twice = yield* Effect.flip(rows.fill((target) => target.insert("event", [...some.event, some.event[0]!])))
      strictEqual(tagOf(twice), "StoreUnavailable")
      yield* fillWith(rows, some)
    }),
  },
  ...tableNames.map((table) => ({
    name: `is not filled where its table ${table} has rows; nothing is changed`,
    check: Effect.fnUntraced(function* ({ rows }: Place) {
      const before = { catalog_head: [{ revision: 0 }], [table]: some[table].slice(0, 1) }
      yield* fillWith(rows, before)
      const failed = yield* Effect.flip(fillWith(rows, some))
      deepStrictEqual([tagOf(failed), "table" in failed && failed.table], ["NotEmpty", table])
      strictEqual(written(yield* rows.read(readAll)), written(plain(before)))
    }),
  })),
  {
    name: "gives as many rows at a time as it says, the last of a table only fewer, and then none",
    check: Effect.fnUntraced(function* ({ rows }) {
      const size = batchRows("alias")
      yield* fillWith(rows, { catalog_head: [{ revision: 0 }], alias: many(2 * size + 3, 1) })
      const sizes = yield* rows.read(
        Effect.fnUntraced(function* (snapshot) {
          const next = yield* snapshot.rows("alias")
          return [(yield* next).length, (yield* next).length, (yield* next).length, (yield* next).length]
        }),
      )
      deepStrictEqual(sizes, [size, size, 3, 0])
    }),
  },
  {
    name: "reads several tables at a time",
    check: Effect.fnUntraced(function* ({ rows }) {
      const size = batchRows("alias")
      yield* fillWith(rows, { ...some, alias: many(size + 1, 2) })
      const read = yield* rows.read(
        Effect.fnUntraced(function* (snapshot) {
          const [one, other] = [yield* snapshot.rows("alias"), yield* snapshot.rows("alias")]
          const heads = yield* snapshot.rows("head")
          return [yield* one, yield* heads, yield* other, yield* one, yield* other].map(({ length }) => length)
        }),
      )
      deepStrictEqual(read, [size, 4, size, 1, 1])
    }),
  },
  {
    name: "reads some columns in another order",
    check: Effect.fnUntraced(function* ({ rows }) {
      yield* fillWith(rows, some)
      const found = yield* rows.read((snapshot) =>
        Effect.flatten(snapshot.rows("alias", { columns: ["lane", "hash"], by: ["hash", "lane"] })),
      )
      deepStrictEqual(
        found.map((row) => ({ ...row })),
        [4095, 1, 0].map((lane) => ({ lane, hash: hash(5000 - lane) })),
      )
    }),
  },
  {
    name: "what the store has recorded is read as rows; what is recorded later is not in the same snapshot",
    check: Effect.fnUntraced(function* ({ rows, store }) {
      const record = (event: StoredEvent) =>
        Effect.flatMap(LedgerStore, ({ events }) =>
          events.append({ project, organization: project, recordedAt: 6, events: [event], claims: [] }),
        )
      const eventRow: Row<"event"> = {
        lane: Lane.of(project, uuid(1)),
        position: 0,
        person: uuid(1),
        event_id: uuid(0x77),
        consent_type: uuid(2),
        version: 3,
        consent_state: "declined",
        consent_action: "user_click",
        consent_date: 5,
        recorded_at: 6,
        expiration_date: null,
        submitter: "s",
        session: null,
        domain: null,
        geography: null,
        body: text,
        leaf: "",
      }
      yield* Effect.provide(
        Effect.gen(function* () {
          strictEqual((yield* record(storedEvent))._tag, "Appended")
          yield* rows.read(
            Effect.fnUntraced(function* (snapshot) {
              const before = yield* readTable(snapshot, "lane_head")
              const later = { ...storedEvent, id: uuid(0x78), externalId: hash(0xabd) }
              strictEqual((yield* Effect.provide(record(later), store))._tag, "Appended")
              deepStrictEqual(yield* readTable(snapshot, "lane_head"), before)
              const events = yield* readTable(snapshot, "event")
              strictEqual(JSON.stringify(events.map((row) => ({ ...row, leaf: "" }))), JSON.stringify([eventRow]))
            }),
          )
          strictEqual((yield* rows.read((snapshot) => readTable(snapshot, "event"))).length, 2)
        }),
        store,
      )
    }),
  },
  {
    name: "what is derived of joins is written again from the facts and the heads, and nothing else is written",
    check: Effect.fnUntraced(function* ({ rows, store }) {
      const owner: Lane.Owner = { number: 0, lanes: 16 }
      const project: Lane.Owner = { number: 1, lanes: 16 }
      const [survivor, guest, alone, former] = [uuid(0x11), uuid(0x22), uuid(0x33), uuid(0x44)]
      const fact = (n: number, kind: string, member: string, over: object = {}) => ({
        id: uuid(0x100 + n),
        kind,
        dateCreated: n,
        member,
        survivor,
        submitter: uuid(1),
        ...over,
      })
      const facts = [
        fact(1, "joined", guest),
        fact(2, "joined", former),
        fact(3, "undone", former, { join: uuid(0x102) }),
      ]
      const of = (person: string) => ({ lane: Lane.of(owner, person), person })
      const plain = { revision: 1, is_identified: false, survivor: null, learnt: null }
      const people = [survivor, guest, alone, former].toSorted((a, b) => Lane.of(owner, a) - Lane.of(owner, b))
      const inLane = (lane: number) => [survivor, guest].some((person) => Lane.of(project, person) === lane)
      const headOf = (person: string, consent_date: number) => ({
        lane: Lane.of(project, person),
        person,
        consent_type: uuid(7),
        consent_state: "accepted",
        consent_date,
        recorded_at: 1,
        event_id: person,
        position: 0,
      })
      const entry = (number: number, over: object) => JSON.stringify({ id: uuid(number), number, lanes: 16, ...over })
      const given: Partial<Rows> = {
        catalog_head: [{ revision: 1 }],
        catalog_entry: [
          { revision: 1, ordinal: 0, kind: "organizations", body: entry(0, {}) },
          { revision: 1, ordinal: 1, kind: "projects", body: entry(1, { organization: uuid(0) }) },
        ],
        person: people.map((person) => ({
          ...of(person),
          ...plain,
          ...(person === alone && { survivor: guest, learnt: 9 }),
        })),
        person_fact: [survivor, guest, former]
          .flatMap((person) =>
            facts
              .filter(({ member }) => member === person || person === survivor)
              .map((fact, ordinal) => ({ ...of(person), ordinal, body: JSON.stringify(fact) })),
          )
          .toSorted((a, b) => a.lane - b.lane || a.ordinal - b.ordinal),
        lane_head: [survivor, guest, alone]
          .map((person) => Lane.of(project, person))
          .toSorted((a, b) => a - b)
          .map((lane) => ({
            lane,
            next_position: 1,
            last_recorded_at: 1,
            has_joined: !inLane(lane),
            has_erased: false,
          })),
        head: [headOf(survivor, 5), headOf(guest, 6), headOf(alone, 7)].toSorted((a, b) => a.lane - b.lane),
        joined_head: [{ ...headOf(alone, 8), person: guest }],
      }
      yield* fillWith(rows, given)
      yield* rows.rebuildJoined
      const found = yield* rows.read(readAll)
      const derived = new Map(found)
      for (const table of ["person", "lane_head", "joined_head"] as const) derived.delete(table)
      for (const [table, its] of derived) deepStrictEqual([table, its], [table, given[table] ?? []])
      const written = (found.get("person") as Rows["person"]).map(({ learnt, person, survivor }) => [
        person,
        survivor,
        learnt,
      ])
      const expected = new Map<string, ReadonlyArray<unknown>>([
        [survivor, [survivor, 3]],
        [guest, [survivor, null]],
        [alone, [null, null]],
        [former, [null, 3]],
      ])
      deepStrictEqual(
        written,
        people.map((person) => [person, ...expected.get(person)!]),
      )
      deepStrictEqual(
        found.get("joined_head"),
        [survivor, guest]
          .map((member) => ({ ...headOf(member, member === guest ? 6 : 5), person: survivor }))
          .toSorted((a, b) => a.lane - b.lane),
      )
      const lanes = found.get("lane_head") as Rows["lane_head"]
      deepStrictEqual(
        lanes.filter(({ has_joined, lane }) => inLane(lane) && !has_joined),
        [],
      )
      yield* Effect.provide(
        Effect.gen(function* () {
          const ledger = yield* LedgerStore
          strictEqual((yield* ledger.people.person(owner, guest)).survivor, survivor)
        }),
        store,
      )
    }),
  },
  {
    name: "what was filled is answered by the store: each table where it looks for it",
    check: Effect.fnUntraced(function* ({ rows, store }) {
      const owner: Lane.Owner = { number: 0, lanes: 16 }
      const session = { tokenHash: hash(0xab), id: uuid(1), project: uuid(2), concordId: uuid(3), commitment: "c" }
      const person = uuid(3)
      const of = (key: string) => Lane.of(owner, key)
      yield* fillWith(rows, {
        ...some,
        catalog_head: [{ revision: 1 }],
        catalog_entry: [{ revision: 1, ordinal: 0, kind: "organizations", body: JSON.stringify({ id: uuid(1) }) }],
        session: [{ token_hash: hash(0xab), person, expires_at: 9, body: JSON.stringify(session) }],
        alias: [
          { lane: of(hash(5)), hash: hash(5), person, recorded_at: 3, kind: null, project: null, normalization: 1 },
        ],
        former_alias: [
          {
            lane: of(hash(5)),
            hash: hash(5),
            recorded_at: 1,
            released_at: 2,
            person: uuid(4),
            kind: "projectUserId",
            project: uuid(2),
            is_renamed: true,
          },
        ],
        person: [
          {
            lane: of(person),
            person,
            revision: 4,
            is_identified: true,
            survivor: uuid(1),
            learnt: 7,
          },
        ],
        person_fact: [{ lane: of(person), person, ordinal: 0, body: JSON.stringify({ id: uuid(9) }) }],
        person_key: [{ lane: of(person), person, epoch: 2, wrapped: "07" }],
        personal_data: [{ lane: of(person), person, kind: "profile", id: "", nonce: "08", encrypted: "09" }],
        erasure: [
          {
            lane: of(person),
            person,
            erasure_id: uuid(9),
            recorded_at: -1,
            body: ErasureBody.write({ members: [person], submitter: "s", reason: "court" }),
            destroyed: "{}",
          },
        ],
        held_erasure: [
          {
            lane: of(person),
            person,
            erasure_id: uuid(8),
            recorded_at: -2,
            body: ErasureBody.write({ members: [person], submitter: "s", reason: "request" }),
            destroyed: "{}",
          },
        ],
        idempotency: [{ lane: of(hash(6)), hash: hash(6), digest: hash(9), answer: text, recorded_at: 2 }],
        used_identity_token: [{ hash: hash(0x2f), expires_at: 1e13, person }],
        lane_head: [{ lane: 1, next_position: 0, last_recorded_at: 6, has_joined: false, has_erased: false }],
        lane_feed: [{ lane: 1, next_number: 1, incarnation: 2 }],
        change: [{ ...some.change[1]!, lane: 1, number: 0, before_position: 0, body: text }],
        due_scan: [{ lane: 1, name: "a", state: text }],
      })
      yield* Effect.provide(
        Effect.gen(function* () {
          const ledger = yield* LedgerStore
          const catalog = yield* ledger.catalog.current
          deepStrictEqual([catalog.revision, [...catalog.organizations.keys()]], [1, [uuid(1)]])
          deepStrictEqual(yield* ledger.catalog.documents([{ consentType: uuid(0x1), number: 10 }], 1), [""])
          deepStrictEqual((yield* ledger.catalog.keyUses).get(uuid(0xff)), 0xff)
          deepStrictEqual({ ...(yield* ledger.sessions.byToken(hash(0xab))) }, { ...session, expiresAt: 9 })
          deepStrictEqual(yield* ledger.people.byAlias(owner, [hash(5)]), [
            { concordId: person, kind: undefined, dateCreated: 3 },
          ])
          const before = [{ concordId: uuid(4), kind: "projectUserId", dateCreated: 1 }]
          deepStrictEqual(yield* ledger.people.byAlias(owner, [hash(5)], 1), before)
          const facts = ledger.people.facts(owner, [{ concordId: person, from: 0 }], 9)
          deepStrictEqual(yield* facts, [[{ id: uuid(9) }]])
          const expected = { revision: 4, isIdentified: true, survivor: uuid(1), learnt: 7, erasedAt: -1, position: 3 }
          deepStrictEqual(yield* ledger.people.person(owner, person), expected)
          const key = { concordId: person, epoch: 2, wrapped: new Uint8Array([7]) }
          deepStrictEqual(yield* ledger.personal.keys(owner, [person]), [key])
          const part = { kind: "profile", id: "", nonce: new Uint8Array([8]), encrypted: new Uint8Array([9]) } as const
          const place = { concordId: person, kind: "profile", id: "" } as const
          deepStrictEqual(yield* ledger.personal.parts(owner, [place]), [{ ...key, ...part }])
          const erased = { members: [person], submitter: "s", destroyed: {} }
          const held = { ...erased, id: uuid(8), recordedAt: -2, reason: "request", scope: "held" }
          deepStrictEqual(yield* ledger.personal.erasures(owner, undefined, 9), [
            held,
            { ...erased, id: uuid(9), recordedAt: -1, reason: "court" },
          ])
          deepStrictEqual(yield* ledger.personal.heldErasures(owner, person), [held])
          strictEqual((yield* ledger.idempotencyRecord(owner, hash(6)))?.answer, text)
          const to = { lane: 1, position: 0, number: 1, incarnation: 2, lastRecordedAt: 6 }
          deepStrictEqual((yield* ledger.feed.ends(owner))[1], to)
          const ofLane = [{ from: { lane: 1, position: 0, number: 0 }, to }]
          const change = { number: 0, beforePosition: 0, recordedAt: -1, at: 8.64e15, type: "decision.changed" }
          deepStrictEqual((yield* ledger.feed.read(owner, ofLane, {}, 9))[0]!.items, [
            { _tag: "Change", ...change, concordId: uuid(1), body: text },
          ])
          deepStrictEqual(yield* ledger.feed.places(owner), [{ lane: 1, name: "a", state: text }])
          deepStrictEqual(
            (yield* ledger.feed.identityChanges(owner, 3, 1, 9)).map(({ id, position }) => [id, position]),
            [0xa, 0xff].map((n) => [uuid(n), 7]),
          )
          const unchanged = { organization: owner, seen: [], claims: [], releases: [], facts: [] }
          strictEqual(
            yield* ledger.people.change({
              ...unchanged,
              identityToken: { hash: hash(0x2f), expiresAt: 1e13, concordId: uuid(1) },
            }),
            "used",
          )
        }),
        store,
      )
    }),
  },
  {
    name: "the kind of an alias that is not known is filled in when its person claims it again, and is not changed then",
    check: Effect.fnUntraced(function* ({ rows, store }) {
      const owner: Lane.Owner = { number: 0, lanes: 16 }
      const [person, other] = [uuid(3), uuid(4)]
      const row = (n: number, kind: string | null, of = person): Row<"alias"> => {
        const lane = Lane.of(owner, hash(n))
        return { lane, hash: hash(n), person: of, recorded_at: n, kind, project: null, normalization: 1 }
      }
      const before = [row(1, null), row(2, "email"), row(3, null), row(4, null, other)]
      yield* fillWith(rows, { catalog_head: [{ revision: 0 }], alias: before })
      const claimed = (n: number) => {
        const account = { kind: "projectUserId", project: uuid(2) } as const
        return { ...account, hash: hash(n), concordId: person, normalization: 2, dateCreated: 9 }
      }
      const event = { ...storedEvent, concordId: person }
      yield* Effect.provide(
        Effect.gen(function* () {
          const ledger = yield* LedgerStore
          const aliases = () => Effect.map(ledger.people.aliasesOf(owner, [person]), ([own]) => own!)
          const held = (n: number, kind: People.Named["kind"], project = {}) => {
            return { concordId: person, kind, hash: hash(n), dateCreated: n, ...project }
          }
          const unknown = [held(1, undefined), held(2, "email"), held(3, undefined)]
          deepStrictEqual(yield* aliases(), unknown)
          const seen = [{ concordId: person, revision: 0 }]
          const append = (numbers: ReadonlyArray<number>) => {
            const claims = numbers.map(claimed)
            return ledger.events.append({ project, organization: owner, recordedAt: 6, events: [event], claims, seen })
          }
          strictEqual((yield* append([1, 4]))._tag, "Stale")
          deepStrictEqual(yield* aliases(), unknown)
          strictEqual((yield* append([1, 2, 5]))._tag, "Appended")
          const own = (n: number, at = n) => ({ ...held(n, "projectUserId", { project: uuid(2) }), dateCreated: at })
          deepStrictEqual(yield* aliases(), [own(1), held(2, "email"), held(3, undefined), own(5, 9)])
          const [one] = yield* ledger.people.byAlias(owner, [hash(1)])
          deepStrictEqual(one, { concordId: person, kind: "projectUserId", dateCreated: 1 })
        }),
        store,
      )
      const found = yield* rows.read((snapshot) => readTable(snapshot, "alias"))
      const filled = { kind: "projectUserId", project: uuid(2), normalization: 2 }
      const added = { ...row(5, null), recorded_at: 9, ...filled }
      const expected = [{ ...row(1, null), ...filled }, ...before.slice(1), added]
      deepStrictEqual(
        found,
        expected.toSorted((a, b) => a.lane - b.lane),
      )
    }),
  },
  {
    name: "says that there is no ledger where there is none, and makes none",
    check: Effect.fnUntraced(function* ({ rows }) {
      for (let times = 0; times < 2; times++) {
        strictEqual(tagOf(yield* Effect.flip(rows.read(() => Effect.void))), "NoLedger")
      }
    }),
  },
  {
    name: "names a column for everything that is told of a table",
    check: () =>
      Effect.sync(() => {
        for (const table of tableNames) {
          const { columns, key } = tables[table]
          ok(key.every((name: string) => Object.hasOwn(columns, name)))
          for (const row of some[table]) deepStrictEqual(Object.keys(row), Object.keys(columns))
        }
      }),
  },
]
