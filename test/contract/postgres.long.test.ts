/**
 * What the store in PostgreSQL keeps in addition to the contract: several processes on one database, connections that
 * break, events that cannot be changed, and migrations.
 */
import { Effect, Exit, Fiber, Schedule, type Scope } from "effect"
import * as Reactivity from "effect/reactivity/Reactivity"
import type { SqlError } from "effect/sql/SqlError"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import * as Migrations from "../../adapters/postgres/Migrations.ts"
import * as PipelinedTransactions from "../../adapters/postgres/PipelinedTransactions.ts"
import * as PostgresStore from "../../adapters/postgres/PostgresStore.ts"
import * as Sql from "../../adapters/postgres/Sql.ts"
import * as Lane from "../../core/model/Lane.ts"
import type { Claim } from "../../core/model/People.ts"
import type { UpgradeNeeded } from "../../core/ports/LedgerRows.ts"
import {
  type Append,
  LedgerStore,
  type EventPage,
  type StoredEvent,
  type StoreUnavailable,
} from "../../core/ports/LedgerStore.ts"
import { isLong } from "../support/long.ts"
import { citusRules } from "../support/citusRules.ts"
import { startGate } from "../support/gate.ts"
import { startLossyProxy } from "../support/lossyProxy.ts"
import * as LedgerQueries from "../support/ledgerQueries.ts"
import { type Postgres, startPostgres } from "../support/postgres.ts"
import { startPostgresProxy } from "../support/postgresProxy.ts"

let postgres: Postgres
let url: string
beforeAll(async () => {
  postgres = await startPostgres()
  url = await postgres.database()
})
afterAll(() => postgres.stop())

const organization = { number: 0, lanes: 16 }
const project = { number: 1, lanes: 16 }
const uuid = (kind: number, n: number): string =>
  `018d5d1e-${kind.toString(16).padStart(4, "0")}-7000-8000-${n.toString(16).padStart(12, "0")}`

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

type Store = LedgerStore["Service"]

/** Runs `use` with a store of its own on the database, like another process. */
const withStore = <A>(
  use: (store: Store) => Effect.Effect<A, StoreUnavailable>,
): Effect.Effect<A, StoreUnavailable | UpgradeNeeded> =>
  Effect.provide(Effect.flatMap(LedgerStore, use), PostgresStore.layer(url))

/** Runs `use` with connections of its own, in the role that the service uses. */
const withConnection = <A, E>(use: (sql: Sql.Sql) => Effect.Effect<A, E, Reactivity.Reactivity | Scope.Scope>) =>
  Effect.flatMap(Sql.connect(url), use).pipe(Effect.scoped, Effect.provide(Reactivity.layer))

const rows = <Row extends object>(statement: string): Promise<ReadonlyArray<Row>> =>
  Effect.runPromise(withConnection((sql) => Sql.query<Row>(sql, statement)))

/** How much a writer appends. */
interface Load {
  readonly requests: number
  /** The most events of a request. */
  readonly size: number
}

/** Appends each request until it is not stale. One in five claims an external id that is in use, and is rolled back. */
const write = Effect.fnUntraced(function* (store: Store, writer: number, { requests, size }: Load) {
  const kept: Array<string> = []
  for (let n = 0; n < requests; n++) {
    const people = Array.from({ length: size }, (_, index) => (writer * 7 + n + index * 13) % 200)
    let recordedAt = Date.now()
    for (;;) {
      const doomed = n % 5 === 4 ? { externalId: "f".repeat(64) } : {}
      const events = people.slice(n % 3).map((person, index) => event(person, recordedAt, index === 0 ? doomed : {}))
      const outcome = yield* store.events.append({ project, organization, recordedAt, events, claims: [] })
      if (outcome._tag === "Appended") kept.push(...events.map(({ id }) => id))
      if (outcome._tag !== "Stale" || outcome.lastRecordedAt <= recordedAt) break
      recordedAt = outcome.lastRecordedAt
    }
  }
  return kept
})

describe.each([
  ["of few events", { requests: 30, size: 3 }],
  ["that fill a transaction, which is sent while the one before it is written", { requests: 5, size: 500 }],
])("16 writers in two processes with requests %s, some rolled back, while a reader follows", (_, load) => {
  const seen: Array<string> = []
  let kept: ReadonlyArray<string> = []

  beforeAll(async () => {
    url = await postgres.database()
    /** Reads the new events of each lane by their positions, again and again. */
    const follow = Effect.fnUntraced(function* (sql: Sql.Sql) {
      const next = new Map<number, number>()
      for (;;) {
        const found = yield* Sql.query<{ lane: number; position: number; event_id: string }>(
          sql,
          `SELECT e.lane, e.position, e.event_id FROM event e
           LEFT JOIN unnest($1::bigint[], $2::bigint[]) AS v (lane, next) ON v.lane = e.lane
           WHERE e.position >= coalesce(v.next, 0) ORDER BY e.lane, e.position`,
          [[...next.keys()], [...next.values()]],
        )
        for (const { event_id, lane, position } of found) {
          seen.push(position === (next.get(lane) ?? 0) ? event_id : `gap before ${lane}/${position}`)
          next.set(lane, position + 1)
        }
        yield* Effect.sleep(5)
      }
    })
    const process = (first: number) =>
      withStore((store) =>
        Effect.forEach(
          Array.from({ length: 8 }, (_, index) => first + index),
          (writer) => write(store, writer, load),
          { concurrency: "unbounded" },
        ),
      )
    const all = Effect.gen(function* () {
      const first = event(0, 0, { externalId: "f".repeat(64) })
      yield* withStore((store) =>
        store.events.append({ project, organization, recordedAt: 0, claims: [], events: [first] }),
      )
      const reader = yield* Effect.forkChild(withConnection(follow))
      const written = yield* Effect.all([process(0), process(8)], { concurrency: "unbounded" })
      yield* Effect.sleep(200)
      yield* Fiber.interrupt(reader)
      return [first.id, ...written.flat(2)]
    })
    kept = await Effect.runPromise(all)
  }, 120_000)

  test("nothing that was acknowledged is missed, nothing else is seen, and each once", () => {
    expect(kept.length).toBeGreaterThan(400)
    expect(seen.toSorted()).toEqual(kept.toSorted())
  })

  test("positions have no gap, and lane heads count them", async () => {
    expect(await rows(LedgerQueries.lanesWithGaps)).toEqual([])
  })

  test("dateCreated never goes back inside a lane", async () => {
    expect(await rows(LedgerQueries.lanesGoingBack)).toEqual([])
  })

  test("heads equal the latest event of each person, type and state", async () => {
    expect(await rows(LedgerQueries.latestEvents)).toEqual(await rows(LedgerQueries.headEvents))
  })

  test("a list holds every one of them", async () => {
    const page = { sort: "dateCreated", order: "asc", limit: 1000, from: 0 } as const
    const filter = { startDate: 0, endDate: Number.MAX_SAFE_INTEGER }
    const listed: EventPage = await Effect.runPromise(withStore((store) => store.events.list(project, filter, page)))
    expect(listed.total).toBe(kept.length)
  })
})

describe("requests over many lanes", () => {
  const wide = { number: 2, lanes: 256 }
  const [lowest] = Lane.all(wide)
  /** One person for each lane, the highest lane first. */
  const people = Array.from({ length: wide.lanes }, (_, lane) => uuid(5, lane)).toReversed()

  const append = (requests: ReadonlyArray<ReadonlyArray<string>>) =>
    Effect.runPromise(
      withStore((store) =>
        Effect.forEach(
          requests,
          (people) => {
            const recordedAt = Date.now()
            const events = people.map((concordId) => event(0, recordedAt, { concordId }))
            return store.events.append({ project: wide, organization, recordedAt, events, claims: [] })
          },
          { concurrency: "unbounded" },
        ),
      ),
    )

  const isWaiting = async (): Promise<boolean> =>
    (await rows("SELECT 1 FROM pg_locks WHERE NOT granted LIMIT 1")).length > 0

  /** How many lanes above the lowest are not locked. */
  const free = async (): Promise<number> =>
    (await rows(`SELECT 1 FROM lane_head WHERE lane > ${lowest} AND lane < ${lowest! + 256} FOR UPDATE SKIP LOCKED`))
      .length

  test.each([
    ["one request", [people]],
    ["the requests of a group", people.map((person) => [person])],
  ])("never lock each other out: %s hold no lane while they wait for a lower one", async (_, requests) => {
    await append([people])
    let appending: Promise<unknown> | undefined
    const watched = withConnection((sql) =>
      Sql.transaction(
        sql,
        Effect.gen(function* () {
          yield* Sql.query(sql, "SELECT 1 FROM lane_head WHERE lane = $1 FOR UPDATE", [lowest!])
          appending = append(requests)
          yield* Effect.promise(() => expect.poll(isWaiting, { timeout: 4_000 }).toBe(true))
          yield* Effect.promise(() => expect.poll(free, { timeout: 4_000 }).toBe(wide.lanes - 1))
        }),
      ),
    )
    await Effect.runPromise(watched).finally(() => appending)
    const outcomes = await appending
    expect(outcomes).toEqual(requests.map(() => expect.objectContaining({ _tag: "Appended" })))
  })
})

describe("groups that are written concurrently", () => {
  const size = 500
  const range = (count: number) => Array.from({ length: count }, (_, index) => index)
  let people = 0
  const ofNew = (owner: number, claims: ReadonlyArray<string> = []): Append => {
    const recordedAt = Date.UTC(2030, 0, 1)
    const events = range(size).map(() => event(0, recordedAt, { concordId: uuid(6, ++people) }))
    const claim = (hash: string, index: number): Claim => {
      const { concordId } = events[index]!
      return { kind: "userId", hash, concordId, normalization: 1, dateCreated: recordedAt }
    }
    const whose = { project: { number: owner, lanes: 16 }, organization }
    return { ...whose, recordedAt, events, claims: claims.map(claim) }
  }
  /** The outcomes of appends that arrive at the same moment. */
  const burst = (store: Store, requests: ReadonlyArray<Append>) =>
    Effect.map(Effect.forEach(requests, store.events.append, { concurrency: "unbounded" }), (outcomes) =>
      outcomes.map(({ _tag }) => _tag),
    )
  /** How many transactions were rolled back. A connection reports its own when it ends. */
  const countRollbacks = async (): Promise<number> => {
    const name = new URL(url).pathname.slice(1)
    const counted = `SELECT xact_rollback::int AS n FROM pg_stat_database WHERE datname = '${name}'`
    return Number((await postgres.administer(counted))[0]!["n"])
  }

  test("are all kept, and none is rolled back, when they arrive in bursts on idle lanes", async () => {
    await Effect.runPromise(withStore(() => Effect.void))
    const before = await countRollbacks()
    const bursts = await Effect.runPromise(
      withStore((store) =>
        Effect.forEach(range(8), () =>
          Effect.delay(
            burst(
              store,
              range(5).map(() => ofNew(30)),
            ),
            20,
          ),
        ),
      ),
    )
    expect(bursts.flat()).toEqual(range(40).map(() => "Appended"))
    // None is rolled back, unless the machine pauses for a second.
    expect(await countRollbacks()).toBeLessThanOrEqual(before + 2)
  })

  test("wait for the outcome of the previous one longer than for a lock, and are not rolled back", async () => {
    await Effect.runPromise(withStore(() => Effect.void))
    let rollbacks = 0
    let written = 0
    const proxy = await startPostgresProxy({
      to: postgres.port,
      fault: (statement) => {
        if (statement === "ROLLBACK") rollbacks++
        if (statement.startsWith("INSERT INTO head")) written++
        return undefined
      },
    })
    const use = Effect.gen(function* () {
      const store = yield* LedgerStore
      // From here on the ends of the lanes are predicted.
      for (const owner of [33, 33, 33]) yield* store.events.append(ofNew(owner))
      // The first group waits here with its lanes locked, after its rows were sent.
      const release = yield* Effect.promise(() => postgres.hold(url, "idempotency"))
      const idempotencyRecord = { hash: "a".repeat(64), digest: "b".repeat(64), answer: "", recordedAt: 0 }
      const [first, ...others] = range(4).map(() => ofNew(33))
      const appending = yield* Effect.forkChild(burst(store, [{ ...first!, idempotencyRecord }, ...others]))
      // Three before, the first group, and the second one, which is then at the wait.
      yield* Effect.promise(() => expect.poll(() => written, { timeout: 4_000 }).toBe(5))
      yield* Effect.sleep(200)
      yield* Effect.promise(release)
      return yield* Fiber.join(appending)
    })
    const through = PostgresStore.layer(url.replace(`:${postgres.port}/`, `:${proxy.port}/`))
    expect(await Effect.runPromise(Effect.provide(use, through))).toEqual(range(4).map(() => "Appended"))
    await proxy.stop()
    expect(rollbacks).toBe(0)
  })

  test("do not block each other if two projects claim the same identifiers: each is claimed by one of them", async () => {
    const began = performance.now()
    const bursts = await Effect.runPromise(
      withStore((store) =>
        Effect.gen(function* () {
          // From here on the ends of their lanes are predicted.
          for (const owner of [31, 31, 31, 32, 32, 32]) yield* store.events.append(ofNew(owner))
          return yield* Effect.forEach(range(6), (round) => {
            const hashes = range(size).map((n) => (round * size + n).toString(16).padStart(64, "0"))
            const [one, other] = [ofNew(31, hashes), ofNew(32, hashes.toReversed())]
            const requests = [ofNew(31), ofNew(31), one, ofNew(32), ofNew(32), other, ofNew(31), ofNew(32)]
            return burst(store, requests)
          })
        }),
      ),
    )
    for (const outcomes of bursts) expect(outcomes.toSorted()).toEqual([...range(7).map(() => "Appended"), "Stale"])
    // If they waited for each other's rows, the database would end each wait after five seconds.
    expect(performance.now() - began).toBeLessThan(20_000)
  })
})

describe("over a network that cuts connections at any byte", () => {
  const acknowledged: Array<string> = []
  const tried: Array<string> = []
  let cuts = 0

  beforeAll(async () => {
    const whole = url
    url = await postgres.database()
    await Effect.runPromise(withStore(() => Effect.void))
    let seed = 1
    const random = () => (seed = (seed * 48_271) % 2_147_483_647) / 2_147_483_647
    const proxy = await startLossyProxy(postgres.port, 60_000, random)
    const lossy = url.replace(`:${postgres.port}/`, `:${proxy.port}/`)
    const one = (store: Store, n: number) => {
      const recordedAt = Date.UTC(2030, 0, 1)
      const events = Array.from({ length: 1 + (n % 3) }, (_, index) => event(n + index, recordedAt))
      tried.push(...events.map(({ id }) => id))
      return Effect.match(store.events.append({ project, organization, recordedAt, events, claims: [] }), {
        onFailure: () => {},
        onSuccess: ({ _tag }) => void (_tag === "Appended" && acknowledged.push(...events.map(({ id }) => id))),
      })
    }
    const all = Effect.flatMap(LedgerStore, (store) =>
      Effect.forEach(
        Array.from({ length: 600 }, (_, n) => n),
        (n) => one(store, n),
        { concurrency: 12, discard: true },
      ),
    )
    // The connections of its start may be cut, too.
    await Effect.runPromise(Effect.retry(Effect.provide(all, PostgresStore.layer(lossy)), { times: 20 }))
    cuts = proxy.cuts()
    await proxy.stop()
    const kept = await rows<{ event_id: string }>("SELECT event_id FROM event")
    stored = kept.map(({ event_id }) => event_id)
    gaps = await rows(`
      SELECT h.lane FROM lane_head h LEFT JOIN event e ON e.lane = h.lane GROUP BY h.lane, h.next_position
      HAVING count(e.position) <> h.next_position OR max(e.position) <> h.next_position - 1`)
    url = whole
  }, 120_000)
  let stored: ReadonlyArray<string> = []
  let gaps: ReadonlyArray<object> = []

  test("every event that was acknowledged is there once, and nothing that was not asked for", () => {
    expect(cuts).toBeGreaterThan(20)
    expect(acknowledged.length).toBeGreaterThan(tried.length / 2)
    expect(new Set(stored).size).toBe(stored.length)
    expect(acknowledged.filter((id) => !stored.includes(id))).toEqual([])
    expect(stored.filter((id) => !tried.includes(id))).toEqual([])
    expect(gaps).toEqual([])
  })
})

describe("a transaction that does not wait for its statements", () => {
  // Creates the tables.
  beforeAll(() => Effect.runPromise(withStore(() => Effect.void)))

  const insert = (sql: Sql.Sql, n: number) =>
    Sql.write(sql, "INSERT INTO attempt VALUES (0, $1, 0)", [uuid(9, n)]).pipe(Effect.as(undefined))
  const fail = (sql: Sql.Sql) => Effect.as(Sql.query(sql, "SELECT 1 / 0"), undefined)
  const inserted = (): Promise<ReadonlyArray<{ id: string }>> => rows("SELECT id FROM attempt WHERE recorded_at = 0")

  /**
   * Runs steps in a transaction, and then another transaction on the same connection, which the first one must have
   * given back.
   */
  const runSteps = (steps: (sql: Sql.Sql) => ReadonlyArray<Effect.Effect<string | undefined, SqlError>>) =>
    Effect.runPromise(
      withConnection(
        Effect.fnUntraced(function* (sql) {
          const pipelined = yield* PipelinedTransactions.make(sql, url, 1)
          const rejecting = Effect.flatMap(PipelinedTransactions.firstRejection(steps(pipelined)), (rejection) =>
            rejection === undefined ? Effect.void : Effect.fail(rejection),
          )
          const first = yield* Effect.exit(Sql.transaction(pipelined, rejecting))
          yield* Sql.transaction(pipelined, Effect.andThen(Sql.query(pipelined, "SELECT 1"), Effect.void))
          return first
        }),
      ),
    )

  test("fails with the error of the first statement that failed, not with errors that follow from it", async () => {
    const exit = await runSteps((sql) => [Effect.andThen(insert(sql, 1), insert(sql, 2)), fail(sql), insert(sql, 3)])
    expect(Exit.findErrorOption(exit)).toMatchObject({ value: { reason: { cause: { code: "22012" } } } })
    expect(await inserted()).toEqual([])
  })

  test("keeps nothing if a step rejects, and returns the first rejection", async () => {
    const reject = (rejection: string) => Effect.succeed(rejection)
    const exit = await runSteps((sql) => [insert(sql, 1), reject("first"), insert(sql, 2), reject("second")])
    expect(Exit.findErrorOption(exit)).toMatchObject({ value: "first" })
    expect(await inserted()).toEqual([])
  })

  test("keeps everything if none does", async () => {
    await runSteps((sql) => [insert(sql, 1), insert(sql, 2), insert(sql, 3)])
    expect((await inserted()).map(({ id }) => id).toSorted()).toEqual([uuid(9, 1), uuid(9, 2), uuid(9, 3)])
  })
})

describe("a database that is away", () => {
  test("is reported plainly, and used again when it is back", async () => {
    const proxy = await startLossyProxy(postgres.port, Infinity, () => 1)
    const whole = url
    url = url.replace(`:${postgres.port}/`, `:${proxy.port}/`)
    const reported = await Effect.runPromise(
      withStore((store) =>
        Effect.gen(function* () {
          const isReady = Effect.match(store.ready, { onFailure: ({ _tag }) => _tag, onSuccess: () => "ready" })
          const before = yield* isReady
          proxy.shut(true)
          const away = yield* isReady
          proxy.shut(false)
          yield* Effect.sleep(200)
          return [before, away, yield* isReady]
        }),
      ),
    )
    url = whole
    await proxy.stop()
    expect(reported).toEqual(["ready", "StoreUnavailable", "ready"])
  })
})

describe("a database whose machine disappears without closing its connections", () => {
  test.concurrent.each(isLong ? ["BEGIN", "COMMIT"] : ["COMMIT"])(
    "after a transaction has sent %s blocks no request for ever, and loses nothing that was acknowledged",
    async (control) => {
      const whole = await postgres.database()
      const gate = await startGate(postgres.port)
      const through = PostgresStore.layer(whole.replace(`:${postgres.port}/`, `:${gate.port}/`))
      const at = Date.UTC(2030, 0, 1)
      const append = (store: Store, owner: number) =>
        store.events.append({
          project: { number: owner, lanes: 16 },
          organization,
          recordedAt: at,
          events: [event(owner, at)],
          claims: [],
        })
      const range = Array.from({ length: 8 }, (_, index) => index + 1)
      const use = Effect.gen(function* () {
        const store = yield* LedgerStore
        yield* append(store, 20)
        // Each connection for transactions is lost, because the requests arrive one after the other and share none.
        gate.loseAt(control, PipelinedTransactions.maxTransactions)
        const tries = Effect.forEach(range, (owner) => Effect.option(Effect.delay(append(store, owner), owner * 50)), {
          concurrency: "unbounded",
        })
        const configure = store.catalog
          .change({ revision: 0, entries: {}, documents: [] })
          .pipe(Effect.delay(1_000), Effect.option)
        const [first] = yield* Effect.all([tries, configure], { concurrency: "unbounded" })
        // The store tests the database again and again, and then uses it.
        const again = (owner: number) => Effect.retry(append(store, owner), Schedule.spaced(100))
        return { first, second: yield* Effect.forEach(range, again) }
      })
      const began = performance.now()
      const { first, second } = await Effect.runPromise(Effect.provide(use, through))
      expect(performance.now() - began).toBeLessThan(40_000)
      expect(gate.losses()).toBe(PipelinedTransactions.maxTransactions)
      expect(second.map(({ _tag }) => _tag)).toEqual(range.map(() => "Appended"))
      const acknowledged = first.filter((outcome) => outcome._tag === "Some" && outcome.value._tag === "Appended")
      const kept = await postgres.administer("SELECT count(*)::int AS n FROM event", new URL(whole).pathname.slice(1))
      expect(kept[0]!["n"]).toBeGreaterThanOrEqual(acknowledged.length + range.length + 1)
      await gate.stop()
    },
  )
})

describe("the database itself", () => {
  // Creates the tables.
  beforeAll(() => Effect.runPromise(withStore(() => Effect.void)))

  test("refuses to change or remove an event, fact, erasure or change, from the role that the service uses", async () => {
    const refused = ["event", "person_fact", "erasure", "change", "people_change"].flatMap((table) => [
      `UPDATE ${table} SET lane = NULL`,
      `DELETE FROM ${table}`,
      `TRUNCATE ${table}`,
    ])
    // A former alias may be deleted, because its person may be erased, and is never changed.
    for (const statement of [...refused, "UPDATE former_alias SET lane = NULL", "TRUNCATE former_alias"]) {
      await expect(rows(statement), statement).rejects.toMatchObject({ reason: { _tag: "AuthorizationError" } })
    }
  })

  test("that is empty gets its tables once, from several processes that start at the same moment", async () => {
    const before = url
    url = await postgres.database()
    const start = withStore((store) => store.ready)
    await Effect.runPromise(Effect.all([start, start, start, start], { concurrency: "unbounded" }))
    const migrated = await rows("SELECT number FROM migration ORDER BY number")
    url = before
    expect(migrated).toEqual(Migrations.migrations.map(({ number }) => ({ number })))
  })

  test.each(Migrations.engines)(
    "of the last version, made for %s, has its tables renamed once by several processes, and its roles keep their rights",
    async (engine) => {
      const before = url
      url = await postgres.database()
      const name = new URL(url).pathname.slice(1)
      if (engine === "citus") await postgres.administer(citusRules, name)
      const script = Migrations.script({ engine, migrations: Migrations.migrations.filter(({ number }) => number < 4) })
      await postgres.administer(`SET ROLE assent; ${script} GRANT DELETE ON receipt TO pg_monitor`, name)
      const start = withStore((store) => store.ready)
      await Effect.runPromise(Effect.all([start, start, start, start], { concurrency: "unbounded" }))
      const migrated = await rows("SELECT number, engine FROM migration ORDER BY number")
      url = before
      expect(migrated).toEqual(Migrations.migrations.map(({ number }) => ({ number, engine })))
      const [rights] = await postgres.administer(
        `SELECT has_table_privilege('pg_monitor', 'idempotency', 'DELETE') AS granted,
           has_table_privilege('pg_monitor', 'idempotency', 'UPDATE') AS others`,
        name,
      )
      expect(rights).toEqual({ granted: true, others: false })
      if (engine === "citus") {
        const distributed = await postgres.administer("SELECT name::text FROM citus_table", name)
        expect(distributed.map(({ name }) => name)).toEqual(expect.arrayContaining(["idempotency", "catalog_head"]))
      }
    },
  )

  describe("from before personal data were kept apart", () => {
    /** A database with the tables of migration 7, and a name for `administer`. */
    const makeOld = async () => {
      url = await postgres.database()
      const name = new URL(url).pathname.slice(1)
      const before = Migrations.migrations.filter(({ number }) => number < 8)
      await postgres.administer(
        `SET ROLE assent; ${Migrations.script({ engine: "postgres", migrations: before })}`,
        name,
      )
      return name
    }
    const organizationEntry = "INSERT INTO catalog_entry VALUES (0, 1, 0, 'organizations', '{}')"
    const applied = () => rows<{ number: number }>("SELECT max(number) AS number FROM migration")

    // Mutant: it is migrated, and its events keep their personal data in clear.
    test("is refused if it has an organization, and changes in nothing, also by the statements for psql", async () => {
      const whole = url
      const name = await makeOld()
      await rows(organizationEntry)
      const exit = await Effect.runPromiseExit(withStore(() => Effect.void))
      const script = Migrations.script({ engine: "postgres", migrations: Migrations.migrations.slice(7) })
      const printed = await postgres.administer(`SET ROLE assent; ${script}`, name).then(
        () => "applied",
        (error: unknown) => String(error),
      )
      const last = await applied()
      url = whole
      expect(Exit.findErrorOption(exit)).toMatchObject({ value: { _tag: "UpgradeNeeded" } })
      expect(printed).toContain("upgrade it with assent upgrade")
      expect(last).toEqual([{ number: 7 }])
    })

    test("is migrated in place if it has none", async () => {
      const whole = url
      await makeOld()
      await Effect.runPromise(withStore((store) => store.ready))
      const last = await applied()
      url = whole
      expect(last).toEqual([{ number: Migrations.migrations.at(-1)!.number }])
    })
  })

  test("whose applied migration was edited is refused, and so is one of a later version", async () => {
    const before = url
    url = await postgres.database()
    await Effect.runPromise(withStore(() => Effect.void))
    await rows("UPDATE migration SET digest = 'edited' WHERE number = 1")
    const edited = await Effect.runPromiseExit(withStore(() => Effect.void))
    await rows("UPDATE migration SET number = 99 WHERE number = 1")
    const later = await Effect.runPromiseExit(withStore(() => Effect.void))
    url = before
    expect([edited, later].map((exit) => (Exit.isFailure(exit) ? String(exit.cause) : "opened"))).toEqual([
      expect.stringContaining("migration 1 was edited after it was applied"),
      expect.stringContaining("written by a later version"),
    ])
  })
})

describe("a value that the database refuses", () => {
  // Mutant: every error of the database is a store that is away.
  test("is a defect and not a store that is away, and opens no circuit, however often it is sent", async () => {
    const always = { startDate: 0, endDate: Date.parse("9999-01-01") }
    const list = (store: Store, domain: string) =>
      store.events.list(project, { ...always, domain }, { sort: "consentDate", order: "asc", limit: 1, from: 0 })
    const outcomes = await Effect.runPromise(
      withStore((store) =>
        Effect.gen(function* () {
          const refused: Array<Exit.Exit<unknown, StoreUnavailable>> = []
          for (let n = 0; n < 5; n++) refused.push(yield* Effect.exit(list(store, "\0")))
          const append = { project, organization, recordedAt: Date.now(), claims: [] }
          const bad = event(1, Date.now(), { body: "\0" })
          refused.push(yield* Effect.exit(store.events.append({ ...append, events: [bad] })))
          return { refused, after: yield* Effect.exit(list(store, "shop.example")) }
        }),
      ),
    )
    expect(outcomes.refused.map((exit) => Exit.hasDies(exit))).toEqual([true, true, true, true, true, true])
    expect(Exit.isSuccess(outcomes.after)).toBe(true)
  })
})
