/**
 * What the store in PostgreSQL keeps in addition to the contract about personal data and erasures: the statements that
 * they cost, several processes on one database, and the scrub.
 */
import { Effect, Schedule } from "effect"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import * as PostgresStore from "../../adapters/postgres/PostgresStore.ts"
import * as Lane from "../../core/model/Lane.ts"
import { type Append, type ErasureChange, LedgerStore, type StoredEvent } from "../../core/ports/LedgerStore.ts"
import * as LedgerQueries from "../support/ledgerQueries.ts"
import { times } from "../support/long.ts"
import { type Postgres, startPostgres } from "../support/postgres.ts"
import { startPostgresProxy } from "../support/postgresProxy.ts"
import { claim, hash, noChange, organization, part, personal, profile, project, session, uuid } from "./samples.ts"

let postgres: Postgres
let url: string
beforeAll(async () => {
  postgres = await startPostgres()
})
afterAll(() => postgres.stop())

type Store = LedgerStore["Service"]

const nameOf = (of: string): string => new URL(of).pathname.slice(1)
const rows = (statement: string) => postgres.administer(statement, nameOf(url))

const run = <A, E>(use: (store: Store) => Effect.Effect<A, E>, of = url): Promise<A> =>
  Effect.runPromise(Effect.provide(Effect.flatMap(LedgerStore, use), PostgresStore.layer(of)))

let last = 0x1000
const eventOf = (concordId: string, recordedAt: number, more: Partial<StoredEvent> = {}): StoredEvent => ({
  id: uuid(++last),
  concordId,
  consentType: uuid(0xa0),
  version: 1,
  consentState: "accepted",
  consentAction: "import",
  consentDate: recordedAt,
  dateCreated: recordedAt,
  submitter: uuid(4),
  body: `{"n":${last}}`,
  ...more,
})

const at = Date.UTC(2030, 0, 1)

const appendOf = (concordId: string, more: Partial<Append> = {}, over: Partial<StoredEvent> = {}): Append => ({
  project,
  organization,
  recordedAt: at,
  events: [eventOf(concordId, at, over)],
  claims: [],
  ...more,
})

const tagOf = (store: Store, append: Append) => Effect.map(store.events.append(append), ({ _tag }) => _tag)

const erasureOf = (concordId: string, revision: number, more: Partial<ErasureChange> = {}): ErasureChange => ({
  organization,
  projects: [project],
  catalog: 0,
  id: uuid(++last),
  recordedAt: at,
  members: [concordId],
  seen: [{ concordId, revision }],
  submitter: "s",
  reason: "request",
  ...more,
})

/** Erases a person as it is now, until nothing has changed it meanwhile. */
const erase = (store: Store, concordId: string) =>
  Effect.gen(function* () {
    const { revision } = yield* store.people.person(organization, concordId)
    const kept = yield* store.personal.erase(erasureOf(concordId, revision))
    return kept === "stale" ? yield* Effect.fail("stale" as const) : kept
  }).pipe(Effect.retry({ while: (error) => error === "stale", schedule: Schedule.spaced(1) }))

/** The tables with rows that an erasure deletes. */
const deleted = [
  "alias",
  "former_alias",
  "personal_data",
  "person_key",
  "session",
  "external_id",
  "used_identity_token",
]

/** The tables with what is personal of compliance requests, which an erasure deletes from, too. */
const ofRequests = ["compliance_private", "request_key", "outbox", "file_chunk"]

/** The table with the addresses of contacts of data systems, which are deleted, too. */
const ofEntries = ["entry_private"]

/** Rows of people that were erased, in the tables that hold something of them. */
const left = () =>
  rows(
    deleted
      .map((table) => `SELECT '${table}' AS name, t.person FROM ${table} t JOIN erasure e ON e.person = t.person`)
      .join(" UNION ALL "),
  )

describe("the statements of an append", () => {
  /** The statements of a write, without the control of its transaction. */
  let sent: Array<string> = []
  let proxied: string
  let stop: () => Promise<void>
  beforeAll(async () => {
    url = await postgres.database()
    const proxy = await startPostgresProxy({
      to: postgres.port,
      fault: (statement) => {
        if (!/^(BEGIN|COMMIT|ROLLBACK)$/.test(statement)) sent.push(statement.split("(")[0]!.trim())
        return undefined
      },
    })
    stop = proxy.stop
    proxied = url.replace(`:${postgres.port}/`, `:${proxy.port}/`)
  })
  afterAll(() => stop())

  const person = uuid(0x21)
  /** In the lane of the person, too. */
  const neighbour = uuid(0x31)
  const elsewhere = uuid(0x22)

  const statementsOf = (store: Store, append: Append) =>
    Effect.gen(function* () {
      sent = []
      expect(yield* tagOf(store, append)).toBe("Appended")
      return sent
    })

  // Mutants: the step of keys, or that of personal data, also where there are none; erasures are always looked up.
  test("are one more for keys, one more for personal data, and one more for erasures in a lane that is marked", async () => {
    await run(
      Effect.fnUntraced(function* (store) {
        for (const each of [person, neighbour, elsewhere]) yield* store.events.append(appendOf(each))
        const plain = yield* statementsOf(store, appendOf(person))
        const of = part(person, "event", hash(1))
        const withParts = yield* statementsOf(store, appendOf(person, { personal: { keys: [], parts: [of] } }))
        expect(withParts).toEqual([...plain, "INSERT INTO personal_data SELECT * FROM"])
        const withKey = yield* statementsOf(store, appendOf(person, { personal: { ...personal(person), parts: [] } }))
        expect(withKey.toSorted()).toEqual([...plain, "INSERT INTO person_key SELECT * FROM"].toSorted())
        yield* erase(store, neighbour)
        expect(yield* statementsOf(store, appendOf(elsewhere))).toEqual(plain)
        expect(yield* statementsOf(store, appendOf(person))).toEqual([...plain, "SELECT 1 AS found FROM"])
      }),
      proxied,
    )
  })
})

describe("a lane of a project that is newer than an erasure", () => {
  // Mutant: a new lane is marked for joins only.
  test("is marked by its first append, so that an append about the person that was erased is stale", async () => {
    url = await postgres.database()
    const [gone, other] = [uuid(0x41), uuid(0x51)]
    const newer = { project: { number: 7, lanes: 16 } }
    const outcomes = await run(
      Effect.fnUntraced(function* (store) {
        yield* store.events.append(appendOf(gone))
        yield* erase(store, gone)
        return [yield* tagOf(store, appendOf(other, newer)), yield* tagOf(store, appendOf(gone, newer))]
      }),
    )
    expect(outcomes).toEqual(["Appended", "Stale"])
    const [marked] = await rows(
      `SELECT has_erased, has_joined FROM lane_head WHERE lane = ${Lane.of(newer.project, other)}`,
    )
    expect(marked).toEqual({ has_erased: true, has_joined: false })
  })

  test("is refused where its first append of all is about the person that was erased", async () => {
    url = await postgres.database()
    const outcome = await run(
      Effect.fnUntraced(function* (store) {
        yield* store.events.append(appendOf(uuid(0x41)))
        yield* erase(store, uuid(0x41))
        return yield* tagOf(store, appendOf(uuid(0x41), { project: { number: 8, lanes: 16 } }))
      }),
    )
    expect(outcome).toBe("Stale")
  })
})

describe("two processes that record about people, and erase them, at the same time", () => {
  const victims = Array.from({ length: times(3, 40) }, (_, n) => uuid(0x9000 + n))
  /** The people whose erasure was answered. */
  const gone = new Set<string>()
  const outcomes = new Map<string, number>()
  const count = (what: string) => Effect.sync(() => outcomes.set(what, (outcomes.get(what) ?? 0) + 1))
  const late: Array<string> = []
  /** The people that something was recorded about. */
  const begun = new Set<string>()

  /** Writes of each kind about a victim: events that fill a group with people of their own, sessions, profiles. */
  const writeAbout = Effect.fnUntraced(function* (store: Store, victim: string, n: number) {
    const wasGone = gone.has(victim)
    const note = (what: string) =>
      Effect.andThen(
        Effect.sync(() => wasGone && /Appended|kept/.test(what) && late.push(what)),
        count(what),
      )
    const others = Array.from({ length: n % 3 === 0 ? 400 : 1 }, () => eventOf(uuid(++last), at))
    const parts = [part(victim, "event", hash(++last))]
    const append: Append = {
      ...appendOf(victim, { personal: { ...personal(victim), parts } }, { externalId: hash(++last) }),
      claims: [{ ...claim(0, victim), kind: "contextId", hash: hash(++last) }],
    }
    yield* note(yield* tagOf(store, { ...append, events: [...append.events, ...others] }))
    begun.add(victim)
    const seen = [{ concordId: victim, revision: (yield* store.people.person(organization, victim)).revision }]
    const ofSession = personal(victim, part(victim, "session", hash(++last)))
    const change = { ...noChange, seen, personal: ofSession, session: session(++last, victim) }
    yield* note(`session ${yield* store.people.change(change)}`)
    yield* note(`profile ${yield* store.people.keepProfile(organization, victim, personal(victim, profile(victim)))}`)
  })

  beforeAll(async () => {
    url = await postgres.database()
    /** Writes until the victim was erased, and once more. A busy machine may let a write take too long. */
    const writer = (store: Store) => (victim: string) =>
      Effect.gen(function* () {
        for (let n = 0, isLast = false; !isLast; n++) {
          isLast = gone.has(victim)
          yield* Effect.retry(writeAbout(store, victim, n), { times: 20 })
        }
      })
    /** Erases a victim that was written about. The second process erases it at the same time. */
    const eraser = (store: Store) => (victim: string) =>
      Effect.gen(function* () {
        while (!begun.has(victim)) yield* Effect.sleep(1)
        const erased = Effect.repeat(store.personal.erasure(organization, victim), {
          until: (found) => found !== undefined,
          schedule: Schedule.spaced(5),
        })
        yield* Effect.retry(Effect.raceFirst(erase(store, victim), erased), { times: 20 })
        gone.add(victim)
      })
    const process = () =>
      run((store) =>
        Effect.forEach(
          victims.flatMap((victim) => [writer(store)(victim), eraser(store)(victim)]),
          (each) => each,
          { concurrency: "unbounded", discard: true },
        ),
      )
    await Promise.all([process(), process()])
  }, 120_000)

  test("some writes came before an erasure, and others were refused", () => {
    expect(outcomes.get("Appended")).toBeGreaterThan(0)
    expect(outcomes.get("Stale")).toBeGreaterThan(0)
    expect(outcomes.get("profile stale")).toBeGreaterThan(0)
  })

  // Mutant: erasures are looked up before the lanes are locked.
  test("nothing is kept about a person after its erasure was answered, and nothing of it is left", async () => {
    expect(late).toEqual([])
    expect(await left()).toEqual([])
  })

  test("each person is erased once, and counted once", async () => {
    const erased = await rows("SELECT person::text, count(*)::int AS n FROM erasure GROUP BY person ORDER BY person")
    expect(erased).toEqual(victims.toSorted().map((person) => ({ person, n: 1 })))
    expect(await rows("SELECT sum(next_position)::int AS n FROM people_head")).toEqual([{ n: victims.length }])
  })

  test("positions have no gap, and heads are the latest events", async () => {
    expect(await rows(LedgerQueries.lanesWithGaps)).toEqual([])
    expect(await rows(LedgerQueries.latestEvents)).toEqual(await rows(LedgerQueries.headEvents))
  })
})

describe("the scrub", () => {
  const service = "scrubber"
  beforeAll(async () => {
    url = await postgres.database()
    await run((store) => store.ready)
    await postgres.administer(`CREATE ROLE ${service} LOGIN PASSWORD '${new URL(url).password}'`)
    await rows(
      `GRANT USAGE ON SCHEMA public TO ${service}; GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO ${service}`,
    )
  })

  const vacuumed = async (): Promise<ReadonlyArray<unknown>> => {
    const found = await rows("SELECT relname FROM pg_stat_user_tables WHERE vacuum_count > 0 ORDER BY relname")
    return found.map(({ relname }) => relname)
  }
  const scrub = (of: string) => run((store) => store.personal.scrub, of)
  const ofService = () => postgres.url(service, nameOf(url))

  test("is not done by a role that may not vacuum, and fails nothing", async () => {
    expect(await scrub(ofService())).toBe(false)
    expect(await vacuumed()).toEqual([])
  })

  test("is done by the owner, of every table that an erasure deletes from", async () => {
    expect(await scrub(url)).toBe(true)
    await expect.poll(vacuumed).toEqual([...deleted, ...ofRequests, ...ofEntries].toSorted())
  })

  /** Opens a transaction with a snapshot that stays open until the returned function is called. */
  const open = async (): Promise<() => Promise<void>> => {
    let end = (): void => {}
    const ended = new Promise<void>((resolve) => (end = resolve))
    const sleeping = rows("SELECT pg_sleep(30)").catch(() => ended)
    await expect
      .poll(() =>
        rows("SELECT 1 FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(30)' AND backend_xmin IS NOT NULL"),
      )
      .toHaveLength(1)
    return async () => {
      await rows("SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(30)'")
      end()
      await sleeping
    }
  }

  /** Erases a person while a transaction is open that began before. */
  const eraseDuring = async (n: number) => {
    const release = await open()
    await run((store) => Effect.andThen(store.events.append(appendOf(uuid(n))), erase(store, uuid(n))))
    return release
  }

  // Mutant: older transactions are not looked for.
  test("is not done while an older transaction can see what was deleted", async () => {
    const release = await eraseDuring(0x61)
    expect(await scrub(url)).toBe(false)
    await release()
    expect(await scrub(url)).toBe(true)
  })

  test("waits a moment for older transactions", async () => {
    const release = await eraseDuring(0x62)
    const scrubbed = scrub(url)
    await new Promise((resolve) => setTimeout(resolve, 300))
    await release()
    expect(await scrubbed).toBe(true)
  })

  test("is done by a role that may maintain the tables, all of them", async () => {
    await rows(`GRANT MAINTAIN ON ${deleted[0]} TO ${service}`)
    expect(await scrub(ofService())).toBe(false)
    await rows(`GRANT MAINTAIN ON ${[...deleted, ...ofRequests, ...ofEntries].join(", ")} TO ${service}`)
    expect(await scrub(ofService())).toBe(true)
  })
})

describe("the statistics of the planner, after a scrub", () => {
  /** What is found of a text in the statistics of the planner, by the column. */
  const inStatistics = (text: string) =>
    rows(`SELECT tablename, attname FROM pg_stats s WHERE schemaname = 'public' AND s::text LIKE '%${text}%'`)

  // Mutants: the wrapped keys have statistics; the scrub does not analyze; it leaves statistics of empty tables.
  test.each([0, 20])("hold nothing of people that were erased beside %i others", async (others) => {
    url = await postgres.database()
    const people = Array.from({ length: others + 4 }, (_, n) => uuid(0x70 + n))
    const hashes = people.map((_, n) => hash(0x7000_0000_0000 + n))
    const gone = people.slice(0, 4)
    await run(
      Effect.fnUntraced(function* (store) {
        for (const [n, each] of people.entries()) {
          const name = hashes[n]!
          const personalOf = personal(each, part(each, "event", name, `encrypted of ${each}`))
          const claims = [{ ...claim(0, each), hash: name }]
          yield* store.events.append(appendOf(each, { claims, personal: personalOf }, { externalId: name }))
        }
      }),
    )
    await rows("ANALYZE")
    expect((await inStatistics(hashes[0]!)).length).toBeGreaterThan(0)
    await run((store) => Effect.forEach(gone, (each) => erase(store, each)))
    expect(await run((store) => store.personal.scrub)).toBe(true)
    await rows("ANALYZE")
    for (const [n, each] of gone.entries()) {
      const wrapped = Buffer.from(personal(each).keys[0]!.wrapped).toString("hex")
      const encrypted = Buffer.from(`encrypted of ${each}`).toString("hex")
      for (const text of [hashes[n]!, wrapped, encrypted]) expect(await inStatistics(text)).toEqual([])
    }
  })
})
