/**
 * The store on a PostgreSQL under bad conditions: a role with no other rights than to rows, serializable transactions,
 * connection settings that a pooler drops, and a server that fails statements and loses connections, most often at
 * COMMIT.
 *
 * `ASSENT_TEST_SEED` repeats a run of the random faults.
 */
import * as NodeCrypto from "@effect/platform-node/NodeCrypto"
import { Effect, Layer, Option } from "effect"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import * as Migrations from "../../adapters/postgres/Migrations.ts"
import * as PostgresStore from "../../adapters/postgres/PostgresStore.ts"
import * as Sql from "../../adapters/postgres/Sql.ts"
import type { UpgradeNeeded } from "../../core/ports/LedgerRows.ts"
import {
  type Append,
  type Appended,
  LedgerStore,
  type IdentityChange,
  type StoreUnavailable,
} from "../../core/ports/LedgerStore.ts"
import * as Ledger from "../../core/Ledger.ts"
import { faults, type HostileDatabase, makeHostile, randomFaults, startHostileProxy } from "../support/hostile.ts"
import { beyondLanes, catalogBeyondLanes } from "../support/lanes.ts"
import * as LedgerQueries from "../support/ledgerQueries.ts"
import { type Postgres, startPostgres } from "../support/postgres.ts"
import type { Fault, PostgresProxy } from "../support/postgresProxy.ts"
import { complianceClauses } from "./compliance.ts"
import { feedClauses } from "./feed.ts"
import { clauses } from "./LedgerStoreContract.ts"
import { outboxClauses } from "./outbox.ts"
import { metricsClauses } from "./metrics.ts"
import { requestFileClauses } from "./requestFiles.ts"
import { personal, profile } from "./samples.ts"
import * as TestKeys from "../support/keys.ts"

const seed = Number(process.env["ASSENT_TEST_SEED"] ?? 20_240_131)

let postgres: Postgres
let database: HostileDatabase
let proxy: PostgresProxy
/** Chooses the fault of each statement; none while a test prepares. */
let fault: (statement: string) => Fault | undefined = () => undefined
/** Every statement that the store has sent. */
const recorded = new Set<string>()

beforeAll(async () => {
  // The server itself is never stopped, so nothing is lost that is not synced.
  postgres = await startPostgres()
  database = await makeHostile(postgres)
  proxy = await startHostileProxy(postgres, (statement) => {
    recorded.add(statement)
    return fault(statement)
  })
})
afterAll(async () => {
  await proxy.stop()
  await postgres.stop()
})

const throughProxy = (url: string): string => url.replace(`:${postgres.port}/`, `:${proxy.port}/`)

type Store = LedgerStore["Service"]

const withStore = <A, E>(
  url: string,
  use: (store: Store) => Effect.Effect<A, E>,
): Effect.Effect<A, E | StoreUnavailable | UpgradeNeeded> =>
  Effect.provide(Effect.flatMap(LedgerStore, use), PostgresStore.layer(throughProxy(url)))

describe("the role of the service", () => {
  const refused = async (statement: string): Promise<string> => {
    const { url } = database
    const outcome = Migrations.using(throughProxy(url), (sql) =>
      Effect.match(Sql.query(sql, statement), { onFailure: ({ reason }) => reason._tag, onSuccess: () => "allowed" }),
    )
    return Effect.runPromise(outcome)
  }

  test.each([
    ["makes a table", "CREATE TABLE mine (a int)"],
    ["makes a table that goes with the connection", "CREATE TEMPORARY TABLE mine (a int)"],
    ["makes a sequence", "CREATE SEQUENCE mine"],
    ["makes a function", "CREATE FUNCTION mine() RETURNS int LANGUAGE sql RETURN 1"],
    ["writes code", "DO $$ BEGIN END $$"],
    ["uses a sequence", "SELECT nextval('pg_class'::regclass)"],
    ["takes an advisory lock", "SELECT pg_advisory_lock(1)"],
    ["notifies", "SELECT pg_notify('a', 'b')"],
    ["calls a function of its choice", "SELECT gen_random_uuid()"],
    ["changes an event", "UPDATE event SET body = ''"],
    ["removes an event", "DELETE FROM event"],
    ["changes a fact", "UPDATE person_fact SET body = ''"],
    ["removes an entry of the catalog", "DELETE FROM catalog_entry"],
    ["changes an entry of the catalog", "UPDATE catalog_entry SET body = ''"],
    ["records a migration", "INSERT INTO migration VALUES (9, 'mine', '', 'postgres')"],
    ["empties a table", "TRUNCATE lane_head"],
  ])("never %s", async (_, statement) => {
    expect(await refused(statement)).toBe("AuthorizationError")
  })

  test("has transactions that are serializable, whatever the store sets", async () => {
    const { url } = database
    const shown = Migrations.using(throughProxy(url), (sql) =>
      Sql.transaction(sql, Sql.query(sql, "SHOW transaction_isolation")),
    )
    expect(await Effect.runPromise(shown)).toEqual([{ transaction_isolation: "serializable" }])
  })

  test("is refused where a commit would not wait for the disk", async () => {
    const { name, url } = database
    await postgres.administer(`ALTER DATABASE ${name} SET synchronous_commit = off`)
    const opened = Effect.match(
      withStore(url, () => Effect.void),
      { onFailure: String, onSuccess: () => "opened" },
    )
    expect(await Effect.runPromise(opened)).toContain("synchronous_commit is off")
    await postgres.administer(`ALTER DATABASE ${name} RESET synchronous_commit`)
  })
})

/**
 * Clauses whose writes the store does not try again by itself where the outcome of COMMIT is unknown, or of which it
 * cannot know its own: a step of the feed that moves no place, counts that move no consumer, changes of a compliance
 * request by one fact id, and claims of mails. `postgresFeed.long.test.ts`, `postgresCompliance.long.test.ts` and
 * `postgresOutbox.long.test.ts` do each fault at each of their statements.
 */
const triedOnce: ReadonlySet<string> = new Set(
  [...complianceClauses, ...feedClauses, ...metricsClauses, ...outboxClauses, ...requestFileClauses].map(
    ({ name }) => name,
  ),
)

describe("with faults at random", () => {
  beforeAll(() => {
    recorded.clear()
    fault = randomFaults(seed)
  })
  afterAll(() => {
    fault = () => undefined
  })

  test.each(clauses.filter(({ name }) => !triedOnce.has(name)))("$name", async ({ check }) => {
    await database.empty()
    await Effect.runPromise(Effect.provide(check, PostgresStore.layer(throughProxy(database.url))))
  })

  test.each(clauses.filter(({ name }) => triedOnce.has(name)))("$name, without a fault", async ({ check }) => {
    const faults = fault
    fault = () => undefined
    try {
      await database.empty()
      await Effect.runPromise(Effect.provide(check, PostgresStore.layer(throughProxy(database.url))))
    } finally {
      fault = faults
    }
  })

  test("every fault was done, also to COMMIT", () => {
    for (const each of faults) {
      const name = typeof each === "string" ? each : each.raise
      expect(proxy.done().get(name) ?? 0, name).toBeGreaterThan(0)
      expect(proxy.done().get(`COMMIT ${name}`) ?? 0, `COMMIT ${name}`).toBeGreaterThan(5)
    }
  })
})

const organization = { number: 0, lanes: 16 }
const project = { number: 1, lanes: 16 }
const uuid = (n: number): string => `018d5d1e-0000-7000-8000-${n.toString(16).padStart(12, "0")}`
const hash = (n: number): string => n.toString(16).padStart(64, "0")
const t0 = Date.UTC(2024, 0, 31)
const idempotencyRecord = { hash: hash(7), digest: hash(8), answer: "answer", recordedAt: t0 }
const nothing: Append = { project, organization, recordedAt: t0, events: [], claims: [], idempotencyRecord }
const noChange: IdentityChange = { organization, seen: [], claims: [], releases: [], facts: [] }
const seen = [{ concordId: uuid(5), revision: 0 }]
const event = {
  id: uuid(1),
  concordId: uuid(2),
  consentType: uuid(3),
  version: 1,
  consentState: "accepted",
  consentAction: "import",
  consentDate: t0,
  dateCreated: t0,
  submitter: "s",
  body: "{}",
} as const
const fact = {
  id: uuid(9),
  kind: "joined",
  dateCreated: t0,
  member: uuid(5),
  survivor: uuid(6),
  submitter: "s",
} as const
const claim = { kind: "email", hash: hash(0xa), concordId: uuid(5), normalization: 1, dateCreated: t0 } as const
const identityToken = { hash: hash(0xb), expiresAt: t0 + 9, concordId: uuid(5) }
const session = {
  tokenHash: hash(0xc),
  id: uuid(0xc),
  project: uuid(0xd),
  concordId: uuid(5),
  expiresAt: t0,
  commitment: "",
  domain: "",
}

const erasure = {
  organization,
  projects: [project],
  catalog: 0,
  id: uuid(0xe),
  recordedAt: t0,
  members: [uuid(5)],
  seen,
  submitter: "s",
  reason: "request",
  idempotencyRecord,
} as const

const tagOf = <E>(appended: Effect.Effect<Appended, E>) => Effect.map(appended, ({ _tag }) => _tag)

/**
 * Every kind of write that ends with a COMMIT: the write, its result when it is kept, and a statement that counts how
 * often it is there afterwards.
 */
const writes: Readonly<
  Record<string, readonly [(store: Store) => Effect.Effect<unknown, StoreUnavailable>, unknown, string]>
> = {
  append: [
    (store) => tagOf(store.events.append({ ...nothing, events: [event] })),
    "Appended",
    "SELECT count(*) FROM event JOIN head USING (lane, position) JOIN idempotency ON true",
  ],
  "append of an idempotency record alone": [
    (store) => tagOf(store.events.append(nothing)),
    "Appended",
    "SELECT count(*) FROM idempotency",
  ],
  "several appends together": [
    (store) =>
      Effect.all(
        Array.from({ length: 8 }, (_, n) =>
          tagOf(store.events.append({ ...nothing, idempotencyRecord: { ...idempotencyRecord, hash: hash(n) } })),
        ),
        { concurrency: "unbounded" },
      ),
    Array.from({ length: 8 }, () => "Appended"),
    "SELECT count(*) / 8 FROM idempotency",
  ],
  "a catalog change": [
    (store) =>
      store.catalog.change({ revision: 0, entries: {}, documents: [], owner: organization, idempotencyRecord }),
    "kept",
    "SELECT revision FROM catalog_head",
  ],
  "an identity change": [
    (store) =>
      store.people.change({
        ...noChange,
        seen,
        claims: [claim],
        facts: [fact],
        identityToken,
        session,
        idempotencyRecord,
      }),
    "kept",
    "SELECT count(*) FROM alias JOIN person_fact f USING (person) JOIN used_identity_token ON true JOIN session ON true WHERE ordinal = 0",
  ],
  "a session": [
    (store) => store.people.change({ ...noChange, seen, claims: [{ ...claim, kind: "contextId" }], session }),
    "kept",
    "SELECT count(*) FROM session JOIN alias USING (person)",
  ],
  "a profile": [
    (store) => store.people.keepProfile(organization, uuid(5), personal(uuid(5), profile(uuid(5))), idempotencyRecord),
    "kept",
    "SELECT count(*) FROM personal_data JOIN person_key USING (person) JOIN idempotency ON true WHERE kind = 'profile'",
  ],
  "an erasure": [
    (store) => Effect.map(store.personal.erase(erasure), (kept) => (typeof kept === "string" ? kept : kept.id)),
    erasure.id,
    "SELECT count(*) FROM erasure JOIN person USING (person) JOIN lane_head ON has_erased WHERE revision = 1",
  ],
  "a fact": [
    (store) => store.people.change({ ...noChange, seen, facts: [fact] }),
    "kept",
    "SELECT max(revision) FROM person",
  ],
}

describe.each(Object.entries(writes))("%s, whose COMMIT fails once", (what, [write, answer, counted]) => {
  const named = faults.map((each) => [`${what}: ${typeof each === "string" ? each : each.raise}`, each] as const)
  test.each(named)("%s: is answered as kept, and is there once", async (_, each) => {
    const { name, url } = database
    await database.empty()
    let isDone = false
    const once = (statement: string): Fault | undefined => {
      if (isDone || statement !== "COMMIT") return undefined
      isDone = true
      return each
    }
    const answered = await Effect.runPromise(
      withStore(url, (store) => {
        fault = once
        return write(store)
      }),
    )
    fault = () => undefined
    expect(isDone).toBe(true)
    expect(answered).toEqual(answer)
    const [row] = await postgres.administer(counted, name)
    expect(Object.values(row!).map(Number)).toEqual([1])
  })
})

describe("requests that fill a transaction, which is written concurrently with the previous one, with faults at COMMIT", () => {
  const acknowledged: Array<string> = []
  const tried: Array<string> = []
  let concurrent = 0
  let name = ""

  /** Appends events until the outcome is known. */
  const request = (store: Store, first: number) =>
    Effect.gen(function* () {
      const ids = Array.from({ length: 500 }, (_, index) => uuid(first + index))
      tried.push(...ids)
      let recordedAt = Date.now()
      for (;;) {
        const events = ids.map((id) => ({ ...event, id, concordId: id, consentDate: t0, dateCreated: recordedAt }))
        const outcome = yield* store.events.append({ project, organization, recordedAt, events, claims: [] })
        if (outcome._tag === "Appended") return void acknowledged.push(...ids)
        if (outcome._tag === "Stale") recordedAt = Math.max(outcome.lastRecordedAt, Date.now())
        else return
      }
    })

  beforeAll(async () => {
    await database.empty()
    name = database.name
    let commits = 0
    let isWriting = false
    fault = (statement) => {
      if (statement.startsWith("INSERT INTO event ")) {
        if (isWriting) concurrent++
        isWriting = true
      }
      if (statement !== "COMMIT") return undefined
      isWriting = false
      return ++commits % 3 === 0 ? faults[(commits / 3) % faults.length] : undefined
    }
    const writer = (store: Store, writer: number) =>
      Effect.forEach(
        Array.from({ length: 8 }, (_, n) => n),
        (n) => Effect.ignore(request(store, 1_000_000 + (writer * 8 + n) * 500)),
      )
    await Effect.runPromise(
      withStore(database.url, (store) =>
        Effect.forEach([0, 1, 2, 3, 4, 5], (each) => writer(store, each), { concurrency: "unbounded" }),
      ),
    )
    fault = () => undefined
  }, 120_000)

  const rows = (statement: string) => postgres.administer(statement, name)

  test("some were written before the previous one was committed", () => {
    expect(concurrent).toBeGreaterThan(5)
  })

  test("every event that was acknowledged is there once, and none that was not asked for", async () => {
    expect(acknowledged.length).toBeGreaterThan(tried.length * 0.9)
    const stored = new Set((await rows("SELECT event_id FROM event")).map(({ event_id }) => String(event_id)))
    expect(acknowledged.filter((id) => !stored.has(id))).toEqual([])
    expect(stored.size).toBe((await rows("SELECT 1 FROM event")).length)
    const sent = new Set(tried)
    expect([...stored].filter((id) => !sent.has(id))).toEqual([])
  })

  test("positions have no gap, lane heads count them, and dateCreated never goes back inside a lane", async () => {
    expect(await rows(LedgerQueries.lanesWithGaps)).toEqual([])
    expect(await rows(LedgerQueries.lanesGoingBack)).toEqual([])
  })
})

test("A query that the server cancels each time is tried a few times more, and then fails with that reason.", async () => {
  let tries = 0
  const outcome = withStore(database.url, (store) => {
    fault = (statement) => {
      if (!statement.includes("FROM idempotency")) return undefined
      tries++
      return { raise: "57014" }
    }
    return Effect.match(store.idempotencyRecord(organization, hash(7)), {
      onFailure: ({ reason }) => reason,
      onSuccess: () => "answered",
    })
  })
  expect(await Effect.runPromise(outcome)).toBe(
    "the database gave up on a statement: it took too long, or somebody cancelled it",
  )
  fault = () => undefined
  expect(tries).toBeGreaterThan(1)
  expect(tries).toBeLessThan(40)
})

describe("three servers whose clients record at the same time, with faults at random", () => {
  /** How many events each request has. */
  const sizes = new Map<string, number>()
  const acknowledged = new Set<string>()
  let failures = 0
  let name = ""

  beforeAll(async () => {
    await database.empty()
    name = database.name
    const server = Layer.fresh(Ledger.layer).pipe(
      Layer.provide([PostgresStore.layer(throughProxy(database.url)), NodeCrypto.layer, TestKeys.layer]),
    )
    const start = <A, E>(use: (ledger: Ledger.Ledger["Service"]) => Effect.Effect<A, E>) =>
      Effect.provide(Effect.flatMap(Ledger.Ledger, use), server)
    const founded = Option.getOrThrow(await Effect.runPromise(start((ledger) => ledger.found)))
    const types = founded.consentTypes.map(({ id }) => id)

    /**
     * One client. Each request is about a person of its own and people that all clients share; half have an idempotency
     * key.
     */
    const client = (ledger: Ledger.Ledger["Service"], server: number, index: number) =>
      Effect.gen(function* () {
        const scope = Option.getOrThrow(yield* ledger.projectScope(founded.project.id))
        for (let n = 0; n < 25; n++) {
          const submitter = `request-${server}-${index}-${n}`
          const items = [{ userId: submitter }, { userId: `shared-${n}` }, { userId: `shared-${25 - n}` }].slice(
            0,
            1 + (n % 3),
          )
          sizes.set(submitter, items.length)
          const idempotency = { caller: "load", key: submitter, credential: "", content: submitter }
          const request = {
            ...scope,
            submitter,
            ...(n % 2 === 0 && { idempotency }),
            items: items.map((person) => ({
              person,
              consentType: types[n % types.length]!,
              consentState: n % 5 === 0 ? ("declined" as const) : ("accepted" as const),
              consentAction: "import" as const,
            })),
          }
          yield* Effect.match(ledger.record(request), {
            onFailure: () => void failures++,
            onSuccess: ({ _tag }) => {
              if (_tag === "Recorded") acknowledged.add(submitter)
            },
          })
        }
      })
    fault = randomFaults(seed + 1)
    const servers = [0, 1, 2].map((server) =>
      start((ledger) =>
        Effect.forEach([0, 1, 2, 3, 4, 5], (index) => client(ledger, server, index), { concurrency: "unbounded" }),
      ),
    )
    await Effect.runPromise(Effect.all(servers, { concurrency: "unbounded" }))
    fault = () => undefined
  }, 240_000)

  const rows = (statement: string) => postgres.administer(statement, name)

  test("every event that was acknowledged is there exactly once, and none that was not asked for", async () => {
    expect(acknowledged.size).toBeGreaterThan(sizes.size * 0.95)
    expect(acknowledged.size + failures).toBeGreaterThanOrEqual(sizes.size)
    const counts = await rows("SELECT submitter, count(*) FROM event GROUP BY submitter")
    const stored = new Map(counts.map(({ submitter, count }) => [String(submitter), Number(count)]))
    for (const submitter of acknowledged) expect(stored.get(submitter), submitter).toBe(sizes.get(submitter))
    // A request that failed may have been kept, all of it and once: its failure does not say that it was not.
    for (const [submitter, count] of stored) expect(count, submitter).toBe(sizes.get(submitter))
  })

  test("positions have no gap, lane heads count them, and dateCreated never goes back inside a lane", async () => {
    expect(await rows(LedgerQueries.lanesWithGaps)).toEqual([])
    expect(await rows(LedgerQueries.lanesGoingBack)).toEqual([])
  })

  test("heads equal the latest event of each person, type and state", async () => {
    expect(await rows(LedgerQueries.latestEvents)).toEqual(await rows(LedgerQueries.headEvents))
  })

  test("an identifier names one person, and every person of an event has its name", async () => {
    const [row] = await rows(`
      SELECT (SELECT count(DISTINCT person) FROM event) AS people, (SELECT count(DISTINCT person) FROM alias) AS named,
        (SELECT count(*) FROM alias) AS aliases`)
    expect(row!["named"]).toBe(row!["aliases"])
    expect(row!["people"]).toBe(row!["named"])
  })
})

describe("lanes", () => {
  /** The same tables without rows, because the planner must not know how few there are in those of the tests above. */
  let planned: string
  beforeAll(async () => {
    const url = await postgres.database()
    await Effect.runPromise(Migrations.using(url, (sql) => Migrations.run(sql)))
    planned = new URL(url).pathname.slice(1)
  })

  /** Statements that are about no row: the control of transactions, settings, rights, and the applied migrations. */
  const aboutNoRow =
    /^(BEGIN|COMMIT|ROLLBACK|SET LOCAL .*|SHOW .*|SELECT .* FROM migration .*|SELECT c\.relname AS name FROM pg_class c[^]*)$/

  /**
   * The statements about all lanes: they read the keys of people and of requests by pages, to wrap them again, and look
   * for what time changes: requests, mails and files. Mails are counted, too, and the heads of all lanes are compared
   * with how far the metrics are.
   */
  const allLanes = [
    /^SELECT lane, (person|request), epoch, wrapped FROM (person|request)_key\s+WHERE \(lane, (person|request)\) > /,
    /^SELECT [^]* FROM compliance_request r\s+WHERE r\.sweep_on <= \$1/,
    /^SELECT lane, mail, request, tries FROM outbox\s+WHERE state = 'waiting' AND template (<>|=) 'task' AND due_at <= \$1/,
    /^SELECT w\.waiting, w\.oldest_at, f\.failed\s+FROM/,
    /^SELECT h\.lane, '(events|facts)' AS name, coalesce\(c\.position, 0\) AS position/,
    /^SELECT lane, request, file FROM request_file WHERE NOT is_attached AND begun_at < \$1/,
  ]
  const aboutAllLanes = (statement: string): boolean => allLanes.some((each) => each.test(statement))

  test("every statement that the store has sent reaches its rows by their lane, and every table was written to", async () => {
    const statements = [...recorded].filter((each) => !aboutNoRow.test(each) && !aboutAllLanes(each))
    const beyond = []
    for (const statement of statements) {
      for (const table of await beyondLanes(postgres, planned, statement)) beyond.push(`${table}: ${statement}`)
    }
    expect(beyond).toEqual([])
    const tables = await postgres.administer(
      "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace",
      database.name,
    )
    const written = (table: unknown) =>
      statements.some((each) => new RegExp(`^(INSERT INTO|UPDATE) ${String(table)}\\b`).test(each))
    expect(tables.map(({ relname }) => relname).filter((table) => !written(table))).toEqual(["migration"])
  })

  test("a statement without its lane is found", async () => {
    const without = {
      idempotency: "DELETE FROM idempotency WHERE recorded_at < $1",
      person: "UPDATE person SET revision = 0 WHERE person = $1",
      event: "SELECT e.body FROM head h JOIN event e ON e.position = h.position WHERE h.lane = $1",
      alias: "INSERT INTO alias SELECT v.lane, a.hash, a.person, 0 FROM unnest($1::bigint[]) AS v (lane), alias a",
    }
    for (const [table, statement] of Object.entries(without)) {
      expect(await beyondLanes(postgres, planned, statement), statement).toEqual([table])
    }
  })

  test("every key begins with the lane, and nothing else ties one lane to another: only the table of applied migrations has none", async () => {
    expect(await catalogBeyondLanes(postgres, database.name)).toEqual([
      { what: "default", name: "alias.normalization = 1" },
      { what: "default", name: "former_alias.is_renamed = false" },
      { what: "default", name: "lane_head.has_erased = false" },
      { what: "default", name: "lane_head.has_joined = false" },
      // An erasure looks for the requests of a person in all lanes of its projects.
      { what: "key that begins with something else", name: "compliance_private_opener" },
      { what: "key that begins with something else", name: "compliance_private_subject" },
      // What time changes of requests, mails and files is looked for in all lanes; a mail is found by its id alone.
      { what: "key that begins with something else", name: "compliance_request_sweep" },
      { what: "key that begins with something else", name: "migration_pkey" },
      { what: "key that begins with something else", name: "outbox_mail" },
      { what: "key that begins with something else", name: "outbox_mail_due" },
      { what: "key that begins with something else", name: "outbox_task_due" },
      { what: "key that begins with something else", name: "request_file_begun" },
      { what: "table without a lane", name: "migration" },
    ])
    await postgres.administer(
      "CREATE UNIQUE INDEX person_alone ON person (person); CREATE SEQUENCE mine",
      database.name,
    )
    expect(await catalogBeyondLanes(postgres, database.name)).toContainEqual({
      what: "key that begins with something else",
      name: "person_alone",
    })
    expect(await catalogBeyondLanes(postgres, database.name)).toContainEqual({ what: "sequence", name: "mine" })
  })
})
